-- name: connections
select count(*) filter (where backend_type = 'client backend') as used,
       current_setting('max_connections')::int as most,
       count(*) filter (where state = 'idle in transaction') as idle_in_transaction
from pg_stat_activity;

-- name: locks
select count(*) as blocked,
       coalesce(max(extract(epoch from now() - waiting.query_start)), 0)::float as longest,
       coalesce(max(extract(epoch from now() - holder.xact_start)), 0)::float as holder,
       max(holder.pid) as holder_pid,
       max(holder.state) as holder_state
from pg_stat_activity as waiting
join lateral unnest(pg_blocking_pids(waiting.pid)) as blocking(pid) on true
join pg_stat_activity as holder on holder.pid = blocking.pid;

-- name: slow
select count(*) as slow,
       coalesce(max(extract(epoch from now() - query_start)), 0)::float as longest
from pg_stat_activity
where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()
  and now() - query_start > make_interval(secs => %(slow)s);

-- name: replication
select pg_is_in_recovery() as replica,
       (select count(*) from pg_stat_replication) as replicas,
       coalesce((select max(extract(epoch from replay_lag)) from pg_stat_replication), 0)::float as lag;
