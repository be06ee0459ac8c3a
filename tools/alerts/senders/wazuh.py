"""Wazuh, as its integrator posts an alert and as its script for other tools words it; it tells no ends."""

from collections.abc import Iterable, Mapping

from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item

#: The lowest level of each word; Wazuh counts from 0 to 15, the highest the worst.
_LEVELS: Mapping[int, str] = {15: "critical", 12: "high", 7: "medium", 0: "low"}


def _read(body: Body) -> Iterable[Item]:
    level = body.text("rule.level")
    number = int(level.value) if level.value.isascii() and level.value.isdecimal() else None
    word = next((word for least, word in _LEVELS.items() if number is not None and number >= least), "")
    yield AlertDraft(
        title=body.text("rule.description"),
        state=FIRES,
        severity=level._replace(value=word),
        description=body.text("full_log"),
        started=body.raw("timestamp", "@timestamp"),
        key=joined(body.text("agent.id", "agent.name"), body.text("rule.id"), by="/"),
        labels={
            **{f"agent {name}": value for name, value in body.labels("agent").items()},
            **body.labels("data"),
            **body.picked("location", "decoder.name", "rule.id"),
        },
    )


def _read_message(body: Body) -> Iterable[Item]:
    """As its integration script for other tools writes it, in lines of `Rule ID 2902`."""
    lines = dict(_line(line) for line in body.text("description").value.splitlines())
    host = lines.get("Agent Name", "")
    yield AlertDraft(
        title=body.text("message"),
        state=FIRES,
        severity=body.text("severity"),
        description=body.text("description"),
        started=body.raw("created_at"),
        key=joined(*(Text(lines.get(name, ""), "description") for name in ("Agent ID", "Rule ID")), by="/"),
        labels={"host": host} if host else {},
    )


def _line(line: str) -> tuple[str, str]:
    first, _, rest = line.partition(" ")
    second, _, value = rest.partition(" ")
    return (f"{first} {second}", value) if value else (first, rest)


FORMS = (
    Form(
        name="wazuh",
        product="Wazuh",
        recognises=lambda body: body.has("rule.level") and (body.has("agent") or body.has("manager")),
        read=_read,
    ),
    Form(
        name="wazuh-message",
        product="Wazuh, by its script for other tools",
        recognises=lambda body: (
            body.names("message", "severity", "created_at")
            and body.text("description").value.startswith("Rule ID")
        ),
        read=_read_message,
        aliases=("wazuh",),
    ),
)
