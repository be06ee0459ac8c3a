"""Probes that fail, and those that are wrong themselves."""

import re
from collections.abc import Iterable, Iterator

from incidents.cluster import FaultKind, Finding, Standing
from incidents.findings import Category
from tools.live.cluster.faults.crashes import last_words, telling_line
from tools.live.cluster.faults.wording import of_event, of_log, quote
from tools.live.cluster.neighbours import Container, Event
from tools.live.cluster.resources.pods import Check, ContainerSpec, Pod
from tools.live.cluster.snapshot import Snapshot

_TOLD = re.compile(r"^(liveness|readiness|startup) probe (failed|errored|warning)", re.IGNORECASE)
_CODE = re.compile(r"statuscode: (\d{3})")
#: Answers that say that the question is wrong, not that its container is ill.
_WRONG = {
    400: "the request is refused", 401: "it asks without credentials", 403: "it asks without a right",
    404: "there is no such path", 405: "it may not be asked so", 421: "it asks for another host",
}  # fmt: skip
_SCHEME = re.compile(r"http response to https client|malformed http response|tls: first record|https server")
_NO_PROGRAM = re.compile(
    r"executable file not found|no such file or directory|command not found|not found in \$path"
)
_NO_PORT = re.compile(r"strconv|couldn't find port|invalid port|no port named")
_REFUSED = re.compile(r"connection refused|failed to connect service")
#: A container that is given less time to begin, in seconds, is hardly given any.
_HASTY = 15


def failing_probe(seen: Snapshot, pod: Pod, one: Container) -> Iterator[Finding]:
    """Why a container that runs is not ready: what its probe met, else what it asks."""
    if seen.young(one.state.began):
        return  # it begins
    meant = pod.spec.container(one.name)
    events = _failures(seen, pod, one, ("readiness", "startup", "liveness"))
    if events:
        found = _judged(seen, pod, one, meant, events)
        yield found
        return
    if meant is None:
        return
    probe = meant.startup_probe or meant.readiness_probe
    if probe is not None:
        yield _bare(seen, pod, one, meant, probe)


def killed_by_probe(seen: Snapshot, pod: Pod, one: Container) -> Finding | None:
    """What ended a container, if its liveness or startup probe did."""
    events = _failures(seen, pod, one, ("liveness", "startup"))
    if not events:
        return None
    return _judged(seen, pod, one, pod.spec.container(one.name), events)


def _failures(seen: Snapshot, pod: Pod, one: Container, kinds: Iterable[str]) -> list[Event]:
    """The recent failures of a container's probes, those of the first kind first."""
    found = [
        event
        for event in seen.told("Pod", pod.meta.name)
        if event.reason in {"Unhealthy", "ProbeWarning"}
        and event.about.field in {"", f"spec.containers{{{one.name}}}"}
        and _kind_of(event) in kinds
    ]
    return sorted(found, key=lambda event: list(kinds).index(_kind_of(event)))


def _kind_of(event: Event) -> str:
    told = _TOLD.match(event.message)
    return told[1].lower() if told else ""


def _judged(
    seen: Snapshot, pod: Pod, one: Container, meant: ContainerSpec | None, events: list[Event]
) -> Finding:
    first, kind = events[0], _kind_of(events[0])
    probe = _probe(meant, kind)
    wrong = _wrong(first.message, meant, probe, kind)
    log = seen.last_log(pod, one.name)
    evidence = [of_event(first), *([_say(kind, probe)] if probe is not None else [])]
    if not wrong and log:
        words = last_words(log)
        evidence.append(of_log(one.name, words.line if words is not None else telling_line(log)))
    does = "is not ready" if kind == "readiness" else "is restarted"
    if wrong:
        sentence = f"the {kind} probe of container {one.name} is wrong: {wrong}"
    else:
        met = quote(first.message.partition(": ")[2] or first.message, 120)
        sentence = f"container {one.name} {does}: its {kind} probe fails ({met})"
    return Finding(
        kind=FaultKind.PROBE_WRONG if wrong else FaultKind.PROBE_FAILS,
        object=f"pod/{pod.meta.name}", sentence=sentence, evidence=tuple(evidence),
        category=Category.DEPLOYMENT if wrong else Category.UNKNOWN,
        standing=Standing.CAUSE if wrong else Standing.SIGN, concerns=seen.concerned(pod),
    )  # fmt: skip


def _probe(meant: ContainerSpec | None, kind: str) -> Check | None:
    return getattr(meant, f"{kind}_probe") if meant is not None and kind else None


def _wrong(message: str, meant: ContainerSpec | None, probe: Check | None, kind: str) -> str:
    """Why a probe is wrong itself; empty: as far as is known it is not."""
    text = message.lower()
    path = probe.http_get.path if probe is not None and probe.http_get is not None else ""
    code = int(found[1]) if (found := _CODE.search(text)) else 0
    if code in _WRONG:
        return f"asked for {quote(path, 80)} it answers {code}, {_WRONG[code]}"
    if _SCHEME.search(text):
        return "it asks by HTTPS where HTTP is spoken, or the other way round"
    if _NO_PORT.search(text):
        return f"there is no port {probe.port if probe is not None else ''} of that name"
    if _NO_PROGRAM.search(text):
        return "the program that it runs is not in the image"
    if probe is None or meant is None:
        return ""
    if _REFUSED.search(text) and (other := _other_port(meant, probe)):
        return other
    given = probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold
    if kind in {"liveness", "startup"} and given <= _HASTY and not code:
        return f"it gives the container only {given} s to begin"
    return ""


def _other_port(meant: ContainerSpec, probe: Check) -> str:
    """Which port it asks instead of those that the container has; empty where it asks one of these."""
    declared = [port.container_port for port in meant.ports if port.protocol == "TCP"]
    names = [port.name for port in meant.ports]
    asked = probe.port
    if (
        asked is None
        or not declared
        or asked in declared
        or asked in names
        or str(asked) in map(str, declared)
    ):
        return ""
    return f"it asks port {asked}, and the container listens on {', '.join(map(str, declared))}"


def _bare(seen: Snapshot, pod: Pod, one: Container, meant: ContainerSpec, probe: Check) -> Finding:
    """Not ready, and no event is left that says why."""
    wrong = _other_port(meant, probe)
    kind = "startup" if meant.startup_probe is not None else "readiness"
    said = f"the {kind} probe of container {one.name} is wrong: {wrong}"
    return Finding(
        kind=FaultKind.PROBE_WRONG if wrong else FaultKind.NOT_READY,
        object=f"pod/{pod.meta.name}",
        sentence=said if wrong else f"container {one.name} runs and is not ready",
        evidence=(f"pod/{pod.meta.name} says container {one.name} is not ready", _say(kind, probe)),
        category=Category.DEPLOYMENT if wrong else Category.UNKNOWN,
        standing=Standing.CAUSE if wrong else Standing.SIGN, concerns=seen.concerned(pod),
    )  # fmt: skip


def _say(kind: str, probe: Check) -> str:
    asked = probe.http_get
    what = (
        f"{asked.scheme} {quote(asked.path, 80)} on port {asked.port}"
        if asked is not None
        else f"port {probe.port}"
        if probe.port is not None
        else quote(" ".join(probe.exec.command if probe.exec is not None else ()), 80)
    )
    return (
        f"{kind} probe: {what}, after {probe.initial_delay_seconds} s every {probe.period_seconds} s, "
        f"{probe.timeout_seconds} s each, {probe.failure_threshold} failures"
    )
