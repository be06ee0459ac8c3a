"""Whether an account has the rights that its part of the configuration needs, as the cluster says itself."""

import asyncio
from itertools import compress

from incidents.errors import ToolFailed
from tools.live.cluster.act_accounts import accounts_of
from tools.live.cluster.api import Cluster
from tools.live.cluster.rights import KubernetesSpec, right_of, rights_of, say_missing
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesActions

MEND = "`nexus rights kubernetes` prints the Roles that give them"


class RightsReview:
    """Asks for each right by a SelfSubjectAccessReview, which changes nothing.

    Args:
        spec: the part of the configuration.
        secrets: resolves its token.
    """

    def __init__(self, spec: KubernetesSpec, secrets: Secrets) -> None:
        self._spec = spec
        self._rights = rights_of(spec)
        self._cluster = Cluster(spec, spec.namespace, secrets)

    async def check(self) -> str:
        """How many rights there are.

        Raises:
            ToolFailed: some are missing, or the API server does not answer.
        """
        allowed = await asyncio.gather(*map(self._cluster.may, self._rights))
        missing = list(compress(self._rights, (not one for one in allowed)))
        where = f"in namespace {self._cluster.namespace}"
        if missing:
            raise ToolFailed(f"the account may not {say_missing(missing)} {where}; {MEND}")
        return f"the account has all {len(allowed)} rights that it needs {where}{await self._reach()}"

    async def _reach(self) -> str:
        """How far the right to change reaches that stands at any time."""
        if not isinstance(self._spec, KubernetesActions):
            return ""
        acts = [right_of(one) for one in accounts_of(self._spec)]
        meant = acts or [right for right in self._rights if right.verb == "patch"]
        # One of each kind of workload, without its name: of all of them, in the cluster or the namespace.
        every = {(one.group, one.resource): one.model_copy(update={"name": ""}) for one in meant}.values()
        for place, said in (("", "in every namespace"), (None, f"of namespace {self._cluster.namespace}")):
            asked = [one.model_copy(update={"place": place}) for one in every]
            allowed = await asyncio.gather(*map(self._cluster.may, asked))
            if wide := [one.resource for one in compress(asked, allowed)]:
                return f"; it may patch all {', '.join(wide)} {said} at any time: more than any change needs"
        stands = list(compress(meant, await asyncio.gather(*map(self._cluster.may, meant))))
        called = ", ".join(dict.fromkeys(right.called for right in stands))
        if not stands:
            return "; none of them changes anything: each change runs with a token of its own"
        if acts:
            return f"; it may still {called} at any time, which `accounts` makes needless: take it away"
        return f"; its right to {called} stands at any time, `accounts` would give it for one change alone"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()
