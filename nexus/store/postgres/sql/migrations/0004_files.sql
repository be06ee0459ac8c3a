-- What an incident's steps write for people (charts, updates, the post-mortem), where no folder is shared.
create table files (
    incident text collate "C" not null references incidents (id),
    name text collate "C" not null,
    body bytea not null,
    encoding text,
    size bigint not null,
    primary key (incident, name)
);
