-- What lists are asked for, out of the summary; computed, so that nothing has to write them.
alter table incidents add column title text generated always as (json_extract(summary, '$.title')) virtual;
alter table incidents add column services text generated always as (json_extract(summary, '$.services')) virtual;
alter table incidents add column held_by text generated always as (json_extract(summary, '$.held_by')) virtual;
alter table incidents add column waiting integer
    generated always as (json_extract(summary, '$.waiting')) virtual;
alter table incidents add column unsettled integer
    generated always as (json_extract(summary, '$.unsettled')) virtual;

-- 0.1.0 did not say who holds an incident: it ended for it when people got it.
update incidents
set summary = json_set(summary, '$.held_by', case status when 'handed_over' then 'people' else 'agents' end)
where json_extract(summary, '$.held_by') is null;

-- A list is walked newest first and every filter is answered from the index; only what is shown is read.
create index incidents_newest on incidents (opened_at, id, status, severity, held_by, title, services);
create index incidents_open on incidents (
    opened_at, id, status, severity, held_by, waiting, unsettled, title, services
) where closed = 0;
create index incidents_broken_off on incidents (id) where closed = 0 and retry_at is not null;
create index backlog_by_id on backlog (id);

-- The number of an entry is the place where whoever follows the timelines goes on: it is never given again,
-- not even when the newest entries are erased.
create table numbered_timeline (
    seq integer primary key autoincrement,
    incident text not null references incidents (id),
    id text not null,
    at text not null,
    body text not null,
    unique (incident, id)
) strict;

insert into numbered_timeline (seq, incident, id, at, body)
select seq, incident, id, at, body from timeline order by seq;

drop table timeline;
alter table numbered_timeline rename to timeline;

create index timeline_of_incident on timeline (incident);
