"""Opsgenie: the incident's alert is opened, acknowledged and closed there under our incident's id.

Alert API v2 (docs.opsgenie.com/docs/alert-api): `message` up to 130 characters, `alias` up to 512,
`description` up to 15,000, `entity` up to 512. Everything is answered 202 and done later: what became of a
request is asked under its id, which is not found before it was looked at. A second alert under an alias that
is open is counted with the first.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from pydantic import SecretStr

from incidents.severity import Severity
from nexus.notify.destination import Attempt, Can, Outcome, not_carried
from nexus.notify.http import Answer, Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import cut, headline, message
from tools.clock import Clock

MESSAGE, ALIAS, DESCRIPTION, ENTITY = 130, 512, 15_000, 512

_OPENS = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION, Purpose.TEST})
_ENDS = {Purpose.HANDLED: "acknowledge", Purpose.RESOLVED: "close"}
_PRIORITIES = {Severity.P0: "P1", Severity.P1: "P2", Severity.P2: "P3", Severity.P3: "P4", None: "P2"}
#: Before each look at what became of a request, in seconds; most are done at the first.
_PAUSES = (0.0, 0.3, 0.6, 1.2, 2.4)


class Opsgenie:
    """Implements `Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        key: of an API integration.
        api: where `/v2/alerts` is.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
        pauses: in seconds, before each look at what became of a request.
    """

    can = frozenset({Can.WAKE, Can.CLOSE, Can.KEYS})
    carries = _OPENS | _ENDS.keys()

    def __init__(
        self,
        name: str,
        key: SecretStr,
        *,
        api: str,
        clock: Clock,
        limit: timedelta,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self.name = name
        secret = key.get_secret_value()
        self._headers = {"authorization": f"GenieKey {secret}"}
        self._alerts = f"{api.rstrip('/')}/v2/alerts"
        self._pauses = pauses
        # What became of it is asked in the second half, and only as long as that lasts.
        self._limit = limit / 2
        self._exchange = Exchange("Opsgenie", [secret], limit=limit / 2, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Open, acknowledge or close the incident's alert, and see whether that was done."""
        if (refused := not_carried(self, notice)) is not None:
            return refused
        address, body = self._request(notice)
        answer = await self._exchange.post(address, body, self._headers)
        if isinstance(answer, Attempt):
            return answer
        identity = answer.json().get("requestId")
        if not 200 <= answer.status < 300 or not isinstance(identity, str):
            return self._exchange.judged(answer, _words(answer))
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                done = await self._outcome(identity)
        except TimeoutError:
            done = None
        return done or Attempt(outcome=Outcome.ACCEPTED, reference=identity)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _request(self, notice: Notice) -> tuple[str, dict[str, object]]:
        # A test of its own neither opens nor closes what is known of an incident.
        alias = (notice.key if notice.purpose is Purpose.TEST else notice.thread)[:ALIAS]
        if notice.purpose in _OPENS:
            return self._alerts, alert_of(notice) | {"alias": alias}
        verb = _ENDS[notice.purpose]
        where = f"{self._alerts}/{quote(alias, safe='')}/{verb}?identifierType=alias"
        return where, {"source": "nexus", "note": message(notice, DESCRIPTION)}

    async def _outcome(self, identity: str) -> Attempt | None:
        """What became of a request; None: nothing is known yet."""
        where = f"{self._alerts}/requests/{quote(identity, safe='')}"
        for pause in self._pauses:
            await asyncio.sleep(pause)
            answer = await self._exchange.ask("GET", where, headers=self._headers)
            if isinstance(answer, Answer) and answer.status == 200:
                return self._done(answer, identity)
        return None

    def _done(self, answer: Answer, identity: str) -> Attempt | None:
        told = answer.json().get("data")
        if not isinstance(told, dict) or not isinstance(told.get("isSuccess"), bool):
            return None
        if told["isSuccess"]:
            return Attempt(outcome=Outcome.DELIVERED, reference=identity)
        opens = str(told.get("action", "")).lower() == "create"
        words = self._exchange.reason(f"Opsgenie took it and did not do it: {told.get('status')}")
        # The same alias again opens nothing twice; what is to be ended there is not there.
        return Attempt(outcome=Outcome.FAILED_FOR_NOW if opens else Outcome.FAILED_FOR_GOOD, reason=words)


def alert_of(notice: Notice) -> dict[str, object]:
    """A notice as an alert, without its alias."""
    return {
        "message": headline(notice, MESSAGE),
        "description": message(notice, DESCRIPTION),
        "priority": _PRIORITIES[notice.severity],
        "source": "nexus",
        "entity": cut(", ".join(notice.services), ENTITY),
        "details": {"incident": notice.incident} | ({"page": notice.link} if notice.link else {}),
    }


def _words(answer: Answer) -> str | None:
    said = answer.json()
    errors = said.get("errors")
    words = [said.get("message"), *(errors.values() if isinstance(errors, dict) else ())]
    return "; ".join(word for word in words if isinstance(word, str)) or None
