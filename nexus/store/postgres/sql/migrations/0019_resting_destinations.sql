-- Destinations that have asked to be left alone: until then no process sends anything there.
create table resting_destinations (
    site text not null,
    name text not null,
    until timestamptz not null,
    primary key (site, name)
);
