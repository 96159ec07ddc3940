-- What guests hold beside their orders of birth, and what each of them took last.
alter table binders
    add column epoch integer not null default 0,           -- of membership: raised where somebody may enter no more
    add column config_attempt integer not null default 0,
    add column config_epoch integer not null default 0,
    add column config_keys text not null default '',       -- which signing keys: a hash of the rows of "keys"
    add column config_next timestamptz,                    -- not before; also the lease of whoever sends
    add column config_tries integer not null default 0;

create trigger guest_heard after update of report on binders for each row
    when (old.report is null and new.report is not null) execute function ring('config');
create trigger membership_changed after update of epoch on binders for each row
    when (new.epoch > old.epoch) execute function ring('config');
create trigger keys_changed after insert or update on keys for each row execute function ring('config');
