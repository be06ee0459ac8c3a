"""Who else writes a workload, and what they would put back: operators, GitOps, Helm. Pure.

What they wrote under their own name (`managedFields`) shows what they put back; where that does not show it,
their marks on the object do.
"""

import json
from typing import NamedTuple

from tools.live.cluster.objects import Meta

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_DISABLED = frozenset({"disabled", "false"})


class Keeper(NamedTuple):
    """Who keeps a workload as it is written down elsewhere.

    Attributes:
        name: who: `Argo CD (application shop)`.
        instead: what lasts: a sentence's end.
        lasting: what is changed by hand lasts until they release the next time.
        replicas: the number of replicas is theirs, too.
        template: a mark on the template is undone, too.
    """

    name: str
    instead: str
    lasting: bool = False
    replicas: bool = True
    template: bool = False


_GIT = "revert the change in the repository that it is made from"


def keeper(meta: Meta) -> Keeper | None:
    """Who keeps a workload, if its owners, labels, annotations and writers show that somebody does."""
    owner = next((one for one in meta.owners if one.controller), None)
    if owner is not None:
        whose = f"{owner.kind} {owner.name}"
        return Keeper(f"the controller of {whose}", f"change {whose} instead", template=True)
    found = _argo(meta) or _flux(meta) or _other(meta)
    if found is not None:
        return found._replace(replicas=_sets_replicas(meta))
    labels, notes = meta.labels, meta.annotations
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or "meta.helm.sh/release-name" in notes:
        release = notes.get("meta.helm.sh/release-name", "") or labels.get("app.kubernetes.io/instance", "")
        named = f"Helm (release {release})" if release else "Helm"
        return Keeper(named, f"`helm rollback {release}` is what lasts".replace("  ", " "), lasting=True)
    return None


def _argo(meta: Meta) -> Keeper | None:
    application = meta.annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
    application = application or meta.labels.get("argocd.argoproj.io/instance", "")
    writes = any(one.manager.startswith("argocd-") and not one.subresource for one in meta.writers)
    if not application and not writes:
        return None
    name = f"Argo CD (application {application})" if application else "Argo CD"
    return Keeper(name, f"{_GIT}, or roll the application back there")


def _flux(meta: Meta) -> Keeper | None:
    for part, called in (("kustomize", "Kustomization"), ("helm", "HelmRelease")):
        name = meta.labels.get(f"{part}.toolkit.fluxcd.io/name", "")
        off = meta.annotations.get(f"{part}.toolkit.fluxcd.io/reconcile") in _DISABLED
        ignored = meta.annotations.get(f"{part}.toolkit.fluxcd.io/ssa") in {"Ignore", "IfNotPresent"}
        if name and not off and not ignored:
            return Keeper(f"Flux ({called} {name})", f"{_GIT}, or suspend {called} {name} first")
    return None


def _other(meta: Meta) -> Keeper | None:
    labels, notes = meta.labels, meta.annotations
    if notes.get("configmanagement.gke.io/managed") == "enabled":
        return Keeper("Config Sync", _GIT, template=True)
    if app := labels.get("kapp.k14s.io/app"):
        return Keeper(f"kapp (app {app})", _GIT)
    if labels.get("addonmanager.kubernetes.io/mode") == "Reconcile":
        return Keeper("the cluster's addon manager", "change the addon's manifest instead", template=True)
    return None


def _sets_replicas(meta: Meta) -> bool:
    """Whether what is written elsewhere names the number of replicas, as far as the object shows it.

    A field that several wrote is each one's; where neither list nor note tells, it is taken to.
    """
    theirs = [
        one
        for one in meta.writers
        if one.manager.startswith(("argocd-", "kustomize-controller", "helm-controller", "kapp"))
        and not one.subresource
    ]
    if theirs:
        return any(one.wrote("spec", "replicas") for one in theirs)
    try:
        applied = json.loads(meta.annotations.get(_APPLIED, ""))
        return applied["spec"].get("replicas") is not None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return True
