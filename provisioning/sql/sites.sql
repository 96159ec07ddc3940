-- name: kept
select name, deployment, project from sites where name = any(%(names)s)

-- name: is_there
-- Whether this database has the table: a check looks at it before anything brought it to this version.
select to_regclass('sites') is not null as found

-- name: lock
-- Nobody else begins to keep or to take over until the transaction ends; reading goes on.
lock table sites in share row exclusive mode

-- name: living
-- Binders that may have something in a cloud, by the name that their plans have for it; then the work volumes there.
select name, id from (
select coalesce(b.plan ->> 'cloud', '') as name, b.id, 1 as part, b.created_at as at from binders b
where b.phase <> 'deleted' and b.plan is not null and coalesce(b.plan ->> 'cloud', '') = any(%(names)s)
    and exists (select from resources r where r.binder_id = b.id and r.gone_at is null)
union all
select cloud, 'volume ' || name, 2, made_at from volumes where cloud_id is not null and cloud = any(%(names)s)
) found
order by part, at, id

-- name: keep
insert into sites (name, deployment, project, kept_at) values (%(name)s, %(deployment)s, %(project)s, %(at)s)
on conflict (name) do update set
    deployment = excluded.deployment, project = excluded.project, kept_at = excluded.kept_at

-- name: forget
delete from sites where name = any(%(names)s)
