-- One launch and its life. Rows hold the truth; whoever holds the lease may write.
create table binders (
    id text primary key,
    team text not null,
    channel text not null,
    owner text not null,
    request jsonb not null,
    plan jsonb,
    phase text not null,
    outcome text,
    failure jsonb,
    attempt integer not null default 0,
    created_at timestamptz not null,
    phase_since timestamptz not null,
    expires_at timestamptz,
    keep_until timestamptz,
    warned integer not null default 0,
    public_url text not null default '',
    agent_url text not null default '',
    cert_sha256 text not null default '',      -- pinned: the first one per attempt wins
    report jsonb,                              -- the newest of the current attempt
    last_action_at timestamptz not null,
    errors_in_row integer not null default 0,
    last_error text not null default '',
    -- Dispatch: due at wake_at; rev counts what others wrote since, so that no wake-up is put off by mistake.
    wake_at timestamptz,
    rev bigint not null default 0,
    lease uuid,
    lease_until timestamptz,
    -- Who listens to this binder's guest.
    listener uuid,
    listen_until timestamptz,
    -- The story: drawn again whenever story_rev is ahead of told_rev.
    story_rev bigint not null default 1,
    told_rev bigint not null default 0,
    tell_at timestamptz,                       -- not before; null: now
    constraint ended_means_outcome check (phase <> 'deleted' or outcome is not null),
    constraint lease_has_end check ((lease is null) = (lease_until is null))
);
create index binders_due on binders (wake_at) where wake_at is not null;
create index binders_untold on binders (id) where story_rev > told_rev;
create index binders_owner on binders (team, owner, created_at desc);

-- Written before the cloud call that makes the object, so that nothing is made without a trace.
create table resources (
    binder_id text not null references binders (id),
    attempt integer not null,
    kind text not null,
    cloud_id text,
    intended_at timestamptz not null,
    gone_at timestamptz,
    primary key (binder_id, attempt, kind)
);

-- What people want. "dedupe" is Slack's trigger, view or event id: a redelivery is the same row.
create table intents (
    id bigint generated always as identity primary key,
    dedupe text not null unique,
    kind text not null,                        -- launch, or a verb's name
    team text not null,
    channel text not null,
    who text not null,
    binder_id text references binders (id),
    payload jsonb not null,
    at timestamptz not null,
    state text not null default 'new' check (state in ('new', 'granted', 'done')),
    desk uuid,
    desk_until timestamptz
);
create index intents_open on intents (id) where state <> 'done';
create index intents_of_binder on intents (binder_id) where state = 'granted';

-- The story, append only.
create table events (
    id bigint generated always as identity primary key,
    binder_id text not null references binders (id),
    at timestamptz not null,
    kind text not null,
    data jsonb not null
);
create index events_of_binder on events (binder_id, id);

create table reports (
    binder_id text not null references binders (id),
    attempt integer not null,
    n integer not null,
    at timestamptz not null,
    body jsonb not null,
    primary key (binder_id, attempt, n)
);

-- A guest's full log, kept when its build fails or its binder ends.
create table logs (
    binder_id text not null references binders (id),
    attempt integer not null,
    at timestamptz not null,
    body text not null,
    primary key (binder_id, attempt)
);

-- One message each row; the newest body is what the message should say.
create table outbox (
    key text primary key,                      -- binder:<id>:<slot>, answer:<intent>, board:<channel>
    binder_id text references binders (id),
    team text not null,
    channel text not null,
    thread_key text,                           -- the row whose ts this one replies to
    method text not null check (method in ('post', 'respond', 'file')),
    body jsonb not null,
    body_rev integer not null default 1,
    sent_rev integer not null default 0,
    is_final boolean not null default false,   -- finals go first and are never dropped
    ts text,                                   -- Slack's id of the posted message; a text, never a number
    posting_since timestamptz,                 -- a post is under way or its answer was lost
    next_try_at timestamptz not null,
    tries integer not null default 0,
    error text not null default '',
    created_at timestamptz not null,
    lease uuid,
    lease_until timestamptz
);
create index outbox_unsent on outbox (next_try_at) where body_rev > sent_rev;

-- Slack's budgets, shared by all processes: the next call of this name may go out at next_at.
create table budgets (
    name text primary key,
    next_at timestamptz not null
);

-- The signing keys of tickets and calls, encrypted with BINDEROPS_KEY.
create table keys (
    role text primary key check (role in ('current', 'next')),
    sealed bytea not null,
    made_at timestamptz not null
);

-- Whoever writes work rings the bell, so that nobody has to poll fast.
create function ring() returns trigger language plpgsql as $$
begin
    perform pg_notify('binderops', tg_argv[0]);
    return null;
end $$;
create trigger due after insert or update of wake_at on binders for each row
    when (new.wake_at is not null) execute function ring('step');
create trigger untold after insert or update of story_rev on binders for each row
    when (new.story_rev > new.told_rev) execute function ring('story');
create trigger wanted after insert on intents for each row execute function ring('desk');
create trigger unsent after insert or update of body_rev, ts on outbox for each row execute function ring('outbox');
create trigger guest_up after update of phase on binders for each row
    when (new.phase is distinct from old.phase) execute function ring('listen');
