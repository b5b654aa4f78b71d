-- Tables that hold rows of their own and belong to no extension, with the columns that are stored
-- and not computed. A partitioned table's rows are in its leaves. The key is given where its order
-- is the server's own: where a type of somebody else's brings its operators along, a comparison
-- here would not find them.
select
    format('%I.%I', n.nspname, c.relname) as name,
    n.nspname as schema,
    c.relname as relation,
    array_agg(a.attname::text order by a.attnum) filter (where a.attgenerated = '') as columns,
    key.names as key_names,
    key.kinds as key_kinds
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join lateral (
    select
        array_agg(quote_ident(k.attname) order by place.ordinality) as names,
        array_agg(format_type(k.atttypid, k.atttypmod) order by place.ordinality) as kinds,
        bool_and(t.typnamespace = 'pg_catalog'::regnamespace or t.typtype = 'e') as is_ordinary
    from pg_constraint as p
    cross join lateral unnest(p.conkey) with ordinality as place (attnum, ordinality)
    inner join pg_attribute as k on k.attrelid = p.conrelid and k.attnum = place.attnum
    inner join pg_type as t on t.oid = k.atttypid
    where p.conrelid = c.oid and p.contype = 'p'
) as key on key.is_ordinary
where
    c.relkind = 'r'
    and n.nspname not in ('pg_catalog', 'information_schema', 'gardenos_import')
    and n.nspname not like 'pg\_%'
    and not exists (
        select 1 from pg_depend as d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
group by n.nspname, c.relname, key.names, key.kinds
order by n.nspname, c.relname
