-- A thread is deleted by whoever holds its incident's lease.
delete from checkpoint_writes where thread_id = %(thread)s;
delete from checkpoints where thread_id = %(thread)s;
delete from checkpoint_blobs where thread_id = %(thread)s;
