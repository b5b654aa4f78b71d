-- What waits for longest, found without walking the whole outbox.
-- Built beside the writers; whatever a broken run left behind goes first.
drop index concurrently if exists webhook_deliveries_waiting;
create index concurrently webhook_deliveries_waiting on webhook_deliveries (pending_since) where state = 'pending';
