-- The index over what incidents say themselves, beside that over all texts: evidence says the same words much
-- more often, and who asks what was before asks incidents alone.
create view incident_texts as select seq, text from searchable where kind = 'incident';

create virtual table past using fts5 (
    text, content = 'incident_texts', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 0'
);

create trigger past_kept after insert on searchable when new.kind = 'incident'
begin
    insert into past (rowid, text) values (new.seq, new.text);
end;

create trigger past_changed after update on searchable when new.kind = 'incident'
begin
    insert into past (past, rowid, text) values ('delete', old.seq, old.text);
    insert into past (rowid, text) values (new.seq, new.text);
end;

create trigger past_erased after delete on searchable when old.kind = 'incident'
begin
    insert into past (past, rowid, text) values ('delete', old.seq, old.text);
end;

insert into past (past) values ('rebuild');
