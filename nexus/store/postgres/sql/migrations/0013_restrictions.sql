-- Incidents that not everybody sees, and who does.
create table restrictions (
    incident text collate "C" primary key references incidents (id),
    body text not null
);
