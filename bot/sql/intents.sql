-- name: want
-- Slack delivers twice what it thinks was lost; the second one is no news.
insert into intents (dedupe, kind, team, channel, who, payload, at)
values (%(dedupe)s, %(kind)s, %(team)s, %(channel)s, %(who)s, %(payload)s, %(at)s)
on conflict (dedupe) do nothing

-- name: claim
-- The oldest ones that no desk works on and that were not put off.
with chosen as (
    select id from intents
    where state = 'new' and (desk_until is null or desk_until < %(now)s)
    order by id limit %(most)s
    for update skip locked
)
update intents set desk = %(desk)s, desk_until = %(until)s
from chosen
where intents.id = chosen.id
returning intents.id, kind, team, channel, who, payload, at

-- name: settle
-- Fenced: touches nothing once the intent is another desk's. A launch is linked to the binder it made.
update intents set
    state = %(state)s, kind = %(kind)s, binder_id = coalesce(%(binder)s, binder_id), payload = %(payload)s,
    desk = null, desk_until = null
where id = %(id)s and desk = %(desk)s and state = 'new'

-- name: postpone
update intents set desk_until = %(until)s where id = %(id)s and desk = %(desk)s and state = 'new'

-- name: post
insert into outbox (key, binder_id, team, channel, thread_key, method, body, is_final, next_try_at, created_at)
values (%(key)s, %(binder)s, %(team)s, %(channel)s, %(thread_key)s, %(method)s, %(body)s, true, %(now)s, %(now)s)
on conflict (key) do nothing

-- name: live_in
select id from binders where team = %(team)s and channel = %(channel)s and phase <> 'deleted'
order by created_at desc, id limit %(most)s

-- name: of_person
select id from binders where team = %(team)s and owner = %(who)s
order by phase = 'deleted', created_at desc, id limit %(most)s
