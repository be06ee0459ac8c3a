"""Whatever apprise knows: one address, in a thread of its own, with our limit, our texts and no retry of its.

What apprise 2.3 does by itself, and is kept from here: it follows a 302 with an empty GET and calls that a
success (`redirect=no`); its own tries know no `Retry-After` (`retry=0`); a long text becomes several messages
or a file (we cut to `body_maxlen`); its logs hold addresses with their secrets (they are read here, for one
line of why, and go nowhere else).
"""

import asyncio
import json
import logging
import re
import threading
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.http import Answer, Exchange
from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import headline, message
from tools.clock import Clock
from tools.extras import install_command, missing_extras

if TYPE_CHECKING:
    import apprise

#: As many tries may hang at once; a thread cannot be ended from outside.
_HANGING = 4
#: What apprise says of the status that it was answered with, and of a connection that never came about.
_STATUS = re.compile(r"error[=:]\s*(\d{3})\b")
_NEVER_CONNECTED = re.compile(
    r"NewConnectionError|NameResolutionError|Failed to resolve|Failed to establish|ConnectTimeout"
    r"|connect timeout|SSLError|Connection refused|Name or service not known|gaierror",
    re.IGNORECASE,
)
_BROKE = re.compile(r"connection error|socket exception|timed? ?out|disconnected", re.IGNORECASE)
_CALLED = re.compile(r"@(?=(?:channel|here|everyone|all|room)\b)", re.IGNORECASE)
#: What becomes a file though it is shorter than `body_maxlen`: ntfy's plugin counts escaped JSON (8,000),
#: ntfy itself 4,096 bytes.
_AS_A_FILE = {"NotifyNtfy": 4_096}
#: Parameters of ours in the address; what it says of these itself does not count.
_OURS = {"redirect": "no", "retry": "0", "overflow": "upstream", "format": "text", "emojis": "no"}


class AppriseDestination:
    """Implements `nexus.notify.destination.Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        address: as apprise writes it.
        wakes: whether it wakes a sleeper.
        clock: the wall's.
        limit: how long one try may take.
    """

    carries = frozenset(Purpose)

    def __init__(self, name: str, address: SecretStr, *, wakes: bool, clock: Clock, limit: timedelta) -> None:
        self.name = name
        self.can = frozenset({Can.WAKE}) if wakes else frozenset[Can]()
        self._address = address
        self._limit = limit
        secret = address.get_secret_value()
        self._words = Exchange("it", [secret, *_parts(secret)], limit=limit, clock=clock)
        self._hanging = threading.Semaphore(_HANGING)

    async def send(self, notice: Notice) -> Attempt:
        """Try once, in a thread that nobody waits for longer than the limit."""
        if not self._hanging.acquire(blocking=False):
            return Attempt(
                outcome=Outcome.FAILED_FOR_NOW,
                reason=f"{_HANGING} earlier tries still hang; nothing was sent",
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Attempt] = loop.create_future()
        work = partial(self._work, notice, loop, future)
        threading.Thread(target=work, daemon=True, name=f"notify-{self.name}").start()
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                return await future
        except TimeoutError:
            return Attempt(
                outcome=Outcome.UNKNOWN,
                reason="it did not answer in time; nobody knows whether it arrived",
            )

    async def aclose(self) -> None:
        """Nothing is held; a try that hangs ends with the process."""

    def _work(
        self, notice: Notice, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Attempt]"
    ) -> None:
        try:
            attempt = self._tried(notice)
        except Exception as error:  # noqa: BLE001 - a plugin of another's may raise anything
            why = self._words.reason(f"{type(error).__name__}: {error}")
            attempt = Attempt(outcome=Outcome.UNKNOWN, reason=f"apprise broke off: {why}")
        finally:
            self._hanging.release()

        def told() -> None:
            if not future.done():
                future.set_result(attempt)

        if not loop.is_closed():
            loop.call_soon_threadsafe(told)

    def _tried(self, notice: Notice) -> Attempt:
        if missing_extras(["notify"]):
            needed = f"apprise is not installed: {install_command('notify')}"
            return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=needed, disables=True)
        import apprise  # noqa: PLC0415 - an extra, and half a second

        _keep_quiet()
        asset = apprise.AppriseAsset(secure_logging=True, async_mode=False, app_id="Nexus", app_url="")
        service = apprise.Apprise.instantiate(with_ours(self._address.get_secret_value()), asset=asset)
        if service is None or not isinstance(service, apprise.NotifyBase):
            return Attempt(
                outcome=Outcome.FAILED_FOR_GOOD,
                reason="the address is none that apprise knows",
                disables=True,
            )
        title, body = texts(notice, service)
        said = list[str]()
        sending = apprise.Apprise(asset=asset)
        sending.add(service)
        result = sending.notify(
            body, title, _type(notice), body_format=apprise.NotifyFormat.TEXT, interpret_escapes=False,
            log_callback=lambda entry, _: said.append(entry.message), log_level=logging.DEBUG,
        )  # fmt: skip
        if result.status is apprise.AppriseResultStatus.SUCCESS:
            return Attempt(outcome=Outcome.ACCEPTED)
        return self._failed(said)

    def _failed(self, said: list[str]) -> Attempt:
        """What apprise's log says of a failure: it gives no other reason."""
        words = "; ".join(dict.fromkeys(said))
        statuses = _STATUS.findall(words)
        if statuses:
            return self._words.judged(Answer(int(statuses[-1]), {}, ""), "that is all that is known")
        last = self._words.reason(next((one for one in said if "rror" in one), "no reason given"))
        broke = _BROKE.search(words) is not None and _NEVER_CONNECTED.search(words) is None
        return Attempt(outcome=Outcome.UNKNOWN if broke else Outcome.FAILED_FOR_NOW, reason=last)


def _keep_quiet() -> None:
    """Let apprise tell everything to us and nothing to the log: it writes addresses with their secrets."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # paths, which may be tokens


def texts(notice: Notice, service: "apprise.NotifyBase") -> tuple[str, str]:
    """Title and body as long as the service takes them; where it has no title, the body has all."""
    room, size, titles = service.body_maxlen, _size, service.title_maxlen
    if type(service).__name__ in _AS_A_FILE:
        room, size = min(room, _AS_A_FILE[type(service).__name__]), _escaped
    body = message(notice, room, size, titled=titles <= 0)
    return ("" if titles <= 0 else _plain(headline(notice, titles, _size))), _plain(body)


def _plain(text: str) -> str:
    """A text that calls nobody: some services read a channel's name in any text."""
    return _CALLED.sub("@\u00a0", text)


def _size(text: str) -> int:
    return len(_plain(text).encode())


def _escaped(text: str) -> int:
    return len(json.dumps(_plain(text)))


def _type(notice: Notice) -> str:
    quiet = notice.purpose not in {Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION}
    return "success" if notice.purpose is Purpose.RESOLVED else "info" if quiet else "failure"


def with_ours(address: str) -> str:
    """The address with our parameters in the place of its own."""
    where, _, query = address.partition("?")
    rest = [part for part in query.split("&") if part and part.partition("=")[0].lower() not in _OURS]
    return f"{where}?{'&'.join([*rest, *(f'{name}={value}' for name, value in _OURS.items())])}"


def _parts(address: str) -> set[str]:
    """Whatever of an address may be a token: each of its parts."""
    words = re.split(r"[/?&=:@,+]+", address.partition("://")[2])
    return {word for one in words for word in (one, unquote(one)) if len(word) >= 6}
