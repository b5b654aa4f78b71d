-- No statement of this connection goes into the log or into anybody's statistics.
select set_config('log_statement', 'none', false), set_config('log_min_duration_statement', '-1', false),
    set_config('log_min_error_statement', 'panic', false), set_config('log_parameter_max_length_on_error', '0', false),
    set_config('pg_stat_statements.track_utility', 'off', false)
