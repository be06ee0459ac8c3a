"""Answerers that fill any request's JSON schema: one that obliges, one that lies, one at random.

The obliging one asks up to two tools, then reports what it saw: evidence ids, services, changes.
"""

import json
import random
import re
from dataclasses import dataclass, replace
from typing import Any

from tests.fake_turns import Answerer, Asked, Call, Reply

_EVIDENCE = re.compile(r"E-[0-9a-f]{8}")
_SERVICE_LINE = re.compile(r"^- (\S.*?) \((?:service|database|queue|external)\b", re.MULTILINE)
_SUSPECT = re.compile(r"^1\. (\S.*?)(?: · |: )score [\d.]+(?: · |, )(\w+)", re.MULTILINE)
_DIAGNOSED = re.compile(r"^## Diagnosis\n(\S.*?) · (\w+)", re.MULTILINE)
_CHANGE = re.compile(r"(?:fits change|· change|blamed change) ([\w.-]*\d[\w.-]*)")
_BEFORE = re.compile(r"Before it: ([\w.-]*\w)")
_ACTIONS = re.compile(r"you may propose only: ([a-z_, ]+)\.")
_FIRST = {"deployments", "recovery"}
_CHECKS = re.compile(r"Checks, each to be answered once and worded as here:\n((?:- .*\n?)+)")


@dataclass(frozen=True)
class Seen:
    """What a request showed that a report can refer to."""

    services: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    change: str | None = None
    version: str | None = None
    actions: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    category: str = "deployment"


def look(asked: Asked) -> Seen:
    """Read what stands in the messages of a request."""
    text = asked.text
    told = [found for pattern in (_DIAGNOSED, _SUSPECT) if (found := pattern.search(text))]
    blamed = next((found for found in told if found[1] != "unknown"), None)
    first = [blamed[1]] if blamed else []
    before = _BEFORE.search(text)
    change = _CHANGE.search(text)
    actions = _ACTIONS.search(text)
    checks = _CHECKS.search(text)
    return Seen(
        services=tuple(dict.fromkeys([*first, *_SERVICE_LINE.findall(text)])),
        evidence=tuple(dict.fromkeys(_EVIDENCE.findall(text))),
        change=change[1].rstrip(".") if change else None,
        version=before[1] if before else None,
        actions=tuple(actions[1].split(", ")) if actions else (),
        checks=tuple(row[2:] for row in checks[1].splitlines()) if checks else (),
        category=blamed[2] if blamed else "unknown",
    )


