-- The most severe level that alerts say of which no turn has heard yet, by the runbook's table: an incident is
-- driven by it before it is classified, and when one joins that is worse.
alter table incidents add column alerted text;
