-- Incidents that not everybody sees, and who does.
create table restrictions (
    incident text primary key references incidents (id),
    body text not null
) strict, without rowid;
