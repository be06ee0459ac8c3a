"""The names that a label's value may mean, the most certain first. Pure.

Names are compared as `key_of` makes them: without case, and with `-` for what joins their parts.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tools.alerts.identity import workload_of
from tools.alerts.matching.conventions import Form, conventions

_JOINTS = re.compile(r"[\s_.]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PORT = re.compile(r":\d+$")
_ORDINAL = re.compile(r"[-_]?\d+$")
_VERSION_OR_PORT = re.compile(r"-(?:v\d+|\d{2,5})$")
_UNIT = re.compile(r"(?:@[^.]*)?\.(?:service|timer|socket|scope|slice)$", re.IGNORECASE)
#: Envoy: `outbound|8080|v1|payment.shop.svc.cluster.local`, also with `_.` for `|`.
_ENVOY = re.compile(r"^(?:in|out)bound[|_.].*?[|_]\.?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)$", re.IGNORECASE)
_IP = re.compile(r"^(?:\d{1,3}\.){3}\d{1,3}$|^[0-9a-f]*:[0-9a-f:.%]+$", re.IGNORECASE)
#: Of OpenShift's router: `be_edge_http:shop:payment`.
_ROUTER = re.compile(r"(?:^|/)be_[a-z_]+:(?P<namespace>[a-z0-9-]+):(?P<name>[a-z0-9-]+)$")
#: What a proxy calls a group of servers: `payment_backend`, `bk_payment`.
_POOL = re.compile(
    r"(?:bk|be|backend|upstream|pool)[-_](?P<after>.+)|(?P<before>.+)[-_](?:bk|be|backend|upstream|pool)",
    re.IGNORECASE,
)
#: Of the cluster's own DNS.
_CLUSTER_DNS = re.compile(
    r"^(?P<name>[a-z0-9-]+(?:\.[a-z0-9-]+)?)\.(?P<namespace>[a-z0-9-]+)\.(?:svc|pod)(?:\.|$)", re.IGNORECASE
)
LONGEST = 300


class Spelling(NamedTuple):
    """One name that may be meant, and the namespace that the value itself gives."""

    key: str
    namespace: str = ""


@lru_cache(maxsize=8192)
def key_of(name: str) -> str:
    """How names are compared."""
    return _JOINTS.sub("-", _CAMEL.sub("-", name.strip()).casefold()).strip("-")


def flat_key_of(name: str) -> str:
    """The same without case alone: `Payment` and `PAYMENT`, and `PaymentAPI` as one word."""
    return _JOINTS.sub("-", name.strip().casefold()).strip("-")


def host_of(value: str) -> str:
    """The host of an address, without scheme, port and path; lower case."""
    rest = _SCHEME.sub("", value.strip()).split("/", 1)[0].rsplit("@", 1)[-1].casefold()
    if rest.startswith("["):
        return rest[1:].split("]", 1)[0]
    return _PORT.sub("", rest) if rest.count(":") <= 1 else rest


def port_of(value: str) -> int | None:
    """The port of an address, if it says one."""
    rest = _SCHEME.sub("", value.strip()).split("/", 1)[0]
    found = re.search(r"(?:^[^:]*|\]):(\d{1,5})$", rest)
    return int(found[1]) if found else None


def path_of(value: str) -> str:
    """The path of an address, `/` where it has none."""
    rest = _SCHEME.sub("", value.strip()).partition("/")
    return "/" + re.split(r"[?#]", rest[2], maxsplit=1)[0]


def is_ip(host: str) -> bool:
    """Whether it is a number that only the backends can turn into a name."""
    return _IP.match(host) is not None


@lru_cache(maxsize=16384)
def spellings(value: str, form: Form, namespace: str = "") -> tuple[Spelling, ...]:
    """What a value may name, without repetitions.

    Args:
        value: of a label.
        form: how such labels are written.
        namespace: that the alert stands in; it may stand before or after a name.
    """
    return tuple(dict.fromkeys(_READERS.get(form, _name)(value[:LONGEST].strip(), namespace)))


def _exactly(value: str, namespace: str) -> Iterator[Spelling]:
    return _written(Spelling(value))


def _written(spelling: Spelling) -> Iterator[Spelling]:
    name, namespace = spelling
    yield Spelling(flat_key_of(name), namespace)
    yield Spelling(key_of(name), namespace)


def _name(value: str, namespace: str) -> Iterator[Spelling]:
    """`Payment`, `shop/payment`, `payment.shop.svc.cluster.local`, `payment:8080`, `payment@docker`."""
    if found := _ENVOY.match(value):
        value = found["host"]
    yield from _written(Spelling(value))
    for spelling in _unqualified(value):
        yield from _affixed(spelling, namespace)


def _unqualified(value: str) -> Iterator[Spelling]:
    bare = _SCHEME.sub("", value).split("@", 1)[0]
    parts = [part for part in bare.split("/") if part]
    if len(parts) >= 3 and parts[0].casefold() in {"servicemonitor", "podmonitor", "probe"}:
        parts = parts[1:3]
    elif len(parts) == 3 and parts[0].casefold() in {"targetgroup", "app", "net"}:
        parts = parts[1:2]  # of an AWS load balancer: its kind, name and number
    elif len(parts) > 2:
        parts = parts[-1:]
    if not parts:
        return
    namespace = parts[0] if len(parts) == 2 else ""
    name = parts[-1]
    if found := _CLUSTER_DNS.match(name):
        yield Spelling(found["name"].rsplit(".", 1)[-1], found["namespace"])
        return
    yield Spelling(_PORT.sub("", name), namespace)
    head, dot, rest = _PORT.sub("", name).partition(".")
    if dot and not is_ip(_PORT.sub("", name)):
        yield Spelling(head, rest if "." not in rest else "")


def _affixed(spelling: Spelling, namespace: str) -> Iterator[Spelling]:
    """The name itself, then without what is written around names."""
    yield from _written(spelling)
    names = [key_of(spelling.key)]
    for name in names:  # it grows while it is walked
        if len(names) > 12:
            break
        names += [one for one in _shorter(name, namespace or spelling.namespace) if one not in names]
    for name in names:
        yield Spelling(name, spelling.namespace)


def _shorter(name: str, namespace: str) -> Iterator[str]:
    known, around = conventions(), key_of(namespace)
    if "-" not in name:
        return
    if _VERSION_OR_PORT.search(name):
        yield _VERSION_OR_PORT.sub("", name)
    head, _, last = name.rpartition("-")
    if last in known.suffixes:
        yield head
    first, _, tail = name.partition("-")
    if first in known.beginnings:
        yield tail
    if around and name.startswith(f"{around}-"):
        yield name.removeprefix(f"{around}-")
    if around and name.endswith(f"-{around}"):
        yield name.removesuffix(f"-{around}")


def _pod(value: str, namespace: str) -> Iterator[Spelling]:
    yield from _name(value, namespace)
    own, _, name = value.rpartition("/")
    while (shorter := workload_of(name)) != name:
        name = shorter
        yield from _affixed(Spelling(name, own), namespace)


def _claim(value: str, namespace: str) -> Iterator[Spelling]:
    """`data-payment-db-0` of a stateful set, `payment-data`."""
    yield from _name(value, namespace)
    name = key_of(_ORDINAL.sub("", value))
    parts, words = name.split("-"), conventions().volume_words
    yield from _affixed(Spelling(name), namespace)
    for cut in range(1, len(parts)):
        if _ORDINAL.search(value) or parts[cut - 1] in words:
            yield Spelling("-".join(parts[cut:]))
    while len(parts) > 1 and parts[-1] in words:
        parts.pop()
        yield from _affixed(Spelling("-".join(parts)), namespace)


def _container(value: str, namespace: str) -> Iterator[Spelling]:
    yield from _name(value.lstrip("/"), namespace)
    yield from _composed(value, namespace)


def _stacked(value: str, namespace: str) -> Iterator[Spelling]:
    """Of Docker's swarm: `shop_payment`, a stack and its service."""
    yield from _container(value, namespace)
    _, line, own = value.partition("_")
    if line:
        yield from _affixed(Spelling(own), namespace)


