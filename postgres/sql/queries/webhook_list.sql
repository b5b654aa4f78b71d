-- Endpoints of tenant $1, oldest first, without their secrets.
select webhook_id, url, types, kinds, description, enabled, disabled_reason, failing_since,
    case when previous_until > clock_timestamp() then previous_until end as previous_secret_until, created_at, updated_at
from webhooks where tenant_id = $1 order by webhook_id;
