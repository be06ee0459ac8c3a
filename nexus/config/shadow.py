"""`shadow` of `nexus.yaml`: what runs on live alerts without anything leaving Nexus."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field, model_validator

from incidents.action import ActionKind
from incidents.alert import Alert
from incidents.shadow import Shadow
from incidents.value import Value


class ShadowSettings(Value):
    """The whole site, some services, some kinds of change; nothing where it says nothing."""

    mode: Literal["live", "shadow"] = Field(default="live", description="of the whole site")
    services: tuple[str, ...] = Field(default=(), description="what is about these alone is in shadow")
    actions: tuple[ActionKind, ...] = Field(
        default=(), description="changes of these kinds are proposed in shadow, whatever the service"
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.mode == "shadow" and (self.services or self.actions):
            part = "services" if self.services else "actions"
            raise ValueError(
                f"`mode: shadow` is the whole site, `{part}` a part of it; leave one of them out"
            )
        return self

    def covers(self, service: str | None) -> bool:
        """Whether what is about a service alone is in shadow; nobody knows what None is about."""
        return self.mode == "shadow" or service in self.services

    def of(self, alerts: Iterable[Alert]) -> Shadow:
        """What of an incident is in shadow that begins with these alerts.

        Whole, if everything that it is about is: one service outside is enough, and people are told. A change
        is in shadow as soon as its service or its kind is.
        """
        if all(self.covers(one.service) for one in alerts):
            return Shadow(whole=True)
        return Shadow(services=self.services, kinds=self.actions)

    @property
    def told(self) -> str:
        """What is in shadow, in words; empty where nothing is."""
        if self.mode == "shadow":
            return "the whole site: nothing leaves Nexus, nobody is asked, nothing is changed"
        parts = [f"what is about {', '.join(self.services)} alone"] if self.services else []
        kinds = ", ".join(one.replace("_", " ") for one in self.actions)
        parts += [f"every change of the kind {kinds}"] if kinds else []
        return "; ".join(parts)
