-- Who else may enter a binder: a person, or everybody in the channel that it was launched in. Owner and admins need no row.
create table shares (
    binder_id text not null references binders (id),
    whom text not null check (whom = 'channel' or whom ~ '^[UW][A-Z0-9]+$'),
    shared_by text not null,
    shared_at timestamptz not null,
    primary key (binder_id, whom)
);
create index shares_with on shares (whom) where whom <> 'channel';
