-- What links in letters are signed with, made by whoever needs it first. Without it they are void, and no more is lost.
create table signing_keys (
    name text primary key,
    secret text not null
) strict, without rowid;
