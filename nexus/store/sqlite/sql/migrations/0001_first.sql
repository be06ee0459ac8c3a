-- The tables of Nexus 0.1.0. Values are JSON as the house's types write them; the columns beside them are what
-- queries ask for. LangGraph's checkpoints live in the same file, in tables of their own (checkpoints, writes).

create table numbers (
    day text primary key,
    last integer not null
) strict;

create table incidents (
    id text primary key,
    status text not null,
    severity text,
    closed integer not null,
    opened_at text not null,
    clock text not null,
    world text not null,
    engine text not null,
    summary text not null,
    body text not null
) strict;

create table timeline (
    seq integer primary key,
    incident text not null references incidents (id),
    id text not null,
    at text not null,
    body text not null,
    unique (incident, id)
) strict;

create table inbox (
    seq integer primary key,
    id text not null unique,
    incident text not null references incidents (id),
    handled integer not null default 0,
    body text not null
) strict;

create index inbox_of_incident on inbox (incident, handled, seq);

create table evidence (
    seq integer primary key,
    incident text not null references incidents (id),
    id text not null,
    value text not null,
    body blob not null,
    unique (incident, id)
) strict;

-- One decision of one person about one exact proposal.
create table approvals (
    seq integer primary key,
    incident text not null references incidents (id),
    proposal text not null,
    digest text not null,
    person text not null,
    body text not null,
    unique (incident, proposal, digest, person)
) strict;

create table intents (
    seq integer primary key,
    key text not null unique,
    incident text not null references incidents (id),
    digest text not null,
    body text not null,
    outcome text
) strict;

create index intents_of_digest on intents (digest);

create table backlog (
    seq integer primary key,
    incident text not null references incidents (id),
    id text not null,
    body text not null,
    unique (incident, id)
) strict;

create table messages (
    seq integer primary key,
    incident text not null references incidents (id),
    kind text not null,
    key text not null,
    body text not null,
    unique (incident, kind, key)
) strict;

create table claims (
    incident text primary key references incidents (id),
    owner text not null,
    body text not null
) strict;
