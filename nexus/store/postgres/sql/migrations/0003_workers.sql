-- Who works: a row for each process that drives incidents; it goes when the process ends in order.
create table workers (
    owner text primary key,
    body text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null
);
