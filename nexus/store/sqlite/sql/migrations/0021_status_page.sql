-- What the public status page has told and may tell, and since when each of its components is recorded. It belongs
-- to no incident: what customers were told stays when one is deleted. `place` is the order of publication.
create table public_updates (
    id text primary key,
    site text not null,
    incident text not null,
    key text not null,
    state text not null,
    place integer,
    at text not null,
    body text not null,
    unique (incident, key),
    unique (site, place)
) strict;

create table public_components (
    site text not null,
    name text not null,
    since text not null,
    primary key (site, name)
) strict, without rowid;

-- Who wants mail; `token` stands in the links of theirs.
create table subscribers (
    site text not null,
    address text not null,
    token text not null unique,
    confirmed integer not null,
    sent_through integer not null,
    wait_until text not null,
    body text not null,
    primary key (site, address)
) strict, without rowid;
