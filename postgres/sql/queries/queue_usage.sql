-- Store model calls, whether or not their results were accepted. Tenant and kind come from the task; where it is
-- gone, deleted with its lead, from who brings the calls ($12, $13).
insert into usage (task_id, attempt, call, tenant_id, kind, model, prompt_tokens, cached_prompt_tokens,
    completion_tokens, cost_nanousd, estimated, priced, at)
select u.task_id, u.attempt, u.call, coalesce(t.tenant_id, u.tenant_id, ''), coalesce(t.kind, u.kind, ''), u.model,
    u.prompt_tokens, u.cached_prompt_tokens, u.completion_tokens, u.cost_nanousd, u.estimated, u.priced, u.at
from unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::boolean[], $10::boolean[], $11::timestamptz[], $12::text[], $13::text[])
    as u (task_id, attempt, call, model, prompt_tokens, cached_prompt_tokens, completion_tokens, cost_nanousd,
        estimated, priced, at, tenant_id, kind)
left join tasks t on t.task_id = u.task_id
on conflict (task_id, attempt, call) do nothing;
