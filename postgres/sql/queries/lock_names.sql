-- Take the advisory locks $2 of class $1 until the end of the transaction, in the order given.
select pg_advisory_xact_lock($1::int, bucket) from unnest($2::int[]) as b (bucket);
