-- Past alerts that were played, each with what would have been proposed and what people said of it.
create table backtested (
    site text not null,
    id text not null,
    at text not null,
    body text not null,
    primary key (site, id)
) strict, without rowid;
