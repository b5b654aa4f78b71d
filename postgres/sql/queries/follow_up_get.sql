-- Draft $2 of tenant $1 with what people did to it, and its lead as it is now.
select f.follow_up_id, f.version, f.state, f.document::text as document, c.edits::text as edits,
    c.decisions::text as decisions, l.document::text as lead
from follow_ups f
join leads l on l.tenant_id = f.tenant_id and l.lead_id = f.lead_id
cross join lateral (
    select coalesce(jsonb_agg(u.document order by u.number) filter (where u.kind = 'edit'), '[]') as edits,
        coalesce(jsonb_agg(u.document order by u.number) filter (where u.kind = 'decision'), '[]') as decisions
    from follow_up_changes u where u.follow_up_id = f.follow_up_id
) c
where f.tenant_id = $1 and f.follow_up_id = $2;
