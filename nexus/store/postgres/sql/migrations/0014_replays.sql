-- What was done to the recorded world of an incident, so that any machine with its case can go on with it.
create table replays (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id) on delete cascade,
    key text collate "C" not null,
    body text not null,
    unique (incident, key)
);
