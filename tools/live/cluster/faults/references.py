"""Which services a workload is told to call: addresses in its variables, whose values are told nowhere."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tools.live.cluster.snapshot import Snapshot

_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_ADDRESS = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*://)?([^/@\s]*@)?(?P<host>{_NAME})"
    rf"(\.(?P<namespace>{_NAME})(\.svc(\.cluster\.local)?)?\.?)?(:(?P<port>\d{{1,5}}))?(/\S*)?"
)
_HERE = frozenset({"localhost", "host", "0"})


class Reference(NamedTuple):
    """A service that a workload is told to call; `port` None where only its scheme would tell."""

    workload: str
    variable: str
    service: str
    port: int | None


def references(seen: Snapshot) -> Iterator[Reference]:
    """What the variables of all workloads name as an address within the namespace.

    A word alone may be anything: only what has a port, a scheme or the namespace beside it is an address.
    """
    for called, template in seen.templates.items():
        for container in (*template.spec.containers, *template.spec.init_containers):
            for one in container.env:
                found = _ADDRESS.fullmatch(one.value)
                if found is not None and _is_meant(found, seen.namespace):
                    port = int(found["port"]) if found["port"] else None
                    yield Reference(called, one.name, found["host"], port)


def _is_meant(found: re.Match[str], namespace: str) -> bool:
    host, there = found["host"], found["namespace"]
    if host in _HERE or host.isdigit() or (there is not None and there != namespace):
        return False
    return bool(found["port"] or found["scheme"] or there)
