"""A hotfix: the revert of a commit, or a patch, tried in a throw-away worktree; approved, it is a branch.

A commit that lies on top of the base branch already is taken as it is; a patch is one that was made for this
and keeps to the limits of patches. Nothing is deployed: the team's own delivery takes the branch, or the pull
request, from there.
"""

import base64
import shlex
from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from incidents.action import Action, ActionKind, Observed, Outcome, Plan
from incidents.errors import ActionRefused, SettingsError, ToolFailed
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.patch import need_limits
from tools.live.actions.worktree import Patch, Tests, need_touch, patch_of, revert, tested, worktree
from tools.live.github import GitHubApi
from tools.live.http import Reply
from tools.live.repository import Repository
from tools.live.secrets import Secrets
from tools.live.settings import Hotfix
from tools.source_code import LONGEST_PATCH
from tools.wording import plain

_NOTHING = "0" * 40


class _Pull(Reply):
    html_url: str = ""


class _Pulls(Reply):
    items: tuple[_Pull, ...] = Field(default=())


class HotfixActions:
    """The adapter for one repository.

    Args:
        spec: the repository, the branch that is released from and its tests.
        secrets: resolves GitHub's token.
        clock: when an outcome is told.
    """

    undoes = False
    arrives_within = timedelta()  # what is looked for is a branch of the clone on this machine
    goes_on_elsewhere = None

    def __init__(self, spec: Hotfix, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._repository = Repository(spec.repository)
        self._github = GitHubApi(spec.github, secrets) if spec.github is not None else None

    @property
    def patches(self) -> bool:
        """Whether it takes patches beside commits."""
        return self._spec.patches

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """Hotfixes of the services that the repository holds."""
        return {ActionKind.HOTFIX: frozenset(self._spec.services)}

    async def plan(self, action: Action) -> Plan:
        """Try it in a worktree and run the tests there; raises as the port says."""
        commit = await self._commit(action)
        patch, tests = await self._tried(action, commit)
        verdict = "pass" if tests.passed else "FAIL"
        longer = "… (longer)" if len(patch.diff) > LONGEST_PATCH else ""
        return Plan(
            action=action,
            observed=(
                Observed(name=f"{self._spec.base} is at", value=patch.base),
                Observed(name="patch", value=f"sha256 {patch.digest}"),
            ),
            effects=(
                f"a branch nexus/<incident>-{commit[:8]} from {self._spec.base}{self._asks()}; "
                "nothing is deployed by it",
                await self._subject(commit),
                f"the tests ({shlex.join(self._spec.test)}) {verdict}: {tests.said}",
                f"files:\n{patch.stat}",
                f"difference:\n{patch.diff[:LONGEST_PATCH]}{longer}",
            ),
        )

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Commit what was approved onto the base and let a new branch point there."""
        action = deed.plan.action
        commit = await self._commit(action)
        patch, _ = await self._tried(action, commit)
        if f"sha256 {patch.digest}" not in {fact.value for fact in deed.plan.observed}:
            return self._outcome("the repository changed; nothing was made", done=False)
        message = f"{await self._subject(commit)}\n\nProposed and approved in {_incident(deed)}.\n"
        made = commit
        if await self._repository.ask("rev-parse", f"{commit}^{{tree}}") != f"{patch.tree}\n":
            made = (
                await self._repository.ask("commit-tree", patch.tree, "-p", patch.base, text=message)
            ).strip()
        branch = _branch(deed, commit)
        effect.begin()
        await self._repository.ask("update-ref", f"refs/heads/{branch}", made, _NOTHING)
        return await self._published(deed, branch)

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """Whether the branch is there, and the pull request where one is wanted."""
        branch = _branch(deed, await self._commit(deed.plan.action))
        ran = await self._repository.ran("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        return await self._published(deed, branch) if ran.status == 0 else None

    async def check(self) -> str:
        """Where the base branch is."""
        base = await self._repository.tip(self._spec.base)
        written = "; models may write patches" if self._spec.patches else ""
        return f"{self._spec.repository}: {self._spec.base} is at {base[:12]}{written}"

    async def aclose(self) -> None:
        """Close the connections."""
        if self._github is not None:
            await self._github.aclose()

    def _asks(self) -> str:
        return f", and a pull request at {self._github.repository}" if self._github is not None else ""

    def _outcome(self, detail: str, *, done: bool) -> Outcome:
        return Outcome(done=done, detail=detail, at=self._clock.now())

    async def _commit(self, action: Action) -> str:
        """The commit's full name.

        Raises:
            ActionRefused: there is none, or it does not touch the service.
        """
        named = action.arguments.patch or action.arguments.commit or ""
        commit = await self._repository.commit(named)
        if commit is None:
            what = "patch" if action.arguments.patch else "commit"
            raise ActionRefused(f"{self._spec.repository} has no {what} {plain(named, 60)!r}")
        path = self._spec.paths.get(action.service, ".")
        await need_touch(self._repository, commit, action.service, path)
        return commit

    async def _subject(self, commit: str) -> str:
        subject = await self._repository.ask("log", "--max-count=1", "--format=%s", commit)
        base = await self._repository.tip(self._spec.base)
        verb = "Revert" if await self._within(commit, base) else "Deploy"
        return f'{verb} {commit[:12]} "{plain(subject, 120)}"'

    async def _within(self, older: str, newer: str) -> bool:
        ran = await self._repository.ran("merge-base", "--is-ancestor", older, newer)
        return ran.status == 0

    async def _tried(self, action: Action, commit: str) -> tuple[Patch, Tests]:
        base = await self._repository.tip(self._spec.base)
        reverts = await self._within(commit, base)
        if action.arguments.patch:
            await self._need_patch(commit, base)
        elif not reverts and not await self._within(base, commit):
            raise ActionRefused(f"{commit[:12]} is neither in {self._spec.base} nor on top of it")
        async with worktree(self._repository, base if reverts else commit) as folder:
            if reverts:
                await revert(self._repository, folder, commit)
            patch = await patch_of(self._repository, folder, base)
            tests = await tested(self._repository, folder, patch.tree, self._spec.test, self._spec.timeout)
        if action.arguments.patch and not tests.passed:
            raise ActionRefused(f"the tests fail with the patch {commit[:12]}: {plain(tests.said)}")
        return patch, tests

    async def _need_patch(self, commit: str, base: str) -> None:
        """A patch is one commit on top of the base as it is now, within the limits of patches."""
        parents = (await self._repository.ask("rev-list", "--parents", "--max-count=1", commit)).split()[1:]
        if parents != [base]:
            raise ActionRefused(
                f"{commit[:12]} was not made for {self._spec.base} as it is now ({base[:12]}); "
                "the patch has to be tried again"
            )
        await need_limits(self._repository, base, commit, self._spec.keeps)

    async def _published(self, deed: ActionRecord, branch: str) -> Outcome:
        if self._github is None:
            return self._outcome(f"branch {branch} is made; merge and deploy it", done=True)
        try:
            url = await self._pull(self._github, deed, branch)
        except ToolFailed as error:
            detail = f"branch {branch} is made, but it has no pull request: {error}"
            return self._outcome(detail, done=False)
        return self._outcome(f"branch {branch} is made and proposed: {url}", done=True)

    async def _pull(self, github: GitHubApi, deed: ActionRecord, branch: str) -> str:
        """The pull request of a branch, opened if there is none yet."""
        owner = github.repository.partition("/")[0]
        async for page in github.pages(_Pulls, "/pulls", {"head": f"{owner}:{branch}", "state": "all"}):
            if page.items:
                return plain(page.items[0].html_url, 200)
        await self._repository.ask(
            "push", "--quiet", self._spec.remote, f"refs/heads/{branch}:refs/heads/{branch}",
            environment=self._login(),
        )  # fmt: skip
        title = await self._subject(await self._commit(deed.plan.action))
        body = "\n\n".join([f"Approved in {_incident(deed)}.", *deed.plan.effects[1:3]])
        asked = {"title": title, "head": branch, "base": self._spec.base, "body": body}
        made = github.backend.read(_Pull, await github.make("/pulls", asked))
        return plain(made.html_url, 200)

    def _login(self) -> dict[str, str]:
        """The token as git takes it from its environment, where no process list shows it."""
        bearer = self._spec.github.auth.bearer if self._spec.github is not None else None
        if bearer is None:
            return {}
        try:
            token = self._secrets(bearer).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"the branch was not pushed: {error}") from None
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }


def _incident(deed: ActionRecord) -> str:
    return deed.key.partition(":")[0]


def _branch(deed: ActionRecord, commit: str) -> str:
    name = "".join(c if c.isalnum() or c == "-" else "-" for c in _incident(deed)).strip("-")
    return f"nexus/{name or 'hotfix'}-{commit[:8]}"
