"""Whether what came of a form is what its row says."""

from agents.grounding.marking import MARK
from incidents.reports import Report, TriageReport
from tests.agents.llm.wire.forms import Again, Called, Fails, Form, Reported
from tests.agents.llm.wire.wire_server import REPORT, Raw, Seen, reports, seen_of
from tests.fake_turns import Asked


async def wrong(form: Form) -> str | None:
    """What came of a form, if it is not what its reading says."""
    once = isinstance(form.reading, Called | Again)

    def answers(asked: Asked) -> Raw:
        return form.raw if asked.number == 1 or not once else reports(asked)

    seen = await seen_of(answers, streaming=form.stream, api=form.api)
    match form.reading:
        case Called() as reading:
            return _as_called(reading, seen)
        case Reported() as reading:
            return _as_reported(reading, seen)
        case Again() as reading:
            return _as_again(reading, seen)
        case Fails() as reading:
            return _as_failed(reading, seen)


def _as_called(reading: Called, seen: Seen) -> str | None:
    if seen.failed is not None:
        return str(seen.failed)
    if seen.asked != [dict(one) for one in reading.asked]:
        return f"asked {seen.asked} in {len(seen.requests)} requests"
    return None if len(seen.requests) == 2 else f"{len(seen.requests)} requests"


def _as_reported(reading: Reported, seen: Seen) -> str | None:
    if seen.performed is None:
        return str(seen.failed)
    if len(seen.requests) != 1:
        return f"{len(seen.requests)} requests"
    wanted = TriageReport.model_validate({**REPORT, **reading.differs})
    given = seen.performed.report
    return None if _plain(given) == _plain(wanted) else str(given)


def _plain(report: Report) -> dict[str, object]:
    """A report with the words of its summary, whatever mark code put before those that cite nothing."""
    words = str(getattr(report, "summary", "")).replace(f"({MARK}", "").removesuffix(")").split()
    return {**report.model_dump(), "summary": sorted(words)}


def _as_again(reading: Again, seen: Seen) -> str | None:
    if seen.performed is None or len(seen.requests) != 2:
        return f"{len(seen.requests)} requests: {seen.failed}"
    if reading.noted not in seen.requests[1].text:
        return f"noted: {seen.requests[1].text[-300:]}"
    if reading.pause is not None and not reading.pause <= sum(seen.pauses) <= reading.pause + 20:
        return f"paused {seen.pauses}"
    return None


def _as_failed(reading: Fails, seen: Seen) -> str | None:
    failed = seen.failed
    if failed is None:
        return f"it did not fail: {seen.performed}"
    said = str(failed)
    if reading.requests is not None and len(seen.requests) != reading.requests:
        return f"{len(seen.requests)} requests: {said}"
    if (failed.outage, failed.faults) != (reading.outage, (reading.fault,)):
        return f"outage {failed.outage}, {failed.faults}: {said}"
    if not all(words in said for words in reading.says) or any(words in said for words in reading.silent):
        return said
    if reading.rest is not None and abs((failed.rest or 0) - reading.rest) > 5:
        return f"rests {failed.rest}"
    return None
