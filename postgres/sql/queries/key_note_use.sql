-- Keys $1 were used at times $2. Locked in one order, so that two replicas cannot wait for each other.
with used as (
    select keys.key_id, told.at from api_keys keys
    join unnest($1::text[], $2::timestamptz[]) told (key_id, at) using (key_id)
    where keys.last_used_at is null or keys.last_used_at < told.at
    order by keys.key_id for no key update of keys
)
update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
from used where api_keys.key_id = used.key_id;
