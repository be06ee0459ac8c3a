-- Texts that words find, by an index over their words: what is no letter and no digit parts them.
create table searchable (
    seq bigint generated always as identity primary key,
    incident text collate "C" not null,
    kind text collate "C" not null,
    ref text collate "C" not null,
    text text not null,
    unique (incident, kind, ref)
);

create index searchable_words on searchable using gin (
    to_tsvector('simple', regexp_replace(text, '[!-/:-@[-`{-~]+', ' ', 'g'))
);

-- What was kept before: as `nexus.store.search` has it from now on. A row that cannot be read is not found: it is
-- no JSON, or has a NUL, which PostgreSQL does not read.
create function pg_temp.strings_at(body text, path jsonpath) returns text language plpgsql as $$
begin
    return (select string_agg(piece #>> '{}', ' ') from jsonb_path_query(body::jsonb, path) as piece);
exception when untranslatable_character or invalid_text_representation then
    return null;
end;
$$;

insert into searchable (incident, kind, ref, text)
select id, 'incident', '', left(
    title || ' ' || array_to_string(services, ' ') || ' '
    || coalesce(pg_temp.strings_at(body, '$.diagnosis.summary'), '') || ' '
    || coalesce(pg_temp.strings_at(body, '$.end_reason'), ''),
    20000
)
from incidents;

insert into searchable (incident, kind, ref, text)
select id, 'post-mortem', 'agents', left(told, 20000)
from incidents, pg_temp.strings_at(
    body, 'strict $.post_mortem_report.** ? (@.type() == "string")'
) as told
where told is not null;

insert into searchable (incident, kind, ref, text)
select incident, 'post-mortem', 'people', left(told, 20000)
from post_mortem_versions as kept,
    pg_temp.strings_at(kept.body, 'strict $.text.** ? (@.type() == "string")') as told
where told is not null and number = (
    select max(number) from post_mortem_versions as other
    where other.incident = kept.incident and pg_temp.strings_at(other.body, '$.by_agents') is distinct from 'true'
);

insert into searchable (incident, kind, ref, text)
select incident, 'evidence', id, left(told, 20000)
from evidence, pg_temp.strings_at(value, '$.summary') as told
where told is not null;
