"""Tickets as issues of a Jira project: in the Cloud (REST v3) or in a Data Center of one's own (REST v2)."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from incidents.tickets import Outside
from nexus.notify.destination import Attempt
from nexus.notify.http import Answer, Exchange
from nexus.notify.tickets.http import WHOLE, gone, part, unreadable
from nexus.notify.tickets.port import Draft, Made, Seen
from nexus.notify.tickets.settings import JiraDataCenterSettings, JiraSettings
from nexus.notify.tickets.wording import as_document, as_wiki, title
from tools.clock import Clock

#: The categories that Jira sorts every status of a site into.
_STATES = {
    "new": Outside.OPEN,
    "undefined": Outside.OPEN,
    "indeterminate": Outside.DOING,
    "done": Outside.DONE,
}
#: Resolutions that a new site has and that mean that nothing was done.
_DROPPED = {"won't do", "won't fix", "duplicate", "declined", "cannot reproduce"}
_FIELDS = ["status", "resolution"]


@dataclass(frozen=True)
class _Form:
    """How one kind of Jira is spoken to: where its methods are, and what a text is there."""

    rest: str
    search: str
    text: Callable[[Draft], object]


_CLOUD = _Form("/rest/api/3", "/search/jql", as_document)
_DATA_CENTER = _Form("/rest/api/2", "/search", as_wiki)


class Jira:
    """Implements `Tracker`. The day stands in the text: a project's screen need not have a field for it."""

    def __init__(
        self, settings: JiraSettings | JiraDataCenterSettings, token: SecretStr, url: str, clock: Clock
    ) -> None:
        self._settings = settings
        self._base = url.rstrip("/")
        shown = proof = token.get_secret_value()
        if isinstance(settings, JiraSettings):
            self._form = _CLOUD
            proof = base64.b64encode(f"{settings.user}:{shown}".encode()).decode()
            authorization = f"Basic {proof}"
        else:
            self._form, authorization = _DATA_CENTER, f"Bearer {shown}"
        self._headers = {"authorization": authorization, "accept": "application/json"}
        self._exchange = Exchange("Jira", [shown, proof], limit=settings.limit, clock=clock, most=WHOLE)

    @property
    def name(self) -> str:
        """`jira PROJECT`."""
        return f"jira {self._settings.project}"

    async def create(self, draft: Draft) -> Made | Attempt:
        """Make the issue; a label of Jira holds no blank."""
        labels = [draft.key, *(one.replace(" ", "-") for one in self._settings.labels)]
        fields = {
            "project": {"key": self._settings.project}, "issuetype": {"name": self._settings.issue_type},
            "summary": title(draft), "description": self._form.text(draft), "labels": labels,
        }  # fmt: skip
        answer = await self._exchange.post(self._at("/issue"), {"fields": fields}, self._headers)
        if isinstance(answer, Attempt) or answer.status != 201:
            return answer if isinstance(answer, Attempt) else self._judged(answer)
        key = answer.json().get("key")
        if not isinstance(key, str) or not key:
            return unreadable(self._exchange)
        return Made(reference=key, url=f"{self._base}/browse/{key}")

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        """By the label, with the search that knows a new issue a moment later."""
        jql = f'project = "{self._settings.project}" AND labels = "{key}" ORDER BY created ASC'
        body = {"jql": jql, "fields": _FIELDS, "maxResults": 1}
        answer = await self._exchange.post(self._at(self._form.search), body, self._headers)
        if isinstance(answer, Attempt) or answer.status != 200:
            return answer if isinstance(answer, Attempt) else self._judged(answer)
        issues = answer.json().get("issues")
        if not isinstance(issues, list):
            return unreadable(self._exchange)
        if not issues:
            return None
        first = issues[0] if isinstance(issues[0], Mapping) else {}
        seen, found = _seen(first), first.get("key")
        if seen is None or not isinstance(found, str):
            return unreadable(self._exchange)
        return Made(reference=found, url=f"{self._base}/browse/{found}", outside=seen.outside, word=seen.word)

    async def read(self, reference: str) -> Seen | Attempt:
        """How the issue stands, by the category of its status."""
        asked = self._at(f"/issue/{reference}?fields={','.join(_FIELDS)}")
        answer = await self._exchange.ask("GET", asked, headers=self._headers)
        if isinstance(answer, Attempt):
            return answer
        if answer.status == 404:
            return gone("deleted, or no longer to be seen")
        return (_seen(answer.json()) if answer.status == 200 else None) or self._judged(answer)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()

    def _at(self, path: str) -> str:
        return f"{self._base}{self._form.rest}{path}"

    def _judged(self, answer: Answer) -> Attempt:
        """What it says of the fields of a request that it does not take."""
        found = answer.json()
        said, errors = found.get("errorMessages"), found.get("errors")
        words = [str(one) for one in said] if isinstance(said, list) else []
        words += [f"{name}: {why}" for name, why in errors.items()] if isinstance(errors, Mapping) else []
        return self._exchange.judged(answer, "; ".join(words) or None)


def _seen(issue: Mapping[str, object]) -> Seen | None:
    category, word = (
        part(issue, "fields", "status", "statusCategory", "key"),
        part(issue, "fields", "status", "name"),
    )
    how = _STATES.get(str(category))
    if how is None:
        return None
    resolution = part(issue, "fields", "resolution", "name")
    if how is Outside.DONE and str(resolution or "").casefold() in _DROPPED:
        how = Outside.DROPPED
    return Seen(outside=how, word=str(word or category))
