"""The supervisor dies, or the network to it: before the dry run, before, in and after the execution."""

from typing import NamedTuple

from incidents.action import ActionState
from tests.nexus.live import Live, live, together
from tests.nexus.network import Cut
from tests.nexus.rig import BAD, GOOD


class Row(NamedTuple):
    """How the target is lost; `killed`: its processes too, as with their machine."""

    how: Cut
    killed: bool = False

    def lose(self, one: Live) -> None:
        """Lose the target."""
        one.made.networks["actions"].cut(self.how)
        if self.killed:
            one.made.target.kill()

    def bring_back(self, one: Live) -> None:
        """What was lost is there again."""
        if self.killed:
            one.made.target.start()
        one.made.networks["actions"].mend()


LOST = (Row(Cut.REFUSED), Row(Cut.SILENT), Row(Cut.RESET), Row(Cut.REFUSED, killed=True))


def test_it_is_gone_before_the_dry_run() -> None:
    def play(row: Row) -> None:
        with live() as one:
            row.lose(one)
            one.alert()
            one.nexus.until("cannot plan to roll back shop to 1.0: supervisord", "(unavailable since ")
            one.nexus.until("nothing was changed; the change is planned again at")
            row.bring_back(one)
            one.approve()
            one.nexus.until("added to the backlog")
            assert one.sound("resolved").proposals[-1].state is ActionState.DONE

    together(LOST[:2], play)


def test_it_is_gone_between_approval_and_execution() -> None:
    def play(row: Row) -> None:
        with live() as one:
            one.alert()
            one.nexus.until("for a person to decide on A1")
            row.lose(one)
            one.saved("A1")
            assert one.decide()[0] == 200
            (line,) = (line for line in one.nexus.until("was not begun") if "was not begun" in line)
            assert "A1 (roll back shop to 1.0) is approved and was not begun: supervisord at " in line
            assert "(unavailable since " in line
            assert "it begins as soon as the target answers, at the latest at " in line
            assert one.deeds == {}
            row.bring_back(one)
            one.nexus.until("A1 executed")
            one.nexus.until("added to the backlog")
            assert sum("was not begun" in line for line in one.told()) == 1
            assert one.sound("resolved").proposals[0].state is ActionState.DONE

    together(LOST[2:], play)


def test_a_blip_in_the_middle_of_the_execution_is_not_noticed() -> None:
    def play(answered: bool) -> None:
        with live() as one:
            network = one.made.networks["actions"]
            network.cut_at(b"stopProcess", Cut.RESET, answered=answered, then=network.mend)
            one.alert()
            one.approve()
            one.nexus.until("A1 executed")
            assert one.made.target.answering() == GOOD
            one.seen(lambda incident: incident.proposals[0].state is ActionState.DONE)
            one.nexus.kill()
            one.sound("open")

    together((False, True), play)


class Middle(NamedTuple):
    """A loss in the middle of the execution, and what is found when the target is back."""

    row: Row
    answered: bool
    found: str


MIDDLE = (
    # The link was switched, the old process runs on: half done, and told so.
    Middle(Row(Cut.REFUSED), answered=False, found="A1 (roll back shop to 1.0) failed: not healthy within"),
    # The process was stopped and not started again.
    Middle(Row(Cut.RESET), answered=True, found="A1 (roll back shop to 1.0) failed: not healthy within"),
    # The supervisor died; the next one starts what the link points to.
    Middle(Row(Cut.REFUSED, killed=True), answered=False, found="A1 executed: shop runs 1.0"),
)


def test_it_is_lost_in_the_middle_of_the_execution() -> None:
    def play(middle: Middle) -> None:
        with live(patience="4s" if "failed" in middle.found else "20s") as one:
            network = one.made.networks["actions"]
            gone = one.made.target.kill if middle.row.killed else lambda: None
            network.cut_at(b"stopProcess", middle.row.how, answered=middle.answered, then=gone)
            one.alert()
            one.approve()
            line = one.nexus.until("it is not known whether roll back shop to 1.0 was done")[-1]
            assert "(unavailable since " in line
            assert "It is not done a second time; the target is asked until " in line
            assert "Look at shop meanwhile" in line
            assert (one.made.version, len(one.deeds)) == (GOOD, 1)
            middle.row.bring_back(one)
            one.nexus.until(middle.found)
            if "failed" in middle.found:
                _undone(one)
            else:
                one.nexus.until("added to the backlog")
                one.sound("resolved")

    together(MIDDLE, play)


def _undone(one: Live) -> None:
    """The undo is offered at once; approved, the service is as it was."""
    one.approve("A2")
    one.nexus.until("A2 executed: shop runs 2.0")
    assert one.made.target.answering() == BAD
    one.seen(lambda incident: incident.proposals[-1].state is ActionState.DONE)
    one.nexus.kill()
    states = [proposal.state for proposal in one.sound("open").proposals]
    assert states == [ActionState.FAILED, ActionState.DONE]
