-- name: intents
select * from intents order by id

-- name: outbox
select * from outbox order by key

-- name: end
update binders set phase = 'deleted', outcome = 'ok' where id = %(id)s
