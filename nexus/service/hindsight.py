"""What people say once it is over: whether it was right, what the post-mortem says, what is to be done."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from incidents.access import Permission
from incidents.action_items import ActionItem, ItemState, as_they_stand, incident_of, of_task
from incidents.actor import Actor
from incidents.errors import Refused, UnknownName, UsageError
from incidents.findings import Category
from incidents.incident import Incident
from incidents.post_mortem_text import PostMortemText, PostMortemVersion
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from nexus.home import Home
from nexus.service.authority import require
from nexus.store.audit import Deed, DeedKind
from nexus.store.find import find_incident
from nexus.store.records import WorldKind
from tools.redaction.redact import redact
from tools.redaction.tree import redact_value

#: Who has written what no person has changed.
AGENTS = "the agents"


@dataclass(frozen=True)
class IncidentHindsight:
    """The door of those who look back."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home)

    async def judge(
        self,
        identity: str,
        judgement: Judgement,
        *,
        actor: Actor,
        service: str | None = None,
        category: Category | None = None,
        note: str = "",
    ) -> DiagnosisVerdict:
        """Keep a person's word on the diagnosis, in place of what they said before.

        Raises:
            UnknownName: there is no such incident, or service.
            Forbidden: it takes another role.
            Refused: there is no diagnosis to judge.
        """
        incident = await self._allowed(identity, actor, Permission.NOTE)
        found = incident.diagnosis
        if found is None:
            raise Refused(f"{identity} has no diagnosis that could be right or wrong; nothing was kept")
        if service is not None:
            known = self.home.services_of(await self.home.store.world_of(identity))
            if service not in known:
                raise UnknownName("service", service, known)
        verdict = DiagnosisVerdict(
            incident=identity, key=key_of(found), service=found.service, category=found.category,
            change=found.change, confidence=found.confidence, summary=found.summary, engine=incident.engine,
            judgement=judgement, actual_service=service, actual_category=category, note=redact(note),
            by=actor.name, person=actor.id, at=await self._now(identity),
        )  # fmt: skip
        await self.home.store.keep_verdict(verdict)
        await self._record(actor, DeedKind.VERDICT, verdict.at, identity, about=verdict.key, said=judgement)
        return verdict

    async def versions(self, incident: Incident) -> tuple[PostMortemVersion, ...]:
        """Every version of its post-mortem, what the agents wrote last among them, the newest last."""
        kept = await self.home.store.versions(incident.id)
        if incident.post_mortem_report is None:
            return kept
        written = PostMortemText.of(incident.title, incident.post_mortem_report)
        theirs = [one.text for one in kept if one.by_agents]
        if theirs and theirs[-1] == written:
            return kept
        at = incident.ended_at or incident.as_of or incident.step_since
        fresh = PostMortemVersion(
            incident=incident.id, number=len(kept) + 1, by=AGENTS, by_agents=True, at=at, text=written
        )
        return (*kept, fresh)

    async def edit(
        self, identity: str, based_on: int, text: PostMortemText, *, actor: Actor
    ) -> PostMortemVersion:
        """Keep a new version; what the agents wrote is kept beside it as a version of its own.

        Raises:
            UnknownName: there is no such incident.
            Forbidden: it takes another role.
            Refused: the incident is not over, nothing was changed, or somebody has saved meanwhile.
        """
        incident = await self._allowed(identity, actor, Permission.RESPOND)
        if incident.open:
            raise Refused(f"{identity} is not over: its post-mortem is written once it is")
        known = await self.versions(incident)
        last = known[-1].number if known else 0
        if based_on != last:
            raise Refused(
                f"{known[-1].by if known else 'nobody'} has saved version {last} meanwhile, and you have "
                f"edited version {based_on}; nothing was saved: look at what was changed, and edit that"
            )
        clean = redact_value(text)
        if known and known[-1].text == clean:
            raise Refused("nothing is different from the version that stands; nothing was saved")
        for one in known[len(await self.home.store.versions(identity)) :]:
            await self.home.store.add_version(one)
        made = PostMortemVersion(
            incident=identity, number=last + 1, by=actor.name, at=await self._now(identity), text=clean
        )
        if not await self.home.store.add_version(made):
            raise Refused(f"somebody has saved version {made.number} in this moment; nothing was saved")
        await self._record(actor, DeedKind.POST_MORTEM, made.at, identity, about=str(made.number))
        return made

    async def items(self, identity: str) -> tuple[ActionItem, ...]:
        """The action items of an incident as they stand."""
        tasks = await self.home.store.backlog(identity)
        changed = await self.home.store.changed_items(identity)
        return as_they_stand(tuple(of_task(identity, one) for one in tasks), changed)

    async def all_items(
        self, state: ItemState | None = None, owner: str | None = None
    ) -> tuple[ActionItem, ...]:
        """The action items of all incidents, in the order in which they were written down."""
        tasks = tuple(of_task(incident_of(one.id), one) for one in await self.home.store.backlog())
        every = as_they_stand(tasks, await self.home.store.changed_items())
        return tuple(one for one in every if state in {None, one.state} and owner in {None, one.owner})

    async def change_item(
        self, identity: str, item: str | None, version: int, *, actor: Actor, **said: str | date | ItemState
    ) -> ActionItem:
        """Change an action item, or add one (`item` None); what is not said stays as it is.

        Raises:
            UnknownName: there is no such incident, or item.
            UsageError: a new one has no action, owner or day.
            Forbidden: it takes another role.
            Refused: somebody has changed it meanwhile.
        """
        await self._allowed(identity, actor, Permission.RESPOND)
        known = {one.id: one for one in await self.items(identity)}
        now = await self._now(identity)
        if item is None:
            before = _added(identity, known, said)
        elif item in known:
            before = known[item]
        else:
            raise UnknownName("action item", item, known)
        if item is not None and before.version != version:
            raise Refused(
                f"{before.by} has changed {item} meanwhile; nothing was changed: look at it, and say it again"
            )
        clean = {name: redact(value) if type(value) is str else value for name, value in said.items()}
        after = ActionItem.model_validate(
            dict(before) | clean | {"version": before.version + 1, "by": actor.name, "at": now}
        )
        if not await self.home.store.change_item(after):
            raise Refused(f"somebody has changed {after.id} in this moment; nothing was changed")
        await self._record(actor, DeedKind.ACTION_ITEM, now, identity, about=after.id, said=after.state)
        return after

    async def _allowed(self, identity: str, actor: Actor, permission: Permission) -> Incident:
        incident = await find_incident(self.home.store, identity)
        require(self.home.policy_of, await self.home.store.world_of(identity), actor, permission)
        return incident

    async def _record(
        self, actor: Actor, kind: DeedKind, at: datetime, incident: str, *, about: str, said: str = ""
    ) -> None:
        await self.home.store.record(Deed.by(actor, kind, at, incident, about=about, said=said))

    async def _now(self, identity: str) -> datetime:
        """Of what is said afterwards the wall's time, except for the incidents of recorded worlds."""
        world = await self.home.store.world_of(identity)
        live = world.kind is WorldKind.LIVE
        return self.home.clock.now() if live else await self.home.store.clock_of(identity)


def _added(
    identity: str, known: dict[str, ActionItem], said: dict[str, str | date | ItemState]
) -> ActionItem:
    missing = [name for name in ("action", "owner", "due") if name not in said]
    if missing:
        raise UsageError(f"a new action item needs {', '.join(missing)}; nothing was added")
    number = 1 + sum(one.startswith(f"{identity}-P") for one in known)
    return ActionItem.model_validate({"id": f"{identity}-P{number}", "incident": identity} | said)
