-- An event that breaks every turn, or that cannot be read, is set aside: its row in the inbox counts as handled, and
-- here is why. `tries` counts how often an event was handed to a turn by itself, after others that broke off.
create table dead_letters (
    event text primary key,
    incident text collate "C" not null references incidents (id),
    why text not null,
    set_aside_at timestamptz not null
);

alter table inbox add column tries integer not null default 0;

-- Why the last turn of an incident broke off that waits for another try.
alter table incidents add column broken_because text;
