-- What must be told is in `messages`; `message_deliveries` is what became of it at each destination, and `attempts`
-- each try. Both were empty until now. `routed`: it is known to whom a message goes, as of all that was kept before.
-- `asks`: it wants somebody ('open', or 'handled' once somebody acted); `repeat_at` is when it is said again.
drop table attempts;
drop table message_deliveries;

alter table messages add column routed boolean not null default true;
alter table messages add column asks text;
alter table messages add column repeats integer not null default 0;
alter table messages add column repeat_at timestamptz;

create index messages_unrouted on messages (seq) where not routed;
create index messages_asking on messages (seq) where asks is not null;

-- `next_at`: when it is tried, by the wall; `owner`, `process` and `until` are of whoever is sending it.
create table message_deliveries (
    seq bigint generated always as identity primary key,
    message bigint not null references messages (seq) on delete cascade,
    site text not null,
    destination text collate "C" not null,
    saying text not null,
    repeat integer not null,
    urgency integer not null,
    state text not null,
    next_at timestamptz,
    tries integer not null default 0,
    owner text,
    process text,
    until timestamptz,
    reference text,
    reason text not null default '',
    unique (message, destination, saying, repeat)
);

create index message_deliveries_due on message_deliveries (site, destination, urgency, seq) where next_at is not null;
create index message_deliveries_sending on message_deliveries (site) where owner is not null;

create table attempts (
    seq bigint generated always as identity primary key,
    delivery bigint not null references message_deliveries (seq) on delete cascade,
    at timestamptz not null,
    outcome text not null,
    reason text not null
);

create index attempts_of_delivery on attempts (delivery);

create table disabled_destinations (
    site text collate "C" not null,
    name text collate "C" not null,
    since timestamptz not null,
    reason text not null,
    primary key (site, name)
);
