-- name: intents
insert into intents (dedupe, kind, team, channel, who, payload, at) values ('d', 'list', 't', 'c', 'u', '{}', %(at)s)

-- name: outbox
insert into outbox (key, team, channel, method, body, next_try_at, created_at)
values ('k', 't', 'c', 'post', '{}', %(at)s, %(at)s)

-- name: refused
insert into outbox (key, team, channel, method, body, next_try_at, created_at, error) values
    ('refused', 't', 'c', 'post', '{}', %(later)s, %(at)s, 'invalid_auth'), ('other', 't', 'c', 'post', '{}', %(later)s, %(at)s, 'ratelimited')

-- name: all
select key, next_try_at from outbox
