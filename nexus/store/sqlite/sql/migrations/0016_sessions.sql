-- Who is logged in. Of what the browser holds only the SHA-256 is kept.
create table sessions (
    id text primary key,
    person text not null,
    started_at text not null,
    ends_at text not null,
    body text not null
) strict, without rowid;

create index sessions_person on sessions (person);
create index sessions_ends_at on sessions (ends_at);
