-- Remember a step; in the transaction that does it.
insert into gardenos_import.steps (name, note) values ($1, $2)
on conflict (name) do update set note = excluded.note, done_at = clock_timestamp()
