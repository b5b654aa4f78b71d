-- Up to $7 leads of tenant $1, newest first, after ($5, $6); status $2, grade $3, qualification $4 where given.
select l.lead_id, l.version, l.document::text as document, l.overrides::text as overrides, l.received_at,
    l.updated_at, l.duplicate_of, l.call_priority, a.document::text as analysis
from leads l left join analyses a on a.analysis_id = l.analysis_id
where l.tenant_id = $1
    and ($2::text is null or l.status = $2)
    and ($3::text is null or l.grade = $3)
    and ($4::text is null or l.qualification = $4)
    and ($5::timestamptz is null or (l.received_at, l.lead_id) < ($5, $6::text))
order by l.received_at desc, l.lead_id desc
limit $7;
