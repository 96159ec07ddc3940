-- name: keep
insert into source_tokens (team, person, host, prefix, sealed, given_at, given_by)
values (%(team)s, %(person)s, %(host)s, %(prefix)s, %(sealed)s, %(at)s, %(by)s)
on conflict (team, person, host, prefix) do update set
    sealed = excluded.sealed, given_at = excluded.given_at, given_by = excluded.given_by

-- name: usable
-- What a person may use: their own, and those for everyone.
select team, person, host, prefix, sealed, given_at from source_tokens
where team = %(team)s and person in (%(person)s, '')
order by host, prefix, person desc

-- name: forget
-- One scope; with an empty prefix all of that host's.
delete from source_tokens
where team = %(team)s and person = %(person)s and host = %(host)s and (prefix = %(prefix)s or %(prefix)s = '')

-- name: claim
-- A guest that says in its newest report that it waits for a token, and was not answered since.
update binders set token_next = %(until)s
where id = (
    select b.id from binders b
    where b.phase = any(%(phases)s) and b.report ->> 'awaits' = 'token' and b.agent_url <> ''
        and (b.agent_url not like 'https:%%' or b.cert_sha256 <> '')
        and (b.token_attempt, b.token_report) is distinct from (b.attempt, (b.report ->> 'n')::integer)
        and (b.token_next is null or b.token_next <= %(now)s)
    order by b.token_next nulls first, b.id limit 1
    for update of b skip locked
)
returning id as binder, attempt, (report ->> 'n')::integer as report, team, owner as person,
    coalesce(nullif(plan ->> 'source_url', ''), request ->> 'repo') as url,
    agent_url, cert_sha256, token_tries as tries, token_next as until

-- name: handed
-- Fenced by the lease's end.
update binders set
    token_attempt = %(attempt)s, token_report = %(report)s, token_tries = 0, token_next = null
where id = %(binder)s and token_next = %(until)s

-- name: again
update binders set token_tries = %(tries)s, token_next = %(at)s where id = %(binder)s and token_next = %(until)s
