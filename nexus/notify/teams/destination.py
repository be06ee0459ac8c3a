"""Teams: a card in a channel through a workflow, which answers 202 before it has posted anything."""

import re
from datetime import timedelta

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.http import Answer, Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.teams.card import message_of
from tools.clock import Clock

#: A workflow that somebody has switched off or deleted.
_SWITCHED_OFF = frozenset({"WorkflowTriggerIsNotEnabled", "WorkflowNotFound", "TriggerNotFound"})
#: How the connectors that came before workflows say 200 of what failed.
_FAILED_INSIDE = re.compile(r"failed with error|HTTP error (\d{3})", re.IGNORECASE)


class Teams:
    """Implements `Destination`: one way, each notice by itself.

    Args:
        name: as `nexus.yaml` calls it.
        address: of the workflow; it holds a signature.
        clock: what a date in `Retry-After` is compared with.
        limit: how long one try may take.
    """

    can = frozenset[Can]()
    carries = frozenset(Purpose)

    def __init__(self, name: str, address: SecretStr, *, clock: Clock, limit: timedelta) -> None:
        self.name = name
        self._address = address
        self._exchange = Exchange("Teams", [address.get_secret_value()], limit=limit, clock=clock)

    async def send(self, notice: Notice) -> Attempt:
        """Post a card."""
        answer = await self._exchange.post(self._address.get_secret_value(), message_of(notice))
        return answer if isinstance(answer, Attempt) else self._judged(answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _judged(self, answer: Answer) -> Attempt:
        error = answer.json().get("error")
        code, said = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
        if code in _SWITCHED_OFF:
            reason = self._exchange.reason(f"Teams answered {answer.status}: {code}, {said}")
            return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=reason, disables=True)
        if answer.status < 300 and (inside := _FAILED_INSIDE.search(answer.text)):
            status = int(inside[1]) if inside[1] else 503
            return self._exchange.judged(answer._replace(status=status if status >= 400 else 503))
        return self._exchange.judged(answer, f"{code}, {said}" if code else None)
