-- What was tried on a calm day, and what came of it.
create table drills (
    id text collate "C" primary key,
    site text not null,
    at timestamptz not null,
    body text not null
);
