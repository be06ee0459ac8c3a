"""Which kind of cause the signals of a service look like."""

import pytest

from incidents.findings import Category, Channel
from tools.analysis import Node, NodeKind, Topology
from tools.analysis.blame import blames
from tools.analysis.category import guess
from tools.analysis.signals import Aspect, Signal

FAILING = Signal("it", Channel.TRACES, "errors", 0.5, "many fail")


@pytest.mark.parametrize(
    ("kind", "changed", "category"),
    [
        (NodeKind.SERVICE, False, Category.CODE),
        (NodeKind.DATABASE, False, Category.INFRASTRUCTURE),
        (NodeKind.QUEUE, False, Category.INFRASTRUCTURE),
        (NodeKind.EXTERNAL, False, Category.DEPENDENCY),
        (NodeKind.DATABASE, True, Category.DEPLOYMENT),
    ],
)
def test_what_fails_without_a_change_is_told_by_what_it_is(
    kind: NodeKind, changed: bool, category: Category
) -> None:
    assert guess([FAILING], kind, changed=changed) is category


@pytest.mark.parametrize(("symptom", "share"), [("web", 0.5), ("it", 1.0)])
def test_only_where_something_lies_below_the_place_of_the_alert_counts_less(
    symptom: str, share: float
) -> None:
    below = Topology(nodes=(Node(name="web", depends_on=("it",)), Node(name="it")))
    signal = Signal(symptom, Channel.TRACES, "errors", 0.5, "many fail")
    (blame,) = blames([signal], below, symptom)
    assert blame.score == pytest.approx(0.5 * share)


@pytest.mark.parametrize(
    ("channel", "aspect", "category"),
    [
        (Channel.TRACES, "errors", Category.CODE),  # it failed where nothing below it had
        (Channel.METRICS, "errors", Category.UNKNOWN),  # its callees may have
        (Channel.METRICS, "latency", Category.UNKNOWN),
        (Channel.TRACES, "latency", Category.CODE),  # its own work, none of what it waits for
        (Channel.TRACES, "presence", Category.CODE),
        (Channel.TRACES, "network", Category.INFRASTRUCTURE),
        (Channel.METRICS, "saturation", Category.INFRASTRUCTURE),
    ],
)
def test_no_kind_of_cause_is_told_without_a_sign_of_it(
    channel: Channel, aspect: Aspect, category: Category
) -> None:
    assert guess([Signal("it", channel, aspect, 0.5, "so")], NodeKind.SERVICE, changed=False) is category


def test_own_time_of_a_part_that_runs_short_is_no_sign_of_its_code() -> None:
    slow = Signal("it", Channel.TRACES, "latency", 0.5, "own time")
    full = Signal("it", Channel.METRICS, "saturation", 0.1, "memory")
    assert guess([slow, full], NodeKind.SERVICE, changed=False) is Category.INFRASTRUCTURE


def test_a_machine_is_infrastructure() -> None:
    assert guess([FAILING], NodeKind.HOST, changed=False) is Category.INFRASTRUCTURE
