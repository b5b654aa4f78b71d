-- Since when a message waits to be accepted: since it was made, or replayed. What is older than a limit is given up.
-- now() and not clock_timestamp(): a stable default is stored once and touches no row; those that are there begin
-- today. The code before does not write it: what that replays keeps the time it was made.
set local lock_timeout = '3s';

alter table webhook_deliveries add column pending_since timestamptz not null default now();
