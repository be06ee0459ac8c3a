"""A live incident whose Nexus or telemetry dies in the middle of every step: one execution, nothing lost."""

from incidents.action import ActionState
from tests.nexus.live import Live, live, together
from tests.nexus.network import Cut

EXECUTED = "A1 executed"
#: What the timeline says when a step is under way, in the order in which they come.
STEPS = (
    "triage the incident",
    "→ investigation",
    "→ mitigation",
    "for a person to decide on A1",
    "→ execute",
    EXECUTED,
    "recovered:",
    "write the post-mortem",
)


def test_nexus_is_killed_in_every_step() -> None:
    with live() as one:
        taken = []
        for step in STEPS:
            taken.append(one.alert()[1])  # the monitoring repeats what still fires
            if step.startswith("for a person"):
                one.approve()
            # What was executed in the moment before it was killed is not told a second time.
            elif step != EXECUTED or one.stands().proposals[0].outcome is None:
                one.nexus.until(step)
            one.again()
        one.nexus.until("added to the backlog")
        assert taken == ["opened"] + ["known"] * 7
        ended = one.sound("resolved")
        assert [proposal.state for proposal in ended.proposals] == [ActionState.DONE]


def test_the_telemetry_is_cut_off_in_every_step() -> None:
    together(tuple(Cut), _without_telemetry)


def _without_telemetry(how: Cut) -> None:
    with live(timeout="2s" if how is Cut.SILENT else "10s") as one:
        lost = [one.made.networks[name] for name in ("metrics", "logs")]

        def cut() -> None:
            for network in lost:
                network.cut(how)

        def mend() -> None:
            for network in lost:
                network.mend()

        cut()  # triage and investigation
        one.alert()
        one.nexus.until("cause unknown")
        mend()
        one.nexus.until("for a person to decide on A1")
        cut()  # the wait, the execution, the first check
        one.saved("A1")
        assert one.decide()[0] == 200
        one.nexus.until("A1 executed")
        watched = one.nexus.until("unknown:")
        mend()
        one.nexus.until("resolved:")
        cut()  # the post-mortem
        one.nexus.until("added to the backlog")
        one.sound("resolved")
        assert not any("recovered:" in line for line in watched)
        _outages(one, "metrics", "Prometheus")
        _outages(one, "logs", "Loki")


def _outages(one: Live, channel: str, backend: str) -> None:
    """Both outages are told once, with what does not answer since when, and so is their end."""
    told = [line for line in one.told() if line.startswith((f"no {channel}:", f"the {channel} answer again"))]
    assert len(told) == 4, told
    for gone, back in (told[:2], told[2:]):
        assert gone.startswith(f"no {channel}: {backend} at http://"), gone
        assert "(unavailable since " in gone
        assert gone.endswith("; the incident goes on without them until they answer")
        assert back == f"the {channel} answer again"


def test_an_incident_without_its_logs_still_finds_the_cause() -> None:
    with live() as one:
        one.made.networks["logs"].cut(Cut.REFUSED)
        one.alert()
        one.approve()
        one.nexus.until("added to the backlog")
        one.sound("resolved")
        assert sum(line.startswith("no logs: Loki at ") for line in one.told()) == 1
