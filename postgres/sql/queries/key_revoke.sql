-- Revoke key $1; a second time changes nothing.
update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp()) where key_id = $1
returning key_id, tenant_id, name, scopes, digest, created_at, expires_at, revoked_at, last_used_at;
