-- Up to $8 dead letters of tenant $1, oldest first; the filter as in dead_letter_list.
select task_id
from tasks
where tenant_id = $1
    and state in ('failed', 'expired', 'dead', 'abandoned')
    and state <> 'abandoned'
    and ($2::text is null or state = $2)
    and ($3::text is null or kind = $3)
    and ($4::text is null or split_part(error, ':', 1) = $4)
    and ($5::text is null or lead_id = $5)
    and ($6::timestamptz is null or finished_at >= $6)
    and ($7::timestamptz is null or finished_at < $7)
order by task_id
limit $8;
