-- A person's volumes that outlive the binders that hold them; each is held by one binder at most.
create table volumes (
    id text primary key,                       -- ours, and the mark that the cloud's volume carries
    team text not null,
    owner text not null,
    cloud text not null,                       -- as plans name it
    name text not null,
    size_gib integer not null check (size_gib > 0),
    made_at timestamptz not null,              -- first asked for
    cloud_id text,                             -- null: the cloud was never seen to have it
    held_by text unique references binders (id) deferrable initially deferred,  -- taken before its binder is there
    held_since timestamptz,
    used_at timestamptz,                       -- when it was let go last
    deleting_since timestamptz,                -- asked for; begins once nobody holds it
    wake_at timestamptz,                       -- when to look next at a deletion; also the lease of whoever looks
    unique (team, owner, cloud, name),
    constraint hold_has_begin check ((held_by is null) = (held_since is null))
);
-- The volume that a binder holds, or held: id, name and size.
alter table binders add column volume jsonb;

create trigger volume_goes after insert or update of wake_at on volumes for each row
    when (new.deleting_since is not null and new.held_by is null) execute function ring('volume');
