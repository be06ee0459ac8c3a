"""Asking a service of Amazon Web Services: its client, and what goes wrong in a sentence."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Generic, TypeVar

from incidents.errors import Declined, SettingsError, ToolFailed
from tools.extras import install_command
from tools.live.http import TRIES
from tools.live.rate_limit import throttled
from tools.live.secrets import Secrets
from tools.live.settings_aws import Aws
from tools.redaction.redact import redact
from tools.wording import plain

#: How AWS says that this account may not.
_REFUSED = frozenset({
    "AccessDeniedException", "AccessDenied", "ExpiredTokenException", "IncompleteSignature",
    "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip

C = TypeVar("C")


class Amazon(Generic[C]):
    """One service of a region. Needs the extra `aws`.

    Args:
        name: how sentences name it.
        service: AWS's name of it, as `logs`; `C` are its operations that are used.
        spec: the region, and who asks.
        secrets: resolves the keys, where they are named; else the machine's own are used, as AWS finds them.
    """

    def __init__(self, name: str, service: str, spec: Aws, secrets: Secrets) -> None:
        self.name = name
        self._service = service
        self._spec = spec
        self._secrets = secrets
        self._opened = AsyncExitStack()
        self._client: C | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        self._client = None
        await self._opened.aclose()

    async def client(self) -> C:
        """Its client, opened once.

        Raises:
            ToolFailed: the extra is not installed, or a key cannot be had.
        """
        if self._client is not None:
            return self._client
        try:
            from aiobotocore.config import AioConfig  # noqa: PLC0415 - an extra
            from aiobotocore.session import get_session  # noqa: PLC0415
        except ImportError:
            raise ToolFailed(
                f"{self.name} was not asked: the extra `aws` is not installed; {install_command('aws')}"
            ) from None
        seconds = self._spec.timeout.total_seconds()
        config = AioConfig(
            connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": TRIES}
        )
        made = get_session().create_client(
            self._service, region_name=self._spec.region, config=config, **self._credentials()
        )
        async with told(self.name):
            opened: C = await self._opened.enter_async_context(made)
        self._client = opened
        return opened

    def _credentials(self) -> dict[str, str]:
        named = {
            "aws_access_key_id": self._spec.key,
            "aws_secret_access_key": self._spec.secret,
            "aws_session_token": self._spec.session_token,
        }
        endpoint = {"endpoint_url": str(self._spec.endpoint_url)} if self._spec.endpoint_url else {}
        try:
            known = {name: self._secrets(ref).get_secret_value() for name, ref in named.items() if ref}
        except SettingsError as error:
            raise ToolFailed(f"{self.name} was not asked: {error}") from None
        return endpoint | known


@asynccontextmanager
async def told(what: str) -> AsyncIterator[None]:
    """What goes wrong inside, in a sentence.

    Raises:
        Declined: AWS refused the account.
        ToolFailed: it answered an error, or did not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code, why = str(said.get("Code", "")), plain(redact(str(said.get("Message", ""))), 200)
        if throttled(f'"{code}"'):
            raise Declined(
                f"{what} asks to wait: it was asked {TRIES} times with pauses ({plain(code, 60)}: {why})"
            ) from None
        kind = Declined if code in _REFUSED else ToolFailed
        raise kind(f"{what} answered {plain(code, 60)}: {why}") from None
    except BotoCoreError as error:
        raise ToolFailed(f"{what} cannot be asked: {plain(redact(str(error)), 200)}") from None
