"""The names of a catalogue's services, ready to be looked up. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from itertools import pairwise
from typing import NamedTuple

from incidents.catalogue import Service, ServiceKind
from incidents.value import Value
from tools.alerts.body import plain_word
from tools.alerts.matching.conventions import Form
from tools.alerts.matching.spellings import Spelling, flat_key_of, host_of, key_of, path_of, port_of

#: The block of `labels` that holds for every sender.
ANY = "any"
_STORES = frozenset({ServiceKind.DATABASE, ServiceKind.QUEUE})


class Alias(Value):
    """A name that a person said means a service."""

    name: str
    service: str


class _Name(NamedTuple):
    service: str
    namespaces: frozenset[str]

    def stands_in(self, namespace: str) -> bool:
        return not self.namespaces or not namespace or namespace in self.namespaces


class _Pattern(NamedTuple):
    pattern: re.Pattern[str]
    name: _Name

    def fits(self, key: str, namespace: str) -> bool:
        return self.name.stands_in(namespace) and self.pattern.fullmatch(key) is not None


class _Endpoint(NamedTuple):
    host: str
    port: int | None
    path: str
    service: str


class ServiceNames:
    """All names by which services are called.

    Args:
        services: the catalogue's.
        aliases: what people have said beside it; it counts before what the catalogue says.
    """

    def __init__(self, services: Sequence[Service], aliases: Sequence[Alias] = ()) -> None:
        self.all = tuple(service.name for service in services)
        self.spelled = tuple(name for service in services for name in (service.name, *service.aliases))
        self._names: dict[str, list[_Name]] = {}
        self._routes: dict[str, list[_Name]] = {}
        self._otel: dict[str, list[_Name]] = {}
        self._workloads: list[_Pattern] = []
        self._hosts: list[_Pattern] = []
        self._ports: dict[int, str] = {}
        self._labels: list[tuple[str, str, re.Pattern[str], str]] = []
        self._paths: list[_Endpoint] = []
        self._stores = {service.name for service in services if service.kind in _STORES}
        self._said = {key_of(alias.name): alias.service for alias in aliases if alias.service in self.all}
        for service in services:
            self._add(service)
        self._alone = _alone(services)

    @property
    def has_aliases(self) -> bool:
        """Whether people have said anything."""
        return bool(self._said)

    def said(self, value: str) -> str | None:
        """The service that a person said this very text means."""
        return self._said.get(key_of(value))

    def labelled(self, labels: Mapping[str, str], source: str) -> tuple[str, str, str] | None:
        """The service that a label means by the catalogue's own word, with that label and its value."""
        for sender, label, pattern, service in self._labels:
            if sender in (ANY, source) and label in labels and pattern.fullmatch(labels[label].casefold()):
                return service, label, labels[label]
        return None

    def find(self, written: Sequence[Spelling], form: Form, namespace: str = "") -> str | None:
        """The one service that is called that there; None if none or several are.

        Args:
            written: what a value may mean, the most certain first.
            form: of the label where it stood; some names count in some labels alone.
            namespace: that the alert stands in, where the value gives none.
        """
        patterns = self._workloads if form in (Form.WORKLOAD, Form.POD, Form.ROUTE) else ()
        for spelling in written:
            where = key_of(spelling.namespace or namespace)
            found = {one.service for one in self._called(spelling.key, form) if one.stands_in(where)}
            if form is Form.STORE:
                found &= self._stores
            if len(found) == 1:
                return found.pop()
        for spelling in written if patterns else ():
            where = key_of(spelling.namespace or namespace)
            found = {one.name.service for one in patterns if one.fits(spelling.key, where)}
            if len(found) == 1:
                return found.pop()
        return None

    def _called(self, key: str, form: Form) -> Iterator[_Name]:
        yield from self._names.get(key, ())
        if form is Form.ROUTE:
            yield from self._routes.get(key, ())
        if form is Form.OTEL:
            yield from self._otel.get(key, ())

    def at(self, address: str) -> str | None:
        """The service of an address: by its endpoints, else by its machines' names, else by its port."""
        host, port = host_of(address), port_of(address)
        path = path_of(address)
        here = [one for one in self._paths if one.host == host and (port is None or one.port in (port, None))]
        if path == "/" and not any(one.path == "/" for one in here):
            deepest = {one.service for one in here if one.port == port}
        else:
            below = [one for one in here if f"{path.rstrip('/')}/".startswith(f"{one.path.rstrip('/')}/")]
            longest = max((len(one.path) for one in below), default=0)
            deepest = {one.service for one in below if len(one.path) == longest}
        if len(deepest) == 1:
            return deepest.pop()
        on_it = {one.name.service for one in self._hosts if one.pattern.fullmatch(host)}
        if len(on_it) == 1:
            return on_it.pop()
        return self._ports.get(port) if port is not None else None

    def alone_in(self, namespace: str) -> str | None:
        """The service that has a namespace for itself."""
        return self._alone.get(key_of(namespace))

    def _add(self, service: Service) -> None:
        name = _Name(service.name, frozenset(key_of(one) for one in service.namespaces))
        for key in _keys(service):
            self._names.setdefault(key, []).append(name)
            for space in name.namespaces:  # as a gateway writes both: `shop-checkout`
                self._routes.setdefault(f"{space}-{key}", []).append(name)
        for text in service.otel:
            space, _, own = text.rpartition("/")
            spaces = frozenset({key_of(space)}) if space else name.namespaces
            self._otel.setdefault(key_of(own), []).append(_Name(service.name, spaces))
        self._workloads += [_Pattern(_glob(key_of(one)), name) for one in service.workloads]
        self._hosts += [_Pattern(_host_glob(one), name) for one in service.hosts]
        self._ports |= dict.fromkeys(service.ports, service.name)
        self._labels += [
            (one.sender.casefold(), plain_word(one.label), _glob(value.casefold()), service.name)
            for one in service.labels
            for value in one.values
        ]
        for endpoint in service.endpoints:
            url = endpoint.url
            host = (url.host or "").casefold()
            self._paths.append(_Endpoint(host, url.port, url.path or "/", service.name))


