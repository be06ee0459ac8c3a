"""Rollbacks of what a controller keeps as a repository says: the revert is proposed in that repository.

A patch of the cluster would be undone by Argo CD or Flux. What is reverted is the newest commit that took the
wanted version out of the service's files and put another in its place; people merge it.
"""

import re
from collections.abc import Mapping

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.errors import ActionRefused
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.hotfix import HotfixActions
from tools.live.repository import Repository
from tools.live.secrets import Secrets
from tools.live.settings import GitOps, Hotfix
from tools.wording import plain

#: The fact of a plan that names the commit that is reverted.
_REVERTS = "commit that is reverted"
#: As many commits that touch the version are looked at.
_LOOKED_AT = 20
#: What stands beside a version in a longer word, so that 1.0 is not found in 1.0.3 or v11.0.
_PART = r"[\w.+-]"


class GitOpsActions:
    """The adapter for one repository of configuration.

    Args:
        spec: the repository, the branch that the controller follows, and its tests.
        secrets: resolves GitHub's token.
        clock: when an outcome is told.
    """

    undoes = False
    arrives_within = HotfixActions.arrives_within
    goes_on_elsewhere = HotfixActions.goes_on_elsewhere

    def __init__(self, spec: GitOps, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._repository = Repository(spec.repository)
        given = {name: getattr(spec, name) for name in type(spec).model_fields if name != "kind"}
        self._reverts = HotfixActions(Hotfix(kind="hotfix", **given), secrets, clock)

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """Rollbacks of the services that the repository holds."""
        return {ActionKind.ROLLBACK: frozenset(self._spec.services)}

    async def plan(self, action: Action) -> Plan:
        """The revert tried in a worktree; raises as the port says."""
        commit = await self._brought(action)
        tried = await self._reverts.plan(_revert(action, commit))
        said = (
            f"{action.service} is kept as {self._spec.repository.name} says, so a patch of the cluster would "
            "be undone: the revert is proposed there, and nothing changes before people merge it"
        )
        return Plan(
            action=action,
            observed=(Observed(name=_REVERTS, value=commit), *tried.observed),
            effects=(said, *tried.effects),
        )

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Make the branch, and the pull request where one is wanted."""
        return await self._reverts.make(_as_revert(deed), effect)

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """Whether the branch is there."""
        return await self._reverts.found(_as_revert(deed))

    async def check(self) -> str:
        """Where the base branch is."""
        return await self._reverts.check()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reverts.aclose()

    async def _brought(self, action: Action) -> str:
        """The newest commit in the base branch that put another version in the place of the wanted one.

        Raises:
            ActionRefused: there is none, or the wanted version came back since.
        """
        wanted = action.arguments.version or ""
        base, path = await self._repository.tip(self._spec.base), self._spec.paths.get(action.service, ".")
        text = await self._repository.ask(
            "log",
            "--first-parent",
            f"--max-count={_LOOKED_AT}",
            "--format=%H",
            f"-G{_like(wanted)}",
            base,
            "--",
            path,
        )
        for commit in text.split():
            changed = await self._repository.ask(
                "show", "--first-parent", "-m", "--format=", "--no-color", "--no-ext-diff", "--no-textconv",
                "--no-renames", "--unified=0", commit, "--", path,
            )  # fmt: skip
            went, came = replaced(changed, wanted)
            if went:
                return commit
            if came:
                break
        raise ActionRefused(
            f"no commit in {self._spec.base} of {self._spec.repository.name} put another version of "
            f"{action.service} in the place of {plain(wanted, 60)!r}"
        )


def _like(version: str) -> str:
    """What git looks for: whatever stands between letters and digits; the difference is read exactly."""
    return "".join(one if one.isalnum() else "." for one in version)


def replaced(difference: str, version: str) -> tuple[bool, bool]:
    """Whether a line with that version went and the same with another came; whether one with it came."""
    lines = difference.splitlines()
    came = [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]
    gone = [line[1:] for line in lines if line.startswith("-") and not line.startswith("---")]
    word = re.compile(f"(?<!{_PART}){re.escape(version)}(?!{_PART})")
    others = [
        re.compile(f"{_PART}+".join(map(re.escape, word.split(one)))) for one in gone if word.search(one)
    ]
    arrived = [one for one in came if word.search(one)]
    went = any(other.fullmatch(one) for other in others for one in came if one not in arrived)
    return went, bool(arrived)


def _revert(action: Action, commit: str) -> Action:
    return Action(kind=ActionKind.HOTFIX, service=action.service, arguments=Arguments(commit=commit))


def _as_revert(deed: ActionRecord) -> ActionRecord:
    """The same deed as the revert that it is."""
    commit = next((fact.value for fact in deed.plan.observed if fact.name == _REVERTS), "")
    told = {"action": _revert(deed.plan.action, commit), "effects": deed.plan.effects[1:]}
    plan = deed.plan.model_copy(update=told)
    return deed.model_copy(update={"plan": plan})
