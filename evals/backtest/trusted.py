"""What the judged replays of a backtest say of the agents' proposals. Pure."""

from collections.abc import Mapping

from evals.backtest.judgement import Answer
from evals.backtest.run import Backtest
from evals.backtest.said import Said
from incidents.people_did import ahead
from incidents.replays import Replay
from incidents.trust import Proposed, Where


def replays_of(made: Backtest, answers: Mapping[str, Answer]) -> tuple[Replay, ...]:
    """Each past alert that was played, with the change that would have been proposed first."""
    return tuple(
        Replay(id=one.case, at=one.at, proposed=_proposed(one, answers.get(one.case))) for one in made.played
    )


def _proposed(one: Said, answer: Answer | None) -> Proposed | None:
    """Nothing of it was carried out."""
    change = one.proposed
    if change is None:
        return None
    return Proposed(
        service=change.service,
        kind=change.kind,
        where=Where.BACKTEST,
        incident=one.case,
        title=change.title,
        at=change.at,
        judgement=answer.judgement if answer is not None else None,
        ahead=ahead(one.people, change.at),
    )
