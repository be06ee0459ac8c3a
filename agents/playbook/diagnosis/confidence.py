"""How sure the playbook is: a pure rule over what stands behind a hypothesis, never over a score's size."""

from dataclasses import dataclass

from incidents.findings import Confidence


@dataclass(frozen=True)
class Support:
    """What stands behind a hypothesis.

    Attributes:
        sources: independent channels that show it.
        settled: data ruled another kind of cause out, or a change explains the onset.
        alone: no other service comes near it.
        contested: another service is as good as level with it.
        faint: it is hardly above what chance does.
        guessed: nothing says what kind of cause it is, or only that the others were ruled out.
    """

    sources: int
    settled: bool = False
    alone: bool = False
    contested: bool = False
    faint: bool = False
    guessed: bool = False


def confidence(standing: Support) -> Confidence:
    """High: two independent sources, and an alternative ruled out: another kind of cause, or other services.

    Medium: one of these, or two where a rival is level. What is faint or guessed is never more than low.
    """
    if standing.faint or standing.guessed:
        return Confidence.LOW
    agreed, ruled_out = standing.sources >= 2, standing.settled or standing.alone
    if agreed and ruled_out and not standing.contested:
        return Confidence.HIGH
    reasons = agreed + standing.settled + standing.alone
    return Confidence.MEDIUM if reasons > standing.contested else Confidence.LOW
