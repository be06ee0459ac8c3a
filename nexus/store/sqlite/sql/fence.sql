-- The fence over LangGraph's checkpoints, applied after the saver's own set-up.
-- Two processes that resume one thread both hang a child on the same checkpoint; the second is stopped here.
-- Never a unique index: the saver writes with INSERT OR REPLACE, which would replace the winner.
create trigger if not exists one_child before insert on checkpoints
when exists (
    select 1 from checkpoints c
    where c.thread_id = new.thread_id
      and c.checkpoint_ns = new.checkpoint_ns
      and c.parent_checkpoint_id is new.parent_checkpoint_id
      and c.checkpoint_id <> new.checkpoint_id
)
begin
    select raise(abort, 'another process has already gone on from this checkpoint');
end;

-- Where checkpoints are pruned, the sibling may be gone as well: a process that was stopped for a while and then
-- goes on from a pruned checkpoint, or starts a thread that has begun, would fork it. It is stopped here.
create trigger if not exists parent_is_there before insert on checkpoints
when not exists (
    select 1 from checkpoints c
    where c.thread_id = new.thread_id
      and c.checkpoint_ns = new.checkpoint_ns
      and c.checkpoint_id in (new.checkpoint_id, new.parent_checkpoint_id)
) and (
    new.parent_checkpoint_id is not null
    or exists (
        select 1 from checkpoints c
        where c.thread_id = new.thread_id and c.checkpoint_ns = new.checkpoint_ns
    )
)
begin
    select raise(abort, 'the checkpoint that this one follows is gone: another process has gone on');
end;
