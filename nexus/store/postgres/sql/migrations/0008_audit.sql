-- What people did, in one chain of digests. It belongs to no incident: it stays when one is deleted.
create table audit (
    number bigint primary key,
    incident text collate "C",
    kind text not null,
    body text not null,
    digest text not null unique
);

create index audit_of_incident on audit (incident, number) where incident is not null;
create index audit_of_kind on audit (kind, number);

create function audit_only_grows() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.number = (select coalesce(max(number), 0) + 1 from audit) then
            return new;
        end if;
        raise exception 'the audit only grows, at its end';
    end if;
    raise exception 'what stands in the audit is not changed and not deleted';
end $$;

create trigger audit_grows_at_its_end before insert on audit for each row execute function audit_only_grows();
create trigger audit_is_not_changed before update or delete on audit for each row execute function audit_only_grows();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_only_grows();
