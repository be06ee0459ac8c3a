-- `messages` is the outbox; each message is delivered to every destination that wants it.
-- `state`: waiting, delivered or failed; `next_at` is when a waiting one is tried (again), by the wall.
create table message_deliveries (
    seq integer primary key,
    message integer not null references messages (seq) on delete cascade,
    destination text not null,
    state text not null default 'waiting',
    next_at text,
    unique (message, destination)
) strict;

create index message_deliveries_due on message_deliveries (next_at) where next_at is not null;

create table attempts (
    seq integer primary key,
    delivery integer not null references message_deliveries (seq) on delete cascade,
    at text not null,
    outcome text not null
) strict;

create index attempts_of_delivery on attempts (delivery);
