-- Keys $1 that exist.
select key_id, tenant_id, name, scopes, digest, created_at, expires_at, revoked_at, last_used_at
from api_keys where key_id = any($1::text[]);
