-- name: claim
-- The message to send next (answers have a claim of their own): finals first, then new messages, then edits, for which channels take turns: all share one budget,
-- and no channel may wait while another shows each second. A board is in turn as soon as it has rested, before its
-- channel's threads. Within a turn the edit that waits longest. A reply waits for its root's ts and for the messages written
-- earlier in its thread (not for files: the story goes on without them); nothing goes out before its budget.
with ready as materialized (
    -- First what a look at the row itself tells: most of what waits when much does, waits for its budget.
    select * from (
        select o.key, o.ts, o.thread_key, o.created_at, o.team, o.channel, o.next_try_at,
            case
                when o.method = 'file' then 'file:' || o.team
                when o.method = 'home' then 'home:' || o.team
                when o.ts is not null then 'update:' || o.team
                else 'post:' || o.team || ':' || o.channel
            end as budget
        from outbox o
        where o.body_rev > o.sent_rev and o.method <> 'respond' and o.next_try_at <= %(now)s
            and (o.lease_until is null or o.lease_until < %(now)s)
    ) r
    where not exists (select from budgets b where b.name = r.budget and b.next_at > %(now)s)
),
due as (
    select o.key, o.budget,
        case when o.ts is null then null when o.key like 'board:%%' then o.next_try_at else t.next_at end as turn
    from ready o
        left join outbox root on root.key = o.thread_key
        left join budgets t on t.name = 'turn:' || o.team || ':' || o.channel
    where o.ts is not null or o.thread_key is null
        or (
            root.ts is not null
            and not exists (
                select from outbox earlier
                where earlier.thread_key = o.thread_key and earlier.ts is null
                    and earlier.body_rev > earlier.sent_rev and earlier.method = 'post'
                    and (earlier.created_at, earlier.key) < (o.created_at, o.key)
            )
        )
),
chosen as (
    select o.key, o.posting_since, due.budget
    from outbox o join due on due.key = o.key
    -- Said again of the row itself: these are looked at once more when it is locked, what "due" saw is not.
    where o.body_rev > o.sent_rev and o.next_try_at <= %(now)s
        and (o.lease_until is null or o.lease_until < %(now)s)
    order by o.is_final desc, o.ts is null desc, due.turn nulls first, o.next_try_at, o.created_at, o.key
    limit 1
    for update of o skip locked
)
update outbox set
    lease = %(lease)s, lease_until = %(until)s,
    posting_since = case
        when outbox.ts is null and outbox.method <> 'home' then coalesce(outbox.posting_since, %(now)s)
    end
from chosen
where outbox.key = chosen.key
returning outbox.*, chosen.posting_since as uncertain_since, chosen.budget,
    -- A root may itself stand in a thread of people; then all of its story does, since a thread has no threads.
    coalesce(
        outbox.body ->> 'thread_ts',
        (select coalesce(root.body ->> 'thread_ts', root.ts) from outbox root where root.key = outbox.thread_key)
    ) as thread_ts

-- name: claim_answers
-- Answers to one person each, the oldest first: they wait for nothing and share no budget.
with chosen as (
    select key from outbox
    where method = 'respond' and body_rev > sent_rev and next_try_at <= %(now)s and (lease_until is null or lease_until < %(now)s)
    order by next_try_at, key limit %(most)s
    for update skip locked
)
update outbox set lease = %(lease)s, lease_until = %(until)s
from chosen
where outbox.key = chosen.key
returning outbox.*, null::timestamptz as uncertain_since, null as budget,
    coalesce(
        outbox.body ->> 'thread_ts',
        (select coalesce(root.body ->> 'thread_ts', root.ts) from outbox root where root.key = outbox.thread_key)
    ) as thread_ts

-- name: spend
-- Take one call out of a budget; no row where another process took it first.
insert into budgets (name, next_at) values (%(name)s, %(next_at)s)
on conflict (name) do update set next_at = excluded.next_at where budgets.next_at <= %(now)s

-- name: took_turn
-- The channel shows an edit now: its threads' next one is in turn with the boards that will have rested by then.
insert into budgets (name, next_at) values (%(name)s, %(next_at)s) on conflict (name) do update set next_at = excluded.next_at

-- name: hold
-- Slack said when the next call may come (Retry-After), or that a workspace takes no plan blocks for now.
insert into budgets (name, next_at) values (%(name)s, %(next_at)s)
on conflict (name) do update set next_at = greatest(budgets.next_at, excluded.next_at)

-- name: is_held
select from budgets where name = %(name)s and next_at > %(now)s

-- name: sent
-- Slack has the message. An edit that came meanwhile stays due, a board's once it has rested; a reposted or found message
-- keeps its new ts.
update outbox set
    ts = coalesce(%(ts)s, ts), sent_rev = %(rev)s, posting_since = null, tries = 0, error = %(note)s,
    next_try_at = greatest(next_try_at, %(next_at)s), lease = null, lease_until = null
where key = %(key)s and lease = %(lease)s

-- name: again
-- It did not go out, or nobody knows; once more at next_try_at.
update outbox set
    next_try_at = %(next_try_at)s, tries = %(tries)s, error = %(error)s, ts = %(ts)s, posting_since = %(posting_since)s,
    lease = null, lease_until = null
where key = %(key)s and lease = %(lease)s

-- name: try_now
-- What everything waited for is mended: nothing waits out its pause.
update outbox set next_try_at = %(now)s where body_rev > sent_rev and error = any(%(errors)s) and next_try_at > %(now)s

-- name: kept_log
select body from logs where binder_id = %(binder)s and attempt = %(attempt)s

-- name: give_back
update outbox set lease = null, lease_until = null, posting_since = %(posting_since)s
where key = %(key)s and lease = %(lease)s

-- name: post_again
-- The workspace has forgotten everything: what is not gone is told anew, answers of before are nobody's.
update outbox set
    ts = null, posting_since = null, error = '', tries = 0,
    sent_rev = case
        when method in ('post', 'home') and (binder_id is null or binder_id in (select id from binders where phase <> 'deleted')) then 0
        else body_rev
    end
