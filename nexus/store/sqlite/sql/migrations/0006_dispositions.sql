-- A delivery has a number by which people name it. Its body is null where it told nothing new, or when it was
-- deleted by the bodies' own retention; `bytes` is what is kept of it.
create table numbered_deliveries (
    number integer primary key autoincrement,
    received_at text not null,
    sender text,
    form text,
    disposition text not null,
    reason text not null default '',
    incident text references incidents (id),
    replay_of integer,
    body blob,
    encoding text
) strict;

insert into numbered_deliveries (number, received_at, sender, disposition, incident, body, encoding)
select seq, received_at, sender, disposition, incident,
    case when disposition = 'known' then null else body end, encoding
from alert_deliveries order by seq;

drop table alert_deliveries;
alter table numbered_deliveries rename to alert_deliveries;

create index alert_deliveries_of_incident on alert_deliveries (incident);
create index alert_deliveries_with_body on alert_deliveries (number, received_at) where body is not null;

-- What became of each alert of a delivery, and why, in words.
create table alert_dispositions (
    delivery integer not null references alert_deliveries (number) on delete cascade,
    position integer not null,
    disposition text not null,
    reason text not null,
    title text not null,
    service text,
    fingerprint text not null,
    incident text references incidents (id),
    primary key (delivery, position)
) strict, without rowid;

create index alert_dispositions_of_incident on alert_dispositions (incident);

-- By which a further alert finds its incident; only those that take further alerts have rows here.
create table incident_keys (
    key text not null,
    incident text not null references incidents (id),
    primary key (key, incident)
) strict, without rowid;

create index incident_keys_of_incident on incident_keys (incident);

insert into incident_keys (key, incident)
select 'alert:' || fingerprint, incident from alerts;

insert or ignore into incident_keys (key, incident)
select coalesce(
    'service:' || json_extract(alert.value, '$.service'),
    'condition:' || nullif(json_extract(alert.value, '$.condition'), ''),
    'condition:' || json_extract(alert.value, '$.fingerprint')
), incidents.id
from incidents, json_each(incidents.body, '$.alerts') as alert
where incidents.id in (select incident from alerts);

insert or ignore into incident_keys (key, incident)
select 'condition:' || json_extract(alert.value, '$.condition'), incidents.id
from incidents, json_each(incidents.body, '$.alerts') as alert
where incidents.id in (select incident from alerts) and json_extract(alert.value, '$.condition') <> '';

insert or ignore into incident_keys (key, incident)
select 'cause:' || json_extract(body, '$.diagnosis.service'), id
from incidents
where id in (select incident from alerts) and json_extract(body, '$.diagnosis.service') is not null;

drop table alerts;
drop table incident_services;

-- The last word of each condition, also after its incident's end: by it a delivery is known to tell nothing new.
create table last_words (
    site text not null,
    fingerprint text not null,
    firing integer not null,
    starts_at text not null,
    start_sent integer not null,
    ends_at text,
    incident text references incidents (id) on delete set null,
    heard_at text not null,
    primary key (site, fingerprint)
) strict, without rowid;

create index last_words_of_incident on last_words (incident);
create index last_words_heard on last_words (heard_at);

insert or replace into last_words (site, fingerprint, firing, starts_at, start_sent, ends_at, incident, heard_at)
select incidents.site, json_extract(alert.value, '$.fingerprint'),
    coalesce(json_extract(alert.value, '$.status'), 'firing') = 'firing',
    strftime('%Y-%m-%dT%H:%M:%f+00:00', json_extract(alert.value, '$.starts_at')),
    coalesce(json_extract(alert.value, '$.start_sent'), 1),
    strftime('%Y-%m-%dT%H:%M:%f+00:00', json_extract(alert.value, '$.ends_at')),
    incidents.id,
    strftime('%Y-%m-%dT%H:%M:%f+00:00', json_extract(alert.value, '$.received_at'))
from incidents, json_each(incidents.body, '$.alerts') as alert
where incidents.site is not null
order by incidents.opened_at, alert.key;

-- How many bytes the bodies have together, so that nobody has to add them up.
create table body_bytes (total integer not null) strict;
insert into body_bytes select coalesce(sum(length(body)), 0) from alert_deliveries;

-- What waits in inboxes is looked at for all incidents at once.
create index inbox_unhandled on inbox (incident) where handled = 0;
