-- Every sequence and where it is.
select
    format('%I.%I', schemaname, sequencename) as name,
    last_value as at
from pg_sequences
where schemaname not in ('pg_catalog', 'information_schema', 'gardenos_import')
order by 1
