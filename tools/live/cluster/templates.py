"""Pod templates: whether two are the same, and in what they differ, in words without values. Pure.

What a variable or an argument holds may be a secret: their names are told, never what they hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tools.live.cluster.objects import HASHES, RESTARTED, Template

_CONTAINERS = {
    "initContainers": "init container ",
    "containers": "",
    "ephemeralContainers": "debug container ",
}
#: Of these parts of a container the values are told too: they are numbers, names and switches.
_OPEN = frozenset(
    {"resources", "imagePullPolicy", "livenessProbe", "readinessProbe", "startupProbe", "restartPolicy"}
)
#: Parts of a probe that hold free text.
_CLOSED = frozenset({"httpHeaders", "command"})
#: A name of the time before `serviceAccountName`, which is set along with it.
_TWICE = frozenset({"serviceAccount"})
_SHOWN = 6


class Difference(NamedTuple):
    """One part in which two templates differ; `image`: it is an image, or which containers there are."""

    text: str
    image: bool = False


def same(one: Template, other: Template) -> bool:
    """Whether both bring the same pods: but for the hash that the controller sets, and marks of restarts."""
    return _bare(one) == _bare(other)


def differences(old: Template, new: Template) -> tuple[Difference, ...]:
    """In what a template differs from the one before it; none if they are the same."""
    was, now = _bare(old), _bare(new)
    found = list(_spec(was.get("spec", {}), now.get("spec", {})))
    for part, called in (("annotations", "annotation"), ("labels", "label")):
        found += [Difference(f"{called} {one}") for one in _changed(was.get(part, {}), now.get(part, {}))]
    if not found and was != now:
        found = [Difference("the order of its parts")]
    return tuple(found)


def listed(parts: Sequence[Difference]) -> str:
    """Differences in one line."""
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(part.text for part in parts[:_SHOWN]) + more


def containers(template: Template) -> list[Mapping[str, Any]]:
    """The containers of a template, those that begin it first."""
    spec = template.get("spec") or {}
    return [one for part in ("initContainers", "containers") for one in spec.get(part) or ()]


def main_container(template: Template, workload: str) -> Mapping[str, Any]:
    """The container that a workload is known by: the default one, the one called like it, or the first."""
    found = (template.get("spec") or {}).get("containers") or [{}]
    notes = (template.get("metadata") or {}).get("annotations") or {}
    wanted = (notes.get("kubectl.kubernetes.io/default-container"), workload)
    named = (one for name in wanted for one in found if name and one.get("name") == name)
    return next(named, found[0])


def main_image(template: Template, workload: str) -> str:
    """The image that a workload is known by."""
    return str(main_container(template, workload).get("image", ""))


def _bare(template: Template) -> dict[str, Any]:
    meta = template.get("metadata") or {}
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name not in HASHES}
    notes = {name: value for name, value in (meta.get("annotations") or {}).items() if name != RESTARTED}
    whole = {"labels": labels, "annotations": notes, "spec": template.get("spec")}
    return _filled(whole) or {}


def _filled(part: Any) -> Any:
    """Without what is empty: the API leaves it out or not, and means the same."""
    if isinstance(part, dict):
        kept = {name: value for name, one in part.items() if (value := _filled(one)) is not None}
        return kept or None
    if isinstance(part, list):
        return [one for one in map(_filled, part) if one is not None] or None
    return None if part == "" else part


def _spec(was: Template, now: Template) -> Iterator[Difference]:
    for part, called in _CONTAINERS.items():
        old, new = _named(was.get(part)), _named(now.get(part))
        for name in _changed(old, new):
            yield from _container(f"{called}{name}", old.get(name), new.get(name))
    old, new = _named(was.get("volumes")), _named(now.get("volumes"))
    for name in _changed(old, new):
        yield Difference(f"volume {name}{_moved(sources(old.get(name)), sources(new.get(name)))}")
    for name in _changed(was, now):
        if name not in {*_CONTAINERS, "volumes"} | _TWICE:
            yield Difference(f"{name}{_values(was.get(name), now.get(name))}")


def _container(name: str, old: Template | None, new: Template | None) -> Iterator[Difference]:
    if old is None or new is None:
        what = f"{name} removed" if new is None else f"{name} added with {_short(new.get('image', ''))}"
        yield Difference(
            f"container {what}".replace("container init container", "init container"), image=True
        )
        return
    for part in _changed(old, new):
        before, after = old.get(part), new.get(part)
        if part == "image":
            yield Difference(f"image of {name} from {_images(str(before), str(after))}", image=True)
        elif part == "env":
            yield from _variables(name, _named(before), _named(after))
        elif part == "envFrom":
            yield Difference(
                f"variables of {name} taken from elsewhere{_moved(sources(before), sources(after))}"
            )
        else:
            shown = _values(before, after) if part in _OPEN else ""
            yield Difference(f"{part} of {name}{shown}")


def _variables(name: str, old: Template, new: Template) -> Iterator[Difference]:
    for variable in _changed(old, new):
        was, now = old.get(variable), new.get(variable)
        how = " added" if was is None else " removed" if now is None else _moved(sources(was), sources(now))
        yield Difference(f"variable {variable} of {name}{how}")


def _images(old: str, new: str) -> str:
    """Without the registry, unless only that differs."""
    old, new = old or "none", new or "none"
    short = _short(old), _short(new)
    return f"{short[0]} to {short[1]}" if short[0] != short[1] else f"{old} to {new}"


def _short(image: str) -> str:
    name, at, digest = image.partition("@")
    return f"{name.rpartition('/')[2]}{at}{digest[:19]}"


def _values(old: Any, new: Any) -> str:
    was, now = dict(_leaves(old)), dict(_leaves(new))
    moved = [
        f"{name} {was.get(name, 'none')} to {now.get(name, 'none')}".strip() for name in _changed(was, now)
    ]
    return f" ({', '.join(moved[:3])})" if moved else ""


def _leaves(part: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        for name, one in part.items():
            if name not in _CLOSED:
                yield from _leaves(one, f"{place}.{name}" if place else name)
    elif isinstance(part, bool):
        yield place, str(part).lower()
    elif isinstance(part, str | int | float):
        yield place, str(part)


def sources(part: Any) -> list[str]:
    """The ConfigMaps, Secrets and claims that something refers to, by their names."""
    called = {
        "configMapKeyRef": "ConfigMap", "configMapRef": "ConfigMap", "configMap": "ConfigMap",
        "secretKeyRef": "Secret", "secretRef": "Secret", "secret": "Secret", "persistentVolumeClaim": "claim",
    }  # fmt: skip
    if isinstance(part, list):
        return [one for each in part for one in sources(each)]
    if not isinstance(part, dict):
        return []
    found = []
    for name, one in part.items():
        if name in called and isinstance(one, dict):
            what = one.get("name") or one.get("secretName") or one.get("claimName") or ""
            found.append(f"{called[name]} {what}".strip())
        else:
            found += sources(one)
    return found


def _moved(old: Sequence[str], new: Sequence[str]) -> str:
    if list(old) == list(new):
        return ""
    return f" ({', '.join(old) or 'none'} to {', '.join(new) or 'none'})"


def _named(parts: Any) -> dict[str, Any]:
    """Parts of a list by their names."""
    return {
        str(one.get("name", place)): one for place, one in enumerate(parts or ()) if isinstance(one, dict)
    }


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    return [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
