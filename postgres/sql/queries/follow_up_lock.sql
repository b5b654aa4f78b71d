-- Lock draft $2 of tenant $1. Apart from the reading, which then sees what those before have committed.
select follow_up_id from follow_ups where tenant_id = $1 and follow_up_id = $2 for no key update;
