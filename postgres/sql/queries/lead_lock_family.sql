-- Lock lead $2 of tenant $1 and the leads that repeat it, in order.
select lead_id from leads
where tenant_id = $1 and (lead_id = $2 or duplicate_of = $2)
order by lead_id
for no key update;
