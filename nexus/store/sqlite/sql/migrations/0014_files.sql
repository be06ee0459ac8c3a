-- What an incident's steps write for people (charts, updates, the post-mortem), where no folder is shared.
create table files (
    incident text not null references incidents (id),
    name text not null,
    body blob not null,
    encoding text,
    size integer not null,
    primary key (incident, name)
) strict, without rowid;
