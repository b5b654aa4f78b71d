-- Up to $7 leads of tenant $1 to call, best first, after ($5, $6); status $2, grade $3, qualification $4 where given.
select l.lead_id, l.version, l.document::text as document, l.overrides::text as overrides, l.received_at,
    l.updated_at, l.duplicate_of, l.call_priority, a.document::text as analysis
from leads l left join analyses a on a.analysis_id = l.analysis_id
where l.tenant_id = $1
    and l.call_priority is not null and l.duplicate_of is null
    and l.status in ('new', 'contacted', 'visit_booked', 'quoted')
    and ($2::text is null or l.status = $2)
    and ($3::text is null or l.grade = $3)
    and ($4::text is null or l.qualification = $4)
    and ($5::float8 is null or l.call_priority < $5 or (l.call_priority = $5 and l.lead_id > $6::text))
order by l.call_priority desc, l.lead_id
limit $7;
