-- What the public status page has told and may tell, and since when each of its components is recorded. It belongs
-- to no incident: what customers were told stays when one is deleted. `place` is the order of publication.
create table public_updates (
    id text collate "C" primary key,
    site text collate "C" not null,
    incident text collate "C" not null,
    key text collate "C" not null,
    state text not null,
    place bigint,
    at timestamptz not null,
    body text not null,
    unique (incident, key),
    unique (site, place)
);

create table public_components (
    site text collate "C" not null,
    name text collate "C" not null,
    since timestamptz not null,
    primary key (site, name)
);

-- Who wants mail; `token` stands in the links of theirs.
create table subscribers (
    site text collate "C" not null,
    address text collate "C" not null,
    token text collate "C" not null unique,
    confirmed boolean not null,
    sent_through bigint not null,
    wait_until timestamptz not null,
    body text not null,
    primary key (site, address)
);
