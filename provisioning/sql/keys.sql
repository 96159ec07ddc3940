-- name: make
insert into keys (role, sealed, made_at) values (%(role)s, %(sealed)s, %(at)s) on conflict (role) do nothing

-- name: all
select role, sealed from keys
