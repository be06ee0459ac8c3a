"""The page of a post-mortem: the view with what its forms carry, and what is exported of it."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field

from incidents.actor import Actor
from incidents.errors import Refused
from incidents.incident import Incident
from incidents.past import PastIncident
from incidents.post_mortem_text import PostMortemText, edited, written
from incidents.reports import ActionItem as ReportItem
from incidents.reports import PostMortemReport
from incidents.value import Value
from nexus.home import Home
from nexus.runtime.post_mortem_file import DatedItem, PostMortem, post_mortem, render_markdown
from nexus.service.hindsight import AGENTS, IncidentHindsight
from nexus.service.hindsight_view import HindsightQueries, PostMortemView
from nexus.service.restricting import hidden
from nexus.store.find import find_incident
from nexus.store.past import PastQueries

#: The headings of the parts, in the order of the document.
HEADINGS = {
    "title": "Title", "summary": "What happened", "what_failed": "What failed",
    "why_it_failed": "Why it failed", "why_not_caught": "Why it was not caught", "whys": "Five whys",
    "users_affected": "Users", "revenue_impact": "Revenue", "reputation_impact": "Reputation",
    "data_impact": "Data", "monitoring": "Monitoring that would have caught it sooner",
    "testing": "Tests that would have prevented it", "process": "Process", "infrastructure": "Infrastructure",
    "went_well": "What went well", "went_badly": "What went badly", "lucky": "Where we were lucky",
}  # fmt: skip


class Edit(Value):
    """What a form sends: one part, as somebody wrote it, and the version that they had before them."""

    field: str
    said: str = Field(default="", max_length=100_000)
    based_on: int = Field(ge=0)


class Draft(Edit):
    """A part that could not be saved, with why: nothing of it is lost."""

    why: str


class PostMortemPage(Value):
    """The page.

    Attributes:
        written: each part as its form shows it.
        draft: what somebody wrote and could not save.
        shown: the number of the version that is shown.
        past: incidents of before that look alike, with what was meant to prevent this one.
    """

    view: PostMortemView
    written: dict[str, str]
    draft: Draft | None = None
    shown: int
    past: tuple[PastIncident, ...] = ()


@dataclass(frozen=True)
class PostMortemDesk:
    """Who reads, edits and exports a post-mortem."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """That of a home."""
        return cls(home)

    async def page(
        self, identity: str, actor: Actor, number: int | None = None, draft: Draft | None = None
    ) -> PostMortemPage:
        """The page as somebody sees it; raises as `HindsightQueries.post_mortem`."""
        view = await HindsightQueries.of(self.home).post_mortem(identity, actor, number)
        text = view.text or PostMortemText.empty(view.title)
        parts = {field: written(text, field) for field in HEADINGS}
        shown = number if number is not None and number <= view.version else view.version
        store = self.home.store
        known = await find_incident(store, identity)
        past = await PastQueries(store).like(known, await hidden(store, actor), view.now)
        return PostMortemPage(view=view, written=parts, draft=draft, shown=shown, past=past)

    async def edit(self, identity: str, said: Edit, actor: Actor) -> None:
        """Save one part as a new version.

        Raises:
            UsageError: it cannot be meant so.
            Forbidden, Refused: as `IncidentHindsight.edit`.
        """
        back = IncidentHindsight.of(self.home)
        incident = await find_incident(self.home.store, identity)
        known = await back.versions(incident)
        text = known[-1].text if known else PostMortemText.empty(incident.title)
        await back.edit(identity, said.based_on, edited(text, said.field, said.said), actor=actor)

    async def markdown(self, identity: str) -> str:
        """As people read it in a file.

        Raises:
            UnknownName: there is no such incident.
            Refused: nobody has written it.
        """
        language = (await find_incident(self.home.store, identity)).language
        return render_markdown(await self._document(identity), language)

    async def _document(self, identity: str) -> PostMortem:
        """The newest version, with the times, figures and records of code."""
        store, back = self.home.store, IncidentHindsight.of(self.home)
        incident = await find_incident(store, identity)
        known = await back.versions(incident)
        if not known:
            raise Refused(f"the post-mortem of {identity} is not written yet; there is nothing to export")
        last, items = known[-1], await back.items(identity)
        made = post_mortem(
            incident, _report(last.text, incident), await store.entries(identity),
            await store.evidence(identity), written_by=_writers(known[0].by, last.by), engine=incident.engine,
            written_at=last.at, history=await PastQueries(store).history(incident, last.at),
        )  # fmt: skip
        dated = tuple(DatedItem(action=one.action, owner=one.owner, due=one.due) for one in items)
        return made.model_copy(update={"action_items": dated or made.action_items})


def _writers(first: str, last: str) -> str:
    return first if first == last else f"{first}, last edited by {last}"


def _report(text: PostMortemText, incident: Incident) -> PostMortemReport:
    """The text as a report; its action items are the tracked ones, else what a role wrote."""
    before = incident.post_mortem_report
    nothing = (ReportItem(action="none is written down", owner=AGENTS, days=1),)
    kept = {name: value for name, value in text if name in PostMortemReport.model_fields}
    kept["change"] = before.change if before else None
    whys = text.whys or ({"question": "Why?", "answer": "not written yet"},)
    return PostMortemReport.model_validate(
        kept | {"whys": whys, "action_items": before.action_items if before else nothing}
    )
