"""What people ask of an incident once it is over, as values: a verdict, a version, an action item."""

from datetime import date

from pydantic import Field

from incidents.action_items import ActionItem, ItemState
from incidents.actor import Actor
from incidents.findings import Category
from incidents.post_mortem_text import PostMortemText, PostMortemVersion
from incidents.verdicts import DiagnosisVerdict, Judgement
from nexus.service.request import Doors, Name, Remark, Request, WholeNumber


class JudgeDiagnosis(Request):
    """Say whether the diagnosis was right; the same person's later word counts instead."""

    path = "verdict"
    answer = DiagnosisVerdict
    judgement: Judgement
    service: Name | None = Field(default=None, description="which it really was, where that is known")
    category: Category | None = Field(default=None, description="what it really was, where that is known")
    note: Remark = ""

    async def put(
        self, doors: Doors, incident: str, actor: Actor, key: str | None = None
    ) -> DiagnosisVerdict:
        """Say it."""
        return await doors.hindsight.judge(
            incident, self.judgement, actor=actor, service=self.service, category=self.category,
            note=self.note,
        )  # fmt: skip


class EditPostMortem(Request):
    """Save a post-mortem as a new version, unless somebody was faster; what the agents wrote is kept."""

    path = "post-mortem"
    answer = PostMortemVersion
    based_on: WholeNumber = Field(ge=0, description="the version that was edited; 0: nobody has written yet")
    text: PostMortemText

    async def put(
        self, doors: Doors, incident: str, actor: Actor, key: str | None = None
    ) -> PostMortemVersion:
        """Save it."""
        return await doors.hindsight.edit(incident, self.based_on, self.text, actor=actor)


class ChangeItem(Request):
    """Change an action item, or add one; what is not given stays as it is."""

    path = "action-items"
    answer = ActionItem
    id: Name | None = Field(default=None, description="which one; not given: a new one")
    version: WholeNumber = Field(default=0, ge=0, description="the version that was changed")
    action: Name | None = None
    owner: Name | None = None
    due: date | None = None
    state: ItemState | None = None

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> ActionItem:
        """Change it."""
        given = {"action": self.action, "owner": self.owner, "due": self.due, "state": self.state}
        said = {name: value for name, value in given.items() if value is not None}
        return await doors.hindsight.change_item(incident, self.id, self.version, actor=actor, **said)


#: Every kind.
HINDSIGHT: tuple[type[Request], ...] = (JudgeDiagnosis, EditPostMortem, ChangeItem)
