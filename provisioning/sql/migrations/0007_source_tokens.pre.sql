-- What opens private repositories: sealed with BINDEROPS_KEY, which is not in here. An empty person: for everyone of the team.
create table source_tokens (
    team text not null,
    person text not null,
    host text not null,                        -- with its port, where it is not 443
    prefix text not null default '',           -- an organisation or group of that host; empty: all of them
    sealed bytea not null,
    given_at timestamptz not null,
    given_by text not null,
    primary key (team, person, host, prefix)
);

-- Which report of a waiting guest was answered with a token last, and how the handing over goes.
alter table binders
    add column token_attempt integer not null default 0,
    add column token_report integer not null default 0,
    add column token_next timestamptz,         -- not before; also the lease of whoever hands over
    add column token_tries integer not null default 0;

create trigger guest_awaits after update of report on binders for each row
    when (new.report ->> 'awaits' = 'token' and new.report is distinct from old.report) execute function ring('token');
