"""Jobs that failed, also those that are gone, and what should make jobs and does not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from incidents.cluster import FaultKind, Finding, Standing
from incidents.findings import Category
from tools.live.cluster.faults.crashes import last_words, say_end, telling_line
from tools.live.cluster.faults.wording import of_event, of_log, of_status, quote
from tools.live.cluster.resources.infrastructure import CronJob, Job
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import RECENT, Snapshot

#: A job that failed by itself, of no clock, is told for so long.
_TOLD = timedelta(hours=2)
_CRON_REASONS = frozenset({
    "UnparseableSchedule", "UnknownTimeZone", "TooManyMissedTimes", "FailedCreate", "FailedNeedsStart",
    "FailedGet", "InvalidSchedule",
})  # fmt: skip


def jobs(seen: Snapshot) -> Iterator[Finding]:
    """Each job that failed and was not made good by a later one."""
    newest = _newest(seen)
    for one in seen.jobs:
        failed = next((c for c in one.status.conditions if c.type == "Failed" and c.status == "True"), None)
        maker = seen.maker(one.metadata)
        if failed is None or (maker and newest[maker] is not one):
            continue
        if not maker and failed.since is not None and seen.at - failed.since > _TOLD:
            continue
        name = f"job/{one.metadata.name}"
        pod = next((p for p in reversed(seen.pods) if seen.maker(p.meta) == name), None)
        why, evidence, category = _why(seen, pod)
        yield Finding(
            kind=FaultKind.JOB, object=name, concerns=(maker or name,), category=category,
            sentence=f"the job {one.metadata.name} failed{why}",
            evidence=(of_status(name, f"Failed, {failed.reason}", failed.message), *evidence),
        )  # fmt: skip
    yield from _gone(seen)


def _newest(seen: Snapshot) -> dict[str, Job]:
    found: dict[str, Job] = {}

    def begun(one: Job) -> datetime:
        return one.status.start_time or one.metadata.created or seen.at

    for one in seen.jobs:
        maker = seen.maker(one.metadata)
        over = any(c.status == "True" and c.type in {"Failed", "Complete"} for c in one.status.conditions)
        if maker and over and (maker not in found or begun(one) > begun(found[maker])):
            found[maker] = one
    return found


def _why(seen: Snapshot, pod: Pod | None) -> tuple[str, list[str], Category]:
    """How the last pod of a job ended, with its last words."""
    for one in (*pod.status.initial, *pod.status.containers) if pod is not None else ():
        ended = one.state.terminated or one.last.terminated
        if pod is None or ended is None or not ended.exit_code:
            continue
        log = seen.last_log(pod, one.name)
        words = last_words(log)
        said = [f"pod/{pod.meta.name} says container {one.name} ended with {say_end(ended)}"]
        said += [of_log(one.name, words.line if words is not None else telling_line(log))] if log else []
        if words is not None:
            return f": {words.why}", said, words.category
        return f": container {one.name} ended with {say_end(ended)}", said, Category.UNKNOWN
    return "", [], Category.UNKNOWN


def _gone(seen: Snapshot) -> Iterator[Finding]:
    """Jobs of which only events are left."""
    known = {one.metadata.name for one in seen.jobs}
    done: set[str] = set()
    for event in seen.events:
        name, at = event.about.name, event.at
        failed = event.reason in {"BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy"}
        if event.about.kind != "Job" or not failed or name in known | done or at is None:
            continue
        maker = _maker_of(seen, name)
        if seen.at - at > 2 * RECENT or _succeeded_since(seen, maker, at):
            continue
        done.add(name)
        yield Finding(
            kind=FaultKind.JOB, object=f"job/{name}", concerns=(maker or f"job/{name}",),
            sentence=(
                f"the job {quote(name, 100)} failed at {at:%H:%M:%S} and is gone: {quote(event.message, 140)}"
            ),
            evidence=(of_event(event),), category=Category.UNKNOWN,
        )  # fmt: skip


def _maker_of(seen: Snapshot, name: str) -> str:
    cron = name.rpartition("-")[0]
    return f"cronjob/{cron}" if any(one.metadata.name == cron for one in seen.crons) else ""


def _succeeded_since(seen: Snapshot, maker: str, at: datetime) -> bool:
    last = (one.status.last_successful_time for one in seen.crons if f"cronjob/{one.metadata.name}" == maker)
    return any(time is not None and time > at for time in last)


def cron_jobs(seen: Snapshot) -> Iterator[Finding]:
    """What should make jobs by the clock and says that it cannot."""
    for one in seen.crons:
        event = next((e for e in seen.told("CronJob", one.metadata.name) if e.reason in _CRON_REASONS), None)
        if event is not None:
            yield _not_made(one, of_event(event), quote(event.message, 160))


def _not_made(one: CronJob, evidence: str, why: str) -> Finding:
    name = f"cronjob/{one.metadata.name}"
    return Finding(
        kind=FaultKind.CRON_JOB, object=name, concerns=(name,), standing=Standing.CAUSE,
        sentence=f"the cron job {one.metadata.name} ({quote(one.spec.schedule, 40)}) makes no job: {why}",
        evidence=(evidence,), category=Category.DEPLOYMENT,
    )  # fmt: skip
