"""Deployments that GitHub keeps, with what each brought, and its Actions runs."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from incidents.changes import Change, ChangeKind, PipelineRun, RunState
from incidents.errors import ToolFailed
from incidents.findings import Window
from incidents.value import Moment, iso
from tools.live.github import GitHubApi
from tools.live.http import Reply
from tools.live.partial import gather_parts
from tools.live.secrets import Secrets
from tools.live.settings import GitHub
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: As many deployments are described in one answer; of more, the newest.
MOST = 30
#: As long after it was created a deployment may reach its environment.
_UNDER_WAY = timedelta(hours=6)
_COMMITS = 5
_LONGEST = 400
#: States of a deployment in which it reached its environment; `inactive` did until it was replaced.
_REACHED = frozenset({"success", "inactive"})


class _Person(Reply):
    login: str = ""


class _Deployment(Reply):
    id: int
    sha: str = Field(pattern=r"^[0-9a-f]{7,64}$")
    ref: str = ""
    created_at: Moment
    description: str | None = None
    creator: _Person | None = None
    payload: Any = None

    def told(self, name: str) -> str:
        """A text of the payload, which is an object, the JSON text of one, or nothing."""
        payload = self.payload
        if isinstance(payload, str):
            try:
                payload = json.loads(payload)
            except (ValueError, RecursionError):
                return ""
        found = payload.get(name) if isinstance(payload, dict) else None
        return plain(found, 80) if isinstance(found, str) else ""

    @property
    def version(self) -> str:
        """The payload's version, else the ref if it is a tag's or branch's name, else the commit."""
        return self.told("version") or (plain(self.ref, 80) if self.ref != self.sha else "") or self.sha[:12]


class _Deployments(Reply):
    items: tuple[_Deployment, ...]


class _Status(Reply):
    state: str
    created_at: Moment


class _Statuses(Reply):
    items: tuple[_Status, ...]


class _Message(Reply):
    message: str = ""


class _Commit(Reply):
    sha: str
    commit: _Message = _Message()


class _Comparison(Reply):
    total_commits: int = 0
    behind_by: int = 0
    commits: tuple[_Commit, ...] = ()


class _Run(Reply):
    id: int
    name: str | None = None
    head_sha: str = ""
    status: str | None = None
    conclusion: str | None = None
    html_url: str = ""
    run_started_at: Moment | None = None
    created_at: Moment
    updated_at: Moment | None = None


class _Runs(Reply):
    total_count: int = 0
    workflow_runs: tuple[_Run, ...] = Field(default=())


