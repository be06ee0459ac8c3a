-- Alerts that always fire, to show that alerts get through: when each was heard, and how often it usually is.
create table heartbeats (
    site text not null,
    fingerprint text not null,
    body text not null,
    primary key (site, fingerprint)
) strict, without rowid;
