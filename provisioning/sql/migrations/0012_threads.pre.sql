-- A reply asks whether anything written earlier in its thread still waits.
create index outbox_unsent_replies on outbox (thread_key) where body_rev > sent_rev;
