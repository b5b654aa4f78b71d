-- Tenants of which something was said.
select tenant_id, weight from tenants order by tenant_id;
