-- Store an endpoint $1..$8 where tenant $2 has fewer than $9; the lock on its name makes the count hold.
with locked as materialized (
    select pg_advisory_xact_lock(hashtextextended('webhooks:' || $2, 0))
),
counted as (
    select count(w.webhook_id) as there from (select count(*) from locked) l left join webhooks w on w.tenant_id = $2
)
insert into webhooks (webhook_id, tenant_id, url, types, kinds, description, enabled, secret)
select $1, $2, $3, $4, $5, $6, $7, $8 from counted where there < $9
returning webhook_id;
