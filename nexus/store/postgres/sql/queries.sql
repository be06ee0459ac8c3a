-- Every query of the store, by name; those of SQLite have the same names, values and columns.
--
-- Transactions are READ COMMITTED: each statement sees what was committed before it began. So where a statement
-- relies on what another one reads (is the incident open, is its inbox empty), a statement of its own locks the
-- incident's row first: what changes an incident, its inbox, its keys or its decisions goes one after the other.
-- `no key update` is the weakest lock that does it, and lets others go on inserting rows that refer to it.

-- name: next_number
insert into numbers (day, last) values (%(day)s, 1)
on conflict (day) do update set last = numbers.last + 1
returning last;

-- name: register
insert into incidents (
    id, status, severity, closed, opened_at, clock, world, world_kind, engine, summary, body, title, folded_title,
    services, held_by, waiting, unsettled, site, wake_at, alerted
)
values (
    %(id)s, %(status)s, %(severity)s, %(closed)s, %(opened_at)s, %(clock)s, %(world)s, %(world_kind)s, %(engine)s,
    %(summary)s, %(body)s, %(title)s, %(folded_title)s, %(services)s, %(held_by)s, %(waiting)s, %(unsettled)s,
    %(site)s, %(wake_at)s, %(alerted)s
)
on conflict (id) do nothing;

-- name: save
update incidents
set status = %(status)s, severity = %(severity)s, closed = %(closed)s, clock = %(clock)s, engine = %(engine)s,
    summary = %(summary)s, body = %(body)s, title = %(title)s, folded_title = %(folded_title)s,
    services = %(services)s, held_by = %(held_by)s, waiting = %(waiting)s, unsettled = %(unsettled)s,
    wake_at = case when %(closed)s then null else wake_at end,
    closed_at = case when %(closed)s then coalesce(closed_at, clock_timestamp()) end
where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: was_closed
select closed from incidents where id = %(id)s for no key update;

-- name: load
select body from incidents where id = %(id)s;

-- name: world_and_clock
select world, clock from incidents where id = %(id)s;

-- name: ids
select id from incidents order by id;

-- name: opened_at
select opened_at from incidents where id = %(id)s;

-- name: summary_of
select id, opened_at, summary from incidents where id = %(id)s;

-- name: page
select id, opened_at, summary from incidents
where (opened_at, id) < (%(opened_at)s, %(after)s)
  and (%(status)s is null or status = %(status)s)
  and (%(severity)s is null or severity = %(severity)s)
  and (%(held_by)s is null or held_by = %(held_by)s)
  and (%(service)s is null or %(service)s = any(services))
  and (%(title)s is null or strpos(folded_title, %(title)s) > 0)
  and (%(words)s is null or id in (
    select incident from searchable
    where to_tsvector('simple', regexp_replace(text, '[!-/:-@[-`{-~]+', ' ', 'g'))
      @@ (select to_tsquery('simple', string_agg(word || ':*', ' & ')) from json_array_elements_text(%(words)s) as word)
  ))
  and id not in (select json_array_elements_text(%(without)s))
order by opened_at desc, id desc
limit %(limit)s;

-- name: page_of_open
select id, opened_at, summary from incidents
where not closed and (opened_at, id) < (%(opened_at)s, %(after)s)
  and (not %(undecided)s or waiting > 0 or unsettled > 0)
  and (%(status)s is null or status = %(status)s)
  and (%(severity)s is null or severity = %(severity)s)
  and (%(held_by)s is null or held_by = %(held_by)s)
  and (%(service)s is null or %(service)s = any(services))
  and (%(title)s is null or strpos(folded_title, %(title)s) > 0)
  and (%(words)s is null or id in (
    select incident from searchable
    where to_tsvector('simple', regexp_replace(text, '[!-/:-@[-`{-~]+', ' ', 'g'))
      @@ (select to_tsquery('simple', string_agg(word || ':*', ' & ')) from json_array_elements_text(%(words)s) as word)
  ))
  and id not in (select json_array_elements_text(%(without)s))
order by opened_at desc, id desc
limit %(limit)s;

-- name: keep_searchable
insert into searchable (incident, kind, ref, text) values (%(incident)s, %(kind)s, %(ref)s, %(text)s)
on conflict (incident, kind, ref) do update set text = excluded.text
where searchable.text is distinct from excluded.text;

-- name: erase_searchable
delete from searchable where incident = %(incident)s;

-- name: found
select incident, kind, ref, text from (
  select incident, kind, ref, text,
    case kind when 'incident' then 0 when 'post-mortem' then 1 else 2 end as rank,
    row_number() over (
      partition by incident order by case kind when 'incident' then 0 when 'post-mortem' then 1 else 2 end, ref
    ) as place
  from searchable
  where to_tsvector('simple', regexp_replace(text, '[!-/:-@[-`{-~]+', ' ', 'g'))
      @@ (select to_tsquery('simple', string_agg(word || ':*', ' & ')) from json_array_elements_text(%(words)s) as word)
    and incident in (select json_array_elements_text(%(incidents)s))
) as hits
where place <= %(most)s order by incident, rank, ref;

-- name: open_counts
select status, severity, count(*) from incidents where not closed
group by status, severity order by status collate "C", coalesce(severity, '') collate "C";

-- name: write_entry
insert into timeline (incident, id, at, body) values (%(incident)s, %(id)s, %(at)s, %(body)s)
on conflict (incident, id) do nothing;

