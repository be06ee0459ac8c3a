"""Asking GitHub's REST API about one repository: lists page by page, as far as they are needed."""

import re
from collections.abc import AsyncIterator
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from tools.live.http import Backend, Query, Reply
from tools.live.secrets import Secrets
from tools.live.settings import GitHub
from tools.telemetry.data_gaps import note_gap

#: As many pages of one list are read.
PAGES = 5
_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="next"')
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

R = TypeVar("R", bound=Reply)


class GitHubApi:
    """One repository at GitHub or GitHub Enterprise.

    Args:
        spec: where it is.
        secrets: resolves the token.
    """

    def __init__(self, spec: GitHub, secrets: Secrets) -> None:
        self.backend = Backend("GitHub", spec, secrets)
        self.repository = spec.repository
        self._root = f"/repos/{spec.repository}"

    async def one(self, model: type[R], path: str, query: Query | None = None) -> R:
        """One object of the repository.

        Raises:
            ToolFailed: GitHub does not answer, declines, or takes no more questions for now.
        """
        text = await self.backend.ask("GET", self._root + path, query=query, headers=_HEADERS)
        return self.backend.read(model, text)

    async def pages(self, model: type[R], path: str, query: Query) -> AsyncIterator[R]:
        """The pages of a list, in GitHub's order; stop when there is enough. Raises like `one`.

        A list that answers a bare array is read as `{"items": [...]}`.
        """
        asked: Query | None = {**query, "per_page": 100}
        for _ in range(PAGES):
            answer = await self.backend.answer("GET", self._root + path, query=asked, headers=_HEADERS)
            text = answer.text if answer.text.lstrip()[:1] != "[" else f'{{"items":{answer.text}}}'
            yield self.backend.read(model, text)
            # Only the question is taken from the link, never the host that the token would go to.
            found = _NEXT.search(answer.headers.get("link", ""))
            if found is None:
                return
            asked = dict(parse_qsl(urlsplit(found[1]).query))
        note_gap(
            f"GitHub's list {path} of {self.repository} is longer than {PAGES} pages; the rest was not read"
        )

    async def make(self, path: str, body: dict[str, str]) -> str:
        """Create something, once; what GitHub answers. Raises like `one`."""
        return await self.backend.ask("POST", self._root + path, body=body, headers=_HEADERS, tries=1)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.backend.aclose()
