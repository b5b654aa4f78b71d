-- Take the id of lead $3 of tenant $1, which is deleted, out of what was derived from leads $2 that repeated it:
-- it may be a person's address. The sentences are those of scoring, the flag is the one of actors/follow_up.py; an
-- id has no sign that JSON would escape. The leads are locked; the tasks are finished ones, locked in order.
with analysed as (
    update analyses
    set document = replace(replace(replace(document::text,
        '"duplicate_of": "' || $3::text || '"', '"duplicate_of": null'),
        ' It repeats lead ' || $3::text || ': go on from there.', ''),
        'same person and job as lead ' || $3::text || '"', 'same person and job as a lead that was deleted"')::jsonb
    where tenant_id = $1 and lead_id = any($2::text[]) and strpos(document::text, $3::text) > 0
),
drafted as (
    update follow_ups set document = jsonb_set(document, '{flags}', (document -> 'flags') - ('duplicate:' || $3::text))
    where tenant_id = $1 and lead_id = any($2::text[]) and document -> 'flags' ? ('duplicate:' || $3::text)
),
locked as materialized (
    select task_id from tasks
    where tenant_id = $1 and lead_id = any($2::text[]) and strpos(result::text, $3::text) > 0
    order by task_id for update
)
update tasks t
set result = case
    when t.result -> 'flags' ? ('duplicate:' || $3::text)
        then jsonb_set(t.result, '{flags}', (t.result -> 'flags') - ('duplicate:' || $3::text))
    else replace(replace(replace(t.result::text,
        '"duplicate_of": "' || $3::text || '"', '"duplicate_of": null'),
        ' It repeats lead ' || $3::text || ': go on from there.', ''),
        'same person and job as lead ' || $3::text || '"', 'same person and job as a lead that was deleted"')::jsonb
    end
from locked where t.task_id = locked.task_id;
