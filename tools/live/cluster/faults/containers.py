"""Containers that do not start, crash, run out of memory, or end by themselves."""

import re
from collections.abc import Iterator
from datetime import timedelta

from incidents.cluster import FaultKind, Finding, Standing
from incidents.findings import Category
from tools.live.cluster.faults.configured import MISSING, missing_config
from tools.live.cluster.faults.crashes import last_words, say_end, telling_line
from tools.live.cluster.faults.images import WAITS, not_pulled
from tools.live.cluster.faults.probes import failing_probe, killed_by_probe
from tools.live.cluster.faults.wording import of_event, of_log, of_status, quote
from tools.live.cluster.neighbours import Container, Reason
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import RECENT, Snapshot, is_over, is_ready

_NOT_STARTED = frozenset({
    "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun", "PostStartHookError",
    "PreCreateHookError", "PreStartHookError",
})  # fmt: skip
#: A crash that is longer ago, of a container that is well since, tells of something else.
_JUST = timedelta(minutes=10)
#: An init container that runs for longer waits for something.
_LONG = timedelta(minutes=3)


def containers(seen: Snapshot) -> Iterator[Finding]:
    """Each container of each pod that lives, by its state."""
    for pod in seen.pods:
        if pod.meta.deleted is not None or is_over(pod):
            continue
        for one in pod.status.initial:
            yield from _one(seen, pod, one, initial=True)
        for one in pod.status.containers:
            yield from _one(seen, pod, one, initial=False)


def _one(seen: Snapshot, pod: Pod, one: Container, *, initial: bool) -> Iterator[Finding]:
    waits, ended = one.state.waiting, one.state.terminated or one.last.terminated
    if waits is not None and waits.reason in WAITS:
        yield from not_pulled(seen, pod, one)
    elif waits is not None and waits.reason == "CreateContainerConfigError":
        yield _unconfigured(seen, pod, one, waits)
    elif _did_not_start(waits, ended):
        yield _not_started(seen, pod, one, waits, ended)
    elif ended is not None and _matters(seen, pod, one, ended):
        yield _ended(seen, pod, one, ended, initial=initial)
    elif initial and one.state.running is not None and not _is_sidecar(pod, one):
        yield from _hanging(seen, pod, one)
    elif not initial and one.state.running is not None and not one.ready:
        yield from failing_probe(seen, pod, one)


def _matters(seen: Snapshot, pod: Pod, one: Container, ended: Reason) -> bool:
    """Whether an end is about now: it waits or is over, is not ready, or came up again just now."""
    if one.state.running is not None and one.ready and is_ready(pod):
        since = ended.finished
        return bool(ended.exit_code) and since is not None and seen.at - since <= _JUST
    waits = one.state.waiting is not None and one.state.waiting.reason == "CrashLoopBackOff"
    if waits or one.state.terminated is not None:
        return waits or bool(ended.exit_code)
    long_ago = ended.finished is not None and seen.at - ended.finished > RECENT
    return bool(ended.exit_code) and not long_ago


def _did_not_start(waits: Reason | None, ended: Reason | None) -> bool:
    return any(one is not None and one.reason in _NOT_STARTED for one in (waits, ended))


def _unconfigured(seen: Snapshot, pod: Pod, one: Container, waits: Reason) -> Finding:
    found = MISSING.search(waits.message)
    kind, why = FaultKind.NOT_STARTED, f"its configuration is refused: {quote(waits.message, 160)}"
    if found is not None:
        kind, why = missing_config(found)
    category = Category.DEPLOYMENT if kind is FaultKind.NOT_STARTED else Category.INFRASTRUCTURE
    return Finding(
        kind=kind, object=f"pod/{pod.meta.name}", category=category, concerns=seen.concerned(pod),
        sentence=f"container {one.name} cannot start: {why}",
        evidence=(of_status(f"pod/{pod.meta.name}", waits.reason, waits.message),),
    )  # fmt: skip


