"""Helm's own program, asked for what it keeps of a release, and told to roll one back.

What Helm keeps lies in Secrets that hold every value of a release: its program reads them, Nexus does not.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import RootModel, ValidationError

from incidents.errors import ActionRefused, SettingsError, ToolFailed
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.workload_end import helm_revision
from tools.live.cluster.helm import (
    HelmRevision,
    HelmTarget,
    Key,
    has_template,
    objects_of,
    others,
    rollback_argv,
)
from tools.live.cluster.objects import Template, Workload
from tools.live.process import Ran, run
from tools.live.secrets import Secrets, without
from tools.live.settings_kubernetes import HelmCli

#: How a release stands that may be rolled back, and how a revision that ran. An upgrade that Helm waited for
#: in vain has failed, with its template in place.
_SETTLED, _WORKED = frozenset({"deployed", "failed"}), frozenset({"deployed", "superseded"})
#: As many revisions back are looked at; Helm keeps ten unless it is told otherwise.
_LOOKED_AT = 10
#: So much longer than Helm waits itself its program may run.
_LATER = timedelta(seconds=10)


class _History(RootModel[tuple[HelmRevision, ...]]):
    """What `helm history --output json` prints."""


class Helm:
    """The program.

    Args:
        spec: how it is run.
        secrets: resolves what it gets to see.
    """

    def __init__(self, spec: HelmCli, secrets: Secrets) -> None:
        self._spec = spec
        self._secrets = secrets

    async def target(self, release: tuple[str, str], workload: Workload, wanted: Template) -> HelmTarget:
        """The newest older revision in which the workload has a template.

        Raises:
            ActionRefused: Helm keeps none, or an upgrade of the release is under way.
            ToolFailed: the program fails, or knows no such release.
        """
        name, _ = release
        kept = await self._history(release)
        if kept[-1].status not in _SETTLED:
            raise ActionRefused(
                f"Helm's release {name} is {kept[-1].status}: what is under way has to end first"
            )
        now = await self._manifest(release, kept[-1].revision)
        for one in [one for one in kept[-2::-1] if one.status in _WORKED][:_LOOKED_AT]:
            then = await self._manifest(release, one.revision)
            if has_template(then, workload, wanted):
                return HelmTarget(release, kept[-1].revision, one.revision, others(now, then, workload))
        raise ActionRefused(
            f"no revision that Helm keeps of {name} has that template of {workload.called}: it was not "
            "released by Helm"
        )

    async def check(self, release: tuple[str, str]) -> str:
        """How a release stands; raises like `target`."""
        newest = (await self._history(release))[-1]
        return f"Helm's release {release[0]} at revision {newest.revision}, {newest.status}"

    async def roll_back(
        self, deed: ActionRecord, target: HelmTarget, patience: timedelta, effect: Effect
    ) -> str:
        """Roll the release back; what was said against it, empty where it is done.

        Raises:
            ActionRefused: the release is at another revision than when it was planned.
            ToolFailed: the program cannot be started or does not end.
            StaleLease: it was not started any more.
        """
        if helm_revision(deed) != str(target.now):
            raise ActionRefused(f"Helm's release {target.release[0]} is at revision {target.now} by now")
        argv = rollback_argv(self._spec.command, target.release, target.revision, patience)
        ran = await self._run(argv, patience + _LATER, effect.begin())
        return self._said(ran) if ran.status else ""

    async def _history(self, release: tuple[str, str]) -> Sequence[HelmRevision]:
        """Its revisions, oldest first; at least one."""
        text = await self._asked("history", release, "--output", "json")
        try:
            found = sorted(_History.model_validate_json(text).root, key=lambda one: one.revision)
        except ValidationError:
            found = []
        if not found:
            raise ToolFailed(f"`helm history {release[0]}` printed no history")
        return found

    async def _manifest(self, release: tuple[str, str], revision: int) -> Mapping[Key, Mapping[str, Any]]:
        return objects_of(await self._asked("get manifest", release, "--revision", str(revision)))

    async def _asked(self, verb: str, release: tuple[str, str], *more: str) -> str:
        name, namespace = release
        argv = (*self._spec.command, *verb.split(), name, "--namespace", namespace, *more)
        ran = await self._run(argv, self._spec.timeout)
        if ran.status:
            raise ToolFailed(f"`helm {verb} {name}` failed (status {ran.status}): {self._said(ran)}")
        return ran.out

    async def _run(self, argv: Sequence[str], limit: timedelta, until: float = math.inf) -> Ran:
        return await run(argv, timeout=limit, environment=self._environment(), until=until)

    def _said(self, ran: Ran) -> str:
        return without(ran.complaint, self._environment().values())

    def _environment(self) -> dict[str, str]:
        try:
            refs = self._spec.environment.items()
            return {name: self._secrets(ref).get_secret_value() for name, ref in refs}
        except SettingsError as error:
            raise ToolFailed(f"helm was not run: {error}") from None
