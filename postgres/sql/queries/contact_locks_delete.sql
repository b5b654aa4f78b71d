-- Delete the locks $2 of tenant $1 that no lead uses any more.
delete from contact_locks c
where c.tenant_id = $1 and c.contact_key = any($2::text[])
    and not exists (select from contact_keys k where k.tenant_id = c.tenant_id and k.contact_key = c.contact_key);