-- name: entries
select body from timeline where incident = %(incident)s order by at, seq;

-- name: entries_after
select seq, body from timeline where seq > %(sequence)s order by seq limit %(limit)s;

-- name: entries_of_incident_after
select seq, body from timeline where incident = %(incident)s and seq > %(sequence)s order by seq limit %(limit)s;

-- name: entries_before
select seq, body from timeline where incident = %(incident)s and seq < %(sequence)s order by seq desc limit %(limit)s;

-- name: entries_of_kinds_before
select seq, body from timeline
where incident = %(incident)s and seq < %(sequence)s
  and body::json ->> 'kind' in (select json_array_elements_text(%(kinds)s))
order by seq desc limit %(limit)s;

-- name: stands
select id, clock, lease_number, lease_owner,
    (select max(seq) from timeline where timeline.incident = incidents.id),
    (select max(seq) from evidence where evidence.incident = incidents.id),
    (select max(seq) from inbox where inbox.incident = incidents.id),
    (select max(seq) from approvals where approvals.incident = incidents.id),
    (select max(seq) from messages where messages.incident = incidents.id)
from incidents where id in (select json_array_elements_text(%(incidents)s));

-- name: last_sequence
select coalesce(max(seq), 0) from timeline;

-- name: add_event
select 1 from incidents where id = %(incident)s for no key update;
insert into inbox (id, incident, kind, at, alerts, body)
values (%(id)s, %(incident)s, %(kind)s, %(at)s, %(alerts)s, %(body)s)
on conflict (id) do nothing;

-- name: events
select id, body from inbox where incident = %(incident)s and handled <= (%(handled)s = 1) order by seq;

-- name: mark_handled
update inbox set handled = true where id = %(id)s;

-- name: waits
select body from inbox where id = %(id)s and incident = %(incident)s and not handled;

-- name: count_try
update inbox set tries = tries + 1 where id = %(id)s;

-- name: suspect
select id from inbox
where incident = %(incident)s and not handled and tries >= %(tries)s
order by seq
limit 1;

-- name: set_aside
insert into dead_letters (event, incident, why, set_aside_at)
values (%(event)s, %(incident)s, %(why)s, %(set_aside_at)s)
on conflict (event) do nothing;

-- name: dead_letters
select dead_letters.event, dead_letters.incident, dead_letters.why, dead_letters.set_aside_at, inbox.body
from dead_letters
join inbox on inbox.id = dead_letters.event
join incidents on incidents.id = dead_letters.incident
where not incidents.closed
order by dead_letters.set_aside_at, dead_letters.event;

-- name: dead_letters_of_incident
select dead_letters.event, dead_letters.incident, dead_letters.why, dead_letters.set_aside_at, inbox.body
from dead_letters
join inbox on inbox.id = dead_letters.event
where dead_letters.incident = %(incident)s
order by dead_letters.set_aside_at, dead_letters.event;

-- name: erase_dead_letter
delete from dead_letters where event = %(event)s;

-- name: erase_dead_letters
delete from dead_letters where incident = %(incident)s;

-- name: handle_all
update inbox set handled = true where incident = %(incident)s and not handled;

-- name: unhandled
select body from inbox
where not handled and incident in (select json_array_elements_text(%(incidents)s))
  and kind not in (select json_array_elements_text(%(but)s))
order by seq;

-- name: reopen
update incidents set closed = false, closed_at = null, body = %(body)s where id = %(incident)s;

-- name: wake
update incidents
set wake_at = least(wake_at, %(at)s), retry_at = case when %(person)s then null else retry_at end,
    alerted = least(alerted, %(alerted)s)
where id = %(incident)s and not closed and site is not null;

-- name: due
select must_fit(%(code)s);
select id, case when severity in ('P0', 'P1', 'P2', 'P3') then severity end, alerted, opened_at, wake_at, tries
from incidents
where site = %(site)s and not closed and wake_at <= %(now)s
  and (lease_until is null or lease_until <= %(now)s)
  and (retry_at is null or retry_at <= %(now)s)
order by least(
        case severity when 'P0' then 0 when 'P1' then 1 when 'P2' then 3 when 'P3' then 4 else 2 end,
        case alerted when 'P0' then 0 when 'P1' then 1 else 4 end
    ), opened_at, id
limit %(limit)s;

-- name: due_since
select wake_at from incidents
where site = %(site)s and not closed and wake_at <= %(now)s
  and (lease_until is null or lease_until <= %(now)s)
  and (retry_at is null or retry_at <= %(now)s)
order by wake_at limit 1;

-- name: oldest_due
select site, min(wake_at) from incidents
where site is not null and not closed and wake_at <= %(now)s
  and (lease_until is null or lease_until <= %(now)s)
  and (retry_at is null or retry_at <= %(now)s)
group by site order by site;

-- name: live_leases
select distinct lease_process from incidents where lease_until > %(now)s;

-- name: free
update incidents set lease_owner = null, lease_process = null, lease_until = null
where lease_process = %(process)s;

-- name: lease
update incidents
set lease_number = lease_number + 1, lease_owner = %(owner)s, lease_process = %(process)s,
    lease_until = %(until)s, tries = tries + 1
where id = %(id)s and (lease_until is null or lease_until <= %(now)s)
returning lease_number;

