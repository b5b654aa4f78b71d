-- Link the leads $2 of tenant $1 to the first leads $3.
update leads l set duplicate_of = r.first, updated_at = clock_timestamp()
from unnest($2::text[], $3::text[]) as r (lead_id, first)
where l.tenant_id = $1 and l.lead_id = r.lead_id;
