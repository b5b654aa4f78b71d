-- Store a key: id $1, tenant $2, name $3, scopes $4, SHA-256 of its secret $5, until $6.
insert into api_keys (key_id, tenant_id, name, scopes, digest, expires_at)
values ($1, $2, $3, $4::text[], $5, $6);