class Filler:
    """Fills a JSON schema with what was seen."""

    def __init__(self, seen: Seen, root: dict[str, Any]) -> None:
        self._seen = seen
        self._defs = root.get("$defs", {})

    def fill(self, schema: dict[str, Any], name: str = "") -> Any:
        """A minimal valid value for the schema of a field of that name."""
        if "$ref" in schema:
            return self.fill(self._defs[schema["$ref"].rsplit("/", 1)[-1]], name)
        if "allOf" in schema:
            return self.fill(schema["allOf"][0], name)
        if "anyOf" in schema:
            return self._any_of(schema["anyOf"], name)
        if name == "proposals":
            return self._proposals()
        if name == "checks":
            return self._checks()
        if "const" in schema or "enum" in schema:
            return self._choice(schema.get("enum") or [schema["const"]], name)
        return self._typed(schema, name)

    def _typed(self, schema: dict[str, Any], name: str) -> Any:
        kind = schema.get("type", "string")
        if kind == "object":
            needed = {*schema.get("required", []), "evidence", "service", "change", "services", "proposals"}
            return {
                key: self.fill(part, key)
                for key, part in schema.get("properties", {}).items()
                if key in needed
            }
        if kind == "array":
            return self._array(schema, name)
        if kind == "boolean":
            return False
        if kind in {"integer", "number"}:
            return schema.get("minimum", 7)
        return self._text(schema, name)

    def _any_of(self, parts: list[dict[str, Any]], name: str) -> Any:
        named = {"service": self._seen.services, "change": self._seen.change}
        real = [part for part in parts if part.get("type") != "null"]
        if len(real) < len(parts) and not named.get(name):
            return None
        return self.fill(real[0], name)

    def _choice(self, options: list[Any], name: str) -> Any:
        wanted = {
            "category": self._seen.category,
            "severity": "P1",
            "confidence": "high",
            "state": "abnormal",
        }
        if name == "service":
            return next((service for service in self._seen.services if service in options), options[0])
        return wanted[name] if wanted.get(name) in options else options[0]

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        if name == "evidence":
            return list(self._seen.evidence[-3:])
        if name == "services":
            return list(self._seen.services[:1])
        if name == "claims" or (name not in {"hypotheses", "checks"} and not schema.get("minItems")):
            return []
        return [self.fill(schema.get("items", {}), name.rstrip("s"))]

    def _text(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("format") == "date-time":
            return "2026-01-01T00:00:00Z"
        if name == "service":
            return self._seen.services[0] if self._seen.services else "unknown"
        if name == "change":
            return self._seen.change or "unknown"
        if name in {"users_affected", "eta"} or name.endswith("_impact"):
            return "unknown"
        return f"The {name.replace('_', ' ') or 'answer'} as read from the evidence."

    def _checks(self) -> list[dict[str, Any]]:
        state = "abnormal" if self._seen.evidence else "no_data"
        evidence = list(self._seen.evidence[-2:])
        return [
            {"check": check, "state": state, "finding": "As the evidence shows.", "evidence": evidence}
            for check in self._seen.checks or ("Overall state",)
        ]

    def _proposals(self) -> list[dict[str, Any]]:
        if not self._seen.services or not self._seen.actions:
            return []
        kind = self._seen.actions[0]
        arguments = {
            "rollback": {"version": self._seen.version},
            "scale": {"replicas": 4},
            "hotfix": {"commit": "0000000"},
            "feature_flag": {"flag": "checkout", "enabled": False},
        }.get(kind, {})
        if kind == "rollback" and self._seen.version is None:
            return []
        action = {"kind": kind, "service": self._seen.services[0], "arguments": arguments}
        words = {"reason": "The change fits the onset.", "expected_effect": "Errors fall within 5 minutes."}
        return [{"action": action, **words, "evidence": list(self._seen.evidence[-2:])}]


def report_from(asked: Asked, seen: Seen) -> Reply:
    """The report that the request asks for, filled with what was seen."""
    name = asked.report
    if name is None:
        return Reply(text="There is no report to fill in.")
    schema = asked.tools[name]
    return Reply(calls=(Call(name, Filler(seen, schema).fill(schema)),))


def obliging(asked: Asked) -> Reply:
    """Ask up to two tools, each once, then report."""
    others = sorted(
        (name for name in asked.tools if name != asked.report), key=lambda name: name not in _FIRST
    )
    done = asked.answered_tools
    if done < min(2, len(others)):
        schema = asked.tools[others[done]]
        return Reply(calls=(Call(others[done], Filler(look(asked), schema).fill(schema)),))
    return report_from(asked, look(asked))


def evil(asked: Asked) -> Reply:
    """Report services, evidence, changes and actions that do not exist."""
    invented = Seen(
        services=("billing-of-the-moon",),
        evidence=("E-00000000", "E-ffffffff"),
        change="chg-666",
        version="6.6.6",
        actions=("rollback",),
    )
    return report_from(asked, invented)


def at_random(asked: Asked) -> Reply:
    """Well-formed and senseless: any tool, or the report; the same request gets the same answer."""
    dice = random.Random(json.dumps(asked.body, sort_keys=True))  # noqa: S311
    name = dice.choice([*asked.tools, asked.report])
    if name is None or name == asked.report:
        seen = look(asked)
        services, evidence = list(seen.services), list(seen.evidence)
        dice.shuffle(services)
        dice.shuffle(evidence)
        return report_from(asked, replace(seen, services=tuple(services), evidence=tuple(evidence)))
    schema = asked.tools[name]
    return Reply(calls=(Call(name, Filler(look(asked), schema).fill(schema)),))


ANSWERERS: dict[str, Answerer] = {"obliging": obliging, "evil": evil, "random": at_random}
