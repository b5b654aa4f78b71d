-- Sum over all attempts and calls of task $1.
select coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
    coalesce(sum(completion_tokens), 0)::bigint as completion_tokens,
    coalesce(sum(cost_nanousd), 0)::bigint as cost_nanousd
from usage where task_id = $1;
