-- name: state
-- What the bot finds when it starts: whose database it is, whether it may make tables, and which version of ours it holds.
select current_setting('server_version') as version, current_database() as name,
    current_setting('server_encoding') as encoding,
    has_schema_privilege(current_schema(), 'create') as may_create,
    to_regclass('outbox') is not null as has_tables
