"""What services are given for a flag: asked by OFREP, the protocol of OpenFeature, as one of them would."""

from urllib.parse import quote

from pydantic import JsonValue

from incidents.errors import ToolFailed
from tools.live.http import Backend, Rejected, Reply
from tools.live.secrets import Secrets
from tools.live.settings import Ofrep
from tools.wording import plain

#: Whose value is asked for, where the configuration names nobody.
_WHO = "nexus"
#: How a server says that a rule decided, and not what holds for everybody.
_BY_RULE = frozenset({"TARGETING_MATCH", "SPLIT"})


class Served(Reply):
    """An evaluation. `reason` is STATIC, DEFAULT, TARGETING_MATCH, SPLIT, DISABLED, or a server's own."""

    value: JsonValue = None
    variant: str = ""
    reason: str = ""

    @property
    def said(self) -> str:
        """The value and why, in words."""
        named = self.variant or str(self.value)
        by_rule = ", which a targeting rule decides" if self.reason in _BY_RULE else ""
        return f"{plain(named, 60)}{by_rule}"


class ServedFlags:
    """One server of flags.

    Args:
        spec: where it is, and for whom flags are evaluated.
        secrets: resolves its credentials.
    """

    def __init__(self, spec: Ofrep, secrets: Secrets) -> None:
        self._backend = Backend("OFREP", spec, secrets)
        self._context = {"targetingKey": _WHO, **spec.context}
        self.patience = spec.patience
        self.where = self._backend.where

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def flag(self, name: str) -> Served:
        """What is served for a flag now.

        Raises:
            ToolFailed: the server does not answer, knows no such flag, or cannot evaluate it; says which.
        """
        path = f"/ofrep/v1/evaluate/flags/{quote(name, safe='')}"
        try:
            text = await self._backend.ask("POST", path, body={"context": self._context})
        except Rejected as error:
            if error.status == 404 and "FLAG_NOT_FOUND" in error.text:
                raise ToolFailed(f"what serves flags at {self.where} knows no flag {name}") from None
            raise
        return self._backend.read(Served, text)
