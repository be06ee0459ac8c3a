-- Every query of the store, by name.

-- name: next_number
insert into numbers (day, last) values (:day, 1)
on conflict (day) do update set last = last + 1
returning last;

-- name: register
insert into incidents (id, status, severity, closed, opened_at, clock, world, engine, summary, body)
values (:id, :status, :severity, :closed, :opened_at, :clock, :world, :engine, :summary, :body)
on conflict (id) do nothing;

-- name: save
update incidents
set status = :status, severity = :severity, closed = :closed, clock = :clock, engine = :engine,
    summary = :summary, body = :body
where id = :id;

-- name: load
select body from incidents where id = :id;

-- name: world_and_clock
select world, clock from incidents where id = :id;

-- name: ids
select id from incidents order by id;

-- name: incidents
select summary from incidents order by opened_at desc, id desc;

-- name: open_incidents
select summary from incidents
where not closed
order by opened_at desc, id desc;

-- name: write_entry
insert into timeline (incident, id, at, body) values (:incident, :id, :at, :body)
on conflict (incident, id) do nothing;

-- name: entries
select body from timeline where incident = :incident order by at, seq;

-- name: add_event
insert into inbox (id, incident, body) values (:id, :incident, :body) on conflict (id) do nothing;

-- name: events
select body from inbox where incident = :incident and handled <= :handled order by seq;

-- name: mark_handled
update inbox set handled = 1 where id = :id;

-- name: put_evidence
insert into evidence (incident, id, value, body) values (:incident, :id, :value, :body)
on conflict (incident, id) do nothing;

-- name: evidence
select value from evidence where incident = :incident order by seq;

-- name: evidence_body
select body from evidence where incident = :incident and id = :id;

-- name: add_approval
insert into approvals (incident, proposal, digest, person, body)
values (:incident, :proposal, :digest, :person, :body)
on conflict (incident, proposal, digest, person) do nothing;

-- name: approvals
select body from approvals where incident = :incident order by seq;

-- name: begin_intent
insert into intents (key, incident, digest, body) values (:key, :incident, :digest, :body)
on conflict (key) do nothing;

-- name: live_intents
select intents.body, intents.outcome, incidents.status from intents
join incidents on incidents.id = intents.incident
where json_extract(incidents.world, '$.kind') = 'live' and intents.key <> :key
order by intents.seq;

-- name: finish_intent
update intents set outcome = coalesce(outcome, :outcome) where key = :key;

-- name: unfinished
select body from intents where incident = :incident and outcome is null order by seq;

-- name: outcome
select outcome from intents where key = :key;

-- name: keys
select key from intents order by seq;

-- name: spent
select 1 from intents where digest = :digest limit 1;

-- name: add_task
insert into backlog (incident, id, body) values (:incident, :id, :body) on conflict (incident, id) do nothing;

-- name: backlog
select body from backlog where :incident is null or incident = :incident order by seq;

-- name: send
insert into messages (incident, kind, key, body) values (:incident, :kind, :key, :body)
on conflict (incident, kind, key) do nothing;

-- name: messages
select body from messages where incident = :incident order by seq;

-- name: claim
insert into claims (incident, owner, body) values (:incident, :owner, :body)
on conflict (incident) do update set owner = excluded.owner, body = excluded.body;

-- name: claim_of
select body from claims where incident = :incident;

-- name: release
delete from claims where incident = :incident and owner = :owner;
