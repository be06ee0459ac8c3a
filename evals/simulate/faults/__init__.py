"""Every kind of fault by its name."""

from collections.abc import Mapping

from evals.simulate.faults import database, load, messages, network, outside, release, resources, uncarded
from evals.simulate.faults.base import Fault

#: Kinds that a card of causes exists for, or should.
CARDED: Mapping[str, Fault] = {
    "bad_release_errors": release.release_errors,
    "bad_release_slow": release.release_slow,
    "bad_release_wrong": release.release_wrong,
    "crash_loop": resources.crash_loop,
    "config_timeout": release.config_timeout,
    "config_access": release.config_access,
    "feature_flag": release.feature_flag,
    "new_data": release.new_data,
    "slow_provider": outside.slow_provider,
    "failing_provider": outside.failing_provider,
    "quota": outside.quota,
    "cpu_starvation": resources.cpu_starvation,
    "memory_leak": resources.memory_leak,
    "disk_full": resources.disk_full,
    "node_processor": resources.node_processor,
    "node_network": resources.node_network,
    "node_down": resources.node_down,
    "pool_leak": database.pool_leak,
    "few_connections": database.few_connections,
    "lock_contention": database.lock_contention,
    "slow_statement": database.slow_statement,
    "replica_lag": database.replica_lag,
    "database_overload": database.database_overload,
    "delay_between": network.delay_between,
    "delay_at": network.delay_at,
    "loss_between": network.loss_between,
    "loss_at": network.loss_at,
    "certificate": network.certificate,
    "dns": network.dns,
    "clock_skew": network.clock_skew,
    "traffic_surge": load.traffic_surge,
    "scaling_stuck": load.scaling_stuck,
    "retry_storm": load.retry_storm,
    "thundering_herd": load.thundering_herd,
    "cache_flush": load.cache_flush,
    "strict_checks": load.strict_checks,
    "misuse": load.misuse,
    "poison_message": messages.poison_message,
    "slow_consumer": messages.slow_consumer,
}
#: Kinds without one: what is right to say is that the kind of cause is not known.
UNCARDED: Mapping[str, Fault] = {
    "stalls": uncarded.stalls,
    "descriptors": uncarded.descriptors,
    "half_open": uncarded.half_open,
}

KINDS: Mapping[str, Fault] = {**CARDED, **UNCARDED}
