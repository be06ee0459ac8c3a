-- The headers by which a body is told, such as those of a CloudEvent in binary mode: it is read again with them.
alter table alert_deliveries add column headers text;
