-- Texts that words find; `search` is the index over them, which triggers keep.
create table searchable (
    seq integer primary key,
    incident text not null,
    kind text not null,
    ref text not null,
    text text not null,
    unique (incident, kind, ref)
) strict;

create virtual table search using fts5 (
    text, content = 'searchable', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 0'
);

create trigger searchable_kept after insert on searchable
begin
    insert into search (rowid, text) values (new.seq, new.text);
end;

create trigger searchable_changed after update on searchable
begin
    insert into search (search, rowid, text) values ('delete', old.seq, old.text);
    insert into search (rowid, text) values (new.seq, new.text);
end;

create trigger searchable_erased after delete on searchable
begin
    insert into search (search, rowid, text) values ('delete', old.seq, old.text);
end;

-- What was kept before: as `nexus.store.search` has it from now on.
insert into searchable (incident, kind, ref, text)
select id, 'incident', '', substr(
    coalesce(title, '') || ' '
    || coalesce((select group_concat(value, ' ') from json_each(services)), '') || ' '
    || coalesce(json_extract(body, '$.diagnosis.summary'), '') || ' '
    || coalesce(json_extract(body, '$.end_reason'), ''),
    1, 20000
)
from incidents where json_valid(body) and json_valid(summary);

insert into searchable (incident, kind, ref, text)
select id, 'post-mortem', 'agents', substr(
    (
        select group_concat(part.atom, ' ') from json_tree(incidents.body, '$.post_mortem_report') as part
        where part.type = 'text'
    ),
    1, 20000
)
from incidents where json_valid(body) and json_type(body, '$.post_mortem_report') = 'object';

insert into searchable (incident, kind, ref, text)
select incident, 'post-mortem', 'people', substr(
    (select group_concat(part.atom, ' ') from json_tree(kept.body, '$.text') as part where part.type = 'text'),
    1, 20000
)
from post_mortem_versions as kept
where number = (
    select max(number) from post_mortem_versions as other
    where other.incident = kept.incident and not coalesce(json_extract(other.body, '$.by_agents'), 0)
);

insert into searchable (incident, kind, ref, text)
select incident, 'evidence', id, substr(coalesce(json_extract(value, '$.summary'), ''), 1, 20000)
from evidence where json_valid(value);
