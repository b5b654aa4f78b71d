-- The outcome of lead $2 of tenant $1.
select kind, at, amount, currency, reason from outcomes where tenant_id = $1 and lead_id = $2;
