-- name: grant
-- A deletion that somebody may ask for and asked for: what the desk writes after a press.
insert into intents (dedupe, kind, team, channel, who, binder_id, payload, at, state)
values (%(id)s, 'delete', 'bench', 'bench', 'bench', %(id)s, '{}', %(at)s, 'granted')
