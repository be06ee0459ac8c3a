"""How sure the playbook is: a pure rule over what stands behind a hypothesis, never over a score's size."""

from dataclasses import dataclass

from incidents.findings import Confidence


@dataclass(frozen=True)
class Support:
    """What stands behind a hypothesis.

    Attributes:
        sources: independent channels that show it.
        settled: a change just before the onset explains it, or the part itself says what is wrong.
        alone: what the others show is faint beside it, or may come from it.
        contested: another is as good as level with it, or shows much that cannot come from it.
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
    """High: two independent sources, and what rules other places out: a change that fits, or nobody near.

    Medium: one of these. What is faint, guessed or contested is never more than low.
    """
    if standing.faint or standing.guessed or standing.contested:
        return Confidence.LOW
    agreed, ruled_out = standing.sources >= 2, standing.settled or standing.alone
    if agreed and ruled_out:
        return Confidence.HIGH
    return Confidence.MEDIUM if agreed or ruled_out else Confidence.LOW
