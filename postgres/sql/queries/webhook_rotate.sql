-- Sign for endpoint $2 of tenant $1 with secret $3, and with the one before for $4 seconds more.
update webhooks
set previous_secret = secret, previous_until = clock_timestamp() + $4 * interval '1 second', secret = $3,
    updated_at = clock_timestamp()
where tenant_id = $1 and webhook_id = $2
returning webhook_id, url, types, kinds, description, enabled, disabled_reason, failing_since,
    case when previous_until > clock_timestamp() then previous_until end as previous_secret_until, created_at, updated_at;
