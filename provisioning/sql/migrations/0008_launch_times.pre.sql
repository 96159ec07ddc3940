-- How long the launches that became ready took, phase by phase: what the time left of the next ones is estimated from.
create table launch_times (
    binder_id text not null,
    attempt integer not null,
    repo text not null,
    "commit" text not null,
    builder text not null,                     -- how the environment was built, as the guest said it; empty: it did not say
    cloud text not null,
    flavor text not null,
    creating_s double precision not null,
    booting_s double precision not null,
    building_s double precision not null,
    starting_s double precision not null,
    at timestamptz not null,                   -- when it became ready
    primary key (binder_id, attempt)
);
create index launch_times_repo on launch_times (repo, at desc);
create index launch_times_commit on launch_times ("commit", at desc);
create index launch_times_size on launch_times (cloud, flavor, builder, at desc);
create index launch_times_at on launch_times (at desc);

-- What the stories tell of launches before this table was there.
insert into launch_times
select distinct on (b.id, began.attempt) b.id, began.attempt, b.plan -> 'request' ->> 'repo', b.plan ->> 'commit', '',
    coalesce(b.plan ->> 'cloud', ''), b.plan -> 'flavor' ->> 'name',
    extract(epoch from active.at - began.at), extract(epoch from built.at - active.at),
    extract(epoch from started.at - built.at), extract(epoch from ready.at - started.at), ready.at
from binders b
cross join lateral (
    select e.id, e.at, (e.data ->> 'attempt')::integer as attempt,
        lead(e.id) over (order by e.id) as next
    from events e where e.binder_id = b.id and e.kind = 'attempt_started'
) began
join events active on active.binder_id = b.id and active.kind = 'server_active'
join events built on built.binder_id = b.id and built.kind = 'build_began' and built.id > active.id
join events started on started.binder_id = b.id and started.kind = 'start_began' and started.id > built.id
join events ready on ready.binder_id = b.id and ready.kind = 'became_ready' and ready.id > started.id
where b.plan -> 'request' ->> 'repo' is not null and b.plan ->> 'commit' is not null and b.plan -> 'flavor' ->> 'name' is not null
    and active.id > began.id and (began.next is null or ready.id < began.next)
order by b.id, began.attempt, ready.id;
