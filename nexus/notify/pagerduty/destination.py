"""PagerDuty: the incident's page is opened, acknowledged and resolved there under our incident's id.

Events API v2 (developer.pagerduty.com, 2026): `summary` up to 1,024 characters, `dedup_key` up to 255, the
whole event up to 512 KB. 202 is accepted; 400 names what is wrong with the event; 429 and 5xx are for later.
An event with a key that is known is added to the alert that is open under it.
"""

import json
from datetime import timedelta

from pydantic import SecretStr

from incidents.severity import Severity
from incidents.value import iso
from nexus.notify.destination import Attempt, Can, Outcome, not_carried
from nexus.notify.http import Answer, Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import cut, headline, in_bytes, words_of
from tools.clock import Clock

SUMMARY, KEY, EVENT = 1_024, 255, 512_000
#: What of an event is our text; the rest of it is short.
_TEXT = 100_000

_ACTIONS = {
    Purpose.PAGE: "trigger",
    Purpose.DECISION: "trigger",
    Purpose.ESCALATION: "trigger",
    Purpose.TEST: "trigger",
    Purpose.HANDLED: "acknowledge",
    Purpose.RESOLVED: "resolve",
}
_SEVERITIES = {
    Severity.P0: "critical", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "info", None: "error",
}  # fmt: skip
#: How a 400 speaks of the integration key instead of the event.
_OF_THE_KEY = ("routing_key", "routing key", "integration key", "integration_key")


class PagerDuty:
    """Implements `Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        routing_key: of an Events API v2 integration; it is all the authority that there is.
        api: where events are posted to.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
    """

    can = frozenset({Can.WAKE, Can.CLOSE, Can.KEYS})
    carries = frozenset(_ACTIONS)

    def __init__(
        self,
        name: str,
        routing_key: SecretStr,
        *,
        api: str,
        clock: Clock,
        limit: timedelta,
    ) -> None:
        self.name = name
        self._key = routing_key
        self._api = api
        secret = routing_key.get_secret_value()
        self._exchange = Exchange("PagerDuty", [secret], limit=limit, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Trigger, acknowledge or resolve the incident's alert."""
        if (refused := not_carried(self, notice)) is not None:
            return refused
        event = event_of(notice) | {"routing_key": self._key.get_secret_value()}
        answer = await self._exchange.post(self._api, event)
        return answer if isinstance(answer, Attempt) else self._judged(answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _judged(self, answer: Answer) -> Attempt:
        said = answer.json()
        if 200 <= answer.status < 300:
            key = said.get("dedup_key")
            return Attempt(outcome=Outcome.ACCEPTED, reference=key if isinstance(key, str) else None)
        errors = said.get("errors")
        words = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
        words = words or str(said.get("message") or answer.text)
        if answer.status == 400 and any(sign in words.lower() for sign in _OF_THE_KEY):
            return Attempt(
                outcome=Outcome.FAILED_FOR_GOOD,
                reason=self._exchange.reason(f"PagerDuty does not take the integration key: {words}"),
                disables=True,
            )
        return self._exchange.judged(answer, words or None)


def event_of(notice: Notice) -> dict[str, object]:
    """A notice as an event, without the key that lets it in."""
    action = _ACTIONS[notice.purpose]
    # A test of its own neither opens nor closes what is known of an incident.
    subject = notice.key if notice.purpose is Purpose.TEST else notice.thread
    event: dict[str, object] = {"event_action": action, "dedup_key": dedup_key(subject)}
    if action != "trigger":
        return event
    words = words_of(notice)
    details = {"Decision": words.decision, **dict(words.facts), "Text": cut(words.text, _TEXT, _as_sent)}
    event["payload"] = {
        "summary": headline(notice, SUMMARY),
        "source": ", ".join(notice.services)[:SUMMARY] or "nexus",
        "severity": _SEVERITIES[notice.severity],
        "timestamp": iso(notice.at),
        "component": notice.services[0] if notice.services else None,
        "class": notice.purpose.value,
        "custom_details": {label: _fact(what) for label, what in details.items() if what},
    }
    event["client"] = "Nexus"
    if notice.link is not None:
        event["client_url"] = notice.link
        event["links"] = [{"href": notice.link, "text": "The incident"}]
    return event


def dedup_key(subject: str) -> str:
    """The incident's id, shortened where it is longer than PagerDuty bears."""
    return subject[:KEY]


def _fact(what: str) -> str:
    return what if in_bytes(what) <= _TEXT else cut(what, _TEXT, _as_sent)


def _as_sent(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
