-- name: now
-- All gauges of the deployment in one reading; "what" is the figure, "label" and "more" tell its lines apart.
select 'binders' as what, phase as label, '' as more, count(*)::float8 as value from binders
    where phase <> 'deleted' group by phase
union all
select 'ended', outcome, coalesce(failure ->> 'code', ''), count(*) from binders
    where outcome is not null group by 2, 3
union all
select 'intents', state, '', count(*) from intents where state <> 'done' group by state
union all
select 'intent_age', '', '', greatest(0, coalesce(extract(epoch from %(now)s - min(at)), 0)) from intents where state = 'new'
union all
select 'outbox', '', '', count(*) from outbox where body_rev > sent_rev
union all
-- An edit's row is as old as its message: what counts is since when it may go out.
select 'outbox_age', '', '', greatest(0, coalesce(max(extract(epoch from %(now)s -
    case when ts is null then created_at else next_try_at end)), 0)) from outbox where body_rev > sent_rev
union all
-- Guests that somebody should be listening to and nobody is.
select 'guests_unheard', '', '', count(*) from binders
    where phase = any(%(listens_in)s) and agent_url <> '' and (listen_until is null or listen_until < %(now)s)
union all
-- Binders whose step is due and not begun, and since when.
select 'steps_due', '', '', count(*) from binders
    where wake_at <= %(now)s and (lease_until is null or lease_until < %(now)s)
union all
select 'step_age', '', '', greatest(0, coalesce(extract(epoch from %(now)s - min(wake_at)), 0)) from binders
    where wake_at <= %(now)s and (lease_until is null or lease_until < %(now)s)

-- name: alive
select 1
