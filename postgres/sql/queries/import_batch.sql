-- Remember how far a table is copied; in the transaction that copies.
insert into gardenos_import.batches (table_name, last_key, copied_rows) values ($1, $2, $3)
on conflict (table_name) do update set
    last_key = excluded.last_key,
    copied_rows = excluded.copied_rows
