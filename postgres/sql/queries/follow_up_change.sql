-- Give draft $2 of tenant $1 the state $3 and the version $4; append to its $5 changes those of kinds $6, documents $7.
with changed as (
    update follow_ups set state = $3, version = $4 where tenant_id = $1 and follow_up_id = $2
    returning tenant_id, follow_up_id
)
insert into follow_up_changes (tenant_id, follow_up_id, number, kind, document)
select c.tenant_id, c.follow_up_id, $5::int + n.place, n.kind, n.document
from changed c, unnest($6::text[], $7::jsonb[]) with ordinality as n (kind, document, place);
