"""Laws that every simulated system keeps, whatever is asked of it and whatever breaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("simpy", reason="the extra `simulate` is not installed")

from evals.simulate.background import after, crash
from evals.simulate.world import World
from tests.evals.simulate.systems import chain, run

arrivals = st.lists(st.floats(0, 20), min_size=1, max_size=40)
times = st.lists(st.floats(0.001, 3.0), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(times, arrivals, st.integers(1, 3), st.integers(0, 4), st.integers(0, 2), st.floats(0.05, 6.0))
def test_who_asked_is_answered_failed_or_waits(
    seconds: list[float], at: list[float], workers: int, backlog: int, retries: int, timeout: float
) -> None:
    world = World(chain(*seconds, workers=workers, backlog=backlog, retries=retries, timeout=timeout), 1)
    crashed = world.parts[f"s{len(seconds) - 1}"].instances[0]
    after(world, 7.0, lambda: crash(world, crashed, 3.0, "crashed"))

    run(world, at, until=12.0)
    journal = world.journal
    waiting = journal.asked - journal.answered - journal.failed
    assert journal.asked == sum(each < 12.0 for each in at)
    assert waiting >= 0

    world.env.run(until=400.0)  # longer than any patience with all its retries
    assert journal.asked == len(at) == journal.answered + journal.failed
    for instance in world.instances:
        assert instance.busy == 0
        assert not [gate for gate in instance.waiting if not gate.triggered]
        assert all(pool.in_use == 0 for pool in instance.pools.values())


@settings(max_examples=40, deadline=None)
@given(times, arrivals, st.integers(1, 3))
def test_no_more_work_is_done_at_once_than_there_are_workers(
    seconds: list[float], at: list[float], workers: int
) -> None:
    world = World(chain(*seconds, workers=workers, backlog=3), 1)
    run(world, at, until=200.0)
    for instance in world.instances:
        own = [s for s in world.journal.spans if s.instance == instance.name and not s.peer and not s.reason]
        begun = [(span.start + span.seconds, -1) for span in own]
        # A span begins when the request arrives: beside the workers, only so many may wait.
        begun += [(span.start, 1) for span in own]
        at_once = most = 0
        for _, step in sorted(begun):
            at_once += step
            most = max(most, at_once)
        assert most <= workers + 3


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.5, 2.0))
def test_a_callee_that_is_slower_makes_its_callers_slower_by_as_much(usual: float, extra: float) -> None:
    at = [3.0 * n for n in range(10)]

    def longest(added: float) -> dict[str, float]:
        world = World(chain(0.01, 0.02, usual), 1)
        for behaviour in world.parts["s2"].instances[0].behaviour.values():
            behaviour.extra = added
        run(world, at, until=100.0)
        spans = [span for span in world.journal.spans if not span.peer]
        return {name: max(s.seconds for s in spans if s.service == name) for name in ("s0", "s1", "s2")}

    before, now = longest(0.0), longest(extra)
    for name in before:
        assert now[name] - before[name] == pytest.approx(extra, abs=1e-6)


def test_a_caller_gives_up_in_time_and_the_callee_works_on() -> None:
    world = World(chain(0.01, 3.0, timeout=0.5), 1)
    run(world, [1.0], until=20.0)
    client = next(span for span in world.journal.spans if span.peer)
    server = next(span for span in world.journal.spans if span.service == "s1")
    assert client.reason == "timeout"
    assert client.seconds == pytest.approx(0.5)
    assert server.reason == ""
    assert server.seconds == pytest.approx(3.0)
    assert world.journal.failed == 1


def test_retries_are_requests_like_all_others() -> None:
    world = World(chain(0.01, 0.02, retries=2), 1)
    for behaviour in world.parts["s1"].instances[0].behaviour.values():
        behaviour.fails = 1.0
    run(world, [1.0], until=30.0)
    assert len([span for span in world.journal.spans if span.service == "s1"]) == 3
    assert len([span for span in world.journal.spans if span.peer == "s1"]) == 3


def test_what_an_instance_worked_on_dies_with_it() -> None:
    world = World(chain(0.01, 2.0), 1)
    after(world, 2.0, lambda: crash(world, world.parts["s1"].instances[0], 5.0, "crashed"))
    run(world, [1.0, 4.0], until=30.0)
    assert sorted(span.reason for span in world.journal.spans if span.peer) == ["refused", "reset"]
    assert not [span for span in world.journal.spans if span.service == "s1"]


def test_lost_packets_cost_time_and_are_counted() -> None:
    world = World(chain(0.01, 0.02), 1)
    world.links["s0", "s1"].loss = 0.5
    run(world, [float(n) for n in range(60)], until=100.0)
    asked = sorted(span.seconds for span in world.journal.spans if span.peer)
    assert asked[-1] > 0.2
    assert world.parts["s1"].instances[0].lost > 20