-- name: lease_of
select lease_owner, lease_process, lease_until, lease_number, tries from incidents where id = %(id)s;

-- name: holds
select 1 from incidents where id = %(id)s and lease_number = %(number)s and lease_owner is not null
for no key update;

-- name: renew
update incidents set lease_until = %(until)s
where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: progressed
update incidents set tries = 1 where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: broken_off
select id, tries, retry_at, coalesce(broken_because, '') from incidents where not closed and retry_at is not null order by id;

-- name: give_back
select 1 from incidents where id = %(id)s for no key update;
update incidents
set lease_owner = null, lease_process = null, lease_until = null, tries = 0, retry_at = null,
    broken_because = null,
    alerted = case
        when severity is null or exists (select 1 from inbox where incident = %(id)s and not handled) then alerted
    end,
    wake_at = case
        when closed or site is null then null
        when exists (select 1 from inbox where incident = %(id)s and not handled)
            then least(wake_at, %(wake_at)s)
        else %(wake_at)s
    end
where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: fail
update incidents
set lease_owner = null, lease_process = null, lease_until = null, retry_at = %(retry_at)s,
    broken_because = %(why)s
where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: leave_to_people
update incidents
set status = 'handed_over', held_by = 'people',
    summary = (summary::jsonb || '{"status": "handed_over", "held_by": "people"}')::text
where id = %(id)s and lease_number = %(number)s and lease_owner is not null;

-- name: put_evidence
insert into evidence (incident, id, value, body, encoding)
values (%(incident)s, %(id)s, %(value)s, %(body)s, %(encoding)s)
on conflict (incident, id) do nothing;

-- name: evidence
select value from evidence where incident = %(incident)s order by seq;

-- name: newest_evidence
select value from evidence where incident = %(incident)s order by seq desc limit %(limit)s;

-- name: cited
select value from evidence
where incident = %(incident)s and id in (select json_array_elements_text(%(ids)s))
order by seq;

-- name: evidence_body
select body, encoding from evidence where incident = %(incident)s and id = %(id)s;

-- name: bodies
select id, body, encoding from evidence
where incident = %(incident)s and id in (select json_array_elements_text(%(ids)s));

-- name: add_approval
select 1 from incidents where id = %(incident)s for no key update;
insert into approvals (incident, proposal, digest, person, body)
values (%(incident)s, %(proposal)s, %(digest)s, %(person)s, %(body)s)
on conflict (incident, proposal, digest, person) do nothing;

-- name: approvals
select body from approvals where incident = %(incident)s order by seq;

-- name: begin_intent
insert into intents (key, incident, digest, body) values (%(key)s, %(incident)s, %(digest)s, %(body)s)
on conflict (key) do nothing;

-- name: live_intents
select intents.body, intents.outcome, incidents.status from intents
join incidents on incidents.id = intents.incident
where incidents.world_kind = 'live' and intents.key <> %(key)s
order by intents.seq;

-- name: finish_intent
update intents set outcome = coalesce(outcome, %(outcome)s) where key = %(key)s;

-- name: unfinished
select body from intents where incident = %(incident)s and outcome is null order by seq;

-- name: outcome
select outcome from intents where key = %(key)s;

-- name: keys
select key from intents order by seq;

-- name: spent
select 1 from intents where digest = %(digest)s limit 1;

-- name: add_task
insert into backlog (incident, id, body) values (%(incident)s, %(id)s, %(body)s)
on conflict (incident, id) do nothing;

-- name: backlog
select body from backlog where %(incident)s is null or incident = %(incident)s order by seq;

-- name: place_of_task
select seq from backlog where id = %(id)s;

-- name: tasks
select body from backlog where seq > %(after)s order by seq limit %(limit)s;

-- name: keep_verdict
insert into verdicts (incident, diagnosis, person, at, body)
values (%(incident)s, %(diagnosis)s, %(person)s, %(at)s, %(body)s)
on conflict (incident, diagnosis, person) do update set at = excluded.at, body = excluded.body;

-- name: verdicts
select body from verdicts where %(incident)s is null or incident = %(incident)s order by at, incident, person;

-- name: erase_verdicts
delete from verdicts where incident = %(incident)s;

-- name: resembling
-- Of what the words find the latest 500 are looked at: to join all of a service that is often ill takes 60 ms.
with found as materialized (
  select seq, incident from searchable
  where to_tsvector('simple', regexp_replace(text, '[!-/:-@[-`{-~]+', ' ', 'g'))
      @@ (select to_tsquery('simple', string_agg(word || ':*', ' & ')) from json_array_elements_text(%(words)s) as word)
    and kind = 'incident'
  order by seq desc limit 500
)
select other.id from found
join incidents as other on other.id = found.incident
join incidents as mine on mine.id = %(incident)s
where other.site = mine.site and (other.opened_at, other.id) < (mine.opened_at, mine.id)
  and other.status not in ('open', 'merged')
  and other.id not in (select json_array_elements_text(%(without)s))
order by found.seq desc limit %(limit)s;

-- name: add_version
insert into post_mortem_versions (incident, number, body) values (%(incident)s, %(number)s, %(body)s)
on conflict (incident, number) do nothing;

-- name: versions
select body from post_mortem_versions where incident = %(incident)s order by number;

-- name: erase_post_mortem_versions
delete from post_mortem_versions where incident = %(incident)s;

