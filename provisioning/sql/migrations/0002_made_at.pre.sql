-- When an object was made: a quota that was read before may lack it. Null: before this column was there, so long ago.
alter table resources add column made_at timestamptz;
create index binders_living on binders (id) where phase <> 'deleted';
