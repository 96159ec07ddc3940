-- name: claim
-- A guest that was heard in this attempt and has not taken what holds now; one that never was asked first.
update binders set config_next = %(until)s
where id = (
    select b.id from binders b
    where b.phase = any(%(phases)s) and b.report is not null and b.agent_url <> ''
        and (b.agent_url not like 'https:%%' or b.cert_sha256 <> '')
        and (b.config_attempt, b.config_epoch, b.told_keys) is distinct from (b.attempt, b.epoch, %(keys)s::text[])
        and (b.config_next is null or b.config_next <= %(now)s)
    order by b.config_next nulls first, b.id limit 1
    for update of b skip locked
)
returning id as binder, attempt, epoch, agent_url, cert_sha256, config_tries as tries, config_next as until

-- name: taken
-- Fenced by the lease's end; whatever changed since the claim still differs, and is sent next.
update binders set
    config_attempt = %(attempt)s, config_epoch = %(epoch)s, told_keys = %(keys)s, config_tries = 0, config_next = null
where id = %(binder)s and config_next = %(until)s

-- name: again
update binders set config_tries = %(tries)s, config_next = %(at)s where id = %(binder)s and config_next = %(until)s

-- name: raise_epoch
update binders set epoch = epoch + 1, config_tries = 0, config_next = null where id = %(id)s

-- name: epoch
select epoch from binders where id = %(id)s
