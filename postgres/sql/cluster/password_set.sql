alter role %I password %L
