select rolpassword from pg_authid where rolname = $1
