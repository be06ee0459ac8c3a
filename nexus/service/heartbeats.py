"""Watches over the alerts that always fire: when one stays away, the monitoring itself is an incident."""

from dataclasses import dataclass

from incidents.heartbeat import Heartbeat, silence_of
from nexus.service.intake import AlertIntake

#: What stands before the name of one that the site expects and nobody has heard yet.
EXPECTED = "expected:"


@dataclass(frozen=True)
class HeartbeatWatch:
    """The heartbeats of one live world, on the clock of its intake."""

    intake: AlertIntake

    async def look(self) -> None:
        """Open an incident for each heartbeat that has just become late, tell it of each that is back."""
        store, site = self.intake.home.store, self.intake.site.site
        known = await store.heartbeats(site)
        for name in self.intake.site.intake.heartbeats:
            if not any(beat.name == name for beat in known):
                await store.keep_heartbeat(site, self._expected(name))
        real = [beat for beat in known if not beat.fingerprint.startswith(EXPECTED)]
        heard = {beat.name: beat.heard_at for beat in sorted(real, key=lambda beat: beat.heard_at)}
        for beat in known:
            if beat.fingerprint.startswith(EXPECTED) and beat.name in heard:
                if beat.silent_since is None:
                    continue  # it was heard: from now on that one speaks for itself
                beat = beat.model_copy(update={"heard_at": heard[beat.name]})
            await self._judge(beat)

    def _expected(self, name: str) -> Heartbeat:
        now = self.intake.clock.now()
        return Heartbeat(fingerprint=f"{EXPECTED}{name}", name=name, heard_at=now)

    async def _judge(self, beat: Heartbeat) -> None:
        now, every = self.intake.clock.now(), self.intake.site.intake.heartbeats.get(beat.name)
        late = now >= beat.late_at(every)
        if late is (beat.silent_since is not None):
            return
        # Told before it is kept: what is told twice is known, what is never told is lost.
        changed = beat.model_copy(update={"silent_since": beat.late_at(every) if late else None})
        since = changed if late else beat
        await self.intake.tell(silence_of(since, every, now, over=not late))
        await self.intake.home.store.keep_heartbeat(self.intake.site.site, changed)
