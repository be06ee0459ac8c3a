-- What was answered to a request that a person may send again under its key.
create table idempotency_keys (
    person text not null,
    key text not null,
    at text not null,
    request text not null,
    status integer not null,
    answer text not null,
    primary key (person, key)
) strict, without rowid;

create index idempotency_keys_at on idempotency_keys (at);
