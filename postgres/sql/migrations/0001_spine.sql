-- Leads, what is derived from them, the durable queue and the ledger.
-- tenant_id leads every key; personal data lives in leads, contact_keys and what cascades from leads.

create table leads (
    tenant_id text not null,
    lead_id text not null,
    version integer not null default 1,
    document jsonb not null,
    overrides jsonb not null default '[]',
    received_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    status text not null,
    service text,
    duplicate_of text,
    analysis_id uuid,
    analysed_version integer not null default 0,
    analysed_from timestamptz not null default '-infinity',
    score smallint,
    grade text,
    qualification text,
    call_priority double precision,
    primary key (tenant_id, lead_id),
    foreign key (tenant_id, duplicate_of) references leads (tenant_id, lead_id)
        on delete set null (duplicate_of)
);

create index leads_newest on leads (tenant_id, received_at desc, lead_id desc);
create index leads_call_first on leads (tenant_id, call_priority desc, lead_id)
    where call_priority is not null and duplicate_of is null
        and status in ('new', 'contacted', 'visit_booked', 'quoted');
create index leads_duplicates on leads (tenant_id, duplicate_of) where duplicate_of is not null;

-- Who a lead is: normalised e-mail and phone.
create table contact_keys (
    tenant_id text not null,
    contact_key text not null,
    lead_id text not null,
    primary key (tenant_id, contact_key, lead_id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, lead_id) on delete cascade
);
create index contact_keys_of_lead on contact_keys (tenant_id, lead_id);

create table workers (
    worker_id uuid primary key,
    started_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz not null
) with (fillfactor = 50);

create table tasks (
    task_id uuid primary key,
    tenant_id text not null,
    kind text not null,
    state text not null,
    priority text not null,
    order_key timestamptz not null,
    lead_id text,
    payload jsonb,
    attempt integer not null default 0,
    max_attempts integer not null,
    crashes integer not null default 0,
    direct boolean not null default false,
    claimed_by uuid,
    enqueued_at timestamptz not null default clock_timestamp(),
    not_before timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    deadline_at timestamptz,
    idempotency_key text,
    request_digest bytea,
    result jsonb,
    error text,
    foreign key (tenant_id, lead_id) references leads (tenant_id, lead_id) on delete cascade,
    check (state in ('queued', 'waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired', 'dead',
                     'abandoned')),
    check ((finished_at is not null)
           = (state in ('succeeded', 'failed', 'cancelled', 'expired', 'dead', 'abandoned')))
);

create index tasks_claim on tasks (kind, tenant_id, order_key, task_id) where state = 'queued';
create index tasks_due on tasks (not_before) where state = 'waiting';
create index tasks_held on tasks (claimed_by) where state = 'running';
create index tasks_deadline on tasks (deadline_at) where finished_at is null and deadline_at is not null;
create index tasks_newest on tasks (tenant_id, task_id desc);
create index tasks_of_lead on tasks (tenant_id, lead_id) where lead_id is not null;
create index tasks_failures on tasks (tenant_id, task_id desc)
    where state in ('failed', 'expired', 'dead', 'abandoned');
create index tasks_finished on tasks (finished_at) where finished_at is not null;
create unique index tasks_idempotency on tasks (tenant_id, idempotency_key) where idempotency_key is not null;

create table analyses (
    analysis_id uuid primary key,
    tenant_id text not null,
    lead_id text not null,
    lead_version integer not null,
    analysed_at timestamptz not null,
    document jsonb not null,
    foreign key (tenant_id, lead_id) references leads (tenant_id, lead_id) on delete cascade
);
create index analyses_of_lead on analyses (tenant_id, lead_id, analysed_at desc, analysis_id desc);

create table follow_ups (
    follow_up_id uuid primary key,
    tenant_id text not null,
    lead_id text not null,
    drafted_at timestamptz not null,
    document jsonb not null,
    foreign key (tenant_id, lead_id) references leads (tenant_id, lead_id) on delete cascade
);
create index follow_ups_of_lead on follow_ups (tenant_id, lead_id, drafted_at desc, follow_up_id desc);

create table outcomes (
    tenant_id text not null,
    lead_id text not null,
    kind text not null check (kind in ('won', 'lost')),
    at timestamptz not null,
    amount double precision,
    currency text,
    reason text not null default '',
    primary key (tenant_id, lead_id),
    foreign key (tenant_id, lead_id) references leads (tenant_id, lead_id) on delete cascade
);

-- One row per model call, stored whoever brings it: it outlives the task and holds no personal data.
create table usage (
    task_id uuid not null,
    attempt integer not null,
    call integer not null,
    tenant_id text not null,
    kind text not null,
    model text not null,
    prompt_tokens bigint not null,
    cached_prompt_tokens bigint not null,
    completion_tokens bigint not null,
    cost_nanousd bigint not null,
    estimated boolean not null,
    at timestamptz not null,
    primary key (task_id, attempt, call)
);
create index usage_by_day on usage (tenant_id, at);
