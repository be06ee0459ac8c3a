-- Past alerts that were played, each with what would have been proposed and what people said of it.
create table backtested (
    site text collate "C" not null,
    id text collate "C" not null,
    at timestamptz not null,
    body text not null,
    primary key (site, id)
);
