-- Every query of the store, by name.

-- name: next_number
insert into numbers (day, last) values (:day, 1)
on conflict (day) do update set last = last + 1
returning last;

-- name: register
insert into incidents (
    id, status, severity, closed, opened_at, clock, world, engine, summary, body, site, wake_at, alerted
)
values (
    :id, :status, :severity, :closed, :opened_at, :clock, :world, :engine, :summary, :body, :site, :wake_at,
    :alerted
)
on conflict (id) do nothing;

-- name: save
update incidents
set status = :status, severity = :severity, closed = :closed, clock = :clock, engine = :engine,
    summary = :summary, body = :body, wake_at = case when :closed then null else wake_at end,
    closed_at = case when :closed then coalesce(closed_at, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')) end
where id = :id and lease_number = :number and lease_owner is not null;

-- name: was_closed
select closed from incidents where id = :id;

-- name: load
select body from incidents where id = :id;

-- name: world_and_clock
select world, clock from incidents where id = :id;

-- name: ids
select id from incidents order by id;

-- name: opened_at
select opened_at from incidents where id = :id;

-- name: summary_of
select id, opened_at, summary from incidents where id = :id;

-- name: page
select id, opened_at, summary from incidents
where (opened_at, id) < (:opened_at, :after)
  and (:status is null or status = :status)
  and (:severity is null or severity = :severity)
  and (:held_by is null or held_by = :held_by)
  and (:service is null or exists (select 1 from json_each(services) where value = :service))
  and (:title is null or instr(casefold(title), :title))
  and (:words is null or id in (
    select incident from searchable where seq in (
      select rowid from search
      where search match (select group_concat('"' || value || '"*', ' ') from json_each(:words))
    )
  ))
  and id not in (select value from json_each(:without))
order by opened_at desc, id desc
limit :limit;

-- name: page_of_open
select id, opened_at, summary from incidents
where closed = 0 and (opened_at, id) < (:opened_at, :after)
  and (not :undecided or waiting > 0 or coalesce(unsettled, 1) > 0)
  and (:status is null or status = :status)
  and (:severity is null or severity = :severity)
  and (:held_by is null or held_by = :held_by)
  and (:service is null or exists (select 1 from json_each(services) where value = :service))
  and (:title is null or instr(casefold(title), :title))
  and (:words is null or id in (
    select incident from searchable where seq in (
      select rowid from search
      where search match (select group_concat('"' || value || '"*', ' ') from json_each(:words))
    )
  ))
  and id not in (select value from json_each(:without))
order by opened_at desc, id desc
limit :limit;

-- name: keep_searchable
insert into searchable (incident, kind, ref, text) values (:incident, :kind, :ref, :text)
on conflict (incident, kind, ref) do update set text = excluded.text where text is not excluded.text;

-- name: erase_searchable
delete from searchable where incident = :incident;

-- name: found
select incident, kind, ref, text from (
  select incident, kind, ref, text,
    case kind when 'incident' then 0 when 'post-mortem' then 1 else 2 end as rank,
    row_number() over (
      partition by incident order by case kind when 'incident' then 0 when 'post-mortem' then 1 else 2 end, ref
    ) as place
  from searchable
  where seq in (
      select rowid from search
      where search match (select group_concat('"' || value || '"*', ' ') from json_each(:words))
    )
    and incident in (select value from json_each(:incidents))
)
where place <= :most order by incident, rank, ref;

-- name: open_counts
select status, severity, count(*) from incidents where closed = 0
group by status, severity order by status, coalesce(severity, '');

-- name: write_entry
insert into timeline (incident, id, at, body) values (:incident, :id, :at, :body)
on conflict (incident, id) do nothing;

-- name: entries
select body from timeline where incident = :incident order by at, seq;

-- name: entries_after
select seq, body from timeline where seq > :sequence order by seq limit :limit;

-- name: entries_of_incident_after
select seq, body from timeline where incident = :incident and seq > :sequence order by seq limit :limit;

-- name: entries_before
select seq, body from timeline where incident = :incident and seq < :sequence order by seq desc limit :limit;

-- name: entries_of_kinds_before
select seq, body from timeline
where incident = :incident and seq < :sequence
  and json_extract(body, '$.kind') in (select value from json_each(:kinds))
order by seq desc limit :limit;

-- name: stands
select id, clock, lease_number, lease_owner,
    (select max(seq) from timeline where timeline.incident = incidents.id),
    (select max(seq) from evidence where evidence.incident = incidents.id),
    (select max(seq) from inbox where inbox.incident = incidents.id),
    (select max(seq) from approvals where approvals.incident = incidents.id),
    (select max(seq) from messages where messages.incident = incidents.id)
from incidents where id in (select value from json_each(:incidents));

-- name: last_sequence
select coalesce(max(seq), 0) from timeline;

-- name: add_event
insert into inbox (id, incident, body) values (:id, :incident, :body) on conflict (id) do nothing;

-- name: events
select id, body from inbox where incident = :incident and handled <= :handled order by seq;

-- name: mark_handled
update inbox set handled = 1 where id = :id;

-- name: waits
select body from inbox where id = :id and incident = :incident and handled = 0;

-- name: count_try
update inbox set tries = tries + 1 where id = :id;

-- name: suspect
select id from inbox where incident = :incident and handled = 0 and tries >= :tries order by seq limit 1;

-- name: set_aside
insert into dead_letters (event, incident, why, set_aside_at) values (:event, :incident, :why, :set_aside_at)
on conflict (event) do nothing;

-- name: dead_letters
select dead_letters.event, dead_letters.incident, dead_letters.why, dead_letters.set_aside_at, inbox.body
from dead_letters
join inbox on inbox.id = dead_letters.event
join incidents on incidents.id = dead_letters.incident
where incidents.closed = 0
order by dead_letters.set_aside_at, dead_letters.event;

-- name: dead_letters_of_incident
select dead_letters.event, dead_letters.incident, dead_letters.why, dead_letters.set_aside_at, inbox.body
from dead_letters
join inbox on inbox.id = dead_letters.event
where dead_letters.incident = :incident
order by dead_letters.set_aside_at, dead_letters.event;

-- name: erase_dead_letter
delete from dead_letters where event = :event;

-- name: erase_dead_letters
delete from dead_letters where incident = :incident;

-- name: handle_all
update inbox set handled = 1 where incident = :incident and handled = 0;

-- name: unhandled
select body from inbox
where handled = 0 and incident in (select value from json_each(:incidents))
  and case when json_valid(body) then json_extract(body, '$.kind') else '' end
    not in (select value from json_each(:but))
order by seq;

-- name: reopen
update incidents set closed = 0, closed_at = null, body = :body where id = :incident;

-- name: wake
update incidents
set wake_at = min(coalesce(wake_at, :at), :at), retry_at = case when :person then null else retry_at end,
    alerted = coalesce(min(alerted, :alerted), alerted, :alerted)
where id = :incident and closed = 0 and site is not null;

-- name: due
select id, case when severity in ('P0', 'P1', 'P2', 'P3') then severity end, alerted, opened_at, wake_at, tries
from incidents
where site = :site and closed = 0 and wake_at <= :now
  and (lease_until is null or lease_until <= :now)
  and (retry_at is null or retry_at <= :now)
order by min(
        case severity when 'P0' then 0 when 'P1' then 1 when 'P2' then 3 when 'P3' then 4 else 2 end,
        case alerted when 'P0' then 0 when 'P1' then 1 else 4 end
    ), opened_at, id
limit :limit;

-- name: due_since
select wake_at from incidents
where site = :site and closed = 0 and wake_at <= :now
  and (lease_until is null or lease_until <= :now)
  and (retry_at is null or retry_at <= :now)
order by wake_at limit 1;

-- name: oldest_due
select site, min(wake_at) from incidents
where site is not null and closed = 0 and wake_at <= :now
  and (lease_until is null or lease_until <= :now)
  and (retry_at is null or retry_at <= :now)
group by site order by site;

-- name: live_leases
select distinct lease_process from incidents where lease_until > :now;

-- name: free
update incidents set lease_owner = null, lease_process = null, lease_until = null
where lease_process = :process;

-- name: lease
update incidents
set lease_number = lease_number + 1, lease_owner = :owner, lease_process = :process, lease_until = :until,
    tries = tries + 1
where id = :id and (lease_until is null or lease_until <= :now)
returning lease_number;

-- name: lease_of
select lease_owner, lease_process, lease_until, lease_number, tries from incidents where id = :id;

-- name: holds
select 1 from incidents where id = :id and lease_number = :number and lease_owner is not null;

-- name: renew
update incidents set lease_until = :until
where id = :id and lease_number = :number and lease_owner is not null;

-- name: progressed
update incidents set tries = 1 where id = :id and lease_number = :number and lease_owner is not null;

-- name: broken_off
select id, tries, retry_at, coalesce(broken_because, '') from incidents where closed = 0 and retry_at is not null order by id;

-- name: give_back
update incidents
set lease_owner = null, lease_process = null, lease_until = null, tries = 0, retry_at = null,
    broken_because = null,
    alerted = case
        when severity is null or exists (select 1 from inbox where incident = :id and handled = 0) then alerted
    end,
    wake_at = case
        when closed or site is null then null
        when exists (select 1 from inbox where incident = :id and handled = 0)
            then min(coalesce(wake_at, :wake_at), coalesce(:wake_at, wake_at))
        else :wake_at
    end
where id = :id and lease_number = :number and lease_owner is not null;

-- name: fail
update incidents
set lease_owner = null, lease_process = null, lease_until = null, retry_at = :retry_at,
    broken_because = :why
where id = :id and lease_number = :number and lease_owner is not null;

-- name: leave_to_people
update incidents
set status = 'handed_over', summary = json_set(summary, '$.status', 'handed_over', '$.held_by', 'people')
where id = :id and lease_number = :number and lease_owner is not null;

-- name: put_evidence
insert into evidence (incident, id, value, body, encoding) values (:incident, :id, :value, :body, :encoding)
on conflict (incident, id) do nothing;

-- name: evidence
select value from evidence where incident = :incident order by seq;

-- name: newest_evidence
select value from evidence where incident = :incident order by seq desc limit :limit;

-- name: cited
select value from evidence
where incident = :incident and id in (select value from json_each(:ids))
order by seq;

-- name: evidence_body
select body, encoding from evidence where incident = :incident and id = :id;

-- name: bodies
select id, body, encoding from evidence
where incident = :incident and id in (select value from json_each(:ids));

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

-- name: place_of_task
select seq from backlog where id = :id;

-- name: tasks
select body from backlog where seq > :after order by seq limit :limit;

-- name: keep_verdict
insert into verdicts (incident, diagnosis, person, at, body) values (:incident, :diagnosis, :person, :at, :body)
on conflict (incident, diagnosis, person) do update set at = excluded.at, body = excluded.body;

-- name: verdicts
select body from verdicts where :incident is null or incident = :incident order by at, incident, person;

-- name: erase_verdicts
delete from verdicts where incident = :incident;

-- name: resembling
select other.id from past
join searchable on searchable.seq = past.rowid
join incidents as other on other.id = searchable.incident
join incidents as mine on mine.id = :incident
where past match (select group_concat('"' || value || '"*', ' ') from json_each(:words))
  and other.site = mine.site and (other.opened_at, other.id) < (mine.opened_at, mine.id)
  and other.status not in ('open', 'merged')
  and other.id not in (select value from json_each(:without))
order by past.rowid desc limit :limit;

-- name: add_version
insert into post_mortem_versions (incident, number, body) values (:incident, :number, :body)
on conflict (incident, number) do nothing;

-- name: versions
select body from post_mortem_versions where incident = :incident order by number;

-- name: erase_post_mortem_versions
delete from post_mortem_versions where incident = :incident;

-- name: change_item
insert into action_items (incident, id, number, body) values (:incident, :id, :number, :body)
on conflict (incident, id, number) do nothing;

-- name: changed_items
select body from action_items as item
where (:incident is null or incident = :incident) and number = (
    select max(number) from action_items where incident = item.incident and id = item.id
)
order by incident, id;

-- name: change_ticket
insert into tickets (incident, id, number, body) values (:incident, :id, :number, :body)
on conflict (incident, id, number) do nothing;

-- name: tickets
select body from tickets as ticket
where (:incident is null or incident = :incident) and number = (
    select max(number) from tickets where incident = ticket.incident and id = ticket.id
)
order by incident, id;

-- name: erase_tickets
delete from tickets where incident = :incident;

-- name: erase_action_items
delete from action_items where incident = :incident;

-- name: send
insert into messages (incident, kind, key, body, routed)
values (:incident, :kind, :key, :body, (select count(*) = 0 from incidents where id = :incident and site is not null))
on conflict (incident, kind, key) do nothing;

-- name: messages
select body from messages where incident = :incident order by seq;

-- name: unrouted
select messages.seq, messages.body, incidents.summary, incidents.alerted
from messages join incidents on incidents.id = messages.incident
where not messages.routed and incidents.site = :site
order by case when messages.kind in ('page', 'escalation') then 0 else 1 end, messages.seq
limit :limit;

-- name: route_message
update messages set routed = :yes, asks = :asks, repeat_at = :repeat_at where seq = :message and not routed;

-- name: hush_earlier
update messages set repeat_at = null
where incident = (select incident from messages where seq = :message) and seq < :message and repeat_at is not null;

-- name: add_delivery
insert into message_deliveries (message, site, destination, saying, repeat, urgency, state, next_at, reason)
values (:message, :site, :destination, :saying, :repeat, :urgency, :state, :next_at, :reason)
on conflict (message, destination, saying, repeat) do nothing;

-- name: asking
select messages.seq, messages.body, messages.asks, messages.repeats, messages.repeat_at
from messages join incidents on incidents.id = messages.incident
where messages.asks is not null and incidents.site = :site
order by messages.seq;

-- name: follow_message
update messages set asks = :asks, repeats = :repeats, repeat_at = :repeat_at
where seq = :message and asks = :was and repeats = :known;

-- name: withhold_deliveries
update message_deliveries set state = 'withheld', next_at = null, reason = :reason
where message = :message and saying in ('first', 'repeat') and next_at is not null;

-- name: due_destinations
select distinct destination from message_deliveries
where site = :site and next_at <= :now
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
set state = 'sending', next_at = null, tries = tries + 1, owner = :owner, process = :process, until = :until
where seq in (
    select seq from message_deliveries
    where site = :site and destination = :destination and next_at <= :now and urgency <= :most_urgency
    order by urgency, seq limit :limit
)
returning {{delivery_columns}};

-- name: join_deliveries
update message_deliveries
set state = 'sending', next_at = null, tries = tries + 1, owner = :owner, process = :process, until = :until
where seq in (
    select waits.seq from message_deliveries as waits
    join messages on messages.seq = waits.message
    where waits.site = :site and waits.destination = :destination and waits.next_at is not null
      and waits.saying = 'first' and waits.state = 'queued'
      and messages.incident = :incident and messages.kind = :kind
    order by waits.seq limit :limit
)
returning {{delivery_columns}};

-- name: settle_delivery
update message_deliveries
set state = :state, next_at = :next_at, reason = :reason, reference = coalesce(:reference, reference),
    owner = null, process = null, until = null
where seq = :delivery and owner = :owner;

-- name: keep_attempt
insert into attempts (delivery, at, outcome, reason) values (:delivery, :at, :outcome, :reason);

-- name: sending
select {{delivery_columns}}, owner, process, until
from message_deliveries where site = :site and owner is not null
order by urgency, seq;

-- name: deliveries_of
select {{delivery_columns}}
from message_deliveries
where message in (select seq from messages where incident = :incident)
order by seq;

-- name: told_at
select messages.incident
from message_deliveries join messages on messages.seq = message_deliveries.message
where message_deliveries.site = :site and message_deliveries.reference = :reference
order by message_deliveries.seq limit 1;

-- name: attempts_of
select attempts.delivery, attempts.at, attempts.outcome, attempts.reason
from attempts
join message_deliveries on message_deliveries.seq = attempts.delivery
join messages on messages.seq = message_deliveries.message
where messages.incident = :incident
order by attempts.seq;

-- name: backlogged
select destination, count(*), sum(case when tries > 0 then 1 else 0 end), min(next_at), max(case when tries > 0 then reason else '' end)
from message_deliveries where site = :site and next_at is not null
group by destination order by destination;

-- name: disable_destination
insert into disabled_destinations (site, name, since, reason) values (:site, :name, :since, :reason)
on conflict (site, name) do nothing;

-- name: enable_destination
delete from disabled_destinations where site = :site and name = :name;

-- name: keep_drill
insert into drills (id, site, at, body) values (:id, :site, :at, :body)
on conflict (id) do update set body = excluded.body;

-- name: drills
select body from drills where (:site is null or site = :site) and at >= :since order by at, id;

-- name: keep_replay_of
insert into backtested (site, id, at, body) values (:site, :id, :at, :body)
on conflict (site, id) do update set at = excluded.at, body = excluded.body;

-- name: replays_of
select body from backtested where :site is null or site = :site order by at, id;

-- name: rest_destination
insert into resting_destinations (site, name, until) values (:site, :name, :until)
on conflict (site, name) do update set until = max(until, excluded.until);

-- name: resting_destinations
select name from resting_destinations where site = :site and until > :now order by name;

-- name: disabled_destinations
select name, since, reason from disabled_destinations where site = :site order by name;

-- name: note_keys
insert into incident_keys (key, incident)
select value, :incident from json_each(:keys) where true
on conflict (key, incident) do nothing;

-- name: forget_causes
delete from incident_keys
where incident = :incident and (key >= 'cause:' and key < 'cause;' or key = 'unassigned')
  and key not in (select value from json_each(:keys));

-- name: file_delivery
insert into alert_deliveries (
    received_at, sender, form, disposition, reason, incident, replay_of, body, encoding, headers
)
values (
    :received_at, :sender, :form, :disposition, :reason, :incident, :replay_of, :body, :encoding, :headers
)
returning number;

-- name: file_outcome
insert into alert_dispositions (
    delivery, position, disposition, reason, title, service, fingerprint, incident
)
values (:delivery, :position, :disposition, :reason, :title, :service, :fingerprint, :incident);

-- name: takes_events
select status in ('open', 'handed_over') from incidents where id = :id and site = :site;

-- name: last_word
select firing, starts_at, start_sent, ends_at, incident, exists (
    select 1 from incident_keys where incident_keys.incident = last_words.incident
        and incident_keys.key = 'alert:' || last_words.fingerprint
)
from last_words where site = :site and fingerprint = :fingerprint;

-- name: remember_word
insert into last_words (site, fingerprint, firing, starts_at, start_sent, ends_at, incident, heard_at)
values (:site, :fingerprint, :firing, :starts_at, :start_sent, :ends_at, :incident, :heard_at)
on conflict (site, fingerprint) do update
set firing = excluded.firing, starts_at = excluded.starts_at, start_sent = excluded.start_sent,
    ends_at = excluded.ends_at, incident = excluded.incident, heard_at = excluded.heard_at;

-- name: add_body_bytes
update body_bytes set total = total + :bytes returning total;

-- name: oldest_bodies
select number, length(body) from alert_deliveries
where body is not null order by number limit :limit;

-- name: old_bodies
select number, length(body) from alert_deliveries
where body is not null and received_at < :before order by number limit :limit;

-- name: forget_bodies
update alert_deliveries set body = null, encoding = null, headers = null
where number in (select value from json_each(:numbers));

-- name: forget_words
delete from last_words where heard_at < :before and (incident is null or not firing);

-- name: deliveries_of_incident
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding
from alert_deliveries
where incident = :incident and disposition <> 'known'
order by number;

-- name: delivery
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding, headers
from alert_deliveries where number = :number;

-- name: filed_deliveries
select number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding
from alert_deliveries
where number < :before
  and (:sender is null or sender = :sender)
  and (:incident is null or incident = :incident or number in (
      select delivery from alert_dispositions where incident = :incident))
  and (:disposition is null or number in (
      select delivery from alert_dispositions where disposition = :disposition))
order by number desc
limit :limit;

-- name: keep_change
insert into changes (delivery, position, site, at, body) values (:delivery, :position, :site, :at, :body);

-- name: same_change
select 1 from changes where site = :site and at = :at and body = :body limit 1;

-- name: changes
select changes.body, alert_deliveries.sender, changes.delivery from changes
join alert_deliveries on alert_deliveries.number = changes.delivery
where changes.site = :site and changes.at >= :start and changes.at < :end
order by changes.at, changes.delivery, changes.position;

-- name: forget_changes
delete from changes where delivery = :delivery;

-- name: outcomes
select disposition, reason, title, service, fingerprint, incident from alert_dispositions
where delivery = :number order by position;

-- name: outcomes_of_incident
select disposition, reason, title, service, fingerprint, incident, min(delivery) as first, count(*)
from alert_dispositions where incident = :incident
group by fingerprint, disposition, reason
order by first, min(position);

-- name: candidates
select incidents.id, incidents.opened_at, json_group_array(all_of.key)
from incidents
join incident_keys as all_of on all_of.incident = incidents.id
where incidents.site = :site and incidents.id in (
    select shared.incident from incident_keys as shared
    join incidents as theirs on theirs.id = shared.incident
    where shared.key in (select value from json_each(:keys))
      and (theirs.opened_at > :opened_after or shared.key >= 'alert:' and shared.key < 'alert;'
          or shared.key >= 'condition:' and shared.key < 'condition;')
)
group by incidents.id;

-- name: keyed_candidates
select incidents.id, incidents.opened_at, json_group_array(incident_keys.key)
from incidents
join incident_keys on incident_keys.incident = incidents.id
where incidents.site = :site
  and incidents.id in (select incident from incident_keys where key = :key)
group by incidents.id
order by incidents.opened_at, incidents.id;

-- name: open_candidates
select incidents.id, incidents.opened_at, json_group_array(incident_keys.key)
from incidents
join incident_keys on incident_keys.incident = incidents.id
where incidents.site = :site and incidents.opened_at > :opened_after
group by incidents.id
order by incidents.opened_at, incidents.id;

-- name: waiting
select opened.many, opened.since, joined.many, joined.since from (
    select count(*) as many, min(wake_at) as since from incidents
    where site is not null and (:site is null or site = :site)
        and closed = 0 and wake_at <= :now and lease_number = 0
) as opened, (
    select coalesce(sum(json_array_length(unread.body, '$.alerts')), 0) as many,
        min(strftime('%Y-%m-%dT%H:%M:%f+00:00', json_extract(unread.body, '$.at'))) as since
    from (
        select incident, case when json_valid(body) then body else '{}' end as body from inbox where handled = 0
    ) as unread
    join incidents on incidents.id = unread.incident
    where incidents.site is not null and (:site is null or incidents.site = :site)
        and case when json_valid(unread.body) then json_extract(unread.body, '$.kind') end = 'alerts'
) as joined;

-- name: erase_incident_keys
delete from incident_keys where incident = :incident;

-- name: erase_last_words
delete from last_words where incident = :incident;

-- name: erase_alert_dispositions
delete from alert_dispositions where incident = :incident;

-- name: erase_alert_deliveries
delete from alert_deliveries where incident = :incident returning coalesce(length(body), 0);

-- name: erase_ignored_deliveries
delete from alert_deliveries where incident is null and received_at < :before
returning coalesce(length(body), 0);

-- name: closed
select id, json_extract(summary, '$.title'), closed_at from incidents
where closed = 1 and closed_at < :before
order by closed_at, id;

-- name: rows_of
select count(*), coalesce(sum(bytes), 0) from (
    select length(body) + length(summary) as bytes from incidents where id = :incident
    union all select length(body) from timeline where incident = :incident
    union all select length(body) from inbox where incident = :incident
    union all select length(body) + length(value) from evidence where incident = :incident
    union all select length(body) from approvals where incident = :incident
    union all select length(body) from permissions where incident = :incident
    union all select length(body) from intents where incident = :incident
    union all select length(body) from backlog where incident = :incident
    union all select length(body) from messages where incident = :incident
    union all select length(reason) from message_deliveries
        where message in (select seq from messages where incident = :incident)
    union all select length(reason) from attempts where delivery in (
        select message_deliveries.seq from message_deliveries
        join messages on messages.seq = message_deliveries.message where messages.incident = :incident
    )
    union all select length(body) from verdicts where incident = :incident
    union all select length(body) from post_mortem_versions where incident = :incident
    union all select length(body) from action_items where incident = :incident
    union all select length(body) from tickets where incident = :incident
    union all select coalesce(length(body), 0) from alert_deliveries where incident = :incident
);

-- name: has_checkpoints
select 1 from sqlite_master where type = 'table' and name = 'checkpoints';

-- name: checkpoints_of
select count(*), coalesce(sum(bytes), 0) from (
    select length(checkpoint) as bytes from checkpoints where thread_id = :incident
    union all select length(value) from writes where thread_id = :incident
);

-- name: erase_checkpoints
delete from checkpoints where thread_id = :incident;

-- name: erase_writes
delete from writes where thread_id = :incident;

-- name: erase_timeline
delete from timeline where incident = :incident;

-- name: erase_inbox
delete from inbox where incident = :incident;

-- name: erase_evidence
delete from evidence where incident = :incident;

-- name: erase_approvals
delete from approvals where incident = :incident;

-- name: erase_intents
delete from intents where incident = :incident;

-- name: erase_backlog
delete from backlog where incident = :incident;

-- name: erase_messages
delete from messages where incident = :incident;

-- name: erase_incident
delete from incidents where id = :incident;

-- name: site_of
select site from incidents where id = :id;

-- name: note_lesson
insert into lessons (site, one, other, body) values (:site, :one, :other, :body)
on conflict (site, one, other) do update set body = excluded.body;

-- name: lessons
select body from lessons where site = :site order by one, other;

-- name: move_words
update last_words set incident = :into
where incident = :incident
  and (:fingerprints is null or fingerprint in (select value from json_each(:fingerprints)));

-- name: forget_keys
delete from incident_keys
where incident = :incident and key not in (select value from json_each(:keys));

-- name: heartbeat
select body from heartbeats where site = :site and fingerprint = :fingerprint;

-- name: heartbeats
select body from heartbeats where site = :site order by fingerprint;

-- name: keep_heartbeat
insert into heartbeats (site, fingerprint, body) values (:site, :fingerprint, :body)
on conflict (site, fingerprint) do update set body = excluded.body;

-- name: note_answer
insert into idempotency_keys (person, key, at, request, status, answer)
values (:person, :key, :at, :request, :status, :answer)
on conflict (person, key) do nothing;

-- name: answer_of
select request, status, answer, at from idempotency_keys where person = :person and key = :key;

-- name: forget_answers
delete from idempotency_keys where at < :before;

-- name: leader
select owner, process from leaders where site = :site and until > :now;

-- name: lead
insert into leaders (site, owner, process, until) values (:site, :owner, :process, :until)
on conflict (site) do update set owner = excluded.owner, process = excluded.process, until = excluded.until
where leaders.owner = excluded.owner or leaders.until <= :now;

-- name: resign
delete from leaders where site = :site and owner = :owner;

-- name: job_failed
insert into failing_jobs (site, name, tries, since, why) values (:site, :name, :tries, :since, :why)
on conflict (site, name) do update set tries = excluded.tries, why = excluded.why;

-- name: job_went
delete from failing_jobs where site = :site and name = :name;

-- name: failing_jobs
select site, name, tries, since, why from failing_jobs order by site, name;

-- name: beat
insert into workers (owner, body, started_at, seen_at) values (:owner, :body, :now, :now)
on conflict (owner) do update set body = excluded.body, seen_at = excluded.seen_at;

-- name: worker_ended
delete from workers where owner = :owner;

-- name: workers
select owner, body, started_at, seen_at, (julianday(:now) - julianday(seen_at)) * 86400.0 as silent
from workers where (julianday(:now) - julianday(seen_at)) * 86400.0 <= :most;

-- name: held
select lease_owner, id from incidents where lease_owner is not null order by id;

-- name: put_file
insert into files (incident, name, body, encoding, size) values (:incident, :name, :body, :encoding, :size)
on conflict (incident, name) do update
set body = excluded.body, encoding = excluded.encoding, size = excluded.size;

-- name: file
select body, encoding from files where incident = :incident and name = :name;

-- name: files
select name, size from files where incident = :incident order by name;

-- name: erase_files
delete from files where incident = :incident;

-- name: open_session
insert into sessions (id, person, started_at, ends_at, body)
values (:id, :person, :started_at, :ends_at, :body);

-- name: session
select body from sessions where id = :id and ends_at > :now;

-- name: sessions
select body from sessions where ends_at > :now order by started_at desc, id desc;

-- name: end_session
delete from sessions where id = :id;

-- name: end_sessions_of
delete from sessions where person = :person;

-- name: forget_sessions
delete from sessions where ends_at <= :now;

-- name: lock_audit
select 1;

-- name: audit_head
select number, digest from audit order by number desc limit 1;

-- name: write_audit
insert into audit (number, incident, kind, body, digest) values (:number, :incident, :kind, :body, :digest);

-- name: audit
select number, body, digest from audit
where number > :after and (:incident is null or incident = :incident) and (:kind is null or kind = :kind)
order by number limit :limit;

-- name: set_password
insert into passwords (person, hash, set_at) values (:person, :hash, :at)
on conflict (person) do update set hash = excluded.hash, set_at = excluded.set_at;

-- name: password
select hash from passwords where person = :person;

-- name: forget_password
delete from passwords where person = :person;

-- name: with_password
select person from passwords;

-- name: keep_link
insert into setup_links (id, person, ends_at, body) values (:id, :person, :ends_at, :body);

-- name: link
select body from setup_links where id = :id and ends_at > :now;

-- name: use_link
delete from setup_links where id = :id and ends_at > :now returning body;

-- name: forget_links
delete from setup_links where person = :person or ends_at <= :now;

-- name: keep_signing_key
insert into signing_keys (name, secret) values (:name, :secret) on conflict (name) do nothing;

-- name: signing_key
select secret from signing_keys where name = :name;

-- name: add_token
insert into api_tokens (id, hash, person, made_at, ends_at, body)
values (:id, :hash, :person, :made_at, :ends_at, :body);

-- name: token_of
select body from api_tokens where hash = :hash and (ends_at is null or ends_at > :now);

-- name: tokens
select body from api_tokens where (:person is null or person = :person) order by made_at, id;

-- name: revoke_token
delete from api_tokens where id = :id;

-- name: keep_component
insert into public_components (site, name, since) values (:site, :name, :since) on conflict (site, name) do nothing;

-- name: recorded_components
select name, since from public_components where site = :site order by name;

-- name: keep_update
insert into public_updates (id, site, incident, key, state, place, at, body)
values (:id, :site, :incident, :key, :state, :place, :at, :body)
on conflict (incident, key) do nothing;

-- name: draft
select site, body from public_updates where id = :id and state = 'draft';

-- name: change_update
update public_updates set state = :state, place = :place, at = :at, body = :body where id = :id;

-- name: older_drafts
select body from public_updates where incident = :incident and state = 'draft' and at < :at;

-- name: public_updates
select body from public_updates where incident = :incident order by at, id;

-- name: published_updates
select body from public_updates where site = :site and place is not null and at > :since order by place;

-- name: last_place
select coalesce(max(place), 0) from public_updates where site = :site;

-- name: keep_subscriber
insert into subscribers (site, address, token, confirmed, sent_through, wait_until, body)
values (:site, :address, :token, :confirmed, :sent_through, :wait_until, :body)
on conflict (site, address) do update set token = excluded.token, confirmed = excluded.confirmed,
    sent_through = excluded.sent_through, wait_until = excluded.wait_until, body = excluded.body;

-- name: subscriber
select body from subscribers where site = :site and (address = :address or token = :token);

-- name: subscribers
select body from subscribers
where site = :site and confirmed and sent_through < :behind and wait_until <= :now
order by address;

-- name: forget_subscriber
delete from subscribers where site = :site and address = :address;

-- name: forget_unconfirmed
delete from subscribers where site = :site and not confirmed and wait_until < :before;

-- name: restrict
insert into restrictions (incident, body) values (:incident, :body)
on conflict (incident) do update set body = excluded.body;

-- name: restrictions
select body from restrictions order by incident;

-- name: restricted
select incident from restrictions order by incident;

-- name: erase_restrictions
delete from restrictions where incident = :incident;

-- name: announce
insert into permissions (digest, incident, site, body)
values (:digest, :incident, (select site from incidents where id = :incident), :body)
on conflict (digest) do nothing;

-- name: permission
select body from permissions where digest = :digest;

-- name: held_permission
select body from permissions where digest = :digest;

-- name: permissions
select body from permissions where incident = :incident order by digest;

-- name: held_permissions
select body from permissions where incident = :incident order by digest;

-- name: keep_permission
update permissions set body = :body, used_at = coalesce(used_at, :used_at) where digest = :digest;

-- name: acts
select count(*) from permissions
where site = (select site from incidents where id = :incident) and used_at > :since;

-- name: withdraw
insert into withdrawals (site, kind, service, body) values (:site, :kind, :service, :body)
on conflict (site, kind, service) do update set body = excluded.body;

-- name: withdrawals
select body from withdrawals where site = :site order by kind, service;

-- name: withdrawn
select 1 from withdrawals
where site = (select site from incidents where id = :incident) and kind = :kind and service = :service;

-- name: renew_permission
delete from withdrawals where site = :site and kind = :kind and service = :service;

-- name: erase_permissions
delete from permissions where incident = :incident;
