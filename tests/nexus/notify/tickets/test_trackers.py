"""One suite for every tracker: made once, found by its key, read back; no secret, nothing alive in it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.tickets import Outside
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.tickets.port import Draft, Made, Seen, Tracker, key_of
from nexus.notify.tickets.wording import as_document, as_markdown, as_wiki, title
from nexus.sanitize import clean
from tests.nexus.notify.tickets.trackers import FAKES, TOKEN, Fake, FakeGitHub, FakeLinear
from tests.tools.live.fakes.server import Answer, serving, told

ITEM = "INC-2026-11-23-001-T1"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DRAFT = Draft(
    key=key_of(ITEM), title="Alert on the pool\nbefore it is empty " + "x" * 300,
    paragraphs=(
        "/close\n/assign @all and <b>#12</b> ![x](http://evil/x.png)", "Owner: Backend.",
        "From the incident INC-2026-11-23-001: https://nexus.example/incidents/INC-2026-11-23-001/post-mortem",
    ),
    due=date(2026, 12, 1),
)  # fmt: skip


@pytest.fixture(params=FAKES)
def fake(request: pytest.FixtureRequest) -> Fake:
    return FAKES[request.param]()


@pytest.fixture
def tracker(fake: Fake) -> Iterator[Tracker]:
    with serving(lambda asked: fake.handle(asked)) as server:
        yield fake.tracker(server.url)


async def test_what_is_made_is_found_and_read(fake: Fake, tracker: Tracker) -> None:
    assert await tracker.find(DRAFT.key, LONG_AGO) is None
    made = await tracker.create(DRAFT)
    assert isinstance(made, Made), made
    assert made.url.startswith("http")
    found = await tracker.find(DRAFT.key, LONG_AGO)
    assert isinstance(found, Made)
    assert (found.reference, found.url) == (made.reference, made.url)
    assert await tracker.find(key_of("INC-2026-11-23-002-T1"), LONG_AGO) is None
    for outside in ("doing", "done", "dropped", "open"):
        fake.put(made.reference, outside)
        seen = await tracker.read(made.reference)
        assert isinstance(seen, Seen), seen
        narrow = {"github": {"doing": "open"}, "gitlab": {"doing": "open", "dropped": "done"}}
        known = narrow.get(tracker.name.split()[0], {})
        assert seen.outside == known.get(outside, outside)
    fake.issues.clear()
    gone = await tracker.read(made.reference)
    assert isinstance(gone, Seen)
    assert gone.outside is Outside.GONE
    await tracker.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome", "disables"),
    [
        (Answer("", 503, {"Retry-After": "30"}), Outcome.FAILED_FOR_NOW, False),
        (told({"message": "slow down"}, 429), Outcome.FAILED_FOR_NOW, False),
        (told({"message": "no"}, 401), Outcome.FAILED_FOR_GOOD, True),
        (told({"message": "no"}, 422), Outcome.FAILED_FOR_GOOD, False),
        (Answer("<html>", 504), Outcome.UNKNOWN, False),
    ],
)
async def test_what_a_refusal_means(
    fake: Fake, tracker: Tracker, answer: Answer, outcome: Outcome, disables: bool
) -> None:
    fake.answers = [answer, answer, answer]
    for became in (
        await tracker.create(DRAFT), await tracker.find(DRAFT.key, LONG_AGO), await tracker.read("OPS-1"),
    ):  # fmt: skip
        assert isinstance(became, Attempt)
        assert (became.outcome, became.disables) == (outcome, disables)
        assert TOKEN not in became.model_dump_json()


async def test_an_answer_that_is_no_ticket_is_unknown(fake: Fake, tracker: Tracker) -> None:
    fake.answers = [told({"hello": 1}, 200 if isinstance(fake, FakeLinear) else 201)]
    became = await tracker.create(DRAFT)
    assert isinstance(became, Attempt)
    assert became.outcome is Outcome.UNKNOWN


async def test_what_was_kept_and_not_answered_is_found(fake: Fake, tracker: Tracker) -> None:
    fake.after = lambda: Answer("", 504)
    became = await tracker.create(DRAFT)
    assert isinstance(became, Attempt)
    assert became.outcome is Outcome.UNKNOWN
    assert isinstance(await tracker.find(DRAFT.key, LONG_AGO), Made)


async def test_github_finds_what_it_was_not_allowed_to_label() -> None:
    fake = FakeGitHub(may_label=False)
    with serving(lambda asked: fake.handle(asked)) as server:
        tracker = fake.tracker(server.url)
        made = await tracker.create(DRAFT)
        found = await tracker.find(DRAFT.key, LONG_AGO)
    assert isinstance(made, Made)
    assert isinstance(found, Made)
    assert found.reference == made.reference


@pytest.mark.parametrize(
    ("error", "outcome", "disables"),
    [
        ("AUTHENTICATION_ERROR", Outcome.FAILED_FOR_GOOD, True),
        ("RATELIMITED", Outcome.FAILED_FOR_NOW, False),
        ("INPUT_ERROR", Outcome.FAILED_FOR_GOOD, False),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_linear_says_in_the_body_what_is_wrong(
    error: str, outcome: Outcome, disables: bool, status: int
) -> None:
    said = {"errors": [{"message": f"no {TOKEN}", "extensions": {"code": error}}]}
    fake = FakeLinear(answers=[told(said, status)])
    with serving(lambda asked: fake.handle(asked)) as server:
        became = await fake.tracker(server.url).create(DRAFT)
    assert isinstance(became, Attempt)
    assert (became.outcome, became.disables) == (outcome, disables)
    assert TOKEN not in became.reason


async def test_linear_makes_no_second_one_of_a_key() -> None:
    fake = FakeLinear()
    with serving(lambda asked: fake.handle(asked)) as server:
        tracker = fake.tracker(server.url)
        assert isinstance(await tracker.create(DRAFT), Made)
        again = await tracker.create(DRAFT)
    assert isinstance(again, Attempt)
    assert len(fake.issues) == 1


def test_nothing_in_a_ticket_is_a_command_a_mention_or_a_picture() -> None:
    text = as_markdown(DRAFT)
    assert "@" not in text
    assert "![" not in text
    assert not any(line.lstrip().startswith("/") for line in text.splitlines())
    assert "<https://nexus.example/incidents/INC-2026-11-23-001/post-mortem>" in text
    assert text.endswith(f"<!-- {DRAFT.key} -->")
    assert "\n" not in title(DRAFT)
    assert len(title(DRAFT)) <= 250
    document = as_document(DRAFT)
    assert {part["type"] for part in document["content"]} == {"paragraph"}


@given(st.text(alphabet="ab 1h.\n\\{}[]!|*_^~+#?-()/x<&@:;äh2bq"))
def test_no_text_is_markup_in_a_data_center(text: str) -> None:
    shown = as_wiki(DRAFT.model_copy(update={"paragraphs": (text,)}))
    unmarked = re.sub(r"\\(.)", "\u2061", shown)
    assert not set(unmarked) & set("{}[]!|*_^~+#\\")
    assert "??" not in unmarked
    assert not re.search(r"(?:^|\W)-|-(?:$|\W)", unmarked.replace("\u2060", ""))
    assert not re.search(r"^\s*(?:h[1-6]|bq)\.", shown, re.MULTILINE)
    if text.strip():
        assert re.sub(r"\\(.)", r"\1", shown).replace("\u2060", "") == clean(text)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[~dana] look", "\\[\\~dana\\] look"), ("{code}x{code}", "\\{code\\}x\\{code\\}"),
        ("!http://evil/x.png!", "\\!http://evil/x.png\\!"), ("well-known - a-b", "well-known \\- a-b"),
        ("h1. Big", "\u2060h1. Big"), ("why??", "why\\??"), ("(x) and (see below)", "\\(x) and (see below)"),
        ("at https://nexus.example/incidents/INC_1", "at https://nexus.example/incidents/INC_1"),
        ("at https://evil.example/[x]", "at https://evil.example/\\[x\\]"),
    ],
)  # fmt: skip
def test_what_a_data_center_reads_as_markup_is_shown_as_it_was_written(said: str, shown: str) -> None:
    assert as_wiki(DRAFT.model_copy(update={"paragraphs": (said,)})) == shown


def test_a_key_fits_every_label() -> None:
    for item in (ITEM, "INC-2026-11-23-001-R12-T3", "INC-" + "x" * 100 + "-T1", "INC-ä,b-T1"):
        assert len(key_of(item)) <= 50
        assert key_of(item).isascii()
        assert not set(key_of(item)) & set(" ,\"'")
    assert key_of(ITEM) == "nexus-inc-2026-11-23-001-t1"
