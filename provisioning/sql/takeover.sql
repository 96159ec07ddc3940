-- name: others
-- Other clients of ours on this database, and whether the server has just started: then all have lost their connections.
select count(*) as others, pg_postmaster_start_time() > now() - %(lease)s::interval as has_just_started
from pg_stat_activity
where datname = current_database() and application_name = 'binderops' and pid <> all(%(mine)s)

-- name: steps
update binders set lease = null, lease_until = null, listener = null, listen_until = null
where lease is not null or listener is not null

-- name: desks
update intents set desk = null, desk_until = null where desk is not null and state <> 'done'

-- name: posts
update outbox set lease = null, lease_until = null where lease is not null

-- name: configs
update binders set config_next = null, token_next = null where config_next is not null or token_next is not null
