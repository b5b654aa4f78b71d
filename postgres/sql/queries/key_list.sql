-- Keys of tenant $1, or of everyone where it is null, newest first.
select key_id, tenant_id, name, scopes, digest, created_at, expires_at, revoked_at, last_used_at
from api_keys where $1::text is null or tenant_id = $1
order by created_at desc, key_id;
