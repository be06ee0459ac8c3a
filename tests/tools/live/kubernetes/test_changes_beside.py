"""Changes that no rollout tells: configuration by its metadata, Helm's releases, what Argo CD and Flux delivered."""

import pytest

from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tests.tools.live.fakes.server import Server, serving
from tests.tools.live.kubernetes.broken import grown
from tests.tools.live.kubernetes.shop import Json, Shop, ago, at, made
from tools.live.changes import live_changes
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

CATALOGUE = Catalogue(services=tuple(Service(name=name) for name in ("frontend", "cart", "redis")))
WINDOW = Window(start=at(60), end=at(0))


async def told(shop: Shop, **more: object) -> tuple[dict[str, Change], Server, list[str]]:
    with serving(shop) as server, collect_gaps() as gaps:
        said = {"kind": "kubernetes", "url": server.url, "namespace": "shop"} | more
        port = live_changes(Backends.model_validate({"changes": [said]}).changes, CATALOGUE, Secrets({}))
        found = {one.id: one for one in await port.changes(WINDOW)}
        await port.aclose()
    return found, server, gaps


def wrote(manager: str, minutes: float, *keys: str) -> Json:
    fields: Json = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}}
    return {
        "manager": manager, "operation": "Update", "apiVersion": "v1", "time": ago(minutes),
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    }  # fmt: skip


def configured(shop: Shop) -> None:
    """`cart` reads a ConfigMap and a Secret, both written some minutes ago."""
    for spec in shop.spec("cart"):
        spec["containers"][0]["envFrom"] = [{"configMapRef": {"name": "cart-settings"}}]
        spec["volumes"] = [{"name": "db", "projected": {"sources": [{"secret": {"name": "cart-db"}}]}}]
    shop.objects.append(made(
        "ConfigMap", "cart-settings", data={"rates": "eu=2"},
        metadata={"managedFields": [wrote("helm", 3000, "rates", "limit"), wrote("kubectl-edit", 14, "rates")]},
    ))  # fmt: skip
    shop.objects.append(made(
        "ConfigMap", "leader", data={}, metadata={"managedFields": [wrote("leader-elector", 0.1, "holder")]}
    ))  # fmt: skip
    secret = grown(shop)
    secret["metadata"]["managedFields"] = [wrote("vault", 12, "password")]
    shop.objects.append(secret)


async def test_a_config_map_tells_who_wrote_it_when_and_whose_it_is() -> None:
    shop = Shop()
    configured(shop)
    found, server, gaps = await told(shop)
    (change,) = (one for one in found.values() if one.kind is ChangeKind.CONFIG)
    assert (change.service, change.author, change.time) == ("cart", "kubectl-edit", at(14))
    assert change.summary == (
        "ConfigMap cart-settings was written (keys rates), which cart reads; what it holds was not looked at"
    )
    assert gaps == []
    assert not [one for one in server.asked if "secrets" in one.path], "only where it is asked for"


async def test_secrets_are_asked_for_by_their_metadata_and_no_value_is_told() -> None:
    shop = Shop()
    configured(shop)
    found, server, _ = await told(shop, secrets=True)
    (change,) = (one for one in found.values() if "Secret" in one.summary)
    assert (change.service, change.author, change.time) == ("cart", "vault", at(12))
    asked = [one for one in server.asked if one.path.endswith("/secrets")]
    assert asked
    assert all("as=PartialObjectMetadataList" in one.headers["Accept"] for one in asked)
    assert not any(value in str(found) for value in ("aHVudGVyMg", "hunter2", "last-applied"))


async def test_a_refusal_of_one_kind_is_a_gap_and_hides_no_rollout() -> None:
    shop = Shop(refuses=("configmaps",))
    _, _, gaps = await told(shop)
    (gap,) = gaps
    assert gap.startswith("changes of configmaps are not known: ")
    assert 'cannot list resource "configmaps"' in gap


def release(number: int, status: str, minutes: float) -> Json:
    labels = {
        "name": "shop",
        "owner": "helm",
        "status": status,
        "version": str(number),
        "modifiedAt": "1773310500",
    }
    return made("Secret", f"sh.helm.release.v1.shop.v{number}", minutes=minutes, type="helm.sh/release.v1",
                data={"release": "SDRzSUFB"}, metadata={"labels": labels})  # fmt: skip


