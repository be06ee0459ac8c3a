-- What people say once it is over: of a diagnosis one word for each person, of a post-mortem and of an action item
-- every version, none of which is ever changed.
create table verdicts (
    incident text collate "C" not null references incidents (id),
    diagnosis text collate "C" not null,
    person text collate "C" not null,
    at timestamptz not null,
    body text not null,
    primary key (incident, diagnosis, person)
);

create table post_mortem_versions (
    incident text collate "C" not null references incidents (id),
    number bigint not null,
    body text not null,
    primary key (incident, number)
);

create table action_items (
    incident text collate "C" not null references incidents (id),
    id text collate "C" not null,
    number bigint not null,
    body text not null,
    primary key (incident, id, number)
);
