-- A person's Home tab is a row of the outbox too: home:<team>:<user>; its ts is the hash of the view that Slack shows.
alter table outbox drop constraint outbox_method_check;
alter table outbox add constraint outbox_method_check check (method in ('post', 'respond', 'file', 'home'));
