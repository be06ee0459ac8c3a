"""Tickets as issues of a GitLab project (REST v4)."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from pydantic import SecretStr

from incidents.tickets import Outside
from nexus.notify.destination import Attempt
from nexus.notify.http import Exchange
from nexus.notify.tickets.http import WHOLE, gone, objects, unreadable
from nexus.notify.tickets.port import Draft, Made, Seen
from nexus.notify.tickets.settings import GitLabSettings
from nexus.notify.tickets.wording import as_markdown, title
from tools.clock import Clock


class GitLab:
    """Implements `Tracker`. A label that is not there yet is made by the issue that names it."""

    def __init__(self, settings: GitLabSettings, token: SecretStr, url: str, clock: Clock) -> None:
        self._settings = settings
        project = quote(settings.project, safe="")
        self._issues = f"{url.rstrip('/')}/api/v4/projects/{project}/issues"
        shown = token.get_secret_value()
        self._headers = {"private-token": shown}
        self._exchange = Exchange("GitLab", [shown], limit=settings.limit, clock=clock, most=WHOLE)

    @property
    def name(self) -> str:
        """`gitlab GROUP/NAME`."""
        return f"gitlab {self._settings.project}"

    async def create(self, draft: Draft) -> Made | Attempt:
        """Make the issue."""
        body = {
            "title": title(draft), "description": as_markdown(draft), "due_date": draft.due.isoformat(),
            "labels": ",".join([draft.key, *self._settings.labels]),
        }  # fmt: skip
        answer = await self._exchange.post(self._issues, body, self._headers)
        if isinstance(answer, Attempt) or answer.status != 201:
            return answer if isinstance(answer, Attempt) else self._exchange.judged(answer)
        return _made(answer.json()) or unreadable(self._exchange)

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        """By the label, in every state."""
        asked = (
            f"{self._issues}?scope=all&labels={quote(key, safe='')}&order_by=created_at&sort=asc&per_page=10"
        )
        answer = await self._exchange.ask("GET", asked, headers=self._headers)
        if isinstance(answer, Attempt) or answer.status != 200:
            return answer if isinstance(answer, Attempt) else self._exchange.judged(answer)
        found = objects(answer)
        if found is None:
            return unreadable(self._exchange)
        return _made(found[0]) or unreadable(self._exchange) if found else None

    async def read(self, reference: str) -> Seen | Attempt:
        """How the issue stands; one that was deleted or moved to another project is gone."""
        answer = await self._exchange.ask("GET", f"{self._issues}/{reference}", headers=self._headers)
        if isinstance(answer, Attempt):
            return answer
        if answer.status == 404:
            return gone("deleted, or no longer to be seen")
        found = answer.json() if answer.status == 200 else {}
        if found.get("moved_to_id") is not None:
            return gone("moved to another project")
        made = _made(found)
        return (
            Seen(outside=made.outside, word=made.word) if made is not None else self._exchange.judged(answer)
        )

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()


def _made(issue: Mapping[str, object]) -> Made | None:
    number, url, state = issue.get("iid"), issue.get("web_url"), issue.get("state")
    if not isinstance(number, int) or not isinstance(url, str) or state not in {"opened", "closed"}:
        return None
    how = Outside.OPEN if state == "opened" else Outside.DONE
    return Made(reference=str(number), url=url, outside=how, word=str(state))
