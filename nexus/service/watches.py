"""What is done again and again for a live world, by one of its processes: whichever leads.

What happens once, to one delivery or one incident, is not here: alerts that a sender left out are fetched by
who took the delivery in (`left_out`); duties, reminders and the watch over a recovery are in the `wake_at` of
their incident.
"""

from datetime import timedelta

import structlog

from nexus.runtime.periodic import PeriodicJob, PeriodicJobs
from nexus.service.auditing import AuditWatch
from nexus.service.heartbeats import HeartbeatWatch
from nexus.service.idempotency import KEPT_FOR
from nexus.service.intake import AlertIntake
from nexus.service.lists import ListQueries
from nexus.service.reach_watch import ReachWatch
from nexus.service.rematching import RematchWatch
from nexus.service.retention import Retention
from nexus.service.siblings import SiblingWatch
from nexus.service.silences import SilenceWatch
from nexus.service.status_ends import EndedElsewhere
from nexus.service.status_page import PublicPage
from nexus.service.subscribers import Subscribers
from nexus.service.ticketing import TicketWatch
from nexus.service.watchdog import Watchdog

log = structlog.get_logger(__name__)

#: How long the deletion of what is older than the retention may take.
_PRUNING = timedelta(minutes=10)


def watches(intake: AlertIntake) -> PeriodicJobs:
    """The jobs of an intake's live world; the site is what the intake says when they run."""
    home = intake.home

    async def forget_answers() -> None:
        await home.store.forget_answers(home.clock.now() - KEPT_FOR)

    async def prune() -> None:
        if (days := intake.site.store.retention_days) is not None:
            await Retention(home, home.clock.now(), days).prune(rewrite=False)

    async def write_to_subscribers() -> None:
        theirs = Subscribers.of(home, intake.site)
        if theirs is not None:
            await theirs.look(home.clock.now())

    async def tell_backlog() -> None:
        if (waits := await ListQueries.of(home).waiting()) is not None:
            log.warning(waits)

    async def end_disturbances() -> None:
        site = intake.site
        await EndedElsewhere(home.store, site.site, site.language).look(home.clock.now())

    async def record_components() -> None:
        await PublicPage(home.store, intake.site).install(home.clock.now())

    watchdog = intake.site.server.watchdog
    jobs = (
        *(
            (
                PeriodicJob(
                    "the watchdog outside",
                    Watchdog(intake, watchdog).look,
                    every=watchdog.every.total_seconds(),
                ),
            )
            if watchdog is not None
            else ()
        ),
        PeriodicJob("heartbeats", HeartbeatWatch(intake).look, every=5),
        PeriodicJob("silences in Alertmanager", SilenceWatch(intake).look, every=10, limit=60),
        PeriodicJob("alerts without a service", RematchWatch(intake).look, every=5),
        PeriodicJob("incidents of one cause", SiblingWatch(intake).look, every=30),
        PeriodicJob("the audit", AuditWatch(intake).look, every=30),
        PeriodicJob("components of the status page", record_components, every=5),
        PeriodicJob("disturbances that have ended", end_disturbances, every=60),
        PeriodicJob("mail to subscribers", write_to_subscribers, every=5, limit=600),
        PeriodicJob("tickets", TicketWatch(intake).look, every=5, limit=600),
        PeriodicJob("bodies of deliveries", intake.forget_bodies, every=60),
        PeriodicJob("answers under idempotency keys", forget_answers, every=3600),
        PeriodicJob("what waits", tell_backlog, every=30),
        PeriodicJob("who cannot be reached", ReachWatch(intake).look, every=86_400, limit=300),
        PeriodicJob("retention", prune, every=3600, limit=_PRUNING.total_seconds()),
    )
    return PeriodicJobs(home.store, intake.site.site, jobs, home.clock.now)
