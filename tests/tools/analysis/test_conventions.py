"""Names of metrics as the common exporters write them."""

import pytest
from pydantic import ValidationError

from tools.analysis.conventions import conventions, parse


@pytest.mark.parametrize(
    ("metric", "family"),
    [
        ("request_rate", "traffic"),
        ("error_ratio", "errors"),
        ("latency_p95", "latency"),
        ("cpu", "saturation"),
        ("memory", "saturation"),
        ("connections_in_use", "saturation"),
        ("up", "up"),
        ("http.server.request.duration", "latency"),
        ("http.server.active_requests", "saturation"),
        ("db.client.connections.usage", "saturation"),
        ("process.cpu.utilization", "saturation"),
        ("jvm.memory.used", "saturation"),
        ("http_requests_total", "traffic"),
        ("http_request_duration_seconds_mean", "latency"),
        ("process_resident_memory_bytes", "saturation"),
        ("process_open_fds", "saturation"),
        ("container_cpu_usage_seconds_total", "saturation"),
        ("CPUUtilization", "saturation"),
        ("DatabaseConnections", "saturation"),
        ("HTTPCode_Target_5XX_Count", "errors"),
        ("availability.Average", "success"),
        ("requests.Sum", "traffic"),
        ("grpc_server_handled_total", "traffic"),
        ("http_request_duration_seconds_count", "traffic"),
        ("build_info", "other"),
    ],
)
def test_family(metric: str, family: str) -> None:
    assert conventions().meaning(metric).family == family


