"""Patches tried on throw-away worktrees of the repositories whose hotfixes allow it."""

import shlex
from collections.abc import Sequence

from incidents.errors import ActionRefused, ToolFailed
from tools.live.actions.patch import committed
from tools.live.actions.worktree import Tests, need_touch, patch_of, tested, worktree
from tools.live.code.texts import clean_text
from tools.live.repository import Repository
from tools.live.settings import Hotfix
from tools.source_code import Trial
from tools.wording import plain


class GitPatches:
    """The patches port.

    Args:
        specs: the hotfixes that allow patches; the first that has a service is taken.
    """

    def __init__(self, specs: Sequence[Hotfix]) -> None:
        self._specs = {service: spec for spec in reversed(specs) for service in spec.services}

    @property
    def services(self) -> tuple[str, ...]:
        """For whose sources a patch can be tried."""
        return tuple(self._specs)

    async def attempt(self, service: str, diff: str, title: str) -> Trial:
        """Make a commit of a diff that no branch has, and test it; raises as the port says."""
        spec = self._specs.get(service)
        if spec is None:
            able = ", ".join(self._specs) or "none"
            raise ToolFailed(f"no patch of {service} can be tried here; services where one can: {able}")
        repository = Repository(spec.repository)
        base = await repository.tip(spec.base)
        try:
            commit = await committed(repository, base, diff, title, spec.keeps)
            await need_touch(repository, commit, service, spec.paths.get(service, "."))
        except ActionRefused as refused:
            return Trial(service=service, base=base, refused=str(refused))
        async with worktree(repository, commit) as folder:
            patch = await patch_of(repository, folder, base)
            tests = await tested(repository, folder, patch.tree, spec.test, spec.timeout)
        said = tests.said if tests.passed else await self._beside(spec, repository, base, tests)
        return Trial(
            service=service, base=base, digest=patch.digest, stat=patch.stat, diff=clean_text(patch.diff),
            tests=plain(shlex.join(spec.test)), passed=tests.passed, said=said,
            patch=commit if tests.passed else None,
        )  # fmt: skip

    @staticmethod
    async def _beside(spec: Hotfix, repository: Repository, base: str, tests: Tests) -> str:
        """What tests that fail print, and whether they fail without the patch as well."""
        async with worktree(repository, base) as folder:
            tree = (await repository.ask("rev-parse", f"{base}^{{tree}}")).strip()
            before = await tested(repository, folder, tree, spec.test, spec.timeout)
        without = "they pass" if before.passed else "they fail as well, which a person has to mend first"
        return f"{tests.said}\n(without the patch {without})"
