"""Which services a workload is told to call: addresses in its variables, whose values are told nowhere."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tools.live.cluster.snapshot import Snapshot

_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_ADDRESS = re.compile(
    rf"((?P<scheme>[a-z][a-z0-9+.-]*)://)?([^/@\s]*@)?(?P<host>{_NAME})"
    rf"(\.(?P<namespace>{_NAME})(\.svc(\.cluster\.local)?)?\.?)?(:(?P<port>\d{{1,5}}))?(/\S*)?"
)
#: What names a service of a network; the host of others, such as `s3://bucket`, is something else.
_SCHEMES = frozenset({
    "http", "https", "grpc", "grpcs", "tcp", "udp", "ws", "wss", "redis", "rediss", "postgres", "postgresql",
    "mysql", "mariadb", "mongodb", "amqp", "amqps", "nats", "kafka", "memcached", "ldap", "smtp",
})  # fmt: skip
#: How variables that hold an address are called.
_CALLED = re.compile(
    r"addr|host|ur[il]|endpoint|server|service|broker|upstream|backend|target|dsn|connect", re.I
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

    A word alone may be anything: only what has a port, a scheme or the namespace beside it is an address. A
    word with a number behind it may be an image: there the variable has to be called like an address, or the
    word has to be the name of a service or workload.
    """
    known = {one.metadata.name for one in seen.services}
    known |= {called.partition("/")[2] for called in seen.templates}
    for called, template in seen.templates.items():
        for container in (*template.spec.containers, *template.spec.init_containers):
            for one in container.env:
                found = _ADDRESS.fullmatch(one.value)
                if found is None or not _is_meant(found, seen.namespace):
                    continue
                if (
                    found["scheme"]
                    or found["namespace"]
                    or found["host"] in known
                    or _CALLED.search(one.name)
                ):
                    port = int(found["port"]) if found["port"] else None
                    yield Reference(called, one.name, found["host"], port)


def _is_meant(found: re.Match[str], namespace: str) -> bool:
    host, there = found["host"], found["namespace"]
    if host in _HERE or host.isdigit() or (there is not None and there != namespace):
        return False
    if found["scheme"]:
        return found["scheme"] in _SCHEMES
    return bool(found["port"] or there)
