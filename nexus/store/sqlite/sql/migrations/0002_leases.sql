-- A waiting incident is a row that says when it wants to be woken, and a lease says who drives it until when.
-- `wake_at` and `site` are null for incidents of recorded worlds, which only the verb that names them drives.
-- `lease_number` grows with every lease and never falls: it is the fencing number.
alter table incidents add column site text;
alter table incidents add column wake_at text;
alter table incidents add column lease_number integer not null default 0;
alter table incidents add column lease_owner text;
alter table incidents add column lease_process text;
alter table incidents add column lease_until text;
alter table incidents add column tries integer not null default 0;
alter table incidents add column retry_at text;

update incidents set site = 'default', wake_at = case when closed = 0 then clock end
where json_extract(world, '$.kind') = 'live';

-- By the wall's time, also for incidents of recorded worlds: retention is reckoned from it.
alter table incidents add column closed_at text;
update incidents set closed_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') where closed = 1;

-- How `evidence.body` is kept: null as it came, or `zlib`.
alter table evidence add column encoding text;

create index incidents_due on incidents (site, wake_at) where closed = 0 and wake_at is not null;
create index incidents_leased on incidents (lease_until) where lease_until is not null;

-- Leases have taken the place of claims. A process of 0.1.0 that has the file open all the same may write nothing
-- more about an incident that it drives: it takes its claim first.
delete from claims;

create trigger no_claims before insert on claims
begin
    select raise(abort, 'a newer Nexus has upgraded this store: stop this process and start the newer one');
end;
