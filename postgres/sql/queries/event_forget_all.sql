-- Forget the events of another server: their transactions mean nothing here.
truncate task_events;
