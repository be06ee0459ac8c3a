"""What keeps the processes of a service running: supervisord over XML-RPC, or systemd through systemctl."""

import asyncio
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from xml.parsers.expat import ExpatError

import httpx2
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from incidents.errors import ToolFailed
from tools.clock import Clock, WallClock
from tools.live.link_local import guarded
from tools.live.process import run
from tools.live.trust import system_trust
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import OutageNote
from tools.wording import plain

_RUNNING = frozenset({"RUNNING", "active"})
_STOPPED = frozenset({"STOPPED", "STOPPING", "inactive", "deactivating"})
#: supervisord's faults that say that a process is where it was wanted: already started, not running.
_ALREADY = frozenset({60, 70})
#: How often a call is made whose connection breaks.
_TRIES = 3
#: How long a call may take that neither starts nor stops anything, in seconds.
_READ = 5.0
#: An answer that is larger is not read to its end, in bytes.
LARGEST = 8_000_000
_FACTS = "LoadState,ActiveState,ActiveEnterTimestamp"


@dataclass(frozen=True)
class Member:
    """One process of a service."""

    name: str
    state: str
    started: datetime | None

    @property
    def running(self) -> bool:
        """Whether it is up."""
        return self.state in _RUNNING

    @property
    def wanted(self) -> bool:
        """Whether it is meant to be up, also where it failed: nobody stopped it."""
        return self.state not in _STOPPED