def _unit(value: str, namespace: str) -> Iterator[Spelling]:
    """Of systemd: `payment.service`, `payment@2.service`."""
    if _UNIT.search(value):
        yield from _affixed(Spelling(_UNIT.sub("", value)), namespace)


def _composed(value: str, namespace: str) -> Iterator[Spelling]:
    """Of Docker: `shop_payment_1`, `shop-payment-1`, a stack's `shop_payment.1.x7…`, `k8s_payment_POD_…`."""
    name = value.lstrip("/")
    if name.startswith("k8s_") and len(parts := name.split("_")) > 3:
        yield from _written(Spelling(parts[1]))
        yield from _pod(parts[2], parts[3])
        return
    if found := re.match(r"^([^.]+)\.\d+(?:\.[a-z0-9]{8,})?$", name):
        name = found[1]
    elif (numbered := re.sub(r"[-_]\d+$", "", name)) != name:
        name = numbered
    else:
        return
    yield from _affixed(Spelling(name), namespace)
    parts = re.split(r"[-_]", name)
    for cut in range(1, len(parts)):
        yield Spelling(key_of("-".join(parts[cut:])))


def _route(value: str, namespace: str) -> Iterator[Spelling]:
    if value.startswith("/"):
        return  # the path of a request
    yield from _name(value, namespace)
    if (found := _ROUTER.search(value)) is not None:
        yield from _affixed(Spelling(found["name"], found["namespace"]), "")
    if (found := _POOL.fullmatch(value)) is not None:
        yield from _affixed(Spelling(found["after"] or found["before"]), namespace)
    head = key_of(value.split("@", 1)[0])
    # Of ingress controllers: NAMESPACE-SERVICE-PORT, without an end that says where the namespace ends.
    bare = re.sub(r"-(?:\d{2,5}|https?|grpc|web)$", "", head)
    if bare != head or "@" in value:
        parts = bare.split("-")
        yield from (Spelling("-".join(parts[cut:]), "-".join(parts[:cut])) for cut in range(1, len(parts)))


