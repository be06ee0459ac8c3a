-- The tables as SQLite has them, in PostgreSQL's types. Values are JSON as the house's types write them, kept as
-- text: what SQLite takes is taken here, to the byte. The columns beside them are what queries ask for.
-- Whatever is compared as text is compared byte by byte, whatever the database's locale: hence `collate "C"`.

-- Which schema this is, and from which version of the code on one may write to it (expand first, contract later).
create table schema_version (
    version integer not null,
    works_from integer not null
);

create unique index schema_version_is_one_row on schema_version ((true));

insert into schema_version (version, works_from) values (0, 1);

-- Asked at the beginning of every transaction that writes: code that the schema has left behind changes nothing.
create function must_fit(code integer) returns void language plpgsql stable as $$
declare
    found schema_version%rowtype;
begin
    select * into strict found from schema_version;
    if code < found.works_from then
        raise exception using errcode = 'NX001', message = found.version::text;
    end if;
end
$$;

create table numbers (
    day text primary key,
    last integer not null
);

create table incidents (
    id text collate "C" primary key,
    status text not null,
    severity text,
    closed boolean not null,
    opened_at timestamptz not null,
    clock timestamptz not null,
    world text not null,
    world_kind text not null,
    engine text not null,
    summary text not null,
    body text not null,
    -- What lists are asked for, out of the summary.
    title text not null,
    folded_title text not null,
    services text[] not null,
    held_by text,
    waiting integer not null,
    unsettled integer not null,
    -- When it wants to be woken, and who drives it until when; null for incidents of recorded worlds, which only
    -- the verb that names them drives. `alerted` is the most severe level of alerts of which no turn has heard
    -- yet. `lease_number` never falls: it is the fencing number.
    site text,
    wake_at timestamptz,
    alerted text,
    lease_number bigint not null default 0,
    lease_owner text,
    lease_process text,
    lease_until timestamptz,
    tries integer not null default 0,
    retry_at timestamptz,
    closed_at timestamptz
);

create index incidents_due on incidents (site, wake_at) where not closed and wake_at is not null;
create index incidents_leased on incidents (lease_until) where lease_until is not null;
create index incidents_newest on incidents (opened_at, id);
create index incidents_open on incidents (opened_at, id) where not closed;
create index incidents_broken_off on incidents (id) where not closed and retry_at is not null;
create index incidents_closed on incidents (closed_at) where closed;

-- The number of an entry is the place where whoever follows the timelines goes on: it is never given again.
create table timeline (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id),
    id text not null,
    at timestamptz not null,
    body text not null,
    unique (incident, id)
);

create index timeline_of_incident on timeline (incident, seq);

create table inbox (
    seq bigint generated always as identity primary key,
    id text not null unique,
    incident text collate "C" not null references incidents (id),
    handled boolean not null default false,
    kind text not null,
    at timestamptz not null,
    alerts integer not null,
    body text not null
);

create index inbox_of_incident on inbox (incident, handled, seq);
create index inbox_unhandled on inbox (incident) where not handled;

create table evidence (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id),
    id text not null,
    value text not null,
    body bytea not null,
    encoding text,
    unique (incident, id)
);

-- One decision of one person about one exact proposal.
create table approvals (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id),
    proposal text not null,
    digest text not null,
    person text not null,
    body text not null,
    unique (incident, proposal, digest, person)
);

create table intents (
    seq bigint generated always as identity primary key,
    key text not null unique,
    incident text collate "C" not null references incidents (id),
    digest text not null,
    body text not null,
    outcome text
);

create index intents_of_incident on intents (incident);
create index intents_of_digest on intents (digest);

create table backlog (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id),
    id text not null,
    body text not null,
    unique (incident, id)
);

create index backlog_by_id on backlog (id);

create table messages (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null references incidents (id),
    kind text not null,
    key text not null,
    body text not null,
    unique (incident, kind, key)
);

-- `messages` is the outbox; each message is delivered to every destination that wants it.
-- `state`: waiting, delivered or failed; `next_at` is when a waiting one is tried (again), by the wall.
create table message_deliveries (
    seq bigint generated always as identity primary key,
    message bigint not null references messages (seq) on delete cascade,
    destination text not null,
    state text not null default 'waiting',
    next_at timestamptz,
    unique (message, destination)
);

create index message_deliveries_due on message_deliveries (next_at) where next_at is not null;

create table attempts (
    seq bigint generated always as identity primary key,
    delivery bigint not null references message_deliveries (seq) on delete cascade,
    at timestamptz not null,
    outcome text not null
);

create index attempts_of_delivery on attempts (delivery);

-- What the monitoring sent. A delivery has a number by which people name it; its body is null where it told
-- nothing new, or when it was deleted by the bodies' own retention.
create table alert_deliveries (
    number bigint generated always as identity primary key,
    received_at timestamptz not null,
    sender text,
    form text,
    disposition text not null,
    reason text not null default '',
    incident text collate "C" references incidents (id),
    replay_of bigint,
    body bytea,
    encoding text
);

create index alert_deliveries_of_incident on alert_deliveries (incident);
create index alert_deliveries_with_body on alert_deliveries (number, received_at) where body is not null;

-- What became of each alert of a delivery, and why, in words.
create table alert_dispositions (
    delivery bigint not null references alert_deliveries (number) on delete cascade,
    position integer not null,
    disposition text not null,
    reason text not null,
    title text not null,
    service text,
    fingerprint text not null,
    incident text collate "C" references incidents (id),
    primary key (delivery, position)
);

create index alert_dispositions_of_incident on alert_dispositions (incident);

-- By which a further alert finds its incident; only those that take further alerts have rows here.
create table incident_keys (
    key text collate "C" not null,
    incident text collate "C" not null references incidents (id),
    primary key (key, incident)
);

create index incident_keys_of_incident on incident_keys (incident);

-- The last word of each condition, also after its incident's end: by it a delivery is known to tell nothing new.
create table last_words (
    site text not null,
    fingerprint text not null,
    firing boolean not null,
    starts_at timestamptz not null,
    start_sent boolean not null,
    ends_at timestamptz,
    incident text collate "C" references incidents (id) on delete set null,
    heard_at timestamptz not null,
    primary key (site, fingerprint)
);

create index last_words_of_incident on last_words (incident);
create index last_words_heard on last_words (heard_at);

-- How many bytes the bodies have together, so that nobody has to add them up.
create table body_bytes (total bigint not null);
insert into body_bytes (total) values (0);

-- What people taught by joining and separating incidents: of each pair of subjects their latest word.
create table lessons (
    site text not null,
    one text collate "C" not null,
    other text collate "C" not null,
    body text not null,
    primary key (site, one, other)
);

-- Alerts that always fire, to show that alerts get through: when each was heard, and how often it usually is.
create table heartbeats (
    site text not null,
    fingerprint text collate "C" not null,
    body text not null,
    primary key (site, fingerprint)
);

-- What was answered to a request that a person may send again under its key.
create table idempotency_keys (
    person text not null,
    key text not null,
    at timestamptz not null,
    request text not null,
    status integer not null,
    answer text not null,
    primary key (person, key)
);

create index idempotency_keys_at on idempotency_keys (at);

-- What senders told of changes of a system: evidence for causes, as long as the delivery is kept.
create table changes (
    delivery bigint not null references alert_deliveries (number) on delete cascade,
    position integer not null,
    site text not null,
    at timestamptz not null,
    body text not null,
    primary key (delivery, position)
);

create index changes_of_site on changes (site, at);
