-- name: grant
insert into intents (dedupe, kind, team, channel, who, binder_id, payload, at, state)
values (%(dedupe)s, %(kind)s, 'T1', 'C1', 'U2', %(binder)s, %(payload)s, %(at)s, 'granted')

-- name: make_unreadable
update binders set phase = 'from-another-version' where id = %(id)s

-- name: queue
update binders set phase = 'queued', plan = %(plan)s where id = %(id)s

-- name: due
select wake_at from binders where id = %(id)s