-- name: change_item
insert into action_items (incident, id, number, body) values (%(incident)s, %(id)s, %(number)s, %(body)s)
on conflict (incident, id, number) do nothing;

-- name: changed_items
select body from action_items as item
where (%(incident)s is null or incident = %(incident)s) and number = (
    select max(number) from action_items where incident = item.incident and id = item.id
)
order by incident, id;

-- name: change_ticket
insert into tickets (incident, id, number, body) values (%(incident)s, %(id)s, %(number)s, %(body)s)
on conflict (incident, id, number) do nothing;

-- name: tickets
select body from tickets as ticket
where (%(incident)s is null or incident = %(incident)s) and number = (
    select max(number) from tickets where incident = ticket.incident and id = ticket.id
)
order by incident, id;

-- name: erase_tickets
delete from tickets where incident = %(incident)s;

-- name: erase_action_items
delete from action_items where incident = %(incident)s;

-- name: send
insert into messages (incident, kind, key, body, routed)
values (%(incident)s, %(kind)s, %(key)s, %(body)s, (select count(*) = 0 from incidents where id = %(incident)s and site is not null))
on conflict (incident, kind, key) do nothing;

-- name: messages
select body from messages where incident = %(incident)s order by seq;

-- name: unrouted
select messages.seq, messages.body, incidents.summary, incidents.alerted
from messages join incidents on incidents.id = messages.incident
where not messages.routed and incidents.site = %(site)s
order by case when messages.kind in ('page', 'escalation') then 0 else 1 end, messages.seq
limit %(limit)s;

-- name: route_message
update messages set routed = %(yes)s, asks = %(asks)s, repeat_at = %(repeat_at)s where seq = %(message)s and not routed;

-- name: hush_earlier
update messages set repeat_at = null
where incident = (select incident from messages where seq = %(message)s) and seq < %(message)s and repeat_at is not null;

-- name: add_delivery
insert into message_deliveries (message, site, destination, saying, repeat, urgency, state, next_at, reason)
values (%(message)s, %(site)s, %(destination)s, %(saying)s, %(repeat)s, %(urgency)s, %(state)s, %(next_at)s, %(reason)s)
on conflict (message, destination, saying, repeat) do nothing;

-- name: asking
select messages.seq, messages.body, messages.asks, messages.repeats, messages.repeat_at
from messages join incidents on incidents.id = messages.incident
where messages.asks is not null and incidents.site = %(site)s
order by messages.seq;

-- name: follow_message
update messages set asks = %(asks)s, repeats = %(repeats)s, repeat_at = %(repeat_at)s
where seq = %(message)s and asks = %(was)s and repeats = %(known)s;

-- name: withhold_deliveries
update message_deliveries set state = 'withheld', next_at = null, reason = %(reason)s
where message = %(message)s and saying in ('first', 'repeat') and next_at is not null;

-- name: due_destinations
select distinct destination from message_deliveries
where site = %(site)s and next_at <= %(now)s
order by destination;

-- part: delivery_columns
message_deliveries.seq, message_deliveries.message,
    (select body from messages where messages.seq = message_deliveries.message), destination, saying, repeat, urgency,
    state, next_at, tries,
    exists (
        select 1 from attempts where attempts.delivery = message_deliveries.seq and attempts.outcome = 'unknown'
    ),
    reference, reason

-- name: take_deliveries
update message_deliveries
set state = 'sending', next_at = null, tries = tries + 1, owner = %(owner)s, process = %(process)s, until = %(until)s
where seq in (
    select seq from message_deliveries
    where site = %(site)s and destination = %(destination)s and next_at <= %(now)s and urgency <= %(most_urgency)s
    order by urgency, seq limit %(limit)s
    for update skip locked
)
returning {{delivery_columns}};

-- name: join_deliveries
update message_deliveries
set state = 'sending', next_at = null, tries = tries + 1, owner = %(owner)s, process = %(process)s, until = %(until)s
where seq in (
    select waits.seq from message_deliveries as waits
    join messages on messages.seq = waits.message
    where waits.site = %(site)s and waits.destination = %(destination)s and waits.next_at is not null
      and waits.saying = 'first' and waits.state = 'queued'
      and messages.incident = %(incident)s and messages.kind = %(kind)s
    order by waits.seq limit %(limit)s
    for update of waits skip locked
)
returning {{delivery_columns}};

-- name: settle_delivery
update message_deliveries
set state = %(state)s, next_at = %(next_at)s, reason = %(reason)s, reference = coalesce(%(reference)s, reference),
    owner = null, process = null, until = null
where seq = %(delivery)s and owner = %(owner)s;

-- name: keep_attempt
insert into attempts (delivery, at, outcome, reason) values (%(delivery)s, %(at)s, %(outcome)s, %(reason)s);

-- name: sending
select {{delivery_columns}}, owner, process, until
from message_deliveries where site = %(site)s and owner is not null
order by urgency, seq;

-- name: deliveries_of
select {{delivery_columns}}
from message_deliveries
where message in (select seq from messages where incident = %(incident)s)
order by seq;

-- name: told_at
select messages.incident
from message_deliveries join messages on messages.seq = message_deliveries.message
where message_deliveries.site = %(site)s and message_deliveries.reference = %(reference)s
order by message_deliveries.seq limit 1;

