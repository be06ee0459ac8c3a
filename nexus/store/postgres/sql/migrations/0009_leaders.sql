-- Which process does what has to be done in one process of all, until when; and which of its jobs break off.
create table leaders (
    site text primary key,
    owner text not null,
    process text not null,
    until timestamptz not null
);

create table failing_jobs (
    site text collate "C" not null,
    name text collate "C" not null,
    tries integer not null,
    since timestamptz not null,
    why text not null,
    primary key (site, name)
);