@pytest.mark.parametrize(
    ("metric", "family", "bad"),
    [
        # What is throttled or thrown out has not failed yet.
        ("container_cpu_cfs_throttled_periods_total", "saturation", "up"),
        ("container_cpu_cfs_throttled_seconds_total", "saturation", "up"),
        ("ThrottledRequests", "saturation", "up"),
        ("kubelet_evictions", "saturation", "up"),
        ("redis_evicted_keys_total", "saturation", "up"),
        ("envoy_cluster_outlier_detection_ejections_active", "saturation", "up"),
        ("node_netstat_Tcp_RetransSegs", "saturation", "up"),
        ("pg_stat_database_deadlocks", "saturation", "up"),
        # What is ready for a processor waits; who consumes a queue is there or not.
        ("cpu.ready.summation", "saturation", "up"),
        ("k8s.node.condition_ready", "up", "down"),
        ("rabbitmq_queue_consumers", "up", "down"),
        ("kafka_consumergroup_members", "up", "down"),
        # The largest of what was measured is no limit of it.
        ("http_server_requests_seconds_max", "latency", "up"),
        ("latency.Maximum", "latency", "up"),
        ("ReplicaLagMaximum", "saturation", "up"),
        ("hikaricp_connections_max", "other", "both"),
        ("jvm_memory_max_bytes", "other", "both"),
        ("consumed_quota_percent", "saturation", "up"),
        ("system.swap.size[,pused]", "saturation", "up"),
        # What is left of a resource.
        ("EBSByteBalance%", "saturation", "down"),
        ("BurstBalance", "saturation", "down"),
        ("vfs.fs.inode[/,pfree]", "saturation", "down"),
        ("system.swap.size[,pfree]", "saturation", "down"),
        ("sqlserver.page.life_expectancy", "saturation", "down"),
        ("node_memory_MemAvailable_bytes", "saturation", "down"),
        ("node_filesystem_avail_bytes", "saturation", "down"),
        ("node_filesystem_files_free", "saturation", "down"),
        ("FreeableMemory", "saturation", "down"),
        ("FreeStorageSpace", "saturation", "down"),
        ("aws_rds_free_storage_space_average", "saturation", "down"),
        ("CPUCreditBalance", "saturation", "down"),
        ("Available Memory Bytes", "saturation", "down"),
        ("windows_logical_disk_free_bytes", "saturation", "down"),
        ("elasticsearch_filesystem_data_available_bytes", "saturation", "down"),
        # What is used of it.
        ("node_load1", "saturation", "up"),
        ("aws_rds_database_connections_average", "saturation", "up"),
        ("DatabaseConnections", "saturation", "up"),
        ("mysql_global_status_threads_connected", "saturation", "up"),
        ("mysql_global_status_threads_running", "saturation", "up"),
        ("redis_memory_used_bytes", "saturation", "up"),
        ("jvm_memory_used_bytes", "saturation", "up"),
        ("go_goroutines", "saturation", "up"),
        ("process_open_fds", "saturation", "up"),
        # Work that waits.
        ("kafka_consumergroup_lag", "saturation", "up"),
        ("pg_replication_lag_seconds", "saturation", "up"),
        ("rabbitmq_queue_messages_ready", "saturation", "up"),
        ("ApproximateAgeOfOldestMessage", "saturation", "up"),
        ("haproxy_backend_current_queue", "saturation", "up"),
        ("flink_taskmanager_job_task_isBackPressured", "saturation", "up"),
        ("mysql_global_status_innodb_row_lock_waits", "saturation", "up"),
        # What is there.
        ("kube_deployment_status_replicas_available", "up", "down"),
        ("kube_statefulset_status_replicas_ready", "up", "down"),
        ("kube_deployment_status_replicas_unavailable", "saturation", "up"),
        ("etcd_server_has_leader", "up", "down"),
        ("etcd_server_leader_changes_seen_total", "saturation", "up"),
        ("redis_connected_slaves", "up", "down"),
        ("redis_connected_clients", "up", "down"),
        ("HealthyHostCount", "up", "down"),
        ("UnHealthyHostCount", "saturation", "up"),
        ("haproxy_backend_active_servers", "up", "down"),
        ("mysql_slave_status_slave_sql_running", "up", "down"),
        ("vault_core_unsealed", "up", "down"),
        # What failed.
        ("coredns_panics_total", "errors", "up"),
        ("kube_pod_container_status_restarts_total", "errors", "up"),
        ("container_oom_events_total", "errors", "up"),
        ("prometheus_notifications_dropped_total", "errors", "up"),
        ("redis_rejected_connections_total", "errors", "up"),
        ("istio_request_duration_milliseconds_bucket", "latency", "up"),
        ("node_network_receive_drop_total", "network", "up"),
        ("envoy_cluster_upstream_rq_timeout", "errors", "up"),
        # Moments, limits, codes.
        ("probe_ssl_earliest_cert_expiry", "other", "down"),
        ("redis_rdb_last_save_timestamp_seconds", "other", "down"),
        ("kube_deployment_spec_replicas", "other", "both"),
        ("elasticsearch_cluster_health_status", "other", "both"),
        ("container_spec_memory_limit_bytes", "other", "both"),
        # What comes and goes with the day.
        ("http_requests_total", "traffic", "both"),
        ("nginx_http_requests_total", "traffic", "both"),
    ],
)
def test_which_direction_hurts(metric: str, family: str, bad: str) -> None:
    found = conventions().meaning(metric)
    assert (found.family, found.bad) == (family, bad)


def test_the_unit_speaks_where_the_name_is_silent() -> None:
    assert conventions().meaning("checkout_step", "milliseconds").family == "latency"
    assert conventions().meaning("checkout_step").family == "other"


def test_success_hurts_when_it_falls() -> None:
    assert conventions().meaning("success_rate").bad == "down"


@pytest.mark.parametrize(
    ("metric", "counter"), [("http_requests_total", True), ("requests.Sum", False), ("cpu", False)]
)
def test_counters(metric: str, counter: bool) -> None:
    assert conventions().is_counter(metric) is counter


def test_statistics_are_told_apart() -> None:
    known = conventions()
    names = ("latency.Average", "latency_p50", "latency_p99", "latency")
    assert [known.statistic(name) for name in names] == ["mean", "p50", "p99", "other"]


def test_a_malformed_document_is_refused() -> None:
    with pytest.raises(ValidationError):
        parse("rules: [{match: cpu, family: heat}]\nunits: {}\nstatistics: []\ncounters: x")
