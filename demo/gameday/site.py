"""The shop's `nexus.yaml`, and the shipped runbook with short waits."""

import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from demo.catalogue import CATALOGUE, DEPLOYED
from demo.cluster.namespace import NAMESPACE
from demo.cluster.shop import ClusterShop
from demo.gameday.policy import DRILL_WATCH, DRILLED, POLICY, UNSIGNED
from demo.launcher import FLAG_OWNERS, Shop
from demo.monitoring.stack import FAST, Monitoring
from demo.repository import SERVICE
from demo.supervision import ROOT
from nexus.config.people import Person
from tools.live.metrics.conventions import shipped

CONVENTIONS = ("up", "otel-http", "prometheus-client")

#: What customers call a part; of the others they do not know.
PUBLIC = {"web": "Shop", "checkout": "Ordering"}

#: A real watch lasts half an hour. A third of `settle` is skipped: longer than the span of the rates.
WATCH = {"lasts": "57s", "every": "12s", "settle": "45s"}


def write_site(
    path: Path,
    shop: Shop,
    monitoring: Monitoring,
    people: Sequence[Person] = (),
    *,
    shadow: bool = False,
    unsigned: bool = False,
) -> None:
    """Writes the configuration of the live world that a running shop is."""
    listed = [one.model_dump(mode="json", exclude_defaults=True) for one in people]
    site = _site(shop, monitoring) | ({"people": listed} if listed else {})
    site |= {"shadow": {"mode": "shadow"}} if shadow else {}
    site |= _unsigned() if unsigned else {}
    path.write_text(yaml.safe_dump(site, sort_keys=False, width=120))


def _unsigned() -> dict[str, Any]:
    """What lets a change begin without a person, where its undo is drilled, and who hears of it."""
    return {
        "autonomy": POLICY.model_dump(mode="json", exclude_defaults=True) | {"announce": "1m"},
        "drills": [{"service": DRILLED, "stands_for": [UNSIGNED], "watch": DRILL_WATCH}],
        "notify": {"destinations": [{"name": "told", "kind": "file", "path": "told.jsonl"}]},
    }


def write_runbook(path: Path) -> None:
    """Writes the shipped runbook with the waits of a game day; every rule stays as it is."""
    document = yaml.safe_load((resources.files("nexus") / "runbook.yaml").read_text())
    path.write_text(yaml.safe_dump(document | {"watch": WATCH}, sort_keys=False, width=120))


def _site(shop: Shop, monitoring: Monitoring) -> dict[str, Any]:
    return {
        "format": 1,
        "environment": "game day",
        "services": [
            {
                "name": entry.name,
                "owner": entry.owner,
                "kind": entry.kind,
                "user_facing": entry.user_facing,
                **({"public": PUBLIC[entry.name]} if entry.name in PUBLIC else {}),
                "depends_on": list(entry.depends_on),
                "endpoints": _endpoints(shop, entry.name),
            }
            for entry in CATALOGUE
        ],
        "thresholds": {"currency": "EUR"},
        "windows": {"lookback": "30s", "quiet": "30s", "recent": "12s", "lead": "20s"},
        "limits": {"changes_per_hour": 20},
        "backends": {
            "metrics": _metrics(monitoring),
            "logs": [{"kind": "files", "paths": [str(shop.folder / "logs" / "{service}.jsonl")]}],
            "traces": {"kind": "files", "paths": [str(shop.folder / "traces" / "*.jsonl")]},
            **(_cluster(shop) if isinstance(shop, ClusterShop) else _processes(shop)),
        },
    }


def _endpoints(shop: Shop, service: str) -> list[dict[str, str]]:
    if service not in DEPLOYED or service == "database":
        return []
    return [{"name": "/health", "url": shop.url(service, "/health")}]


def _metrics(monitoring: Monitoring) -> dict[str, Any]:
    known = {series.metric for name in CONVENTIONS for series in shipped()[name].series}
    own = [
        {"metric": query.metric, "unit": query.unit, "query": query.query}
        for query in monitoring.queries()["service"]
        if query.metric not in known
    ]
    return {
        "kind": "prometheus",
        "url": monitoring.url("prometheus"),
        "conventions": list(CONVENTIONS),
        "series": own,
        "rate_window": f"{FAST.window}s",
        "step": f"{FAST.scrape}s",
    }


def _processes(shop: Shop) -> dict[str, Any]:
    return {
        "changes": [{"kind": "releases", "log": str(shop.folder / "releases" / "releases.log")}],
        "actions": _actions(shop),
        "health": [_provider(shop)],
    }


def _cluster(shop: ClusterShop) -> dict[str, Any]:
    """Changes, actions and pods as the stand-in for Kubernetes tells them; flags are files as elsewhere."""
    at = {"kind": "kubernetes", "url": shop.api.url, "namespace": NAMESPACE}
    most = max(entry.instances for entry in DEPLOYED.values())
    return {
        "changes": [at],
        "actions": [
            at | {"services": list(DEPLOYED), "max_replicas": most, "patience": "90s", "accounts": {}},
            next(one for one in _actions(shop) if one["kind"] == "flags"),
        ],
        "health": [_provider(shop), *(at | {"service": name} for name in DEPLOYED)],
    }


def _provider(shop: Shop) -> dict[str, str]:
    return {"kind": "status_page", "service": "card-network", "url": shop.url("card-network")}


def _actions(shop: Shop) -> list[dict[str, Any]]:
    health = {name: shop.url(name, "/health") for name in DEPLOYED if name != "database"}
    return [
        {
            "kind": "releases",
            "root": str(shop.folder / "releases"),
            "services": list(DEPLOYED),
            "supervisor": str(shop.folder / "supervisor.sock"),
            "health": health,
            "scales": ["catalogue"],
            "max_replicas": DEPLOYED["catalogue"].instances,
        },
        {
            "kind": "flags",
            "file": str(shop.folder / "flags.json"),
            "services": dict(FLAG_OWNERS),
            "fallbacks": {"payment": "payment_fallback", "card-network": "payment_fallback"},
        },
        _command("failover", "database", "demo.failover", shop, "--to", "database-2")
        | {"status": _argv("demo.failover", shop, "--check", "--to", "database-2")},
        # The command deploys what it makes, so it goes first; of the other, the sources can be read.
        _command("hotfix", SERVICE, "demo.hotfix", shop, "--commit", "{commit}"),
        {
            "kind": "hotfix",
            "repository": str(shop.folder / "repositories" / SERVICE),
            "services": [SERVICE],
            "test": ["/usr/bin/env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "unittest"],
        },
    ]


def _command(action: str, service: str, module: str, shop: Shop, *more: str) -> dict[str, Any]:
    argv = _argv(module, shop, *more)
    return {
        "kind": "command",
        "action": action,
        "services": [service],
        "run": argv,
        "dry_run": [*argv, "--dry-run"],
    }


def _argv(module: str, shop: Shop, *more: str) -> list[str]:
    """Our own programs are found from the project's folder, wherever Nexus was started."""
    argv = [sys.executable, "-m", module, "--run", str(shop.folder), *more]
    return ["/usr/bin/env", f"PYTHONPATH={ROOT}", *argv]
