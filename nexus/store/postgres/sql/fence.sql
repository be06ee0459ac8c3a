-- The fence over LangGraph's checkpoints, applied after the saver's own set-up.
-- Two processes that resume one thread both hang a child on the same checkpoint; the second waits for the first
-- and is stopped. A parent that is null is one like any other: a thread is begun once.
create unique index if not exists one_child
on checkpoints (thread_id, checkpoint_ns, coalesce(parent_checkpoint_id, ''));

-- Where checkpoints are pruned, the sibling may be gone as well: a process that was stopped for a while and then
-- goes on from a pruned checkpoint, or starts a thread that has begun, would fork it. It is stopped here. The
-- parent is locked, so that it cannot be pruned while its child is written.
create or replace function parent_is_there() returns trigger language plpgsql as $$
begin
    if new.parent_checkpoint_id is null then
        perform 1 from checkpoints c where c.thread_id = new.thread_id and c.checkpoint_ns = new.checkpoint_ns
            and c.checkpoint_id = new.checkpoint_id;
        if found then
            return new;
        end if;
        perform 1 from checkpoints c where c.thread_id = new.thread_id and c.checkpoint_ns = new.checkpoint_ns;
        if not found then
            return new;
        end if;
    else
        perform 1 from checkpoints c where c.thread_id = new.thread_id and c.checkpoint_ns = new.checkpoint_ns
            and c.checkpoint_id in (new.checkpoint_id, new.parent_checkpoint_id)
            for key share;
        if found then
            return new;
        end if;
    end if;
    raise exception using errcode = 'NX002',
        message = 'the checkpoint that this one follows is gone: another process has gone on';
end
$$;

create or replace trigger parent_is_there before insert on checkpoints
for each row execute function parent_is_there();
