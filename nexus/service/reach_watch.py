"""Whether whoever is on duty can be reached: looked at by `nexus doctor`, and told once a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from incidents.access import Permission, allows
from incidents.errors import NexusError
from nexus.config.people import Person
from nexus.config.settings import Settings
from nexus.config.site import Site
from nexus.notify.destination import Can
from nexus.notify.kinds import AnyDestination
from nexus.notify.notice import Audience, Notice, Purpose
from nexus.notify.wiring import opened
from nexus.oncall.remembered import FOLDER
from nexus.service.check import Check, State
from nexus.service.intake import AlertIntake
from nexus.service.oncall import oncall_view
from nexus.service.reach import Reach, WayOut, complaints, reach
from tools.clock import Clock, WallClock
from tools.live.secrets import Secrets

log = structlog.get_logger(__name__)

_PART = "Reach"
_ADVICE = "name each person's ways under `people[].contacts`: `{to: DESTINATION, at: DEVICE}`"


async def reach_of_site(site: Site, settings: Settings, secrets: Secrets, now: datetime) -> tuple[Reach, ...]:
    """Who on duty is reached now, for each urgent severity and service."""
    ways = [await _way(one.name, site, secrets) for one in site.notify.destinations]
    on_duty = await _on_duty(site, settings, secrets, now)
    return reach(on_duty, [way for way in ways if way is not None], site.notify)


async def waking(site: Site, secrets: Secrets) -> tuple[str, ...]:
    """The names of the destinations that wake a sleeper."""
    ways = [await _way(one.name, site, secrets) for one in site.notify.destinations]
    return tuple(way.name for way in ways if way is not None and way.wakes)


async def _way(name: str, site: Site, secrets: Secrets) -> WayOut | None:
    settings = next(one for one in site.notify.destinations if one.name == name)
    try:
        destination = opened(settings, secrets, WallClock()).destination
    except NexusError:  # its own line says so, and it reaches nobody
        return None
    await destination.aclose()
    provider = name if settings.kind == "apprise" else settings.kind  # one of apprise's may be anything
    return WayOut(name=name, provider=provider, wakes=Can.WAKE in destination.can)


async def _on_duty(
    site: Site, settings: Settings, secrets: Secrets, now: datetime
) -> Mapping[str, Sequence[Person]]:
    """By service; without a schedule that is everybody who may work on incidents."""
    if not site.oncall:
        everybody = tuple(one for one in site.active_people if allows(one.roles, Permission.RESPOND))
        return dict.fromkeys(site.catalogue.names, everybody)
    view = await oncall_view(site, settings, secrets, now, days=1)
    by_name = {one.name: one for one in site.active_people}
    found: dict[str, list[Person]] = {name: [] for name in site.catalogue.names}
    for one in view.schedules:
        there = [by_name[shift.person] for shift in one.now if shift.person in by_name]
        for service in one.services or site.catalogue.names:
            found[service] += [person for person in there if person not in found[service]]
    return found


async def check_reach(site: Site, settings: Settings, secrets: Secrets, clock: Clock) -> tuple[Check, ...]:
    """The lines of the doctor; none where nothing is told outside, which has a line of its own."""
    if not site.notify.destinations or not site.people:
        return ()
    if not any(one.contacts for one in site.people):
        found = "nobody knows who is woken: no person has `contacts`"
        return (Check(part=_PART, state=State.MISSING, found=found, advice=_ADVICE),)
    loud, other = complaints(await reach_of_site(site, settings, secrets, clock.now()))
    if not loud and not other:
        found = "everybody on duty is woken, on two ways at least that do not fail together"
        return (
            Check(part=_PART, state=State.OK, found=found, advice="`nexus doctor --test-paging` tries it"),
        )
    return (
        *(Check(part=_PART, state=State.BROKEN, found=one, advice=_ADVICE) for one in loud),
        *(Check(part=_PART, state=State.MISSING, found=one, advice=_ADVICE) for one in other),
    )


@dataclass(frozen=True)
class ReachWatch:
    """Tells once a day who cannot be reached, in the log and in every channel of a team."""

    intake: AlertIntake

    async def look(self) -> None:
        """Tell it, if there is anything to tell."""
        home, site, now = self.intake.home, self.intake.site, self.intake.clock.now()
        found = await check_reach(site, home.settings, home.secrets, self.intake.clock)
        wrong = [one.found for one in found if one.state is not State.OK]
        if not wrong or not self._first_of_day(now):
            return
        log.warning("people cannot be reached", why=wrong)
        if site.shadow.mode == "shadow":  # nothing leaves, and nobody has to be reached
            return
        notice = Notice(
            key=f"reach/{site.site}/{now:%Y-%m-%d}", thread=f"reach/{site.site}", incident="",
            purpose=Purpose.CHANNEL, audience=Audience.ADMINS, severity=None,
            title="Who on duty cannot be reached", text="\n".join(wrong), at=now,
            link=site.server.public_url,
        )  # fmt: skip
        for one in site.notify.destinations:
            await self._send(one, notice)

    async def _send(self, settings: AnyDestination, notice: Notice) -> None:
        try:
            destination = opened(settings, self.intake.home.secrets, self.intake.clock).destination
        except NexusError:  # the doctor says so
            return
        try:
            if notice.purpose in destination.carries:
                attempt = await destination.send(notice)
                log.info("told who cannot be reached", destination=settings.name, outcome=attempt.outcome)
        finally:
            await destination.aclose()

    def _first_of_day(self, now: datetime) -> bool:
        """Whether nobody on this machine has told it today: who leads may change, and starts anew."""
        file = self.intake.home.settings.home / FOLDER / f"unreached-{self.intake.site.site}"
        day = f"{now:%Y-%m-%d}"
        try:
            if file.is_file() and file.read_text(encoding="utf-8") == day:
                return False
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(day, encoding="utf-8")
        except OSError as error:
            log.warning("when people were told is not kept", why=error.strerror)
        return True
