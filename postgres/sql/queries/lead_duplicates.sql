-- Leads of tenant $1 that repeat lead $2, oldest first.
select lead_id, document::text as document, received_at, version, overrides::text as overrides
from leads where tenant_id = $1 and duplicate_of = $2 order by received_at, lead_id for no key update;
