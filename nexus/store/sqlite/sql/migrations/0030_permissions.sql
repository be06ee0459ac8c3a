-- Changes that may begin, or began, without a signature: one row for each, under the digest that would be signed.
create table permissions (
    digest text primary key,
    incident text not null references incidents (id),
    site text,
    used_at text,
    body text not null
) strict, without rowid;

create index permissions_by_incident on permissions (incident);

-- Of what nothing begins without a person until one renews it. It outlives the incident that taught it.
create table withdrawals (
    site text not null,
    kind text not null,
    service text not null,
    body text not null,
    primary key (site, kind, service)
) strict, without rowid;
