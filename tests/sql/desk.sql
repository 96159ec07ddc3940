-- name: intents
select * from intents order by id

-- name: outbox
select * from outbox order by key

-- name: end
update binders set phase = 'deleted', outcome = 'ok' where id = %(id)s

-- name: spoil
update intents set payload = '{"hours": "many"}'

-- name: mend
update intents set payload = '{}'

-- name: lock
lock table intents in access exclusive mode

-- name: of_another_version
update binders set phase = 'teleporting' where id = %(id)s

-- name: give
update binders set owner = %(owner)s where id = %(id)s

-- name: move
update binders set channel = %(channel)s where id = %(id)s
