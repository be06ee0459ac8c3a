"""A token for one act: of the account that may make this change alone, asked for and then forgotten."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from pydantic import SecretStr

from incidents.action import ActionKind
from incidents.errors import ToolFailed
from incidents.value import Moment
from tools.clock import Clock
from tools.live.cluster.act_accounts import name_of
from tools.live.cluster.api import Cluster, KubernetesApi
from tools.live.cluster.objects import Kind, Part
from tools.live.http import Rejected
from tools.live.secrets import Secrets
from tools.live.settings_kubernetes import KubernetesActions, KubernetesAuth
from tools.wording import length

#: A server that lets a token last so much longer than it was asked for is told of.
_LONGER = timedelta(minutes=1)
MEND = "`nexus rights kubernetes` prints the account and its Role"


class NoToken(ToolFailed):
    """The API server gave no token that can be used; nothing was begun."""


class _Given(Part):
    token: SecretStr
    expirationTimestamp: Moment  # noqa: N815 - as the API calls it


class _TokenRequest(Part):
    status: _Given


class _Bearer(KubernetesApi):
    """The API server, asked with one token and nothing else."""

    def __init__(self, spec: KubernetesActions, account: str, token: SecretStr) -> None:
        bare = spec.model_copy(update={"auth": KubernetesAuth(ca_file=spec.auth.ca_file)})
        super().__init__(bare, Secrets({}))
        self.name = f"Kubernetes, asked as {account},"
        self._account = account
        self._token = token

    async def credentials(self) -> Mapping[str, str]:
        """The act's token, whatever else the configuration has."""
        return self.bearing(self._token.get_secret_value(), f"the token of {self._account}")


class Hands:
    """What makes one change: the cluster as whoever may, and what is said of whose rights those were."""

    def __init__(self, cluster: Cluster, said: str = "") -> None:
        self.cluster = cluster
        self.said = said


class ActTokens:
    """Gives the hands for a change.

    Args:
        spec: the API server, and the accounts; without accounts the standing right is used.
        standing: the cluster as Nexus's own account asks it.
        clock: what an expiry is compared with.
    """

    def __init__(self, spec: KubernetesActions, standing: Cluster, clock: Clock) -> None:
        self._spec = spec
        self._standing = standing
        self._clock = clock

    @asynccontextmanager
    async def hands(self, kind: Kind, workload: str, change: ActionKind) -> AsyncIterator[Hands]:
        """The hands for one patch of a workload; the token is gone with the block.

        Raises:
            NoToken: there is no such account, Nexus may not have its token, or it has expired already.
            ToolFailed: the API server does not answer.
        """
        if self._spec.accounts is None:
            yield Hands(self._standing)
            return
        account = name_of(self._spec.accounts.prefix, kind, workload, change)
        given = await self._asked(account, self._spec.accounts.lasts)
        own = Cluster(self._spec, self._spec.namespace, Secrets({}))
        own.backend = _Bearer(self._spec, account, given.token)
        try:
            yield Hands(own, self._said(account, given))
        finally:
            await own.aclose()

    def told(self, kind: Kind, workload: str, change: ActionKind) -> tuple[str, ...]:
        """Whose right a change would be made with, for whoever decides; empty: the standing one."""
        if self._spec.accounts is None:
            return ()
        account = name_of(self._spec.accounts.prefix, kind, workload, change)
        lasts = length(self._spec.accounts.lasts.total_seconds() / 60)
        return (
            f"it is made by {self._spec.namespace}/{account}, which may change {workload} alone, "
            f"with a token of {lasts} that is asked for when it begins",
        )

    async def _asked(self, account: str, lasts: timedelta) -> _Given:
        backend = self._standing.backend
        body = {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"audiences": [], "expirationSeconds": int(lasts.total_seconds())},
        }  # fmt: skip
        path = f"/api/v1/namespaces/{self._spec.namespace}/serviceaccounts/{account}/token"
        try:
            given = backend.read(_TokenRequest, await backend.ask("POST", path, body=body)).status
        except Rejected as declined:
            raise NoToken(f"there is no token of {account} for this act: {declined}; {MEND}") from None
        if given.expirationTimestamp <= self._clock.now():
            until = f"{given.expirationTimestamp:%H:%M:%S} UTC"
            raise NoToken(f"the token of {account} counts until {until}, which is over by this clock")
        return given

    def _said(self, account: str, given: _Given) -> str:
        assert self._spec.accounts is not None  # only then a token was asked for  # noqa: S101
        asked = self._clock.now() + self._spec.accounts.lasts
        until = f"{given.expirationTimestamp:%H:%M} UTC"
        longer = given.expirationTimestamp > asked + _LONGER
        also = f", whose token counts until {until}, longer than asked for" if longer else ""
        return f"made by {self._spec.namespace}/{account}{also}"
