-- What people taught by joining and separating incidents: of each pair of subjects their latest word.
create table lessons (
    site text not null,
    one text not null,
    other text not null,
    body text not null,
    primary key (site, one, other)
) strict, without rowid;
