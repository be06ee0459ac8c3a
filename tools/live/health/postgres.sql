-- name: server
select current_user::text as role,
       pg_has_role('pg_read_all_stats', 'usage') as sees_all,
       current_setting('max_connections')::int as most,
       current_setting('superuser_reserved_connections')::int as reserved,
       pg_is_in_recovery() as replica,
       (select count(*) from pg_stat_activity
        where datid is not null and coalesce(backend_type, 'client backend') = 'client backend')::int as used,
       (select count(*) from pg_stat_activity where wait_event_type = 'Lock')::int as waiting,
       case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
            then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end::float as behind,
       (select quote_ident(nspname) from pg_extension join pg_namespace as n on n.oid = extnamespace
        where extname = 'pg_stat_statements') as statements_in;

-- name: waits
-- Who waits, since when, and for whom. Each question after holders stops the lock table for a moment, so that
-- the oldest are asked for and no storm of them.
select waiting.pid,
       extract(epoch from clock_timestamp() - coalesce(
           (select min((to_jsonb(lock) ->> 'waitstart')::timestamptz) from pg_locks as lock
            where lock.pid = waiting.pid and not lock.granted), waiting.query_start))::float as seconds,
       pg_blocking_pids(waiting.pid) as holders
from pg_stat_activity as waiting
where wait_event_type = 'Lock'
order by query_start
limit 50;

-- name: sessions
-- All that have something open, the oldest first.
select pid,
       coalesce(nullif(application_name, ''), usename::text, backend_type, '') as who,
       coalesce(state, '') as state,
       backend_type = 'client backend' as client,
       extract(epoch from clock_timestamp() - xact_start)::float as opened,
       case when state = 'active' then extract(epoch from clock_timestamp() - query_start) end::float as running,
       left(coalesce(query, ''), 400) as statement
from pg_stat_activity
where pid <> pg_backend_pid() and (xact_start is not null or state = 'active')
  and backend_type not in ('walsender', 'logical replication worker')
order by xact_start nulls last
limit 500;

-- name: prepared
select gid::text as name, extract(epoch from clock_timestamp() - prepared)::float as opened
from pg_prepared_xacts
where database = current_database()
order by prepared
limit 50;

-- name: replicas
select coalesce(nullif(application_name, ''), usename::text) as name, coalesce(state, '') as state,
       coalesce(extract(epoch from replay_lag), 0)::float as behind
from pg_stat_replication
order by behind desc
limit 20;

-- name: slots
select slot_name::text as name, active,
       pg_wal_lsn_diff(
           case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn
       )::float as kept
from pg_replication_slots
where restart_lsn is not null
order by kept desc
limit 20;

-- name: statements
select query as statement, calls::int8 as calls, total_exec_time / 1000 as total, mean_exec_time / 1000 as mean
from {schema}.pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
  and query not like '%pg_stat_%'  -- such as these
order by total_exec_time desc
limit 3;
