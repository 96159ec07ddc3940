-- name: add
-- Nothing where it is shared so already, or where the binder goes or is gone.
insert into shares (binder_id, whom, shared_by, shared_at)
select id, %(whom)s, %(by)s, %(at)s from binders
where id = %(id)s and phase not in ('deleting', 'deleted')
for no key update
on conflict do nothing

-- name: remove
-- With one; an empty whom means with all.
delete from shares where binder_id = %(id)s and (whom = %(whom)s or %(whom)s = '')

-- name: of
select whom, shared_by, shared_at from shares where binder_id = %(id)s order by shared_at, whom

-- name: with_person
-- What others share with this person by name, newest launch first.
select binders.id from shares join binders on binders.id = shares.binder_id
where shares.whom = %(who)s and team = %(team)s and owner <> %(who)s and phase <> 'deleted'
order by created_at desc, binders.id limit %(most)s

-- name: changed
-- The story tells it.
update binders set story_rev = story_rev + 1 where id = %(id)s