-- name: attempts_of
select attempts.delivery, attempts.at, attempts.outcome, attempts.reason
from attempts
join message_deliveries on message_deliveries.seq = attempts.delivery
join messages on messages.seq = message_deliveries.message
where messages.incident = %(incident)s
order by attempts.seq;

-- name: backlogged
select destination, count(*), sum(case when tries > 0 then 1 else 0 end), min(next_at), max(case when tries > 0 then reason else '' end)
from message_deliveries where site = %(site)s and next_at is not null
group by destination order by destination;

-- name: disable_destination
insert into disabled_destinations (site, name, since, reason) values (%(site)s, %(name)s, %(since)s, %(reason)s)
on conflict (site, name) do nothing;

-- name: enable_destination
delete from disabled_destinations where site = %(site)s and name = %(name)s;

-- name: keep_drill
insert into drills (id, site, at, body) values (%(id)s, %(site)s, %(at)s, %(body)s)
on conflict (id) do update set body = excluded.body;

-- name: drills
select body from drills where (%(site)s::text is null or site = %(site)s) and at >= %(since)s order by at, id;

-- name: keep_replay_of
insert into backtested (site, id, at, body) values (%(site)s, %(id)s, %(at)s, %(body)s)
on conflict (site, id) do update set at = excluded.at, body = excluded.body;

-- name: replays_of
select body from backtested where %(site)s::text is null or site = %(site)s order by at, id;

-- name: rest_destination
insert into resting_destinations (site, name, until) values (%(site)s, %(name)s, %(until)s)
on conflict (site, name) do update set until = greatest(resting_destinations.until, excluded.until);

-- name: resting_destinations
select name from resting_destinations where site = %(site)s and until > %(now)s order by name;

-- name: disabled_destinations
select name, since, reason from disabled_destinations where site = %(site)s order by name;

-- name: note_keys
insert into incident_keys (key, incident)
select json_array_elements_text(%(keys)s), %(incident)s
on conflict (key, incident) do nothing;

-- name: forget_causes
delete from incident_keys
where incident = %(incident)s and (key >= 'cause:' and key < 'cause;' or key = 'unassigned')
  and key not in (select json_array_elements_text(%(keys)s));

-- name: file_delivery
insert into alert_deliveries (
    received_at, sender, form, disposition, reason, incident, replay_of, body, encoding, headers
)
values (
    %(received_at)s, %(sender)s, %(form)s, %(disposition)s, %(reason)s, %(incident)s, %(replay_of)s, %(body)s,
    %(encoding)s, %(headers)s
)
returning number;

-- name: file_outcome
insert into alert_dispositions (
    delivery, position, disposition, reason, title, service, fingerprint, incident
)
values (
    %(delivery)s, %(position)s, %(disposition)s, %(reason)s, %(title)s, %(service)s, %(fingerprint)s, %(incident)s
);

-- name: takes_events
select status in ('open', 'handed_over') from incidents where id = %(id)s and site = %(site)s for no key update;

-- name: last_word
select 1 from incidents
where id = (select incident from last_words where site = %(site)s and fingerprint = %(fingerprint)s)
for no key update;
select firing, starts_at, start_sent, ends_at, incident, exists (
    select 1 from incident_keys where incident_keys.incident = last_words.incident
        and incident_keys.key = 'alert:' || last_words.fingerprint
)
from last_words where site = %(site)s and fingerprint = %(fingerprint)s;

-- name: remember_word
insert into last_words (site, fingerprint, firing, starts_at, start_sent, ends_at, incident, heard_at)
values (
    %(site)s, %(fingerprint)s, %(firing)s, %(starts_at)s, %(start_sent)s, %(ends_at)s, %(incident)s, %(heard_at)s
)
on conflict (site, fingerprint) do update
set firing = excluded.firing, starts_at = excluded.starts_at, start_sent = excluded.start_sent,
    ends_at = excluded.ends_at, incident = excluded.incident, heard_at = excluded.heard_at;

-- name: add_body_bytes
update body_bytes set total = total + %(bytes)s returning total;

-- name: oldest_bodies
select number, octet_length(body) from alert_deliveries
where body is not null order by number limit %(limit)s for update;

-- name: old_bodies
select number, octet_length(body) from alert_deliveries
where body is not null and received_at < %(before)s order by number limit %(limit)s for update;

-- name: forget_bodies
update alert_deliveries set body = null, encoding = null, headers = null
where number in (select json_array_elements_text(%(numbers)s)::bigint);

-- name: forget_words
delete from last_words where heard_at < %(before)s and (incident is null or not firing);

-- name: deliveries_of_incident
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding
from alert_deliveries
where incident = %(incident)s and disposition <> 'known'
order by number;

-- name: delivery
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding, headers
from alert_deliveries where number = %(number)s;

-- name: filed_deliveries
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding
from alert_deliveries
where number < %(before)s
  and (%(sender)s is null or sender = %(sender)s)
  and (%(incident)s is null or incident = %(incident)s or number in (
      select delivery from alert_dispositions where incident = %(incident)s))
  and (%(disposition)s is null or number in (
      select delivery from alert_dispositions where disposition = %(disposition)s))
order by number desc
limit %(limit)s;

-- name: keep_change
insert into changes (delivery, position, site, at, body)
values (%(delivery)s, %(position)s, %(site)s, %(at)s, %(body)s);

-- name: same_change
select 1 from changes where site = %(site)s and at = %(at)s and body = %(body)s limit 1;

