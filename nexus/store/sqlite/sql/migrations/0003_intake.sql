-- What the monitoring sent, each with what became of it: filed in one transaction with its event or new incident.
create table alert_deliveries (
    seq integer primary key,
    id text not null unique,
    incident text references incidents (id),
    disposition text not null,
    received_at text not null,
    sender text,
    body blob not null,
    encoding text
) strict;

create index alert_deliveries_of_incident on alert_deliveries (incident);

-- By which a further alert finds its incident; only those that take further alerts have rows here.
create table alerts (
    fingerprint text not null,
    incident text not null references incidents (id),
    primary key (fingerprint, incident)
) strict, without rowid;

create index alerts_of_incident on alerts (incident);

create table incident_services (
    service text not null,
    incident text not null references incidents (id),
    primary key (service, incident)
) strict, without rowid;

create index incident_services_of_incident on incident_services (incident);

insert into alerts (fingerprint, incident)
select distinct json_extract(alert.value, '$.fingerprint'), incidents.id
from incidents, json_each(incidents.body, '$.alerts') as alert
where incidents.status = 'open';

insert into incident_services (service, incident)
select distinct service.value, incidents.id
from incidents, json_each(incidents.summary, '$.services') as service
where incidents.status = 'open';