def _host(address: str, namespace: str = "") -> Iterator[Spelling]:
    """`payment-1.prod.example.com`, `payment01`, `payment.shop.svc`, a pod behind a headless service."""
    host = host_of(address)
    if is_ip(host) or not host:
        return
    if found := _CLUSTER_DNS.match(host):
        yield from _affixed(Spelling(found["name"].rsplit(".", 1)[-1], found["namespace"]), "")
        return
    head, _, rest = host.partition(".")
    around = rest if rest and "." not in rest else namespace
    yield from _affixed(Spelling(head), around)
    name = head
    while (shorter := _ORDINAL.sub("", workload_of(name))) != name and shorter:
        name = shorter
        yield from _affixed(Spelling(name), around)


def _target(value: str, namespace: str) -> Iterator[Spelling]:
    if not _SCHEME.match(value):
        return
    yield from _host(value)
    for part in path_of(value).split("/"):
        if part:
            yield from _written(Spelling(part))


#: What reads a value of each form; the others are names.
_READERS: dict[Form, Callable[[str, str], Iterator[Spelling]]] = {
    Form.POD: _pod,
    Form.CLAIM: _claim,
    Form.CONTAINER: _container,
    Form.COMPOSED: _composed,
    Form.STACKED: _stacked,
    Form.UNIT: _unit,
    Form.TARGET: _target,
    Form.HOST: _host,
    Form.STORE: _exactly,
    Form.ROUTE: _route,
}
