-- Change endpoint $2 of tenant $1: url $3, types $4, kinds $5, description $6, enabled $7; what is null stays.
update webhooks
set url = coalesce($3, url), types = coalesce($4, types), kinds = coalesce($5, kinds),
    description = coalesce($6, description), updated_at = clock_timestamp(),
    disabled_reason = case when $7 then null else disabled_reason end,
    failing_since = case when $7 and not enabled then null else failing_since end,
    enabled = coalesce($7, enabled)
where tenant_id = $1 and webhook_id = $2
returning webhook_id, url, types, kinds, description, enabled, disabled_reason, failing_since,
    case when previous_until > clock_timestamp() then previous_until end as previous_secret_until, created_at, updated_at;
