-- name: make
insert into keys (role, sealed, made_at) values (%(role)s, %(sealed)s, %(at)s) on conflict (role) do nothing

-- name: all
select role, sealed, made_at, since from keys

-- name: hold
-- Nobody rotates until this transaction ends.
lock table keys in share mode

-- name: take
-- Nobody else rotates, and no server gets its keys, until this transaction ends.
lock table keys in share row exclusive mode

-- name: drop_previous
delete from keys where role = 'previous'

-- name: pass_on
update keys set role = %(to)s, since = %(at)s where role = %(role)s

-- name: born
update resources set born_keys = %(keys)s where binder_id = %(binder)s and attempt = %(attempt)s and kind = 'server'

-- name: guests
-- What lives and has a guest, or is about to, with the keys that it took last; before it took any, those of its user data.
select b.id as binder, b.phase, b.attempt, t.is_told, case when t.is_told then b.told_keys else coalesce(r.born_keys, '{}') end as knows
from binders b
    cross join lateral (select b.config_attempt = b.attempt and b.told_keys <> '{}' as is_told) t
    left join resources r on r.binder_id = b.id and r.attempt = b.attempt and r.kind = 'server' and r.gone_at is null
where b.phase = any(%(phases)s) and (b.phase <> 'creating' or r.binder_id is not null)
order by b.created_at, b.id
