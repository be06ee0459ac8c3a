"""Tokens from a program, as kubectl gets them: client.authentication.k8s.io/v1.

https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
"""

import asyncio
import json
from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from incidents.errors import SettingsError, ToolFailed
from incidents.value import Moment
from tools.clock import Clock
from tools.live.cluster.objects import Part
from tools.live.process import run
from tools.live.secrets import Secrets, without
from tools.live.settings_kubernetes import ExecPlugin

#: What it is told of who asks: nobody sits there.
_INFO = {
    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": {"interactive": False},
}  # fmt: skip
#: A token is given up so long before it expires: a request has to arrive with it.
_EARLY = timedelta(seconds=10)


class _Given(Part):
    token: str = ""
    expires: Moment | None = Field(default=None, alias="expirationTimestamp")
    certificate: str = Field(default="", alias="clientCertificateData")


class _Credential(Part):
    kind: str = ""
    status: _Given = _Given()


class ExecCredential:
    """The newest token of one program.

    Args:
        spec: the program.
        secrets: resolves what it gets to see.
        clock: what expiries are compared with.
    """

    def __init__(self, spec: ExecPlugin, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._token = ""
        self._expires: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def source(self) -> str:
        """What sentences call it."""
        return f"the program {self._spec.command[0]}"

    async def token(self) -> str:
        """One that has not expired; the program is run where there is none.

        Raises:
            ToolFailed: it cannot be run, fails, or prints no token.
        """
        async with self._one_at_a_time:
            if not self._token or (self._expires and self._clock.now() >= self._expires - _EARLY):
                given = await self._asked()
                self._token, self._expires = given.token, given.expires
            return self._token

    def forget(self, token: str) -> None:
        """The server takes a token no more; a newer one stays."""
        if token == self._token:
            self._token = ""

    async def _asked(self) -> _Given:
        environment = self._environment()
        ran = await run(
            self._spec.command, timeout=self._spec.timeout,
            environment={**environment, "KUBERNETES_EXEC_INFO": json.dumps(_INFO)},
        )  # fmt: skip
        if ran.status:
            said = without(ran.complaint, environment.values())
            raise ToolFailed(f"{self.source} gave no credential (status {ran.status}): {said}")
        try:
            found = _Credential.model_validate_json(ran.out)
        except ValidationError:
            raise ToolFailed(f"{self.source} printed no ExecCredential") from None
        if not found.status.token:
            why = "a client certificate, which is not used here" if found.status.certificate else "no token"
            raise ToolFailed(f"{self.source} gave {why}")
        return found.status

    def _environment(self) -> dict[str, str]:
        try:
            refs = self._spec.environment.items()
            return {name: self._secrets(ref).get_secret_value() for name, ref in refs}
        except SettingsError as error:
            raise ToolFailed(f"{self.source} was not run: {error}") from None
