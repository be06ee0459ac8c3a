-- Of a thread that waits or has ended, only the head of the outer graph and its writes can still matter, and the
-- values of channels that it names.
delete from checkpoints
where thread_id = %(thread)s
  and (checkpoint_ns <> '' or checkpoint_id in (
    select parent_checkpoint_id from checkpoints where thread_id = %(thread)s and checkpoint_ns = ''
  ));
delete from checkpoint_writes
where thread_id = %(thread)s
  and not exists (
    select 1 from checkpoints
    where checkpoints.thread_id = checkpoint_writes.thread_id
      and checkpoints.checkpoint_ns = checkpoint_writes.checkpoint_ns
      and checkpoints.checkpoint_id = checkpoint_writes.checkpoint_id
  );
delete from checkpoint_blobs
where thread_id = %(thread)s
  and not exists (
    select 1 from checkpoints, jsonb_each_text(checkpoint -> 'channel_versions') as named
    where checkpoints.thread_id = checkpoint_blobs.thread_id
      and checkpoints.checkpoint_ns = checkpoint_blobs.checkpoint_ns
      and named.key = checkpoint_blobs.channel and named.value = checkpoint_blobs.version
  );