-- name: changes
select changes.body, alert_deliveries.sender, changes.delivery from changes
join alert_deliveries on alert_deliveries.number = changes.delivery
where changes.site = %(site)s and changes.at >= %(start)s and changes.at < %(end)s
order by changes.at, changes.delivery, changes.position;

-- name: forget_changes
delete from changes where delivery = %(delivery)s;

-- name: outcomes
select disposition, reason, title, service, fingerprint, incident from alert_dispositions
where delivery = %(number)s order by position;

-- name: outcomes_of_incident
select disposition, reason, (array_agg(title order by delivery, position))[1],
    (array_agg(service order by delivery, position))[1], fingerprint, min(incident), min(delivery) as first, count(*)
from alert_dispositions where incident = %(incident)s
group by fingerprint, disposition, reason
order by first, min(position);

-- name: candidates
select 1 from incidents
where site = %(site)s and id in (
    select incident from incident_keys where key in (select json_array_elements_text(%(keys)s))
)
order by id
for no key update;
select incidents.id, incidents.opened_at, json_agg(all_of.key)::text
from incidents
join incident_keys as all_of on all_of.incident = incidents.id
where incidents.site = %(site)s and incidents.id in (
    select shared.incident from incident_keys as shared
    join incidents as theirs on theirs.id = shared.incident
    where shared.key in (select json_array_elements_text(%(keys)s))
      and (theirs.opened_at > %(opened_after)s or shared.key >= 'alert:' and shared.key < 'alert;'
          or shared.key >= 'condition:' and shared.key < 'condition;')
)
group by incidents.id;

-- name: keyed_candidates
select incidents.id, incidents.opened_at, json_agg(incident_keys.key)::text
from incidents
join incident_keys on incident_keys.incident = incidents.id
where incidents.site = %(site)s
  and incidents.id in (select incident from incident_keys where key = %(key)s)
group by incidents.id
order by incidents.opened_at, incidents.id;

-- name: open_candidates
select incidents.id, incidents.opened_at, json_agg(incident_keys.key)::text
from incidents
join incident_keys on incident_keys.incident = incidents.id
where incidents.site = %(site)s and incidents.opened_at > %(opened_after)s
group by incidents.id
order by incidents.opened_at, incidents.id;

-- name: waiting
select opened.many, opened.since, joined.many, joined.since from (
    select count(*) as many, min(wake_at) as since from incidents
    where site is not null and (%(site)s is null or site = %(site)s)
        and not closed and wake_at <= %(now)s and lease_number = 0
) as opened, (
    select coalesce(sum(inbox.alerts), 0) as many, min(inbox.at) as since
    from inbox
    join incidents on incidents.id = inbox.incident
    where not inbox.handled and incidents.site is not null and (%(site)s is null or incidents.site = %(site)s)
        and inbox.kind = 'alerts'
) as joined;

-- name: erase_incident_keys
delete from incident_keys where incident = %(incident)s;

-- name: erase_last_words
delete from last_words where incident = %(incident)s;

-- name: erase_alert_dispositions
delete from alert_dispositions where incident = %(incident)s;

-- name: erase_alert_deliveries
delete from alert_deliveries where incident = %(incident)s returning coalesce(octet_length(body), 0);

-- name: erase_ignored_deliveries
delete from alert_deliveries where incident is null and received_at < %(before)s
returning coalesce(octet_length(body), 0);

-- name: closed
select id, title, closed_at from incidents
where closed and closed_at < %(before)s
order by closed_at, id;

-- name: rows_of
select count(*), coalesce(sum(bytes), 0)::bigint from (
    select octet_length(body) + octet_length(summary) as bytes from incidents where id = %(incident)s
    union all select octet_length(body) from timeline where incident = %(incident)s
    union all select octet_length(body) from inbox where incident = %(incident)s
    union all select octet_length(body) + octet_length(value) from evidence where incident = %(incident)s
    union all select octet_length(body) from approvals where incident = %(incident)s
    union all select octet_length(body) from intents where incident = %(incident)s
    union all select octet_length(body) from backlog where incident = %(incident)s
    union all select octet_length(body) from messages where incident = %(incident)s
    union all select octet_length(reason) from message_deliveries
        where message in (select seq from messages where incident = %(incident)s)
    union all select octet_length(reason) from attempts where delivery in (
        select message_deliveries.seq from message_deliveries
        join messages on messages.seq = message_deliveries.message where messages.incident = %(incident)s
    )
    union all select octet_length(body) from verdicts where incident = %(incident)s
    union all select octet_length(body) from post_mortem_versions where incident = %(incident)s
    union all select octet_length(body) from action_items where incident = %(incident)s
    union all select octet_length(body) from tickets where incident = %(incident)s
    union all select coalesce(octet_length(body), 0) from alert_deliveries where incident = %(incident)s
) as kept;

-- name: has_checkpoints
select 1 where to_regclass('checkpoints') is not null;

-- name: checkpoints_of
select count(*), coalesce(sum(bytes), 0)::bigint from (
    select octet_length(checkpoint::text) as bytes from checkpoints where thread_id = %(incident)s
    union all select octet_length(blob) from checkpoint_blobs where thread_id = %(incident)s
    union all select octet_length(blob) from checkpoint_writes where thread_id = %(incident)s
) as kept;

-- name: erase_checkpoints
delete from checkpoints where thread_id = %(incident)s;
delete from checkpoint_blobs where thread_id = %(incident)s;