async def test_a_release_of_helm_is_told_of_each_workload_that_it_brought() -> None:
    shop = Shop()
    for name in ("frontend", "cart"):
        shop.one("Deployment", name)["metadata"]["annotations"] |= {"meta.helm.sh/release-name": "shop"}
    shop.objects += [release(6, "superseded", 4000), release(7, "pending-upgrade", 16)]
    found, _, _ = await told(shop, secrets=True)
    new = {one.service: one for one in found.values() if one.author == "Helm"}
    assert set(new) == {"frontend", "cart"}
    assert (new["cart"].version_from, new["cart"].version_to) == ("shop 6", "shop 7")
    assert new["cart"].time == at(16)
    assert new["cart"].summary == (
        "Helm release shop, revision 7: pending-upgrade since 2026-03-12 10:15:00 UTC"
    )


def application(**status: object) -> Json:
    return made(
        "Application", "cart", "argocd", spec={"destination": {"namespace": "shop"}, "project": "default"},
        status=status,
    )  # fmt: skip


async def test_what_argo_cd_delivered_and_could_not_deliver_is_told() -> None:
    old, new = "a" * 40, "b" * 40
    shop = Shop()
    shop.objects.append(application(
        history=[
            {"id": 3, "revision": old, "deployedAt": ago(5000), "deployStartedAt": ago(5001), "initiatedBy": {"automated": True}},
            {"id": 4, "revision": new, "deployedAt": ago(18), "deployStartedAt": ago(19), "initiatedBy": {"username": "dana"}},
        ],
        operationState={"phase": "Failed", "message": "one or more objects failed to apply", "startedAt": ago(8), "finishedAt": ago(7)},
    ))  # fmt: skip
    found, _, gaps = await told(shop, deliveries=["argocd"])
    synced, failed = found["argocd-cart-4"], found["argocd-cart-failed"]
    assert (synced.version_from, synced.version_to, synced.author) == (old[:12], new[:12], "dana")
    assert (synced.service, synced.kind, synced.time) == ("cart", ChangeKind.DEPLOY, at(18))
    assert failed.summary == "Argo CD could not sync cart: one or more objects failed to apply"
    assert failed.time == at(7)
    assert "argocd-cart-3" not in found
    assert gaps == []


async def test_what_flux_released_and_applied_is_told() -> None:
    shop = Shop()
    releases = [
        {"name": "cart", "namespace": "shop", "version": 9, "status": "failed", "chartName": "cart", "chartVersion": "1.5.0",
         "digest": "sha256:1", "configDigest": "sha256:2", "firstDeployed": ago(4000), "lastDeployed": ago(11)},
        {"name": "cart", "namespace": "shop", "version": 8, "status": "superseded", "chartName": "cart", "chartVersion": "1.4.0",
         "digest": "sha256:1", "configDigest": "sha256:2", "firstDeployed": ago(4000), "lastDeployed": ago(3000)},
    ]  # fmt: skip
    applied = [
        {"digest": "sha256:3", "firstReconciled": ago(13), "lastReconciled": ago(1), "lastReconciledDuration": "1s",
         "lastReconciledStatus": "ReconciliationSucceeded", "totalReconciliations": 4,
         "metadata": {"revision": f"main@sha1:{'c' * 40}"}},
    ]  # fmt: skip
    shop.objects.append(made("HelmRelease", "cart", status={"history": releases}))
    shop.objects.append(
        made("Kustomization", "frontend", spec={"targetNamespace": "shop"}, status={"history": applied})
    )
    found, _, _ = await told(shop, deliveries=["shop"])
    failed, kustomized = (
        found["flux-cart-v9"],
        next(one for one in found.values() if one.service == "frontend"),
    )
    assert (failed.version_from, failed.version_to, failed.healthy) == ("1.4.0", "1.5.0", False)
    assert failed.time == at(11)
    assert kustomized.version_to == f"main@{'c' * 12}"
    assert kustomized.time == at(13)


@pytest.mark.parametrize("refused", ["applications", "helmreleases", "kustomizations"])
async def test_a_delivery_that_may_not_be_read_is_a_gap(refused: str) -> None:
    _, _, gaps = await told(Shop(refuses=(refused,)), deliveries=["argocd"])
    assert [refused in gap for gap in gaps] == [True]
