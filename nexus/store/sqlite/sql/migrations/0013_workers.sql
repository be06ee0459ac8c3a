-- Who works: a row for each process that drives incidents; it goes when the process ends in order.
create table workers (
    owner text primary key,
    body text not null,
    started_at text not null,
    seen_at text not null
) strict, without rowid;
