-- name: keep
-- Out of the story of the attempt that has just become ready.
insert into launch_times (
    binder_id, attempt, repo, "commit", builder, cloud, flavor, creating_s, booting_s, building_s, starting_s, at
)
select %(id)s, %(attempt)s, %(repo)s, %(commit)s, %(builder)s, %(cloud)s, %(flavor)s,
    extract(epoch from active - began), extract(epoch from built - active), extract(epoch from started - built),
    extract(epoch from ready - started), ready
from (
    select min(at) filter (where kind = 'attempt_started') as began, min(at) filter (where kind = 'server_active') as active,
        min(at) filter (where kind = 'build_began') as built, min(at) filter (where kind = 'start_began') as started,
        min(at) filter (where kind = 'became_ready') as ready
    from events
    where binder_id = %(id)s
        and id >= (select max(id) from events where binder_id = %(id)s and kind = 'attempt_started')
) told
where began is not null and active is not null and built is not null and started is not null and ready is not null
on conflict do nothing

-- name: forget
-- Whoever forgets the same rows at the same time is not waited for.
delete from launch_times where (binder_id, attempt) in (
    select binder_id, attempt from launch_times order by at desc offset %(most)s for update skip locked
)

-- name: like_this
-- Whatever may be compared with this launch, of each kind the newest.
(select * from launch_times where "commit" = %(commit)s order by at desc limit %(most)s)
union
(select * from launch_times where repo = %(repo)s order by at desc limit %(most)s)
union
(select * from launch_times where cloud = %(cloud)s and flavor = %(flavor)s and builder = %(builder)s order by at desc limit %(most)s)
union
(select * from launch_times where cloud = %(cloud)s and flavor = %(flavor)s order by at desc limit %(most)s)
union
(select * from launch_times order by at desc limit %(most)s)

-- name: all
select * from launch_times order by at
