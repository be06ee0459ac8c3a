-- The write-ahead of changes, where several machines share a store; the last record of a key is how it stands.
create table action_records (
    seq bigint generated always as identity primary key,
    key text collate "C" not null,
    body text not null
);

create index action_records_of_key on action_records (key, seq);
