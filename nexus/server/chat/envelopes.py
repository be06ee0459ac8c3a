"""What Slack sends over Socket Mode, as far as it is read, and how it is told that it was heard.

Each envelope holds what would else have been the body of a request over HTTP (docs.slack.dev, 2026).
"""

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incidents.errors import UsageError
from nexus.server.chat.answering import Answered, ChatAnswers
from nexus.server.chat.app import SlackApp
from nexus.server.chat.payloads import Command, Event, Interaction


class Frame(BaseModel):
    """One message of a connection: `hello`, `disconnect`, or an envelope, which has an id.

    Attributes:
        reason: of a `disconnect`.
        answerable: whether what it is answered with may say something.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = Field(max_length=100)
    envelope_id: str = Field(default="", max_length=200)
    payload: object = None
    reason: str = Field(default="", max_length=200)
    answerable: bool = Field(default=False, alias="accepts_response_payload")


def frame_of(text: str | bytes) -> Frame | None:
    """A frame, or None if it is none."""
    try:
        return Frame.model_validate_json(text)
    except ValidationError:
        return None


async def answered(frame: Frame, answers: ChatAnswers, app: SlackApp) -> Answered:
    """What an envelope is answered; what is none of ours is heard, and nothing is done."""
    try:
        if frame.type == "interactive":
            return await answers.interaction(Interaction.model_validate(frame.payload), app)
        if frame.type == "slash_commands":
            return await answers.command(Command.model_validate(frame.payload), app)
        if frame.type == "events_api":
            return await answers.event(Event.model_validate(frame.payload), app)
    except (ValidationError, UsageError):
        return Answered()
    return Answered()


def heard(frame: Frame, body: Mapping[str, object] | None) -> str:
    """What Slack wants back within three seconds."""
    said: dict[str, object] = {"envelope_id": frame.envelope_id}
    if body is not None and frame.answerable:
        said["payload"] = body
    return json.dumps(said)
