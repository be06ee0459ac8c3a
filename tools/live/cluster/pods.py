"""Why pods do not come up, in words. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tools.live.cluster.neighbours import Container, Pod, Reason

#: What a container waits for while nothing is wrong.
_USUAL = frozenset({"", "ContainerCreating", "PodInitializing"})
_SHOWN = 3


def troubles(pods: Iterable[Pod]) -> list[str]:
    """What is wrong, the most frequent first, each with how many pods it is of."""
    counted = Counter(said for pod in pods for said in dict.fromkeys(_of(pod)))
    return [f"{count} pod{'s' if count > 1 else ''}: {said}" for said, count in counted.most_common(_SHOWN)]


def digests(pods: Iterable[Pod], container: str) -> list[str]:
    """Which images the pods run in a container, each once: `sha256:` and twelve digits."""
    ids = {
        one.image_id.rpartition("@")[2][: len("sha256:") + 12]
        for pod in pods
        for one in pod.status.containers
        if one.name == container and "sha256:" in one.image_id
    }
    return sorted(ids)


def _of(pod: Pod) -> Iterator[str]:
    status = pod.status
    if status.phase == "Failed" and status.reason:
        yield _with(status.reason, status.message)
        return
    for one in status.conditions:
        if one.type == "PodScheduled" and one.status == "False":
            yield _with(f"not scheduled ({one.reason})", one.message)
    for kind, found in (("init container", status.initial), ("container", status.containers)):
        for container in found:
            yield from _container(kind, container)
    if not any(status.containers) and not status.conditions and status.reason:
        yield _with(status.reason, status.message)


def _container(kind: str, one: Container) -> Iterator[str]:
    waiting, ended = one.state.waiting, one.last.terminated or one.state.terminated
    last = f", which last ended with {_ending(ended)}" if ended else ""
    if waiting is not None and waiting.reason not in _USUAL:
        message = "" if last else waiting.message
        yield _with(f"{kind} {one.name} is in {waiting.reason}{last}", message)
    elif one.state.terminated is not None and one.state.terminated.exit_code:
        yield f"{kind} {one.name} ended with {_ending(one.state.terminated)}"
    elif one.state.running is not None and not one.ready and kind == "container":
        yield f"{kind} {one.name} runs and is not ready{last}"


def _ending(ended: Reason) -> str:
    return f"{ended.reason or 'an error'} (exit {ended.exit_code})"


def _with(said: str, message: str) -> str:
    return f"{said}: {message}" if message else said
