-- Whether a create without an answer was given up (else its worker may have died, and it may still be on its way).
alter table resources add column is_given_up boolean not null default false;
-- When a listing first showed the instance stopped; null while it runs.
alter table binders add column stopped_since timestamptz;
-- Whether the deletion leaves the root volume, as somebody asked.
alter table binders add column keeps_volume boolean not null default false;