class Manager(Protocol):
    """Starts and stops the processes of a service."""

    scales: bool

    async def members(self, program: str) -> Sequence[Member]:
        """The processes that are configured for a program, in a fixed order.

        Raises:
            ToolFailed: the manager does not answer.
        """
        ...

    async def restart(self, program: str, begin: Callable[[], object]) -> None:
        """Stop and start its running processes, one after the other; a failed start shows in their state.

        `begin` is called before each of them: a process that was stopped is started again without asking.
        """
        ...

    async def resize(self, program: str, count: int, begin: Callable[[], object]) -> None:
        """Let that many of its processes run: the first ones; `begin` is called before each change."""
        ...

    async def check(self) -> str:
        """Which manager answers."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class Supervisord:
    """supervisord; the processes of a service are the members of its process group.

    Args:
        where: the path of its unix socket, or `http://HOST:PORT` of its inet server.
        timeout: of one call, which may include a stop and a start.
        clock: tells since when it does not answer.
    """

    scales = True

    def __init__(self, where: str, timeout: timedelta, clock: Clock | None = None) -> None:
        web = where.startswith(("http://", "https://"))
        path = where.removeprefix("unix://")
        self._where = where
        self._outage = OutageNote(clock or WallClock())
        self._timeout = timeout.total_seconds()
        self._client = httpx2.AsyncClient(
            base_url=where if web else "http://supervisor",
            transport=httpx2.AsyncHTTPTransport(uds=None if web else path, verify=system_trust()),
            trust_env=False,
            event_hooks=guarded(),
        )

    async def members(self, program: str) -> Sequence[Member]:
        """The members of the group, by name; raises ToolFailed if supervisord does not answer."""
        found = [one for one in await self._all() if one.get("group") == program]
        if not found:
            raise ToolFailed(f"supervisord at {self._where} knows no program {program!r}; check `programs`")
        return [_member(one) for one in sorted(found, key=lambda one: _natural(str(one.get("name"))))]

    async def restart(self, program: str, begin: Callable[[], object]) -> None:
        """One member after the other; of a group that is down, the first."""
        members = await self.members(program)
        for member in [one for one in members if one.wanted] or members[:1]:
            begin()
            await self._put("supervisor.stopProcess", member.name)
            await self._put("supervisor.startProcess", member.name)

    async def resize(self, program: str, count: int, begin: Callable[[], object]) -> None:
        """Start members up to that many, stop the others."""
        for place, member in enumerate(await self.members(program)):
            if (place < count) is not member.wanted:
                begin()
                await self._put(f"supervisor.{'start' if place < count else 'stop'}Process", member.name)

    async def check(self) -> str:
        """Its version and how many programs it has."""
        version = plain(str(await self._call("supervisor.getSupervisorVersion")), 40)
        return f"supervisord {version} keeps {len(await self._all())} processes"

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _all(self) -> list[dict[str, Any]]:
        found = await self._call("supervisor.getAllProcessInfo")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ToolFailed(f"supervisord at {self._where} answered in an unexpected form")
        return found

    async def _put(self, method: str, name: str) -> None:
        """Start or stop; what did not come up is left for its state to tell."""
        try:
            await self._call(method, name, True)
        except _Fault as fault:
            if fault.code not in _ALREADY and method.endswith("stopProcess"):
                raise

    async def _call(self, method: str, *args: str | bool) -> Any:
        body = xmlrpc.client.dumps(args, method)
        seconds = self._timeout if args else min(_READ, self._timeout)
        try:
            response = await self._post(body, seconds)
        except (TimeoutError, httpx2.HTTPError) as error:
            silent = isinstance(error, TimeoutError | httpx2.TimeoutException)
            why = (
                f"nothing within {seconds:g} s" if silent else plain(str(error), 100) or type(error).__name__
            )
            told = self._outage.told(f"supervisord at {self._where} does not answer: {why}")
            raise ToolFailed(told) from None
        self._outage.over()
        if not response.is_success:
            raise ToolFailed(f"supervisord at {self._where} answered {response.status_code}")
        try:
            return xmlrpc.client.loads(response.text)[0][0]
        except xmlrpc.client.Fault as fault:
            raise _Fault(self._where, fault) from None
        except (xmlrpc.client.Error, ExpatError, ValueError, TypeError, LookupError) as error:
            raise ToolFailed(
                f"supervisord at {self._where} answered no XML-RPC ({type(error).__name__})"
            ) from None

    # Every call may be made twice: to start what runs, or to stop what does not, is refused and harmless.
    @retry(
        stop=stop_after_attempt(_TRIES),
        wait=wait_random_exponential(multiplier=0.1, max=1.0),
        retry=retry_if_exception_type((httpx2.NetworkError, httpx2.RemoteProtocolError)),
        reraise=True,
    )
    async def _post(self, body: str, seconds: float) -> httpx2.Response:
        """Ask once more where the connection broke, so that a blip leaves nothing stopped."""
        headers, parts, size = {"Content-Type": "text/xml"}, [], 0
        async with (
            asyncio.timeout(seconds),  # of the whole answer; the client's is of each read
            self._client.stream("POST", "/RPC2", content=body, headers=headers, timeout=seconds) as answer,
        ):
            async for part in answer.aiter_bytes():
                parts.append(part)
                if (size := size + len(part)) > LARGEST:
                    raise ToolFailed(f"supervisord at {self._where} answered more than {LARGEST:,} bytes")
        return httpx2.Response(answer.status_code, content=b"".join(parts))


class _Fault(ToolFailed):
    """supervisord said no."""

    def __init__(self, where: str, fault: xmlrpc.client.Fault) -> None:
        super().__init__(f"supervisord at {where} refused: {plain(redact(fault.faultString), 120)}")
        self.code = fault.faultCode


class Systemd:
    """systemd; a service is one unit, so it has one process and cannot be scaled.

    Args:
        timeout: of one call of systemctl.
        program: systemctl.
    """

    scales = False

    def __init__(self, timeout: timedelta, program: str = "systemctl") -> None:
        self._timeout = timeout
        self._program = program

    async def members(self, program: str) -> Sequence[Member]:
        """The unit; raises ToolFailed if there is none."""
        unit = _unit(program)
        said = await self._ask("show", "--timestamp=unix", f"--property={_FACTS}", "--", unit)
        facts = dict(line.partition("=")[::2] for line in said.splitlines())
        if facts.get("LoadState") != "loaded":
            raise ToolFailed(f"systemd knows no unit {unit}; check `programs`")
        stamp = facts.get("ActiveEnterTimestamp", "").removeprefix("@")
        started = datetime.fromtimestamp(int(stamp), UTC) if stamp.isdecimal() and stamp != "0" else None
        return [Member(unit, facts.get("ActiveState", "unknown"), started)]

    async def restart(self, program: str, begin: Callable[[], object]) -> None:
        """`systemctl restart`; raises ToolFailed with what it said if the unit does not come up."""
        begin()
        await self._ask("restart", "--", _unit(program))

    async def resize(self, program: str, count: int, begin: Callable[[], object]) -> None:
        """Never; a unit has one process."""
        raise ToolFailed(f"{_unit(program)} is one process of systemd and cannot be scaled to {count}")

    async def check(self) -> str:
        """The manager's version."""
        return f"systemd {plain((await self._ask('--version')).partition('(')[0], 40)}"

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _ask(self, *argv: str) -> str:
        ran = await run([self._program, *argv], timeout=self._timeout)
        if ran.status:
            raise ToolFailed(f"systemctl {argv[0]} failed: {ran.complaint}")
        return ran.out


def _unit(program: str) -> str:
    return program if "." in program else f"{program}.service"


def _member(info: Mapping[str, Any]) -> Member:
    start, state = info.get("start"), str(info.get("statename"))
    started = datetime.fromtimestamp(start, UTC) if isinstance(start, int) and start > 0 else None
    return Member(f"{info.get('group')}:{info.get('name')}", state, started)


def _natural(name: str) -> tuple[int, str]:
    return len(name), name
