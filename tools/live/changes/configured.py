"""Changes that no rollout tells: ConfigMaps and Secrets by who wrote them when, and Helm's releases. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from incidents.changes import Change, ChangeKind
from tools.live.cluster.objects import Workload
from tools.live.cluster.records import Bare, Written
from tools.live.cluster.resources.pods import PodTemplate, pod_template
from tools.wording import plain

_HELM = "helm"
_SHOWN = 5
_OF_RELEASE = "meta.helm.sh/release-name"


def users(workloads: Iterable[Workload], kind: str) -> Mapping[str, tuple[Workload, ...]]:
    """The workloads that read each ConfigMap or Secret, by its name.

    Args:
        workloads: all that there are.
        kind: `configmap` or `secret`.
    """
    found: dict[str, tuple[Workload, ...]] = {}
    for one in workloads:
        for name in dict.fromkeys(_named(pod_template(one.spec.template), kind)):
            found[name] = (*found.get(name, ()), one)
    return found


def _named(template: PodTemplate, kind: str) -> Iterator[str]:
    spec = template.spec
    for container in (*spec.containers, *spec.init_containers):
        for variable in container.env:
            ref = (
                variable.value_from.config_map_key_ref
                if kind == "configmap"
                else variable.value_from.secret_key_ref
            )
            if ref is not None:
                yield ref.name
        for source in container.env_from:
            ref = source.config_map_ref if kind == "configmap" else source.secret_ref
            if ref is not None:
                yield ref.name
    for volume in spec.volumes:
        yield from volume.config_maps() if kind == "configmap" else volume.secrets()


def written(
    objects: Iterable[Bare],
    read_by: Mapping[str, tuple[Workload, ...]],
    kind: str,
    service: Mapping[str, str],
) -> Iterator[Change]:
    """Each last writing of each writer, for each workload that reads the object; values are not known.

    Args:
        objects: the metadata of ConfigMaps or Secrets.
        read_by: who reads each.
        kind: `ConfigMap` or `Secret`.
        service: what workloads are called in the catalogue.
    """
    for one in objects:
        for workload in read_by.get(one.meta.name, ()):
            for entry in one.meta.written:
                if entry.time is not None and entry.keys:
                    yield _change(one, workload, entry, entry.time, kind, service)


def _change(
    one: Bare, workload: Workload, entry: Written, at: datetime, kind: str, service: Mapping[str, str]
) -> Change:
    name = workload.meta.name
    made = one.meta.created is not None and abs((at - one.meta.created).total_seconds()) < 1
    keys = ", ".join(entry.keys[:_SHOWN])
    return Change(
        time=at, id=f"{kind.lower()}-{one.meta.name}-{at:%Y%m%dT%H%M%S}-{name}",
        service=service.get(workload.called, name), kind=ChangeKind.CONFIG, author=plain(entry.manager, 80),
        summary=plain(
            f"{kind} {one.meta.name} was {'made' if made else 'written'} (keys {keys}), which {name} reads; "
            "what it holds was not looked at", 400,
        ),
    )  # fmt: skip


def helm_releases(
    objects: Iterable[Bare], workloads: Iterable[Workload], service: Mapping[str, str]
) -> Iterator[Change]:
    """Each revision of each release that Helm keeps, for each workload that it brought, by labels alone."""
    brought: dict[str, list[Workload]] = {}
    for one in workloads:
        if release := one.meta.annotations.get(_OF_RELEASE):
            brought.setdefault(release, []).append(one)
    for kept in objects:
        labels = kept.meta.labels
        name, number, at = labels.get("name", ""), labels.get("version", ""), kept.meta.created
        if labels.get("owner") != _HELM or not name or at is None:
            continue
        places = {one.meta.name: service.get(one.called, one.meta.name) for one in brought.get(name, ())}
        before = int(number) - 1 if number.isdecimal() and len(number) < 9 else 0
        for workload, whose in (places or {name: service.get(name, name)}).items():
            yield Change(
                time=at, id=f"helm-{name}-v{number}-{workload}", service=whose, kind=ChangeKind.DEPLOY,
                version_from=f"{name} {before}" if before > 0 else "", version_to=f"{name} {number}",
                author="Helm", summary=plain(_told(name, number, labels), 400),
            )  # fmt: skip


def _told(name: str, number: str, labels: Mapping[str, str]) -> str:
    status, since = labels.get("status", "unknown"), labels.get("modifiedAt", "")
    when = ""
    if since.isdecimal() and len(since) < 12:
        when = f" since {datetime.fromtimestamp(int(since), UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"Helm release {name}, revision {number}: {status}{when}"