class GitHubChanges:
    """The changes and pipelines ports over one repository at GitHub.

    The service is the one that is configured, else the `service` of a deployment's payload, else the
    repository's name; the version is the payload's `version`, else the ref, else the commit.
    """

    def __init__(self, spec: GitHub, secrets: Secrets) -> None:
        self._api = GitHubApi(spec, secrets)
        self._spec = spec

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The deployments that reached the environment in a window, oldest first.

        Raises:
            ToolFailed: GitHub does not answer, declines, or takes no more questions for now.
        """
        pairs = await self._deployments(window)
        if len(pairs) > MOST:
            note_gap(f"{len(pairs) - MOST} older deployments of {self._spec.repository} were left out")
        asks = {f"deployment {new.id}": partial(self._change, old, new) for old, new in pairs[-MOST:]}
        found = [one for one in (await gather_parts(asks)).values() if one is not None]
        within = [one for one in found if window.start <= one.time < window.end]
        return tuple(sorted(within, key=lambda one: one.time))

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        """The Actions runs that were created in a window, newest first; raises like `changes`."""
        asked = {"created": f"{iso(window.start)}..{iso(window.end)}"}
        found: list[_Run] = []
        async for page in self._api.pages(_Runs, "/actions/runs", asked):
            found += page.workflow_runs
        return tuple(self._run(run) for run in found)

    async def check(self) -> str:
        """The newest deployment; raises like `changes`."""
        newest = await self._newest()
        place = f"{self._spec.repository} ({self._spec.environment})"
        return (
            f"GitHub: {place} was deployed last at {newest}"
            if newest
            else f"GitHub: {place} has no deployment"
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _newest(self) -> str:
        asked = {"environment": self._spec.environment}
        async for page in self._api.pages(_Deployments, "/deployments", asked):
            return iso(page.items[0].created_at) if page.items else ""
        return ""

    async def _deployments(self, window: Window) -> list[tuple[_Deployment | None, _Deployment]]:
        """The deployments that may fall into a window, each with the one before it; oldest first."""
        found: list[_Deployment] = []
        asked = {"environment": self._spec.environment}
        async for page in self._api.pages(_Deployments, "/deployments", asked):
            found += page.items
            # One page before the window is enough to know what each service ran before.
            if page.items and page.items[-1].created_at < window.start - _UNDER_WAY:
                break
        before: dict[str, _Deployment] = {}
        pairs: list[tuple[_Deployment | None, _Deployment]] = []
        for one in sorted(found, key=lambda one: (one.created_at, one.id)):
            service = self._service(one)
            if window.start - _UNDER_WAY <= one.created_at < window.end:
                pairs.append((before.get(service), one))
            before[service] = one
        return pairs

    async def _change(self, old: _Deployment | None, new: _Deployment) -> Change | None:
        reached = await self._reached(new)
        if reached is None:
            return None
        summary = "; ".join(filter(None, (plain(new.description or "", 200), await self._brought(old, new))))
        return Change(
            time=reached, id=f"github-{new.id}", service=self._service(new), kind=ChangeKind.DEPLOY,
            version_from=old.version if old else "", version_to=new.version, commit=new.sha,
            author=plain(new.creator.login, 80) if new.creator else "", summary=plain(summary, _LONGEST),
        )  # fmt: skip

    async def _reached(self, deployment: _Deployment) -> datetime | None:
        """When it reached its environment; None if it failed or has not yet."""
        async for page in self._api.pages(_Statuses, f"/deployments/{deployment.id}/statuses", {}):
            times = [status.created_at for status in page.items if status.state in _REACHED]
            # No status at all: somebody only records that a deployment took place.
            return min(times) if times else None if page.items else deployment.created_at
        return None

    async def _brought(self, old: _Deployment | None, new: _Deployment) -> str:
        if old is None or old.sha == new.sha:
            return ""
        try:
            found = await self._api.one(_Comparison, f"/compare/{old.sha}...{new.sha}")
        except ToolFailed as error:
            note_gap(f"what some deployments brought is not known: {error}")
            return ""
        if not found.commits:
            return f"takes back {found.behind_by} commits" if found.behind_by else ""
        shown = [
            f"{one.sha[:7]} {plain(one.commit.message.partition(chr(10))[0], 100)}"
            for one in found.commits[: -_COMMITS - 1 : -1]
        ]
        return ", ".join(shown) + (" and more" if found.total_commits > _COMMITS else "")

    def _service(self, deployment: _Deployment) -> str:
        return self._spec.service or deployment.told("service") or self._spec.repository.partition("/")[2]

    def _run(self, run: _Run) -> PipelineRun:
        return PipelineRun(
            id=str(run.id), service=self._spec.service or self._spec.repository.partition("/")[2],
            name=plain(run.name or "", 80), state=_state(run), started=run.run_started_at or run.created_at,
            ended=run.updated_at if run.status == "completed" else None, commit=run.head_sha,
            url=plain(run.html_url, 200),
        )  # fmt: skip


def _state(run: _Run) -> RunState:
    if run.status != "completed":
        return RunState.RUNNING if run.status == "in_progress" else RunState.WAITING
    if run.conclusion in {"failure", "timed_out", "startup_failure"}:
        return RunState.FAILED
    return RunState.PASSED if run.conclusion == "success" else RunState.SKIPPED
