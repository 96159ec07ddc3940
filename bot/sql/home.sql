-- name: one_at_a_time
-- Whoever draws a Home later must have read later.
select pg_advisory_xact_lock(hashtextextended(%(key)s, 0))

-- name: drawn
-- As it was drawn last; no row for somebody who never opened it.
select channel, body from outbox where key = %(key)s

-- name: put
-- Only what differs is published, unless Slack shows nothing (again). What nobody waits for may be late and goes as one.
insert into outbox (key, binder_id, team, channel, thread_key, method, body, is_final, next_try_at, created_at)
values (%(key)s, null, %(team)s, %(channel)s, null, 'home', %(body)s, %(is_awaited)s, %(now)s, %(now)s)
on conflict (key) do update set
    body = excluded.body, channel = excluded.channel, body_rev = outbox.body_rev + 1, is_final = excluded.is_final,
    next_try_at = case
        when outbox.body_rev = outbox.sent_rev then greatest(outbox.next_try_at, %(not_before)s)
        else outbox.next_try_at
    end
where outbox.body is distinct from excluded.body or %(again)s
