-- Those of $1 that the server does not bring, in order.
select wanted.name
from unnest($1::text[]) with ordinality as wanted (name, place)
where not exists (select from pg_available_extensions a where a.name = wanted.name)
order by wanted.place
