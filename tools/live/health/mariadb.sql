-- name: server
select connection_id() as own, @@max_connections as most, @@performance_schema = 1 as keeps_statements,
       (select variable_value from information_schema.global_status
        where variable_name = 'THREADS_CONNECTED') + 0 as used;

-- name: transactions
-- The server tells their times by its own zone, whatever the session's is.
select t.trx_id + 0 as id, t.trx_mysql_thread_id + 0 as thread,
       timestampdiff(microsecond, t.trx_started, now(6)) / 1e6 as opened,
       timestampdiff(microsecond, t.trx_wait_started, now(6)) / 1e6 as waited,
       coalesce(p.user, '') as who, coalesce(p.command, '') as command,
       coalesce(left(t.trx_query, 400), '') as statement
from information_schema.innodb_trx as t
left join information_schema.processlist as p on p.id = t.trx_mysql_thread_id
order by t.trx_started
limit 500;

-- name: waits
select requesting_trx_id + 0 as waiter, blocking_trx_id + 0 as holder
from information_schema.innodb_lock_waits
limit 1000;

-- name: sessions
select id + 0 as id, user as who, command, coalesce(state, '') as state, time_ms / 1000 as running,
       coalesce(left(info, 400), '') as statement
from information_schema.processlist
where id <> connection_id() and command not in ('Sleep', 'Daemon')
order by time_ms desc
limit 500;

-- name: replication
show all slaves status;

-- name: statements
select digest_text as statement, count_star + 0 as calls, sum_timer_wait / 1e12 as total,
       avg_timer_wait / 1e12 as mean
from performance_schema.events_statements_summary_by_digest
where digest_text is not null and digest_text not like '%information_schema%'
order by sum_timer_wait desc
limit 3;
