"""The kinds of destinations that speak HTTP, each with a server that behaves as its provider documents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr, TypeAdapter

from nexus.notify.destination import Destination
from nexus.notify.kinds import AnyDestination
from nexus.notify.wiring import opened
from tests.nexus.notify.conformance import documented
from tests.nexus.notify.conformance.notices import AT
from tests.nexus.notify.conformance.provider import Behaviour
from tools.clock import VirtualClock

#: No test waits longer for a server that never answers; for one that does, the machine may be slow.
PATIENCE, PLENTY = timedelta(seconds=2), timedelta(seconds=30)

_SETTINGS: TypeAdapter[AnyDestination] = TypeAdapter(AnyDestination)


@dataclass(frozen=True)
class Kind:
    """A kind of destination.

    Attributes:
        says: what `nexus.yaml` says of it; `{url}` is the server's address.
        behaves: its provider.
        given: what its references stand for.
        path: what its address has after the server's.
        shown: what of its address is a secret.
        needs_the_body: whether the answer's body says if it was taken, and not its status.
    """

    name: str
    says: Mapping[str, object]
    behaves: Callable[[], Behaviour]
    given: Mapping[str, str]
    path: str = ""
    shown: tuple[str, ...] = ()
    needs_the_body: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no reason may hold."""
        return tuple(one for one in self.given.values() if one != "{url}") + self.shown

    def make(self, url: str, limit: timedelta) -> Destination:
        """One that talks to an address, with a time limit."""
        told = {"kind": self.name, "name": "ours", "limit": limit, "url": "env:URL", **self.says}
        given = {"env:URL": url + self.path, **self.given}
        return opened(
            _SETTINGS.validate_python(told), lambda one: SecretStr(given[one]), VirtualClock(AT)
        ).destination


_HOOK = "/services/T0AAAAAAA/B0BBBBBBB/cccCCCdddDDD"
_FLOW = (
    "/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sig=sIgNaTuRe-0f-a-flow"
)

KINDS = (
    Kind(
        "slack",
        {"token": "env:TOKEN", "channel": "C0CHANNEL"},
        documented.slack_api,
        {"env:TOKEN": "xoxb-1111-not-a-real-one"},
        needs_the_body=True,
    ),
    Kind("slack_webhook", {}, documented.slack_webhook, {}, _HOOK, (_HOOK, "cccCCCdddDDD")),
    Kind("pagerduty", {"routing_key": "env:KEY"}, documented.pagerduty, {"env:KEY": "r" * 32}),
    Kind(
        "ntfy",
        {"topic": "env:TOPIC", "token": "env:TOKEN"},
        documented.ntfy,
        {"env:TOPIC": "oncall-f00dfeed", "env:TOKEN": "tk_abcdefabcdefabcdef"},
    ),
    Kind("opsgenie", {"key": "env:KEY"}, documented.opsgenie, {"env:KEY": "eb243592-faa2-4ba2-a551"}),
    Kind("teams", {}, documented.teams, {}, _FLOW, (_FLOW, "sIgNaTuRe-0f-a-flow")),
    Kind(
        "webhook",
        {"secret": "env:SECRET"},
        documented.webhook,
        {"env:SECRET": "whsec_c2VjcmV0LW9mLWEtdGVzdC0xMjM="},
        "/in?key=sesame-open",
        ("sesame-open",),
    ),
)
