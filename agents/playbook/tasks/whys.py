"""Five whys: each answer is what the next question asks about; the first without evidence ends the chain."""

from collections.abc import Iterator, Mapping

from agents.playbook.tasks.happened import mechanism, suspect_of
from incidents.changes import Change
from incidents.findings import Channel, Claim, Diagnosis, Evidence, Suspect
from incidents.incident import Incident
from incidents.reports import Why
from tools.chronicle import went_live
from tools.felt import in_a_sentence, sentence
from tools.headline import lowered
from tools.plainly import plainly
from tools.wording import capital

_MOST = 5
_PLACE = frozenset({Channel.METRICS, Channel.TRACES, Channel.TOPOLOGY})


def whys(
    incident: Incident, stored: Mapping[str, Evidence], change: Change | None, caught: Claim
) -> tuple[Why, ...]:
    """From what users felt to what let it reach them.

    Args:
        incident: as it stands at its end.
        stored: its evidence by id.
        change: the change that the diagnosis names, where it is on record.
        caught: why it was not caught earlier.
    """
    kept: list[Why] = []
    for why in _chain(incident, stored, change, caught):
        if kept and not why.evidence:
            break
        kept.append(why)
    return tuple(kept[:_MOST])


def _chain(
    incident: Incident, stored: Mapping[str, Evidence], change: Change | None, caught: Claim
) -> Iterator[Why]:
    found = incident.diagnosis
    known = found is not None and found.known
    first = incident.summary_evidence or tuple(i for i, item in stored.items() if item.tool == "overview")[:1]
    if found is None or not known:
        nothing = "Not known: no cause was found that evidence supports."
        yield Why(question=_felt(incident), answer=nothing, evidence=first)
        return
    suspect = suspect_of(incident)
    # What is said of a suspect stands in the ranking, whatever else the diagnosis cites.
    ranked = tuple(one for one, item in stored.items() if item.tool == "suspects")[-1:]
    yield Why(
        question=_felt(incident), answer=_place(incident, found, suspect),
        evidence=(*_of(found, stored, "metrics traces overview database dependencies"), *ranked) or first,
    )  # fmt: skip
    said = plainly(found.summary).rstrip(".").replace(f"{found.service}: it ", f"{found.service} ", 1)
    yield Why(
        question=f"Why did {found.service} fail?",
        answer=capital(f"{mechanism(suspect) or said}."),
        evidence=(*_of(found, stored, "logs metrics traces database"), *ranked),
    )
    began = f" at {found.onset:%H:%M:%S} UTC" if found.onset is not None else ""
    yield from _moment(found, stored, change, began)
    yield Why(question="Why did it reach users?", answer=caught.text, evidence=caught.evidence)


def _felt(incident: Incident) -> str:
    felt = sentence(incident.peak)
    if not felt:
        return f"Why was there an alert ({in_a_sentence(incident.title)})?"
    for now, then in ((" answers nothing", " answer nothing"), (" takes ", " take ")):
        felt = felt.replace(now, then, 1)
    return f"Why did {lowered(felt)}?"


def _place(incident: Incident, found: Diagnosis, suspect: Suspect | None) -> str:
    """What failed first, and that what users touch needs it."""
    reasons = [r for r in (suspect.reasons if suspect else ()) if r.channel in _PLACE][:2]
    shows = f": {'; '.join(plainly(reason.text) for reason in reasons)}" if reasons else ""
    since = f" at {found.onset:%H:%M:%S} UTC" if found.onset is not None else ""
    return capital(f"{found.service} failed first{since}{shows}.")


def _moment(
    found: Diagnosis, stored: Mapping[str, Evidence], change: Change | None, began: str
) -> Iterator[Why]:
    """Why then: the change that came right before, or that none did."""
    asked = f"Why did that begin{began}?"
    if found.change is not None:
        said = (
            f"{went_live(change, past=True)} at {change.time:%H:%M:%S} UTC{_about(change)}"
            if change is not None
            else plainly(found.summary).split("; since then ")[0].rstrip(".")
        )
        seen = _of(found, stored, "changes deployments")
        yield Why(question=asked, answer=capital(f"{said}."), evidence=seen)
        return
    for other in found.alternatives:
        if other.service == found.service and (other.ruled_out_by or "").startswith("no change of"):
            said = f"Not known: {other.ruled_out_by}."
            yield Why(question=asked, answer=said, evidence=other.evidence)
            return


def _about(change: Change) -> str:
    said = " ".join(change.summary.split())
    return f" (“{said[:120]}”)" if said else ""


def _of(found: Diagnosis, stored: Mapping[str, Evidence], tools: str) -> tuple[str, ...]:
    wanted = frozenset(tools.split())
    return tuple(one for one in found.evidence if one in stored and stored[one].tool in wanted)
