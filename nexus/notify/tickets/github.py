"""Tickets as issues of a GitHub repository (REST, version 2022-11-28)."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from pydantic import SecretStr

from incidents.tickets import Outside
from incidents.value import iso
from nexus.notify.destination import Attempt
from nexus.notify.http import Exchange
from nexus.notify.tickets.http import WHOLE, gone, objects, unreadable
from nexus.notify.tickets.port import Draft, Made, Seen
from nexus.notify.tickets.settings import GitHubSettings
from nexus.notify.tickets.wording import as_markdown, title
from tools.clock import Clock

_DROPPED = {"not_planned", "duplicate"}
#: As many pages of younger issues are looked through where a token may set no labels.
_PAGES, _PER_PAGE = 5, 50


class GitHub:
    """Implements `Tracker`.

    A label of an account that may not push is dropped without a word, so the key stands in the text as well.
    """

    def __init__(self, settings: GitHubSettings, token: SecretStr, url: str, clock: Clock) -> None:
        self._settings = settings
        self._issues = f"{url.rstrip('/')}/repos/{settings.repository}/issues"
        shown = token.get_secret_value()
        self._headers = {
            "authorization": f"Bearer {shown}", "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }  # fmt: skip
        self._exchange = Exchange("GitHub", [shown], limit=settings.limit, clock=clock, most=WHOLE)

    @property
    def name(self) -> str:
        """`github OWNER/NAME`."""
        return f"github {self._settings.repository}"

    async def create(self, draft: Draft) -> Made | Attempt:
        """Make the issue."""
        body = {
            "title": title(draft), "body": as_markdown(draft), "labels": [draft.key, *self._settings.labels],
        }  # fmt: skip
        answer = await self._exchange.post(self._issues, body, self._headers)
        if isinstance(answer, Attempt) or answer.status != 201:
            return answer if isinstance(answer, Attempt) else self._exchange.judged(answer)
        return _made(answer.json()) or unreadable(self._exchange)

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        """By the label, and where it was dropped by the text of what is younger than the try."""
        labelled = await self._listed(f"state=all&labels={quote(key, safe='')}&per_page=10", key)
        if labelled is not None:
            return labelled
        for page in range(1, _PAGES + 1):
            asked = f"state=all&since={quote(iso(since))}&sort=created&per_page={_PER_PAGE}&page={page}"
            found = await self._page(asked)
            if isinstance(found, Attempt):
                return found
            if (one := _of(found, key)) is not None:
                return one
            if len(found) < _PER_PAGE:
                return None
        return None

    async def _listed(self, asked: str, key: str) -> Made | Attempt | None:
        found = await self._page(asked)
        return found if isinstance(found, Attempt) else _of(found, key, labelled=True)

    async def _page(self, asked: str) -> tuple[Mapping[str, object], ...] | Attempt:
        answer = await self._exchange.ask("GET", f"{self._issues}?{asked}", headers=self._headers)
        if isinstance(answer, Attempt) or answer.status != 200:
            return answer if isinstance(answer, Attempt) else self._exchange.judged(answer)
        found = objects(answer)
        return unreadable(self._exchange) if found is None else found

    async def read(self, reference: str) -> Seen | Attempt:
        """How the issue stands; one that was deleted or moved to another repository is gone."""
        answer = await self._exchange.ask("GET", f"{self._issues}/{reference}", headers=self._headers)
        if isinstance(answer, Attempt):
            return answer
        if answer.status in {301, 404, 410}:
            return gone(
                {301: "moved to another repository"}.get(answer.status, "deleted, or no longer to be seen")
            )
        made = _made(answer.json()) if answer.status == 200 else None
        return (
            Seen(outside=made.outside, word=made.word) if made is not None else self._exchange.judged(answer)
        )

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._exchange.aclose()


def _of(found: tuple[Mapping[str, object], ...], key: str, *, labelled: bool = False) -> Made | None:
    """The oldest issue of a key; pull requests are listed among issues and are none."""
    ours = [
        one
        for one in found
        if "pull_request" not in one and (labelled or f"<!-- {key} -->" in str(one.get("body") or ""))
    ]
    return _made(min(ours, key=_number)) if ours else None


def _number(issue: Mapping[str, object]) -> int:
    number = issue.get("number")
    return number if isinstance(number, int) else 0


def _made(issue: Mapping[str, object]) -> Made | None:
    number, url, state = issue.get("number"), issue.get("html_url"), issue.get("state")
    if not isinstance(number, int) or not isinstance(url, str) or state not in {"open", "closed"}:
        return None
    reason = str(issue.get("state_reason") or "")
    if state == "open":
        return Made(reference=str(number), url=url, outside=Outside.OPEN, word="open")
    how = Outside.DROPPED if reason in _DROPPED else Outside.DONE
    return Made(
        reference=str(number), url=url, outside=how, word=f"closed ({reason})" if reason else "closed"
    )
