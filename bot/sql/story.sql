-- name: claim
-- A binder whose story went on since it was told; not one that was put off. One that is not being built changes rarely and goes
-- first: its end must not wait for those that say something each second. Of these the one that is furthest behind.
select id, story_rev from binders where story_rev > told_rev and (tell_at is null or tell_at <= %(now)s)
order by phase = any(%(builds)s), story_rev - told_rev desc, id limit 1
for no key update skip locked

-- name: told
update binders set told_rev = %(rev)s, tell_at = null where id = %(id)s

-- name: put_off
-- It could not be told; the others go on, and it is tried again at that time.
update binders set tell_at = %(at)s where id = %(id)s

-- name: answered_at
-- Where the command, form, press or mention that launched it is answered; empty where it came without. A mention in a thread
-- and a shortcut on a message are told there; who presses a button in a thread gets one of their own.
select coalesce(payload ->> 'response_url', '') as url, coalesce(payload ->> 'thread_ts', '') as thread_ts,
    case when (payload ->> 'is_typed')::boolean then coalesce(payload ->> 'thread_ts', '') else '' end as told_in
from intents
where binder_id = %(id)s and kind in ('launch', 'relaunch') and payload ? 'response_url' order by id desc limit 1

-- name: put
-- The message as it should be now. Only a changed body counts; what goes to one person once is never sent again.
insert into outbox (key, binder_id, team, channel, thread_key, method, body, is_final, next_try_at, created_at)
values (%(key)s, %(binder)s, %(team)s, %(channel)s, %(thread_key)s, %(method)s, %(body)s, %(is_final)s, %(now)s, %(at)s)
on conflict (key) do update set
    body = excluded.body, body_rev = outbox.body_rev + 1, is_final = excluded.is_final,
    -- Slowed down: a posted message that is up to date now shows the change only then.
    next_try_at = case
        when outbox.ts is not null and outbox.body_rev = outbox.sent_rev
            then greatest(outbox.next_try_at, %(not_before)s)
        else outbox.next_try_at
    end
where outbox.method = 'post' and outbox.body is distinct from excluded.body

-- name: others
-- Posted messages of the binder that the present drawing does not hold.
select key, body from outbox
where binder_id = %(id)s and method = 'post' and key like 'binder:%%' and not key = any(%(drawn)s)

-- name: retire
update outbox set body = %(body)s, body_rev = body_rev + 1 where key = %(key)s

-- name: one_board_at_a_time
select pg_advisory_xact_lock(hashtextextended(%(key)s, 0))

-- name: live
-- The workspace's builds on their way, oldest first.
select id, channel from binders where team = %(team)s and phase = any(%(phases)s)
order by created_at, id

-- name: board
select ts is not null as is_posted, coalesce((body ->> 'closed')::boolean, false) as is_closed
from outbox where key = %(key)s

-- name: reopen_board
-- The old board lies far up in the channel: the next one is a message of its own.
update outbox set ts = null, posting_since = null, created_at = %(now)s where key = %(key)s
