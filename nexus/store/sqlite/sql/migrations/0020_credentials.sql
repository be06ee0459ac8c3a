-- What people show that nexus.yaml does not hold. Passwords are kept as argon2id, links and tokens as SHA-256.
create table passwords (
    person text primary key,
    hash text not null,
    set_at text not null
) strict, without rowid;

create table setup_links (
    id text primary key,
    person text not null,
    ends_at text not null,
    body text not null
) strict, without rowid;

create table api_tokens (
    id text primary key,
    hash text not null unique,
    person text not null,
    made_at text not null,
    ends_at text,
    body text not null
) strict, without rowid;

create index api_tokens_person on api_tokens (person);
