-- What must be told is in `messages`; `message_deliveries` is what became of it at each destination, and `attempts`
-- each try. Both were empty until now. `routed`: it is known to whom a message goes, as of all that was kept before.
-- `asks`: it wants somebody ('open', or 'handled' once somebody acted); `repeat_at` is when it is said again.
drop table attempts;
drop table message_deliveries;

alter table messages add column routed integer not null default 1;
alter table messages add column asks text;
alter table messages add column repeats integer not null default 0;
alter table messages add column repeat_at text;

create index messages_unrouted on messages (seq) where routed = 0;
create index messages_asking on messages (seq) where asks is not null;

-- `next_at`: when it is tried, by the wall; `owner`, `process` and `until` are of whoever is sending it.
create table message_deliveries (
    seq integer primary key,
    message integer not null references messages (seq) on delete cascade,
    site text not null,
    destination text not null,
    saying text not null,
    repeat integer not null,
    urgency integer not null,
    state text not null,
    next_at text,
    tries integer not null default 0,
    owner text,
    process text,
    until text,
    reference text,
    reason text not null default '',
    unique (message, destination, saying, repeat)
) strict;

create index message_deliveries_due on message_deliveries (site, destination, urgency, seq) where next_at is not null;
create index message_deliveries_sending on message_deliveries (site) where owner is not null;

create table attempts (
    seq integer primary key,
    delivery integer not null references message_deliveries (seq) on delete cascade,
    at text not null,
    outcome text not null,
    reason text not null
) strict;

create index attempts_of_delivery on attempts (delivery);

create table disabled_destinations (
    site text not null,
    name text not null,
    since text not null,
    reason text not null,
    primary key (site, name)
) strict, without rowid;