def clashes(services: Sequence[Service]) -> list[str]:
    """A sentence for each name that two services claim and nothing tells apart."""
    claims: dict[tuple[str, str], list[tuple[int, Service]]] = {}
    for number, service in enumerate(services):
        for kind, key in dict.fromkeys(_claims(service)):
            claims.setdefault((kind, key), []).append((number, service))
    return [
        f"services[{second[0]}].{kind}: {key!r} is also a name of {first[1].name!r}; "
        f"{second[1].name!r} needs one of its own, or both different `namespaces`"
        for (kind, key), claimed in claims.items()
        for first, second in pairwise(claimed)
        if first[1].name != second[1].name and not _apart(first[1], second[1])
    ]


def _claims(service: Service) -> Iterator[tuple[str, str]]:
    names = {flat_key_of(service.name), key_of(service.name)}
    yield from (("aliases", key) for key in sorted(names | {key_of(one) for one in service.aliases}))
    yield from (("workloads", key_of(one)) for one in service.workloads)
    yield from (("otel", key_of(one)) for one in service.otel)
    yield from (("hosts", one.casefold()) for one in service.hosts)
    yield from (("ports", str(port)) for port in service.ports)
    for one in service.labels:
        yield from ((f"labels.{one.sender}.{one.label}", value.casefold()) for value in one.values)


def _apart(one: Service, other: Service) -> bool:
    return bool(one.namespaces and other.namespaces) and not set(one.namespaces) & set(other.namespaces)


def _keys(service: Service) -> Iterable[str]:
    names = (service.name, *service.aliases)
    return dict.fromkeys(key for name in names for key in (flat_key_of(name), key_of(name)))


def _alone(services: Sequence[Service]) -> dict[str, str]:
    lived_in: dict[str, set[str]] = {}
    for service in services:
        for namespace in service.namespaces:
            lived_in.setdefault(key_of(namespace), set()).add(service.name)
    return {namespace: living.pop() for namespace, living in lived_in.items() if len(living) == 1}


def _glob(text: str) -> re.Pattern[str]:
    return re.compile(translate(text))


def _host_glob(text: str) -> re.Pattern[str]:
    """A whole name; one that begins with a dot is an end."""
    host = text.casefold()
    return _glob(f"*{host}" if host.startswith(".") else host)
