-- The ticket of an action item in a team's tracker: every version of what is known of it, none ever changed. Whoever
-- writes the next version first is the one who asks the tracker.
create table tickets (
    incident text collate "C" not null references incidents (id),
    id text collate "C" not null,
    number bigint not null,
    body text not null,
    primary key (incident, id, number)
);
