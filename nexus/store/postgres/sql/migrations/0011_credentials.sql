-- What people show that nexus.yaml does not hold. Passwords are kept as argon2id, links and tokens as SHA-256.
create table passwords (
    person text primary key,
    hash text not null,
    set_at timestamptz not null
);

create table setup_links (
    id text primary key,
    person text not null,
    ends_at timestamptz not null,
    body text not null
);

create table api_tokens (
    id text primary key,
    hash text not null unique,
    person text not null,
    made_at timestamptz not null,
    ends_at timestamptz,
    body text not null
);

create index api_tokens_person on api_tokens (person);