-- name: erase_writes
delete from checkpoint_writes where thread_id = %(incident)s;

-- name: erase_timeline
delete from timeline where incident = %(incident)s;

-- name: erase_inbox
delete from inbox where incident = %(incident)s;

-- name: erase_evidence
delete from evidence where incident = %(incident)s;

-- name: erase_approvals
delete from approvals where incident = %(incident)s;

-- name: erase_intents
delete from intents where incident = %(incident)s;

-- name: erase_backlog
delete from backlog where incident = %(incident)s;

-- name: erase_messages
delete from messages where incident = %(incident)s;

-- name: erase_incident
delete from incidents where id = %(incident)s;

-- name: site_of
select site from incidents where id = %(id)s;

-- name: note_lesson
insert into lessons (site, one, other, body) values (%(site)s, %(one)s, %(other)s, %(body)s)
on conflict (site, one, other) do update set body = excluded.body;

-- name: lessons
select body from lessons where site = %(site)s order by one, other;

-- name: move_words
update last_words set incident = %(into)s
where incident = %(incident)s
  and (%(fingerprints)s is null or fingerprint in (select json_array_elements_text(%(fingerprints)s)));

-- name: forget_keys
delete from incident_keys
where incident = %(incident)s and key not in (select json_array_elements_text(%(keys)s));

-- name: heartbeat
select body from heartbeats where site = %(site)s and fingerprint = %(fingerprint)s;

-- name: heartbeats
select body from heartbeats where site = %(site)s order by fingerprint;

-- name: keep_heartbeat
insert into heartbeats (site, fingerprint, body) values (%(site)s, %(fingerprint)s, %(body)s)
on conflict (site, fingerprint) do update set body = excluded.body;

-- name: changed
-- Every transaction that wrote and has ended is no longer among those in progress: the number of the ended ones
-- only grows, and what each of them wrote can be read once it is counted.
select pg_snapshot_xmax(seen)::text::bigint - (select count(*) from pg_snapshot_xip(seen))
from pg_current_snapshot() as seen;

-- name: note_answer
insert into idempotency_keys (person, key, at, request, status, answer)
values (%(person)s, %(key)s, %(at)s, %(request)s, %(status)s, %(answer)s)
on conflict (person, key) do nothing;

-- name: answer_of
select request, status, answer, at from idempotency_keys where person = %(person)s and key = %(key)s;

-- name: forget_answers
delete from idempotency_keys where at < %(before)s;

-- name: leader
select owner, process from leaders where site = %(site)s and until > %(now)s;

-- name: lead
insert into leaders (site, owner, process, until) values (%(site)s, %(owner)s, %(process)s, %(until)s)
on conflict (site) do update set owner = excluded.owner, process = excluded.process, until = excluded.until
where leaders.owner = excluded.owner or leaders.until <= %(now)s;

-- name: resign
delete from leaders where site = %(site)s and owner = %(owner)s;

-- name: job_failed
insert into failing_jobs (site, name, tries, since, why) values (%(site)s, %(name)s, %(tries)s, %(since)s, %(why)s)
on conflict (site, name) do update set tries = excluded.tries, why = excluded.why;

-- name: job_went
delete from failing_jobs where site = %(site)s and name = %(name)s;

-- name: failing_jobs
select site, name, tries, since, why from failing_jobs order by site, name;

-- name: beat
insert into workers (owner, body, started_at, seen_at) values (%(owner)s, %(body)s, %(now)s, %(now)s)
on conflict (owner) do update set body = excluded.body, seen_at = excluded.seen_at;

-- name: worker_ended
delete from workers where owner = %(owner)s;

-- name: workers
select owner, body, started_at, seen_at, extract(epoch from %(now)s::timestamptz - seen_at)::float8
from workers where %(now)s::timestamptz - seen_at <= %(most)s * interval '1 second';

-- name: held
select lease_owner, id from incidents where lease_owner is not null order by id;

-- name: put_file
insert into files (incident, name, body, encoding, size) values (%(incident)s, %(name)s, %(body)s, %(encoding)s, %(size)s)
on conflict (incident, name) do update
set body = excluded.body, encoding = excluded.encoding, size = excluded.size;

-- name: file
select body, encoding from files where incident = %(incident)s and name = %(name)s;

-- name: files
select name, size from files where incident = %(incident)s order by name;

-- name: erase_files
delete from files where incident = %(incident)s;

-- name: open_session
insert into sessions (id, person, started_at, ends_at, body)
values (%(id)s, %(person)s, %(started_at)s, %(ends_at)s, %(body)s);

-- name: session
select body from sessions where id = %(id)s and ends_at > %(now)s;

-- name: sessions
select body from sessions where ends_at > %(now)s order by started_at desc, id desc;

-- name: end_session
delete from sessions where id = %(id)s;

-- name: end_sessions_of
delete from sessions where person = %(person)s;

-- name: forget_sessions
delete from sessions where ends_at <= %(now)s;

-- name: lock_audit
select pg_advisory_xact_lock(hashtextextended('nexus audit', 0));

-- name: audit_head
select number, digest from audit order by number desc limit 1;

-- name: write_audit
insert into audit (number, incident, kind, body, digest)
values (%(number)s, %(incident)s, %(kind)s, %(body)s, %(digest)s);

