"""Every kind of fault by its name."""

from collections.abc import Mapping

from evals.simulate.faults import outside, release
from evals.simulate.faults.base import Fault

#: Kinds that a card of causes exists for, or should.
CARDED: Mapping[str, Fault] = {
    "bad_release_errors": release.release_errors,
    "bad_release_slow": release.release_slow,
    "bad_release_wrong": release.release_wrong,
    "config_timeout": release.config_timeout,
    "config_access": release.config_access,
    "feature_flag": release.feature_flag,
    "new_data": release.new_data,
    "slow_provider": outside.slow_provider,
    "failing_provider": outside.failing_provider,
    "quota": outside.quota,
}
#: Kinds without one: what is right to say is that the kind of cause is not known.
UNCARDED: Mapping[str, Fault] = {}

KINDS: Mapping[str, Fault] = {**CARDED, **UNCARDED}
