-- What senders told of changes of a system: evidence for causes, as long as the delivery is kept.
create table changes (
    delivery integer not null references alert_deliveries (number) on delete cascade,
    position integer not null,
    site text not null,
    at text not null,
    body text not null,
    primary key (delivery, position)
) strict, without rowid;

create index changes_of_site on changes (site, at);