-- name: audit
select number, body, digest from audit
where number > %(after)s and (%(incident)s::text is null or incident = %(incident)s)
    and (%(kind)s::text is null or kind = %(kind)s)
order by number limit %(limit)s;

-- name: set_password
insert into passwords (person, hash, set_at) values (%(person)s, %(hash)s, %(at)s)
on conflict (person) do update set hash = excluded.hash, set_at = excluded.set_at;

-- name: password
select hash from passwords where person = %(person)s;

-- name: forget_password
delete from passwords where person = %(person)s;

-- name: with_password
select person from passwords;

-- name: keep_link
insert into setup_links (id, person, ends_at, body) values (%(id)s, %(person)s, %(ends_at)s, %(body)s);

-- name: link
select body from setup_links where id = %(id)s and ends_at > %(now)s;

-- name: use_link
delete from setup_links where id = %(id)s and ends_at > %(now)s returning body;

-- name: forget_links
delete from setup_links where person = %(person)s or ends_at <= %(now)s;

-- name: keep_signing_key
insert into signing_keys (name, secret) values (%(name)s, %(secret)s) on conflict (name) do nothing;

-- name: signing_key
select secret from signing_keys where name = %(name)s;

-- name: add_token
insert into api_tokens (id, hash, person, made_at, ends_at, body)
values (%(id)s, %(hash)s, %(person)s, %(made_at)s, %(ends_at)s, %(body)s);

-- name: token_of
select body from api_tokens where hash = %(hash)s and (ends_at is null or ends_at > %(now)s);

-- name: tokens
select body from api_tokens where (%(person)s::text is null or person = %(person)s) order by made_at, id collate "C";

-- name: revoke_token
delete from api_tokens where id = %(id)s;

-- name: keep_component
insert into public_components (site, name, since) values (%(site)s, %(name)s, %(since)s) on conflict (site, name) do nothing;

-- name: recorded_components
select name, since from public_components where site = %(site)s order by name;

-- name: keep_update
insert into public_updates (id, site, incident, key, state, place, at, body)
values (%(id)s, %(site)s, %(incident)s, %(key)s, %(state)s, %(place)s, %(at)s, %(body)s)
on conflict (incident, key) do nothing;

-- name: draft
select site, body from public_updates where id = %(id)s and state = 'draft';

-- name: change_update
update public_updates set state = %(state)s, place = %(place)s, at = %(at)s, body = %(body)s where id = %(id)s;

-- name: older_drafts
select body from public_updates where incident = %(incident)s and state = 'draft' and at < %(at)s;

-- name: public_updates
select body from public_updates where incident = %(incident)s order by at, id;

-- name: published_updates
select body from public_updates where site = %(site)s and place is not null and at > %(since)s order by place;

-- name: last_place
select coalesce(max(place), 0) from public_updates where site = %(site)s;

-- name: keep_subscriber
insert into subscribers (site, address, token, confirmed, sent_through, wait_until, body)
values (%(site)s, %(address)s, %(token)s, %(confirmed)s, %(sent_through)s, %(wait_until)s, %(body)s)
on conflict (site, address) do update set token = excluded.token, confirmed = excluded.confirmed,
    sent_through = excluded.sent_through, wait_until = excluded.wait_until, body = excluded.body;

-- name: subscriber
select body from subscribers where site = %(site)s and (address = %(address)s or token = %(token)s);

-- name: subscribers
select body from subscribers
where site = %(site)s and confirmed and sent_through < %(behind)s and wait_until <= %(now)s
order by address;

-- name: forget_subscriber
delete from subscribers where site = %(site)s and address = %(address)s;

-- name: forget_unconfirmed
delete from subscribers where site = %(site)s and not confirmed and wait_until < %(before)s;

-- name: restrict
insert into restrictions (incident, body) values (%(incident)s, %(body)s)
on conflict (incident) do update set body = excluded.body;

-- name: restrictions
select body from restrictions order by incident;

-- name: restricted
select incident from restrictions order by incident;

-- name: erase_restrictions
delete from restrictions where incident = %(incident)s;

-- name: announce
insert into permissions (digest, incident, site, body)
values (%(digest)s, %(incident)s, (select site from incidents where id = %(incident)s), %(body)s)
on conflict (digest) do nothing;

-- name: permission
select body from permissions where digest = %(digest)s;

-- name: held_permission
select body from permissions where digest = %(digest)s for update;

-- name: permissions
select body from permissions where incident = %(incident)s order by digest;

-- name: held_permissions
select body from permissions where incident = %(incident)s order by digest for update;

-- name: keep_permission
update permissions set body = %(body)s, used_at = coalesce(used_at, %(used_at)s) where digest = %(digest)s;

-- name: acts
select count(*) from permissions
where site = (select site from incidents where id = %(incident)s) and used_at > %(since)s;

-- name: withdraw
insert into withdrawals (site, kind, service, body) values (%(site)s, %(kind)s, %(service)s, %(body)s)
on conflict (site, kind, service) do update set body = excluded.body;

-- name: withdrawals
select body from withdrawals where site = %(site)s order by kind, service;

-- name: withdrawn
select 1 from withdrawals
where site = (select site from incidents where id = %(incident)s) and kind = %(kind)s and service = %(service)s;

-- name: renew_permission
delete from withdrawals where site = %(site)s and kind = %(kind)s and service = %(service)s;

-- name: erase_permissions
delete from permissions where incident = %(incident)s;
