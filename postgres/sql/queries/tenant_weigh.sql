-- Give tenant $1 weight $2.
insert into tenants (tenant_id, weight) values ($1, $2)
on conflict (tenant_id) do update set weight = excluded.weight, updated_at = clock_timestamp();
