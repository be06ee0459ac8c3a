"""Redis from inside: INFO and SLOWLOG, asked over one short connection."""

import asyncio
import ssl

from incidents.errors import Declined, SettingsError, ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.live.health.judged import Asking
from tools.live.health.redis_judged import Reading, Slow, judged
from tools.live.health.resp import Reply, Resp, ServerError
from tools.live.secrets import Secrets, without
from tools.live.settings_health import Redis
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: As many slow commands are read, the newest first.
_SLOWEST = 64
#: How a server that serves turns away whoever asks.
_REFUSALS = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED")


class RedisHealth:
    """One server. The least rights: an ACL user with `-@all +info +slowlog|get` and no keys."""

    def __init__(self, spec: Redis, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._where = f"Redis of {spec.service} at {spec.url.host}:{spec.url.port}"

    async def aclose(self) -> None:
        """Nothing is open between two questions."""

    async def probe(self) -> Probe:
        """How it is; a server that does not answer is an unhealthy one.

        Raises:
            Declined: the server answers, and does not let this user in.
            ToolFailed: the password is not known, or what answers is no Redis.
        """
        asking = Asking.now(self._spec.service, "Redis", self._clock)
        password, trust = self._password(), self._trust()
        try:
            async with (
                asyncio.timeout(self._spec.timeout.total_seconds()),
                Resp(self._spec.url.host or "", self._spec.url.port or 0, trust) as server,
            ):
                return asking.told(judged(await self._read(server, password), self._spec))
        except ServerError as error:
            said = plain(redact(without(str(error), [password])), 160)
            if said.startswith(_REFUSALS):
                raise Declined(
                    f"{self._where} answers and refuses the user of Nexus ({said}); that is no outage; "
                    "check `user` and `password`"
                ) from None
            return asking.silent(said)
        except ssl.SSLError as error:
            raise ToolFailed(
                f"{self._where}: TLS does not come about ({error.reason}); check `url`"
            ) from None
        except (TimeoutError, OSError) as error:
            return asking.silent(type(error).__name__)
        except ToolFailed as error:
            raise ToolFailed(f"{self._where} was not asked: {error}") from None

    async def _read(self, server: Resp, password: str) -> Reading:
        if password:
            user = [self._spec.user] if self._spec.user is not None else []
            await server.ask("AUTH", *user, password)
        info = await server.ask("INFO")
        if not isinstance(info, str) or "redis_version:" not in info:
            raise ToolFailed("what answers INFO there is no Redis")
        try:
            slow = await server.ask("SLOWLOG", "GET", str(_SLOWEST))
        except ServerError as error:
            if not str(error).startswith("NOPERM"):
                raise
            note_gap(f"{self._where} does not show its slow commands: its user lacks `+slowlog|get`")
            slow = []
        return Reading(info=_fields(info), slow=tuple(_slow(slow)))

    def _password(self) -> str:
        if self._spec.password is None:
            return ""
        try:
            return self._secrets(self._spec.password).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"{self._where} was not asked: {error}") from None

    def _trust(self) -> ssl.SSLContext | None:
        if self._spec.url.scheme != "rediss":
            return None
        file = self._spec.ca_file
        try:
            return ssl.create_default_context(cafile=str(file) if file else None)
        except OSError as error:
            raise ToolFailed(f"{self._where}: ca_file cannot be read: {error}") from None


def _fields(info: str) -> dict[str, str]:
    """The lines `name:value` of INFO."""
    return dict(line.split(":", 1) for line in info.splitlines() if ":" in line)


def _slow(answer: Reply) -> list[Slow]:
    """The entries of SLOWLOG GET: id, seconds since 1970, microseconds, the command, ..."""
    found = []
    for entry in answer if isinstance(answer, list) else ():
        match entry:
            case [int(), int(at), int(took), [str(command), *words], *_]:
                first = next((word for word in words if isinstance(word, str)), "")
                found.append(Slow(at, took / 1_000_000, command, first))
    return found
