"""Writes the `case.yaml` of a recording, in the format of docs/recording-format.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from demo.catalogue import CATALOGUE
from demo.changes import Change
from demo.collect import Period
from demo.monitoring.receiver import Webhook
from demo.scenarios import Scenario
from incidents.action import Action


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        # Two equal times are two times; anchors would puzzle a reader.
        return True


@dataclass(frozen=True, kw_only=True)
class Happened:
    """When what happened in one run.

    Attributes:
        baseline: The quiet time before anything was changed.
        window: From the end of the baseline until the remedy.
        aftermath: From the remedy on.
        onset: When the fault began.
        change: The change that is the cause, if one is.
        firing: The alert's webhook.
        resolved: The same alert's webhook after the remedy.
    """

    baseline: Period
    window: Period
    aftermath: Period
    onset: datetime
    change: Change | None
    firing: Webhook
    resolved: Webhook


def write_case(folder: Path, scenario: Scenario, happened: Happened) -> None:
    """Writes `case.yaml` into the folder, whose name is the scenario's id."""
    case = {
        "format": 1,
        "id": scenario.id,
        "title": scenario.title,
        "source": {
            "kind": "recorded",
            "from": "the shop of this repository (python -m demo.record), real Prometheus and Alertmanager",
            "licence": "Apache-2.0",
        },
        "window": _period(happened.window),
        "baseline": _period(happened.baseline),
        "currency": "EUR",
        "alerts": [_delivery(happened.firing)],
        "services": _services(),
        "truth": _truth(scenario, happened),
    }
    text = yaml.dump(case, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    (folder / "case.yaml").write_text(text)


def alert_lines(webhooks: Sequence[Webhook]) -> list[dict[str, Any]]:
    """Deliveries of an aftermath, for its `alerts.jsonl`."""
    return [{**_delivery(hook), "at": hook.at.isoformat()} for hook in webhooks]


def _delivery(hook: Webhook) -> dict[str, Any]:
    return {"at": hook.at, "source": "alertmanager", "payload": hook.payload}


def _period(period: Period) -> dict[str, datetime]:
    return {"from": period.start, "to": period.end}


def _services() -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name,
            "owner": entry.owner,
            "depends_on": list(entry.depends_on),
            "kind": entry.kind,
            "user_facing": entry.user_facing,
        }
        for entry in CATALOGUE
    ]


def _truth(scenario: Scenario, happened: Happened) -> dict[str, Any]:
    truth = scenario.truth
    return {
        "severity": truth.severity,
        "cause": {
            "service": truth.service,
            "category": truth.category.value if truth.category else None,
            "onset": happened.onset,
            "change": happened.change.id if happened.change else None,
            "metric": truth.metric,
            "note": truth.note,
        },
        "also_accept": [],
        "red_herrings": list(truth.red_herrings),
        "actions": {
            "right": _actions(truth.right),
            "harmless": _actions(truth.harmless),
            "wrong": _actions(truth.wrong),
        },
        "data_breach": truth.data_breach,
        "user_data": truth.user_data,
    }


def _actions(actions: Sequence[Action]) -> list[dict[str, str | int | bool]]:
    return [_action(action) for action in actions]


def _action(action: Action) -> dict[str, str | int | bool]:
    # The format has one word for what a kind needs to know: the first argument.
    to = next(iter(action.arguments.given().values()), None)
    told: dict[str, str | int | bool] = {"kind": action.kind.value, "service": action.service}
    return told if to is None else told | {"to": to}
