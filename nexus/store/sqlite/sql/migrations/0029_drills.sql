-- What was tried on a calm day, and what came of it.
create table drills (
    id text primary key,
    site text not null,
    at text not null,
    body text not null
) strict, without rowid;
