"""Notices for the destinations' tests."""

from datetime import UTC, datetime

from incidents.severity import Severity
from nexus.notify.notice import Asked, Audience, Facts, Notice, Purpose

AT = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
DIGEST = "5" * 64


def notice(purpose: Purpose = Purpose.PAGE, **said: object) -> Notice:
    """One as the router makes it; everything can be said otherwise."""
    body: dict[str, object] = {
        "key": f"INC-7:{purpose.value}:1",
        "thread": "INC-7",
        "incident": "INC-7",
        "purpose": purpose,
        "audience": Audience.ON_CALL,
        "severity": Severity.P0,
        "services": ("checkout", "cart"),
        "title": "Checkout answers with errors",
        "text": "Every second order fails since the release of 09:55.",
        "facts": Facts(
            noticed="Orders fail", since=AT, cause="the release, rather sure", holder="the agents"
        ),
        "at": AT,
        "link": "https://nexus.example/incidents/INC-7",
    }
    return Notice.model_validate(body | said)


def decision(**said: object) -> Notice:
    """A change that waits for one signature."""
    facts = Facts(decision="Roll back checkout to 2026.11.1", until=AT.replace(minute=15))
    asked = Asked(action="A1", digest=DIGEST, page="https://nexus.example/incidents/INC-7/A1", by_button=True)
    return notice(Purpose.DECISION, **({"facts": facts, "asked": asked} | said))
