"""What Argo CD and Flux delivered into a namespace. Pure."""

from collections.abc import Iterable, Iterator

from incidents.changes import Change, ChangeKind
from tools.live.cluster.records import Application, HelmRelease, Kustomization
from tools.wording import plain

_LONGEST, _REVISION = 400, 24
_FAILED = frozenset({"Failed", "Error"})


def _short(revision: str) -> str:
    """A revision as people name it: a commit by twelve digits, `main@sha1:...` by its branch as well."""
    branch, mark, commit = revision.rpartition("@sha1:")
    if mark:
        return plain(f"{branch}@{commit[:12]}", 60)
    is_commit = len(revision) == 40 and all(one in "0123456789abcdef" for one in revision)
    return revision[:12] if is_commit else plain(revision, _REVISION)


def argo_changes(found: Iterable[Application], namespace: str) -> Iterator[Change]:
    """Each delivery of each Application into a namespace, and the last one if it failed."""
    for one in found:
        if one.spec.destination.namespace not in {namespace, ""}:
            continue
        name, before = one.metadata.name, ""
        for entry in one.status.history:
            at, revision = entry.deployed_at, _short(entry.named)
            who = entry.initiated_by.username or (
                "Argo CD, by itself" if entry.initiated_by.automated else ""
            )
            if at is not None:
                yield Change(
                    time=at, id=f"argocd-{name}-{entry.id}", service=name, kind=ChangeKind.DEPLOY,
                    version_from=before, version_to=revision, author=plain(who, 80),
                    summary=f"Argo CD synced {name} to {revision}",
                )  # fmt: skip
            before = revision
        last = one.status.operation_state
        if last is not None and last.phase in _FAILED and last.finished_at is not None:
            yield Change(
                time=last.finished_at, id=f"argocd-{name}-failed", service=name, kind=ChangeKind.INFRA,
                author="Argo CD", healthy=False,
                summary=plain(f"Argo CD could not sync {name}: {last.message}", _LONGEST),
            )  # fmt: skip


def helm_changes(found: Iterable[HelmRelease], namespace: str) -> Iterator[Change]:
    """Each release of each HelmRelease into a namespace."""
    for one in found:
        kept = sorted(one.status.history, key=lambda release: release.version)
        for before, entry in zip([None, *kept], kept, strict=False):
            at = entry.last_deployed or entry.first_deployed
            if at is None or entry.namespace not in {namespace, ""}:
                continue
            yield Change(
                time=at, id=f"flux-{entry.name}-v{entry.version}", service=one.metadata.name,
                kind=ChangeKind.DEPLOY, version_from=before.chart_version if before is not None else "",
                version_to=entry.chart_version, author="Flux",
                healthy=False if entry.status == "failed" else None,
                summary=plain(
                    f"Flux released {entry.chart_name} {entry.chart_version}, revision {entry.version}: "
                    f"{entry.status}", _LONGEST,
                ),
            )  # fmt: skip


def kustomize_changes(found: Iterable[Kustomization], namespace: str) -> Iterator[Change]:
    """Each state that a Kustomization applied; those of older Flux keep no times."""
    for one in found:
        if one.spec.target_namespace not in {namespace, ""}:
            continue
        name, before = one.metadata.name, ""
        for entry in sorted(
            (e for e in one.status.history if e.first_reconciled is not None),
            key=lambda e: (e.first_reconciled, e.last_reconciled_status),
        ):
            revision = _short(entry.metadata.get("revision", ""))
            failed = "fail" in entry.last_reconciled_status.lower()
            if entry.first_reconciled is not None:
                yield Change(
                    time=entry.first_reconciled, id=f"flux-{name}-{entry.first_reconciled:%Y%m%dT%H%M%S}",
                    service=name, kind=ChangeKind.DEPLOY, version_from=before, version_to=revision,
                    author="Flux", healthy=False if failed else None,
                    summary=plain(
                        f"Flux applied {name} at {revision}: {entry.last_reconciled_status}", _LONGEST
                    ),
                )  # fmt: skip
            before = revision
