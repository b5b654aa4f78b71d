-- Up to $6 drafts of tenant $1, newest first, after ($4, $5); state $2, lead $3 where given.
select f.follow_up_id, f.version, f.state, f.drafted_at, f.document::text as document, c.edits::text as edits,
    c.decisions::text as decisions
from follow_ups f
cross join lateral (
    select coalesce(jsonb_agg(u.document order by u.number) filter (where u.kind = 'edit'), '[]') as edits,
        coalesce(jsonb_agg(u.document order by u.number) filter (where u.kind = 'decision'), '[]') as decisions
    from follow_up_changes u where u.follow_up_id = f.follow_up_id
) c
where f.tenant_id = $1
    and ($2::text is null or f.state = $2)
    and ($3::text is null or f.lead_id = $3)
    and ($4::timestamptz is null or (f.drafted_at, f.follow_up_id) < ($4, $5::uuid))
order by f.drafted_at desc, f.follow_up_id desc
limit $6;
