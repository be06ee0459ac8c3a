"""What the judged replays of a backtest say of the agents' proposals. Pure."""

from collections.abc import Mapping

from evals.backtest.judgement import Answer
from evals.backtest.run import Backtest
from incidents.people_did import ahead
from incidents.trust import Proposed, Where


def proposed_in(made: Backtest, answers: Mapping[str, Answer]) -> tuple[Proposed, ...]:
    """The change that each replay would have proposed first; nothing was carried out."""
    return tuple(
        Proposed(
            service=one.proposed.service,
            kind=one.proposed.kind,
            where=Where.BACKTEST,
            incident=one.case,
            title=one.proposed.title,
            judgement=answers[one.case].judgement if one.case in answers else None,
            ahead=ahead(one.people, one.proposed.at),
        )
        for one in made.played
        if one.proposed is not None
    )
