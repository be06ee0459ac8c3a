-- The checkpoint of a thread that no other follows.
select checkpoint_id from checkpoints
where thread_id = %(thread)s and checkpoint_ns = %(namespace)s and checkpoint_id not in (
    select parent_checkpoint_id from checkpoints
    where thread_id = %(thread)s and checkpoint_ns = %(namespace)s and parent_checkpoint_id is not null
)
order by checkpoint_id desc limit 1
