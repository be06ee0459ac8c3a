"""The destinations of a live world: how each stands, trying one, and trying a disabled one again."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import Refused, UnknownName
from incidents.value import Moment, Value
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.destination import Outcome
from nexus.notify.notice import Audience, Notice, Purpose
from nexus.notify.wiring import opened_anyway
from nexus.store.audit import Deed, DeedKind
from nexus.store.outbox import Backlogged, Disabled
from nexus.store.port import IncidentStore
from tools.redaction.redact import redact
from tools.wording import plain


class DestinationLine(Value):
    """A destination as it stands."""

    name: str
    kind: str
    disabled_since: Moment | None = Field(default=None, description="since when nothing is tried there")
    reason: str = Field(default="", description="why it is disabled, or why what was tried last failed")
    waiting: int = Field(default=0, description="deliveries that wait, those that failed for now included")
    failing: int = Field(default=0, description="those of them that were tried and failed")
    oldest: Moment | None = Field(default=None, description="when the first of them is due")
    unheard: str = Field(
        default="", description="why nothing that is pressed there comes in by Socket Mode; empty: it does"
    )


class DestinationsView(Value):
    """Every destination of `nexus.yaml`, in its order."""

    items: tuple[DestinationLine, ...]


class Tried(Value):
    """What became of a test."""

    name: str
    outcome: Outcome
    reason: str = ""


def socket_mode_of(name: str) -> str:
    """As what the store knows that a destination's app has no connection to Slack."""
    return f"Socket Mode of {name}"


async def how_destinations_stand(store: IncidentStore, site: Site) -> DestinationsView:
    """Every destination of a site as it stands."""
    disabled = {one.destination: one for one in await store.disabled(site.site)}
    waits = {one.destination: one for one in await store.backlogged(site.site)}
    broken = {one.name: one.why for one in await store.failing_jobs() if one.site == site.site}
    return DestinationsView(
        items=tuple(
            _line(one.name, one.kind, disabled.get(one.name), waits.get(one.name)).model_copy(
                update={"unheard": broken.get(socket_mode_of(one.name), "")}
            )
            for one in site.notify.destinations
        )
    )


def _line(name: str, kind: str, disabled: Disabled | None, waits: Backlogged | None) -> DestinationLine:
    line = DestinationLine(name=name, kind=kind)
    if waits is not None:
        line = line.model_copy(
            update={
                "waiting": waits.waiting, "failing": waits.failing, "oldest": waits.oldest,
                "reason": waits.reason,
            }
        )  # fmt: skip
    if disabled is not None:
        line = line.model_copy(update={"disabled_since": disabled.since, "reason": disabled.reason})
    return line


@dataclass(frozen=True)
class Destinations:
    """The door of those who look after them."""

    home: Home
    site: Site

    @classmethod
    def of(cls, home: Home, site: Site) -> Self:
        """The door of a home."""
        return cls(home, site)

    async def view(self) -> DestinationsView:
        """How all stand."""
        return await how_destinations_stand(self.home.store, self.site)

    async def enable(self, name: str, actor: Actor) -> DestinationLine:
        """Try a disabled one again; what waits for it goes on.

        Raises:
            Forbidden: they may not.
            UnknownName: there is none of that name.
            Refused: it is not disabled.
        """
        self.site.policy.require(actor, Permission.COMMAND)
        self._known(name)
        deed = Deed.by(actor, DeedKind.DESTINATION, self.home.clock.now(), None, about=name, said="enabled")
        if not await self.home.store.enable(self.site.site, name, deed):
            raise Refused(f"{name} is not disabled; nothing was changed")
        return next(one for one in (await self.view()).items if one.name == name)

    async def test(self, name: str) -> Tried:
        """Send a test there, past the outbox; raises `UnknownName`."""
        self._known(name)
        settings = next(one for one in self.site.notify.destinations if one.name == name)
        opened, now = opened_anyway(settings, self.home.secrets, self.home.clock), self.home.clock.now()
        notice = Notice(
            key=f"test/{name}/{now:%Y%m%dT%H%M%S%f}", thread=f"test/{name}", incident="",
            purpose=Purpose.TEST, audience=Audience.ADMINS, severity=None, title="A test of Nexus",
            text=f"If you read this, {name} is reached.", at=now, link=self.site.server.public_url,
        )  # fmt: skip
        try:
            attempt = await opened.destination.send(notice)
        finally:
            await opened.destination.aclose()
        return Tried(
            name=name, outcome=attempt.outcome, reason=opened.shown(plain(redact(attempt.reason), 300))
        )

    def _known(self, name: str) -> None:
        names = [one.name for one in self.site.notify.destinations]
        if name not in names:
            raise UnknownName("destination", name, names)
