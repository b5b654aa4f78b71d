-- Change endpoint $2 of tenant $1: url $3, types $4, kinds $5, description $6, enabled $7.
update webhooks
set url = $3, types = $4, kinds = $5, description = $6, updated_at = clock_timestamp(),
    disabled_reason = case when $7 then null else disabled_reason end,
    failing_since = case when $7 and not enabled then null else failing_since end,
    enabled = $7
where tenant_id = $1 and webhook_id = $2
returning webhook_id, url, types, kinds, description, enabled, disabled_reason, failing_since,
    case when previous_until > clock_timestamp() then previous_until end as previous_secret_until, created_at, updated_at;
