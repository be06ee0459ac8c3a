-- A thread is deleted by whoever holds its incident's lease.
delete from writes
where thread_id = :thread
  and exists (
    select 1 from incidents where id = :thread and lease_number = :number and lease_owner is not null
  );
delete from checkpoints
where thread_id = :thread
  and exists (
    select 1 from incidents where id = :thread and lease_number = :number and lease_owner is not null
  );
