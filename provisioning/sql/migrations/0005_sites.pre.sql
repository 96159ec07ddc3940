-- Where the environments of each cloud are: without it, other settings would make every one of them look gone.
create table sites (
    name text primary key,                     -- as plans name the cloud; empty where there is only one
    deployment text not null,                  -- whose mark the cloud's objects carry
    project text not null,                     -- what the cloud says of itself: project and region, or a folder
    kept_at timestamptz not null
);
