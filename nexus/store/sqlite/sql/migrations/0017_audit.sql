-- What people did, in one chain of digests. It belongs to no incident: it stays when one is deleted.
create table audit (
    number integer primary key,
    incident text,
    kind text not null,
    body text not null,
    digest text not null unique
) strict;

create index audit_of_incident on audit (incident, number) where incident is not null;
create index audit_of_kind on audit (kind, number);

create trigger audit_grows_at_its_end before insert on audit
when new.number <> (select coalesce(max(number), 0) + 1 from audit)
begin
    select raise(abort, 'the audit only grows, at its end');
end;

create trigger audit_is_not_changed before update on audit
begin
    select raise(abort, 'what stands in the audit is not changed');
end;

create trigger audit_is_not_deleted before delete on audit
begin
    select raise(abort, 'what stands in the audit is not deleted');
end;
