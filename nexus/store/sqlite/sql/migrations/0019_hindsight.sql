-- What people say once it is over: of a diagnosis one word for each person, of a post-mortem and of an action item
-- every version, none of which is ever changed.
create table verdicts (
    incident text not null references incidents (id),
    diagnosis text not null,
    person text not null,
    at text not null,
    body text not null,
    primary key (incident, diagnosis, person)
) strict, without rowid;

create table post_mortem_versions (
    incident text not null references incidents (id),
    number integer not null,
    body text not null,
    primary key (incident, number)
) strict, without rowid;

create table action_items (
    incident text not null references incidents (id),
    id text not null,
    number integer not null,
    body text not null,
    primary key (incident, id, number)
) strict, without rowid;
