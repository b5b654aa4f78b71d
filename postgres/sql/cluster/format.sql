-- $1 with its first two places filled in, quoted as the server quotes; a statement with a name takes no parameters.
select format($1, $2::text, $3::text)
