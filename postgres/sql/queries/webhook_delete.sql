-- Delete endpoint $2 of tenant $1 with its deliveries. One that is written meanwhile is never claimed, and ends by
-- retention.
with gone as (
    delete from webhooks where tenant_id = $1 and webhook_id = $2 returning webhook_id
),
outbox as (
    delete from webhook_deliveries d using gone where d.tenant_id = $1 and d.webhook_id = gone.webhook_id
)
select webhook_id from gone;
