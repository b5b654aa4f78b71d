-- Store the overrides $3 and version $4 of lead $2 of tenant $1.
update leads set overrides = $3::jsonb, version = $4, updated_at = clock_timestamp()
where tenant_id = $1 and lead_id = $2;
