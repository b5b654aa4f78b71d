-- Sum over all attempts and calls of task $1.
select count(*) as calls,
    coalesce(sum(prompt_tokens), 0) as prompt_tokens,
    coalesce(sum(cached_prompt_tokens), 0) as cached_prompt_tokens,
    coalesce(sum(completion_tokens), 0) as completion_tokens,
    coalesce(sum(cost_nanousd), 0) as cost_nanousd,
    count(*) filter (where estimated) as estimated_calls,
    count(*) filter (where not priced) as unpriced_calls
from usage where task_id = $1;
