"""How nodes say that a ConfigMap, a Secret or a key of one is missing."""

import re

from incidents.cluster import FaultKind
from tools.live.cluster.faults.wording import quote

MISSING = re.compile(
    r"(?P<kind>secret|configmap)s? \"(?P<name>[^\"]+)\" not found|"
    r"couldn't find key (?P<key>\S+) in (?P<of>ConfigMap|Secret) (?P<where>\S+)|"
    r"references non-existent (?P<mounted>config|secret) key: (?P<lost>\S+)",
    re.IGNORECASE,
)


def missing_config(found: re.Match[str]) -> tuple[FaultKind, str]:
    """What of ConfigMaps and Secrets is missing, by the words of the node.

    Args:
        found: where `MISSING` matches.
    """
    what = (found["kind"] or found["of"] or found["mounted"] or "").lower()
    kind = FaultKind.SECRET_MISSING if what == "secret" else FaultKind.CONFIG_MISSING
    called = "Secret" if what == "secret" else "ConfigMap"
    if found["name"]:
        return kind, f"the {called} {quote(found['name'], 100)} does not exist"
    if found["key"]:
        where = quote(found["where"].rpartition("/")[2], 100)
        return kind, f"the {called} {where} has no key {quote(found['key'], 100)}"
    return kind, f"a mounted {called} has no key {quote(found['lost'] or '', 100)}"
