-- A row's text must be the same on two servers.
select set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false),
    set_config('intervalstyle', 'postgres', false), set_config('bytea_output', 'hex', false),
    set_config('extra_float_digits', '1', false), set_config('xmlbinary', 'base64', false),
    set_config('search_path', 'pg_catalog', false), set_config('row_security', 'off', false),
    set_config('max_parallel_workers_per_gather', '0', false)
