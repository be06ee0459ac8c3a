-- Of a thread that waits or has ended, only the head of the outer graph and its writes can still matter.
delete from checkpoints
where thread_id = :thread
  and exists (
    select 1 from incidents where id = :thread and lease_number = :number and lease_owner is not null
  )
  and (checkpoint_ns <> '' or checkpoint_id in (
    select parent_checkpoint_id from checkpoints where thread_id = :thread and checkpoint_ns = ''
  ));
delete from writes
where thread_id = :thread
  and exists (
    select 1 from incidents where id = :thread and lease_number = :number and lease_owner is not null
  )
  and not exists (
    select 1 from checkpoints
    where checkpoints.thread_id = writes.thread_id
      and checkpoints.checkpoint_ns = writes.checkpoint_ns
      and checkpoints.checkpoint_id = writes.checkpoint_id
  );
