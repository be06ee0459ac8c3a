-- Which process does what has to be done in one process of all, until when; and which of its jobs break off.
create table leaders (
    site text primary key,
    owner text not null,
    process text not null,
    until text not null
) strict, without rowid;

create table failing_jobs (
    site text not null,
    name text not null,
    tries integer not null,
    since text not null,
    why text not null,
    primary key (site, name)
) strict, without rowid;
