-- name: insert
insert into binders (id, team, channel, owner, request, phase, created_at, phase_since, last_action_at, wake_at, volume)
values (%(id)s, %(team)s, %(channel)s, %(owner)s, %(request)s, %(phase)s, %(now)s, %(now)s, %(now)s, %(now)s, %(volume)s)

-- name: get
select * from binders where id = %(id)s

-- name: some
select * from binders where id = any(%(ids)s)

-- name: all_of
-- Newest first; an empty team or owner means any.
select * from binders
where (%(owner)s = '' or owner = %(owner)s) and (%(team)s = '' or team = %(team)s)
order by created_at desc limit %(most)s

-- name: wake
-- Somebody wrote something that the next step must see.
update binders set rev = rev + 1, wake_at = least(coalesce(wake_at, %(now)s), %(now)s) where id = %(id)s

-- name: claim
-- Of the binders that are due and that nobody works on the oldest one: first come, first served. If many launches took turns, each
-- would be ready only when nearly all are.
update binders set lease = %(lease)s, lease_until = %(until)s
where id = (
    select id from binders
    where wake_at <= %(now)s and (lease_until is null or lease_until < %(now)s)
    order by created_at limit 1
    for update skip locked
)
returning *

-- name: claim_one
update binders set lease = %(lease)s, lease_until = %(until)s
where id = %(id)s and wake_at <= %(now)s and (lease_until is null or lease_until < %(now)s)
returning *

-- name: renew
update binders set lease_until = %(until)s where id = %(id)s and lease = %(lease)s returning rev

-- name: record
-- Fenced: touches nothing once the lease is somebody else's. A later wake_at counts only if nobody wrote since the claim.
update binders set
    plan = %(plan)s, phase = %(phase)s, outcome = %(outcome)s, failure = %(failure)s, attempt = %(attempt)s,
    phase_since = %(phase_since)s, expires_at = %(expires_at)s, keep_until = %(keep_until)s, warned = %(warned)s,
    public_url = %(public_url)s, agent_url = %(agent_url)s,
    report = case when attempt = %(attempt)s then report end,
    cert_sha256 = case when attempt = %(attempt)s then cert_sha256 else '' end,
    stopped_since = %(stopped_since)s, keeps_volume = %(keeps_volume)s, last_action_at = %(last_action_at)s, errors_in_row = %(errors_in_row)s, last_error = %(last_error)s,
    story_rev = story_rev + %(told)s,
    wake_at = case when rev = %(rev)s then %(wake_at)s else least(wake_at, %(now)s) end,
    lease = case when %(keep_lease)s then lease end,
    lease_until = case when %(keep_lease)s then lease_until end
where id = %(id)s and lease = %(lease)s

-- name: release
-- The step could not finish: another try at wake_at.
update binders set lease = null, lease_until = null, wake_at = %(wake_at)s where id = %(id)s and lease = %(lease)s

-- name: tell
insert into events (binder_id, at, kind, data) values (%(id)s, %(at)s, %(kind)s, %(data)s)

-- name: events
select id, at, kind, data from events where binder_id = %(id)s order by id

-- name: granted
-- What people want of this binder and nobody has done.
select id, kind, who, at, payload from intents where binder_id = %(id)s and state = 'granted' order by id

-- name: fulfil
update intents set state = 'done' where id = any(%(ids)s)

-- name: intend
-- Written before the cloud is asked, so that nothing is made without a trace.
insert into resources (binder_id, attempt, kind, intended_at) values (%(id)s, %(attempt)s, %(kind)s, %(at)s)
on conflict (binder_id, attempt, kind) do update set
    intended_at = excluded.intended_at, cloud_id = null, made_at = null, gone_at = null, is_given_up = false

-- name: give_up
update resources set intended_at = %(at)s, is_given_up = true
where binder_id = %(id)s and attempt = %(attempt)s and kind = %(kind)s and cloud_id is null

-- name: not_gone
-- What may be there, as far as a step must know: what a call without an answer left, and servers.
select attempt, kind, cloud_id, intended_at, is_given_up from resources
where binder_id = %(id)s and gone_at is null and (cloud_id is null or kind = 'server')

-- name: refused
delete from resources where binder_id = %(id)s and attempt = %(attempt)s and kind = %(kind)s and cloud_id is null

-- name: made
-- A work volume is known by its cloud's id from then on, for whoever holds it next.
with work as (
    update volumes set cloud_id = %(cloud_id)s
    where %(kind)s = 'work_volume' and cloud_id is null and id = (select volume ->> 'id' from binders where id = %(id)s)
)
update resources set cloud_id = %(cloud_id)s, made_at = %(at)s
where binder_id = %(id)s and attempt = %(attempt)s and kind = %(kind)s

-- name: server_gone
update resources set gone_at = %(at)s where binder_id = %(id)s and cloud_id = %(cloud_id)s and gone_at is null

-- name: gone
-- Nothing of it is left in the cloud, nobody needs to be let in, and its work volume may be held by another.
with shared as (delete from shares where binder_id = %(id)s),
let_go as (update volumes set held_by = null, held_since = null, used_at = %(at)s, wake_at = %(at)s where held_by = %(id)s)
update resources set gone_at = %(at)s where binder_id = %(id)s and gone_at is null

-- name: resources
select kind, attempt, cloud_id, intended_at, gone_at from resources where binder_id = %(id)s order by attempt, intended_at

-- name: listenable
-- Binders whose guest should be listened to and that nobody listens to now.
update binders set listener = %(listener)s, listen_until = %(until)s
where id in (
    select id from binders
    where phase = any(%(phases)s) and agent_url <> '' and (listen_until is null or listen_until < %(now)s)
    order by listen_until nulls first limit %(most)s
    for update skip locked
)
returning *

-- name: still_listening
update binders set listen_until = %(until)s where id = %(id)s and listener = %(listener)s

-- name: keep_listening
-- Whoever was taken over meanwhile finds somebody else's name there.
update binders set listen_until = %(until)s where id = any(%(ids)s) and listener = %(listener)s

-- name: let_go
-- Nobody listens any more; the next one may from that time on.
update binders set listener = null, listen_until = %(until)s where id = %(id)s and listener = %(listener)s

-- name: heard
-- A new report of the current attempt: the step and the story both want to know. The first certificate wins.
update binders set
    report = %(report)s, rev = rev + 1, wake_at = least(coalesce(wake_at, %(now)s), %(now)s), story_rev = story_rev + 1,
    cert_sha256 = case when cert_sha256 = '' then %(cert)s else cert_sha256 end
where id = %(id)s and attempt = %(attempt)s and (report is null or (report ->> 'n')::int < %(n)s)

-- name: keep_report
insert into reports (binder_id, attempt, n, at, body) values (%(id)s, %(attempt)s, %(n)s, %(at)s, %(body)s)
on conflict do nothing

-- name: reports
select body from reports where binder_id = %(id)s and attempt = %(attempt)s order by n

-- name: keep_log
insert into logs (binder_id, attempt, at, body) values (%(id)s, %(attempt)s, %(at)s, %(body)s)
on conflict (binder_id, attempt) do update set body = excluded.body, at = excluded.at

-- name: log
select body from logs where binder_id = %(id)s and attempt = %(attempt)s
