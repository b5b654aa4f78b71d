-- Materialized views in an order in which they were made.
select format('%I.%I', n.nspname, c.relname) as name
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'm' and n.nspname <> 'pg_catalog'
order by c.oid
