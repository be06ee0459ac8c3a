"""Who is on duty for an incident's services, for what is said outside: no page waits long for a schedule."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from incidents.language import Language
from incidents.texts import forms_of
from nexus.config.on_duty import SENTENCES, said_of
from nexus.config.site import Site
from nexus.oncall.remembered import Remembered
from nexus.oncall.settings import AnySchedule
from nexus.oncall.shifts import Plan
from nexus.oncall.sources import schedule_of
from tools.live.secrets import Secrets

#: A plan is asked for again when it is older.
FRESH = timedelta(minutes=5)
#: How long a page waits for a schedule that has not answered for a while, in seconds.
PATIENCE = 1.0


class OnDuty:
    """Says who is on duty by what schedules answered last, and asks them anew beside that.

    Args:
        site: its schedules and people, as they are now.
        secrets: for what is asked over HTTP.
        folder: where the last answers are kept.
        now: the moment of the wall.
    """

    def __init__(
        self, site: Callable[[], Site], secrets: Secrets, folder: Path, now: Callable[[], datetime]
    ) -> None:
        self._site, self._secrets, self._folder, self._now = site, secrets, folder, now
        self._plans: dict[str, Plan | None] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def __call__(self, services: Sequence[str], language: Language = Language.EN) -> str | None:
        """By each schedule that covers one of the services; None: there is none."""
        site = self._site()
        covering = [one for one in site.oncall if not one.services or set(one.services) & set(services)]
        plans = await asyncio.gather(*(self._plan(one) for one in covering))
        said = [
            self._aged(said_of(one, plan, site.people, self._now(), language), plan, language)
            for one, plan in zip(covering, plans, strict=True)
        ]
        return "; ".join(dict.fromkeys(said)) or None

    async def _plan(self, schedule: AnySchedule) -> Plan | None:
        name = schedule.name
        if name not in self._plans:
            source = schedule_of(schedule, self._secrets)
            self._plans[name] = Remembered(source, self._folder).last()
            await source.aclose()
        if self._old(self._plans[name]) and (name not in self._asking or self._asking[name].done()):
            self._asking[name] = asyncio.create_task(self._ask(schedule))
            await asyncio.wait((self._asking[name],), timeout=PATIENCE)
        return self._plans[name]

    def _old(self, plan: Plan | None) -> bool:
        return plan is None or self._now() - plan.asked_at > FRESH

    async def _ask(self, schedule: AnySchedule) -> None:
        source = schedule_of(schedule, self._secrets)
        try:
            self._plans[schedule.name] = await Remembered(source, self._folder).plan(self._now())
        finally:
            await source.aclose()

    def _aged(self, said: str, plan: Plan | None, language: Language) -> str:
        """An answer that is not of now says so."""
        if plan is None or not self._old(plan):
            return said
        return SENTENCES.said(language, "duty.aged", said=said, at=forms_of(language).moment(plan.asked_at))

    async def aclose(self) -> None:
        """Ask no more."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
