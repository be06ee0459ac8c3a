"""Whether an account has the rights that its part of the configuration needs, as the cluster says itself."""

import asyncio
from itertools import compress

from incidents.errors import ToolFailed
from tools.live.cluster.api import Cluster
from tools.live.cluster.rights import KubernetesSpec, rights_of, say_missing
from tools.live.secrets import Secrets

MEND = "`nexus rights kubernetes` prints the Roles that give them"


class RightsReview:
    """Asks for each right by a SelfSubjectAccessReview, which changes nothing.

    Args:
        spec: the part of the configuration.
        secrets: resolves its token.
    """

    def __init__(self, spec: KubernetesSpec, secrets: Secrets) -> None:
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
        return f"the account has all {len(allowed)} rights that it needs {where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()
