-- Forget how far a table is copied: all of it is, or none.
delete from gardenos_import.batches where table_name = $1
