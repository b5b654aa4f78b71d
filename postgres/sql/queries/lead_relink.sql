-- Link lead $2 of tenant $1 to the first lead $3, or to none.
update leads set duplicate_of = $3, updated_at = clock_timestamp() where tenant_id = $1 and lead_id = $2;
