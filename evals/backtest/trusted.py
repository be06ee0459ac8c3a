"""What the judged replays of a backtest say of the agents' proposals. Pure."""

from collections.abc import Mapping
from datetime import timedelta

from evals.backtest.judgement import Answer
from evals.backtest.run import Backtest
from evals.backtest.said import Said
from incidents.changes import Deed
from incidents.trust import Proposed


def proposed_in(made: Backtest, answers: Mapping[str, Answer]) -> tuple[Proposed, ...]:
    """The change that each replay would have proposed first; nothing was carried out."""
    return tuple(
        Proposed(
            service=one.proposed.service,
            kind=one.proposed.kind,
            judgement=answers[one.case].judgement if one.case in answers else None,
            ahead=_ahead(one),
        )
        for one in made.played
        if one.proposed is not None
    )


def _ahead(one: Said) -> timedelta | None:
    """How much earlier it stood than people did the same; None where they did not, or did it before."""
    did, proposed = one.people, one.proposed
    if did is None or proposed is None or did.at is None or did.deed is not Deed.SAME or did.before_us:
        return None
    return did.at - proposed.at
