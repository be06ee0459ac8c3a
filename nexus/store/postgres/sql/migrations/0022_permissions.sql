-- Changes that may begin, or began, without a signature: one row for each, under the digest that would be signed.
create table permissions (
    digest text collate "C" primary key,
    incident text collate "C" not null references incidents (id),
    site text collate "C",
    used_at text collate "C",
    body text not null
);

create index permissions_by_incident on permissions (incident);

-- Of what nothing begins without a person until one renews it. It outlives the incident that taught it.
create table withdrawals (
    site text collate "C" not null,
    kind text collate "C" not null,
    service text collate "C" not null,
    body text not null,
    primary key (site, kind, service)
);
