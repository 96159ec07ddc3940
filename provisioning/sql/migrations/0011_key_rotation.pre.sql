-- Signing keys can be rotated: the key before stays for a while, and it is known by which keys each guest knows the bot.
-- From here on "config_keys" of binders is what older processes write and read.
alter table keys drop constraint keys_role_check;
alter table keys add constraint keys_role_check check (role in ('current', 'next', 'previous'));
alter table keys add column since timestamptz;                              -- when it got this role by a rotation
alter table binders add column told_keys text[] not null default '{}';      -- ids of the keys that the guest took last
alter table resources add column born_keys text[] not null default '{}';    -- of a server: ids of the keys in its user data
