"""Tickets as issues of a Linear team (GraphQL), which answers many errors with 200."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime

from pydantic import SecretStr

from incidents.tickets import Outside
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.http import Answer, Exchange
from nexus.notify.tickets.http import WHOLE, gone, part, unreadable
from nexus.notify.tickets.port import Draft, Made, Seen
from nexus.notify.tickets.settings import LinearSettings
from nexus.notify.tickets.wording import as_markdown, title
from tools.clock import Clock

_FIELDS = "id identifier url trashed state { name type }"
_CREATE = (
    "mutation($input: IssueCreateInput!) "
    f"{{ issueCreate(input: $input) {{ success issue {{ {_FIELDS} }} }} }}"
)
_FIND = (
    "query($id: ID!) "
    f"{{ issues(filter: {{ id: {{ eq: $id }} }}, includeArchived: true) {{ nodes {{ {_FIELDS} }} }} }}"
)
_STATES = {
    "triage": Outside.OPEN, "backlog": Outside.OPEN, "unstarted": Outside.OPEN, "started": Outside.DOING,
    "completed": Outside.DONE, "canceled": Outside.DROPPED, "duplicate": Outside.DROPPED,
}  # fmt: skip
_NOT_ALLOWED = {"AUTHENTICATION_ERROR", "FORBIDDEN"}
_FOR_NOW = {"RATELIMITED", "INTERNAL_SERVER_ERROR"}


class Linear:
    """Implements `Tracker`. Whoever makes an issue may say its id, so the same one is never made twice."""

    def __init__(self, settings: LinearSettings, token: SecretStr, url: str, clock: Clock) -> None:
        self._settings = settings
        self._url = url
        shown = token.get_secret_value()
        self._headers = {"authorization": shown}  # a personal key stands alone, without `Bearer`
        self._exchange = Exchange("Linear", [shown], limit=settings.limit, clock=clock, most=WHOLE)

    @property
    def name(self) -> str:
        """`linear TEAM`."""
        return f"linear {self._settings.team}"

    async def create(self, draft: Draft) -> Made | Attempt:
        """Make the issue. Labels are rows of their own there, and are left to the team."""
        given = {
            "id": self._id(draft.key), "teamId": self._settings.team, "title": title(draft),
            "description": as_markdown(draft), "dueDate": draft.due.isoformat(),
        }  # fmt: skip
        data = await self._asked(_CREATE, {"input": given})
        if isinstance(data, Attempt):
            return data
        issue = part(data, "issueCreate", "issue")
        made = _made(issue) if part(data, "issueCreate", "success") is True else None
        return made or unreadable(self._exchange)

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        """By its id."""
        data = await self._asked(_FIND, {"id": self._id(key)})
        if isinstance(data, Attempt):
            return data
        nodes = part(data, "issues", "nodes")
        if not isinstance(nodes, list):
            return unreadable(self._exchange)
        return (_made(nodes[0]) or unreadable(self._exchange)) if nodes else None

    async def read(self, reference: str) -> Seen | Attempt:
        """How the issue stands, by the type of its state."""
        data = await self._asked(_FIND, {"id": reference})
        if isinstance(data, Attempt):
            return data
        nodes = part(data, "issues", "nodes")
        if not isinstance(nodes, list):
            return unreadable(self._exchange)
        made = _made(nodes[0]) if nodes else None
        if made is None:
            return gone("deleted, or no longer to be seen")
        return Seen(outside=made.outside, word=made.word)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _id(self, key: str) -> str:
        """A UUID of version 4, as Linear wants one, made of the team and the key."""
        digest = hashlib.sha256(f"{self._settings.team} {key}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    async def _asked(self, query: str, variables: Mapping[str, object]) -> Mapping[str, object] | Attempt:
        answer = await self._exchange.post(self._url, {"query": query, "variables": variables}, self._headers)
        if isinstance(answer, Attempt):
            return answer
        found = answer.json()
        errors = found.get("errors")
        if isinstance(errors, list) and errors:
            return self._refused(answer, errors[0] if isinstance(errors[0], Mapping) else {})
        if answer.status != 200:
            return self._exchange.judged(answer)
        data = found.get("data")
        return data if isinstance(data, Mapping) else unreadable(self._exchange)

    def _refused(self, answer: Answer, error: Mapping[str, object]) -> Attempt:
        """What an error means, whatever the status that it came with."""
        code = str(part(error, "extensions", "code") or "")
        said = (
            part(error, "extensions", "userPresentableMessage")
            or error.get("message")
            or "no reason was given"
        )
        reason = self._exchange.reason(f"Linear refused: {said}")
        if code in _FOR_NOW or answer.status >= 500:
            rest = self._exchange.rest(answer)
            return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=reason, retry_after=rest)
        return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=reason, disables=code in _NOT_ALLOWED)


def _made(issue: object) -> Made | None:
    if not isinstance(issue, Mapping):
        return None
    reference, url, kind = issue.get("id"), issue.get("url"), part(issue, "state", "type")
    how = _STATES.get(str(kind))
    if not isinstance(reference, str) or not isinstance(url, str) or how is None:
        return None
    if issue.get("trashed") is True:
        return Made(reference=reference, url=url, outside=Outside.GONE, word="in the trash")
    return Made(reference=reference, url=url, outside=how, word=str(part(issue, "state", "name") or kind))
