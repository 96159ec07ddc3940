-- Answers to one person are claimed and rung for by themselves: thousands of them are not to be looked through for a message.
create index outbox_unsent_messages on outbox (next_try_at) where body_rev > sent_rev and method <> 'respond';
create index outbox_unanswered on outbox (next_try_at, key) where body_rev > sent_rev and method = 'respond';

drop trigger unsent on outbox;
create trigger unsent after insert or update of body_rev, ts on outbox for each row
    when (new.method <> 'respond') execute function ring('outbox');
create trigger unanswered after insert or update of body_rev on outbox for each row
    when (new.method = 'respond') execute function ring('answer');