def _not_started(
    seen: Snapshot, pod: Pod, one: Container, waits: Reason | None, ended: Reason | None
) -> Finding:
    either = [one for one in (ended, waits) if one is not None]
    told = next((one for one in either if one.reason in _NOT_STARTED and one.message), either[-1])
    text = told.message.lower()
    meant = pod.spec.container(one.name)
    command = quote(" ".join(meant.command), 100) if meant is not None and meant.command else "its program"
    if "exec format error" in text:
        kind, why = FaultKind.ARCHITECTURE, "its program is built for another processor"
    elif re.search(r"executable file not found|no such file or directory|not found in \$path", text):
        kind, why = FaultKind.NOT_STARTED, f"{command} is not in its image"
    elif "permission denied" in text:
        kind, why = FaultKind.NOT_STARTED, f"{command} may not be run"
    elif "memory" in text and ("limit" in text or "oom" in text):
        kind, why = FaultKind.OUT_OF_MEMORY, "its memory limit is too small for it to start"
    else:
        kind, why = FaultKind.NOT_STARTED, quote(told.message or told.reason, 160)
    return Finding(
        kind=kind, object=f"pod/{pod.meta.name}", category=Category.DEPLOYMENT, concerns=seen.concerned(pod),
        sentence=f"container {one.name} cannot start: {why}",
        evidence=(of_status(f"pod/{pod.meta.name}", told.reason, told.message),),
    )  # fmt: skip


def _ended(seen: Snapshot, pod: Pod, one: Container, ended: Reason, *, initial: bool) -> Finding:
    """Why a container ended: out of memory, killed by its probe, by its last words, or only how."""
    name, what = pod.meta.name, "init container" if initial else "container"
    log = seen.last_log(pod, one.name)
    restarts = f", {one.restarts} restarts" if one.restarts else ""
    state = one.state.waiting.reason if one.state.waiting is not None else ended.reason
    when = f" at {ended.finished:%H:%M:%S}" if ended.finished is not None else ""
    evidence = [
        f"pod/{name} says {state or 'restarted'}: {what} {one.name} last ended with {say_end(ended)}"
        f"{when}{restarts}"
    ]
    if ended.reason == "OOMKilled":
        return _made(seen, pod, FaultKind.OUT_OF_MEMORY, _say_memory(pod, one, what), evidence)
    if not initial and (probe := killed_by_probe(seen, pod, one)) is not None:
        return probe.model_copy(update={"evidence": (*probe.evidence, *evidence)})
    words = last_words(log)
    if log:
        evidence.append(of_log(one.name, words.line if words is not None else telling_line(log)))
    evidence += [of_event(one) for one in seen.told("Pod", name) if one.reason == "BackOff"][:1]
    if words is not None:
        say = f"{what} {one.name} fails: {words.why}"
        return _made(seen, pod, words.kind, say, evidence, words.category)
    if not ended.exit_code:
        say = f"{what} {one.name} ends by itself without an error and is started again"
        return _made(seen, pod, FaultKind.ENDS, say, evidence, Category.DEPLOYMENT)
    kind = FaultKind.INIT_CRASH if initial else FaultKind.CRASH
    last = f"; it says last: {quote(telling_line(log), 140)}" if log else ""
    well = one.state.running is not None and one.ready
    sentence = f"{what} {one.name} {'crashed' if well else 'crashes'} with {say_end(ended)}{last}"
    found = _made(seen, pod, kind, sentence, evidence, Category.UNKNOWN)
    return found.model_copy(update={"standing": Standing.SIGN}) if well else found


def _made(
    seen: Snapshot,
    pod: Pod,
    kind: FaultKind,
    sentence: str,
    evidence: list[str],
    category: Category = Category.INFRASTRUCTURE,
) -> Finding:
    return Finding(
        kind=kind, object=f"pod/{pod.meta.name}", sentence=sentence, evidence=tuple(evidence),
        category=category, concerns=seen.concerned(pod),
    )  # fmt: skip


def _say_memory(pod: Pod, one: Container, what: str) -> str:
    meant = pod.spec.container(one.name)
    limit = meant.resources.limits.get("memory") if meant is not None else None
    none = "its node has left (it has no limit)" if meant is not None else "it may"
    most = f"its limit of {limit}" if limit is not None else none
    return f"{what} {one.name} is killed for using more memory than {most}"


def _is_sidecar(pod: Pod, one: Container) -> bool:
    meant = pod.spec.container(one.name)
    return meant is not None and meant.restart_policy == "Always"


def _hanging(seen: Snapshot, pod: Pod, one: Container) -> Iterator[Finding]:
    started = pod.status.started or pod.meta.created
    if started is None or seen.at - started < _LONG:
        return
    log = seen.last_log(pod, one.name)
    words = last_words(log)
    why = f": {words.why}" if words is not None else ""
    yield _made(
        seen, pod, words.kind if words is not None else FaultKind.INIT_CRASH,
        f"init container {one.name} does not end, so that the others do not begin{why}",
        [
            f"pod/{pod.meta.name} is {pod.status.phase}, its init container {one.name} runs since its start "
            f"at {started:%H:%M:%S}",
            *([of_log(one.name, words.line if words is not None else telling_line(log))] if log else []),
        ],
        words.category if words is not None else Category.UNKNOWN,
    )  # fmt: skip
