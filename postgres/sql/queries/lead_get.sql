-- Lead $2 of tenant $1 with its newest analysis.
select l.lead_id, l.version, l.document::text as document, l.overrides::text as overrides, l.received_at,
    l.updated_at, l.duplicate_of, l.call_priority, a.document::text as analysis
from leads l left join analyses a on a.analysis_id = l.analysis_id
where l.tenant_id = $1 and l.lead_id = $2;
