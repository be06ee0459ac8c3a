"""One change that several tell of is one."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from incidents.changes import Change, ChangeKind
from tools.live.changes.same_change import merged

START = datetime(2026, 3, 12, 10, tzinfo=UTC)
COMMIT = "3f2a9c1d5e6b7a8091a2b3c4d5e6f70819203142"


def told(identity: str, minute: float, version: str = "2.0", **more: object) -> Change:
    made = Change(
        time=START + timedelta(minutes=minute), id=identity, service="shop", kind=ChangeKind.DEPLOY,
        version_to=version,
    )  # fmt: skip
    return made.model_copy(update=more)


def test_the_first_ones_word_counts_and_the_other_fills_what_it_left_out() -> None:
    log = told("log-1", 0, version_from="1.0")
    sent = told("71", 3, commit=COMMIT, author="ana", healthy=True, version_from="0.9")
    (one,) = merged([("log", log), ("github", sent)])
    assert one == log.model_copy(update={"commit": COMMIT, "author": "ana", "healthy": True})


def test_a_commit_a_tag_and_an_image_may_be_one_version() -> None:
    for other in (COMMIT[:9], f"main@sha1:{COMMIT}"):
        assert len(merged([("a", told("1", 0, COMMIT)), ("b", told("2", 1, other))])) == 1
    assert len(merged([("a", told("1", 0, "v2.0")), ("b", told("2", 1, "shop:2.0"))])) == 1
    assert len(merged([("a", told("1", 0, "main", commit=COMMIT)), ("b", told("2", 1, "main"))])) == 1
    assert len(merged([("a", told("1", 0, "main")), ("b", told("2", 1, "main"))])) == 2


def test_another_service_version_kind_environment_or_time_is_another_change() -> None:
    first = told("1", 0, environment="production")
    others = [
        told("2", 1, service="web"), told("2", 1, "2.1"), told("2", 1, kind=ChangeKind.CONFIG),
        told("2", 1, environment="staging"), told("2", 16),
    ]  # fmt: skip
    for other in others:
        assert len(merged([("a", first), ("b", other)])) == 2


def test_back_and_forth_within_minutes_is_told_by_both_in_pairs() -> None:
    versions = (("2.0", 0.0), ("1.0", 4.0), ("2.0", 8.0))
    log = [("log", told(f"log-{n}", at, one)) for n, (one, at) in enumerate(versions)]
    sent = [("ci", told(f"ci-{n}", at + 1, one)) for n, (one, at) in enumerate(versions)]
    for order in permutations(sent):
        found = merged([*log, *order])
        assert [one.id for one in found] == ["log-0", "log-1", "log-2"]


def test_a_teller_tells_of_one_change_twice_only_under_one_id() -> None:
    begun, failed = told("71", 0, healthy=True), told("71", 2, healthy=False)
    assert merged([("ci", begun), ("ci", failed)]) == [begun.model_copy(update={"healthy": False})]
    assert len(merged([("ci", begun), ("ci", told("72", 2))])) == 2


def test_who_names_no_version_tells_of_what_ended_a_moment_ago() -> None:
    assert len(merged([("a", told("1", 0)), ("b", told("2", 4, ""))])) == 1
    assert len(merged([("a", told("1", 0)), ("b", told("2", 6, ""))])) == 2
    assert len(merged([("a", told("1", 0, "")), ("b", told("2", 1, ""))])) == 2


CHANGES = st.builds(
    told,
    st.sampled_from("abc"),
    st.integers(0, 30).map(float),
    st.sampled_from(["2.0", "2.1", "main", "", COMMIT]),
    service=st.sampled_from(["shop", "web"]),
)


@given(st.lists(st.tuples(st.sampled_from(["log", "ci"]), CHANGES), max_size=8))
def test_nothing_is_lost_nor_told_by_one_source_alone_merged(made: list[tuple[str, Change]]) -> None:
    found = merged(made)
    assert [one.time for one in found] == sorted(one.time for one in found)
    assert len(found) <= len(made)
    for _, change in made:
        assert any(one.service == change.service and one.kind == change.kind for one in found)
    for teller in ("log", "ci"):
        alone = [
            (name, one.model_copy(update={"id": str(n)}))
            for n, (name, one) in enumerate(made)
            if name == teller
        ]
        assert len(merged(alone)) == len(alone)
