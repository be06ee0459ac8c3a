"""Incidents of a live world: opened by alerts, on the wall's clock, over the backends of `nexus.yaml`."""

from dataclasses import replace

from incidents.catalogue import Catalogue
from incidents.findings import Window
from incidents.incident import Incident
from incidents.match import UNKNOWN
from nexus.config.site import Site
from nexus.runtime.connections import LiveSite
from nexus.runtime.run_context import RunContext
from nexus.runtime.waiting import Park
from tools.clock import Clock
from tools.live.actions.shadowed import ShadowedActions
from tools.live.latency import OnCall, timed_world
from tools.redaction.redact import redact
from tools.redaction.world import redacted_world
from tools.wording import plain


def live_context(live: LiveSite, incident: Incident, clock: Clock, heard: OnCall | None) -> RunContext:
    """What a live incident is played on, over connections that it shares; `heard` times each question."""
    site = live.site
    world = replace(live.world, quiet=quiet_of(incident, site))
    shadow = incident.shadow.whole  # nothing of it is carried out, and no public page tells of it
    if shadow:
        world = replace(world, actions=ShadowedActions(world.actions))
    return RunContext(
        world=redacted_world(timed_world(world, clock, heard) if heard else world),
        clock=clock,
        waiter=Park(clock),
        policy=site.policy,
        revenue_threshold=site.thresholds.revenue,
        pace=lambda step: None,
        catch_up=lambda known: None,
        more_tools=live.tools.tools,
        site=None if shadow else site.site,
        own_causes=site.causes,
        gaps=(*strangers(incident, site.catalogue), *live.tools.gaps),
    )


def strangers(incident: Incident, catalogue: Catalogue) -> tuple[str, ...]:
    """A sentence for each service that an alert names and the catalogue does not know, with the mend."""
    unmatched = [one.matched_by for one in incident.alerts if one.matched_by and not one.matched_by.service]
    asked = dict.fromkeys(match.named for match in unmatched if match.rule == UNKNOWN and match.named)
    named = dict.fromkeys(alert.service for alert in incident.alerts if alert.service)
    return (
        *(
            f"which service an alert is about is not known; it names {plain(redact(name), 60)!r}: "
            f"`nexus services alias NAME --is SERVICE --by YOU` says once what that is "
            f"({', '.join(catalogue.names)})"
            for name in asked
        ),
        *(
            f"an alert names the service {plain(redact(name), 60)!r}, which nexus.yaml does not list under "
            f"`services` ({', '.join(catalogue.names)}); what it does and needs is not known"
            for name in named
            if catalogue.find(name) is None
        ),
    )


def quiet_of(incident: Incident, site: Site) -> Window:
    """How things usually are: the time before what is searched for the cause.

    An alert tells when its condition began, which may be long before it was delivered.
    """
    began = min([incident.opened_at, *(alert.starts_at for alert in incident.alerts)])
    end = began - site.windows.lookback
    return Window(start=end - site.windows.quiet, end=end)
