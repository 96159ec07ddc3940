-- name: ensure
insert into volumes (id, team, owner, cloud, name, size_gib, made_at)
select %(id)s, %(team)s, %(owner)s, %(cloud)s, %(name)s, %(size_gib)s, %(at)s
where not exists (
    select from volumes where team = %(team)s and owner = %(owner)s and cloud = any(%(clouds)s) and name = %(name)s
)
on conflict (team, owner, cloud, name) do nothing

-- name: named
-- Whoever asks next waits for this transaction's end.
select * from volumes
where team = %(team)s and owner = %(owner)s and cloud = any(%(clouds)s) and name = %(name)s
order by made_at limit 1
for update

-- name: hold
update volumes set held_by = %(binder)s, held_since = %(at)s, size_gib = %(size_gib)s where id = %(id)s

-- name: held_by
select * from volumes where held_by = %(id)s

-- name: of_person
select * from volumes where team = %(team)s and owner = %(owner)s order by cloud, name

-- name: drop_when_free
update volumes set deleting_since = coalesce(deleting_since, %(at)s), wake_at = %(at)s where held_by = %(binder)s

-- name: drop
-- Nothing where a binder has taken it meanwhile.
update volumes set deleting_since = coalesce(deleting_since, %(at)s), wake_at = %(at)s where id = %(id)s and held_by is null

-- name: claim_deletion
-- The next one to delete that nobody looks at.
update volumes set wake_at = %(until)s
where id = (
    select id from volumes
    where deleting_since is not null and held_by is null and wake_at <= %(now)s
    order by wake_at limit 1
    for update skip locked
)
returning *

-- name: look_again
update volumes set wake_at = %(at)s where id = %(id)s

-- name: gone
delete from volumes where id = %(id)s and deleting_since is not null and held_by is null
