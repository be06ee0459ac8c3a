"""What Helm keeps of a release: which revision had a workload's template, and what else differs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import yaml

from incidents.errors import ToolFailed
from tools.live.cluster.keepers import keeper
from tools.live.cluster.objects import Meta, Part, Template, Workload

#: Whose release an object is, as Helm notes on each.
RELEASE, _NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
#: As many objects are named in a sentence.
_NAMED = 6

#: An object's kind and name.
Key = tuple[str, str]


class HelmTarget(NamedTuple):
    """The revision of a release to go back to.

    Attributes:
        release: its name and namespace.
        now: its newest revision.
        others: what else of the release changes.
    """

    release: tuple[str, str]
    now: int
    revision: int
    others: Sequence[str]

    @property
    def effect(self) -> str:
        """What is told before it is approved."""
        more = f" and {len(self.others) - _NAMED} more" if len(self.others) > _NAMED else ""
        beside = f"{', '.join(self.others[:_NAMED])}{more}" if self.others else "nothing else of it differs"
        return (
            f"`helm rollback {self.release[0]} {self.revision}` takes the whole release back from its "
            f"revision {self.now} to what {self.revision} was: {beside}"
        )


class HelmRevision(Part):
    """One line of `helm history`."""

    revision: int
    status: str = ""
    chart: str = ""


def release_of(meta: Meta, namespace: str) -> tuple[str, str] | None:
    """The name and namespace of the release that an object belongs to; None: of none, or another keeps that.

    A HelmRelease of Flux and an application of Argo CD are kept as they are written down elsewhere.
    """
    name, who = meta.annotations.get(RELEASE, ""), keeper(meta)
    if not name or who is None or not who.lasting:
        return None
    return name, meta.annotations.get(_NAMESPACE, "") or namespace


def objects_of(manifest: str) -> Mapping[Key, Mapping[str, Any]]:
    """The objects of a manifest, as `helm get manifest` prints it.

    Raises:
        ToolFailed: it is no YAML.
    """
    try:
        found = [one for one in yaml.safe_load_all(manifest) if isinstance(one, dict)]
    except (yaml.YAMLError, RecursionError):
        raise ToolFailed("Helm printed a manifest that is no YAML") from None
    return {
        (str(one.get("kind", "")), str((one.get("metadata") or {}).get("name", ""))): one for one in found
    }


def has_template(manifest: Mapping[Key, Mapping[str, Any]], workload: Workload, template: Template) -> bool:
    """Whether a manifest's workload has that template; the server only adds to what is written there."""
    one = manifest.get((workload.kind, workload.meta.name), {})
    written = (one.get("spec") or {}).get("template")
    return isinstance(written, dict) and _within(written, template)


def others(
    now: Mapping[Key, Mapping[str, Any]], then: Mapping[Key, Mapping[str, Any]], workload: Workload
) -> Sequence[str]:
    """What a release changes beside the workload's template when it goes from one manifest to another."""
    own = (workload.kind, workload.meta.name)
    specs = [one.get(own, {}).get("spec") or {} for one in (now, then)]
    parts = [
        part
        for part in sorted({*specs[0], *specs[1]} - {"template"})
        if specs[0].get(part) != specs[1].get(part)
    ]
    beside = (f"{', '.join(parts)} of {workload.called}",) if parts else ()
    return (*beside, *(text for key, text in _changes(now, then) if key != own))


def rollback_argv(
    command: Sequence[str], release: tuple[str, str], revision: int, patience: timedelta
) -> Sequence[str]:
    """How a release is rolled back; Helm waits until its workloads are ready."""
    name, namespace = release
    seconds = max(1, round(patience.total_seconds()))
    waits = ("--wait", "--timeout", f"{seconds}s")
    return (*command, "rollback", name, str(revision), "--namespace", namespace, *waits)


def _changes(
    now: Mapping[Key, Mapping[str, Any]], then: Mapping[Key, Mapping[str, Any]]
) -> Iterator[tuple[Key, str]]:
    for key in sorted({*now, *then}):
        kind, name = key
        if key not in then:
            yield key, f"{kind} {name} is deleted"
        elif key not in now:
            yield key, f"{kind} {name} is made"
        elif now[key] != then[key]:
            yield key, f"{kind} {name} goes back"


def _within(written: Any, found: Any) -> bool:
    """Whether all that is written is found so; a null or an empty value may be left out."""
    if isinstance(written, dict):
        return isinstance(found, Mapping) and all(
            _within(part, found.get(name)) for name, part in written.items()
        )
    if isinstance(written, list):
        rest = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
        return len(written) == len(rest) and all(
            _within(one, other) for one, other in zip(written, rest, strict=True)
        )
    return written == found or (written in (None, "") and found in (None, ""))
