-- Usage of tenant $1 from $2 to before $3, by agent where $4, model where $5, tenant where $6, day in UTC where $7.
select sums.agent, sums.model, sums.tenant, to_char(sums.day, 'YYYY-MM-DD') as day, sums.calls, sums.prompt_tokens,
    sums.cached_prompt_tokens, sums.completion_tokens, sums.cost_nanousd, sums.estimated_calls, sums.unpriced_calls
from (
    select case when $4 then u.kind end as agent, case when $5 then u.model end as model,
        case when $6 then u.tenant_id end as tenant, case when $7 then (u.at at time zone 'UTC')::date end as day,
        count(*) as calls,
        sum(u.prompt_tokens) as prompt_tokens,
        sum(u.cached_prompt_tokens) as cached_prompt_tokens,
        sum(u.completion_tokens) as completion_tokens,
        sum(u.cost_nanousd) as cost_nanousd,
        count(*) filter (where u.estimated) as estimated_calls,
        count(*) filter (where not u.priced) as unpriced_calls
    from usage u
    where u.tenant_id = $1 and u.at >= $2 and u.at < $3
    group by 1, 2, 3, 4
) sums;
