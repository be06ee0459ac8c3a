"""The page of a decision in a browser: what it shows, what it signs, and when that does not count."""

import asyncio
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from incidents.action import ActionState, Approval, Outcome, Verdict, digest_of
from incidents.events import Stopped
from incidents.incident import Incident, Watch
from incidents.severity import Status, Step
from incidents.verification import Recovery
from tests.nexus import sample
from tests.nexus.leasing import begun, saved
from tests.nexus.sample import DIGEST, ID, at
from tests.nexus.server.rooms import ENDED, LATE, Room, csrf_of, room

PAGE = f"/incidents/{ID}/decisions/A1"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        for number in range(4):
            asyncio.run(one.home.store.put(sample.evidence(number), b"{}"))
        yield one


def text_of(answer: httpx2.Response) -> str:
    """What a person reads of a page."""
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.text, flags=re.S)
    return " ".join(html.unescape(bare).split())


class Browser:
    """A page that somebody has open: its form carries what it showed when it was loaded."""

    def __init__(self, made: Room, by: str) -> None:
        self.client = made.browser(by)
        self.load()

    def load(self) -> str:
        self.page = self.client.get(PAGE)
        assert self.page.status_code == 200, self.page.text
        return text_of(self.page)

    def answers(self, answer: str = "approve", note: str = "", **fields: str) -> httpx2.Response:
        shown = re.search(r'name="digest" value="([0-9a-f]{64})"', self.page.text)
        digest = shown.group(1) if shown else DIGEST
        sent = {"answer": answer, "digest": digest, "note": note, "csrf": csrf_of(self.page.text)} | fields
        return self.client.post(PAGE, data=sent, follow_redirects=False)


def approved(made: Room) -> list[Approval]:
    return list(asyncio.run(made.home.store.approvals(ID)))


def becomes(made: Room, change: Callable[[Incident], Incident]) -> None:
    """Whoever drives the incident has gone on meanwhile."""

    async def go_on() -> None:
        incident = await made.home.store.load(ID)
        assert incident is not None
        await saved(made.home.store, change(incident), at(20))

    asyncio.run(go_on())


def with_proposal(**changes: object) -> Callable[[Incident], Incident]:
    def change(incident: Incident) -> Incident:
        (only,) = incident.proposals
        return incident.evolve(proposals=(only.model_copy(update=changes),))

    return change


def test_it_shows_all_that_is_needed_to_sign(made: Room) -> None:
    told = Browser(made, "dana").load()
    for words in (
        "Roll back checkout to 2026.11.1", "waits for you", "2026.11.2 → to 2026.11.1", "version 2026.11.2",
        "both instances restart one after the other", "what the newer version has written",
        "roll back checkout to 2026.11.2", "2 people, 0 have: dana, approver, admin may", "left",
        "Release 2026.11.2 of checkout fails every third request", "high confidence",
        "new since 02:56:15", "payment's latency stays at its quiet level in the traces",
        "viewer may not decide on changes: it takes the role approver or admin",
    ):  # fmt: skip
        assert words in told, words
    assert " ".join(DIGEST[start : start + 4] for start in range(0, 64, 4)) in told
    assert "Sign, as one of 2" in told


def test_two_sign_and_the_card_goes_on(made: Room) -> None:
    dana, admin = Browser(made, "dana"), Browser(made, "admin")
    answer = dana.answers()
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    told = dana.load()
    assert "Nothing runs until one person has also signed. 1 of 2 have signed." in told
    assert "dana has already decided on A1; a second person is needed" in told
    assert re.search(r'<button class="sign" disabled>', dana.page.text)
    assert admin.answers().status_code == 303, "its digest is still the one that was shown"
    assert "It was signed and begins in a moment." in admin.load()
    assert [(one.by, one.via, one.digest) for one in approved(made)] == [
        ("dana", "web", DIGEST), ("admin", "web", DIGEST),
    ]  # fmt: skip
    assert made.rung == [ID, ID]


def test_two_browsers_at_once_count_once_each_and_one_person_once(made: Room) -> None:
    one, other = Browser(made, "dana"), Browser(made, "dana")
    assert one.answers().status_code == 303
    assert other.answers().status_code == 303, "the same answer again is heard, and counts once"
    no = other.answers("reject", "on second thoughts")
    assert no.status_code == 409
    assert "You have answered already" in text_of(no)
    assert len(approved(made)) == 1


def test_who_comes_second_is_told_that_it_is_decided(made: Room) -> None:
    dana, approver, admin = (Browser(made, name) for name in ("dana", "approver", "admin"))
    assert dana.answers().status_code == 303
    assert approver.answers("reject", "the schema has moved on").status_code == 303
    late = admin.answers()
    assert late.status_code == 409
    told = text_of(late)
    assert "It was decided before your answer came" in told
    assert "approver rejected it: the schema has moved on. Nothing was executed" in told
    assert 'name="digest"' not in late.text, "there is nothing left to sign on it"


def test_a_viewer_reads_why_not_and_what_they_send_all_the_same_is_refused(made: Room) -> None:
    viewer = Browser(made, "viewer")
    assert "viewer may not decide on changes: it takes the role approver or admin" in viewer.load()
    assert "disabled" in viewer.page.text
    for answer in ("approve", "reject", "revoke"):
        refused = viewer.answers(answer, "because")
        assert refused.status_code == 403
        assert "You may not decide on this" in text_of(refused)
    assert approved(made) == []
    assert made.inbox() == []


def test_a_plan_that_has_changed_under_an_open_page_is_not_signed(made: Room) -> None:
    dana = Browser(made, "dana")
    other = sample.PLAN.model_copy(update={"effects": ("all instances restart at once",)})
    digest = digest_of(ID, "A1", other)
    becomes(made, with_proposal(plan=other, digest=digest))
    refused = dana.answers()
    assert refused.status_code == 409
    told = text_of(refused)
    assert "The plan has changed since you read it" in told
    assert "Nothing was signed. Read what would run now." in told
    assert "all instances restart at once" in told
    assert approved(made) == []
    assert f'value="{digest}"' in refused.text, "and only after it was shown it may be signed"
    dana.load()
    assert dana.answers().status_code == 303
    assert [one.digest for one in approved(made)] == [digest]


@pytest.mark.parametrize(
    ("change", "title", "sentence"),
    [
        ({"expires_at": at(30)}, "Its time ran out before your answer", "A1 expired at 03:28:10 UTC"),
        ({"state": ActionState.EXPIRED}, "It was decided before your answer came", "Nobody decided in time."),
        ({"state": ActionState.DONE}, "It was decided before your answer came", "A1 is done"),
    ],
)
def test_what_does_not_wait_any_more_is_not_signed(
    made: Room, change: dict[str, object], title: str, sentence: str
) -> None:
    dana = Browser(made, "dana")
    becomes(made, with_proposal(**change))
    refused = dana.answers()
    assert refused.status_code == 409
    assert title in text_of(refused)
    assert sentence in text_of(refused)
    assert approved(made) == []
    assert '"approve"' not in refused.text


def test_a_stop_that_nobody_has_read_yet_is_heard_first(made: Room) -> None:
    dana = Browser(made, "dana")
    stop = Stopped(id="s", incident=ID, at=at(13), by="kim", reason="wrong cluster")
    asyncio.run(made.home.store.add_event(stop))
    refused = dana.answers()
    assert refused.status_code == 409
    assert "It was taken back before your answer came" in text_of(refused)
    assert "kim stopped the agents" in text_of(refused)


def test_an_answer_without_a_reason_is_asked_for_one(made: Room) -> None:
    dana = Browser(made, "dana")
    for answer in ("reject", "other", "revoke"):
        refused = dana.answers(answer, "  ")
        assert refused.status_code == 400
        assert "Your answer is not complete Nothing was decided: say why" in text_of(refused).replace(
            ". N", " N"
        )
    for fields in ({"digest": "0000"}, {"answer": "perhaps"}):
        assert dana.answers(**fields).status_code == 400
    assert made.inbox() == []


def test_another_way_is_asked_for_and_the_agents_read_the_wish(made: Room) -> None:
    assert Browser(made, "dana").answers("other", "a restart would do").status_code == 303
    (said,) = approved(made)
    assert (said.verdict, said.note) == (Verdict.REJECT, "another way is asked for: a restart would do")


def test_an_approval_is_taken_back_on_the_page(made: Room) -> None:
    dana = Browser(made, "dana")
    assert "Take it back" not in dana.load()
    dana.answers()
    assert "Take it back …" in dana.load()
    assert dana.answers("revoke", "the cart team deploys first").status_code == 303
    assert "It was taken back before it began. Nothing was executed." in dana.load()
    assert made.inbox() == ["decision by ?", "revoke by dana"]


def test_what_has_begun_is_told_and_not_taken_back(made: Room) -> None:
    dana = Browser(made, "dana")
    dana.answers()
    (given,) = approved(made)
    becomes(made, with_proposal(state=ActionState.APPROVED, approvals=(given,)))
    proposal = asyncio.run(made.home.find(ID)).proposals[0]
    asyncio.run(begun(made.home.store, proposal, at(20)))
    assert "It is being carried out. It is not done a second time" in dana.load()
    refused = dana.answers("revoke", "wait")
    assert refused.status_code == 409
    assert "has begun" in text_of(refused)


def after(verdict: Recovery | None) -> Callable[[Incident], Incident]:
    def change(incident: Incident) -> Incident:
        (only,) = incident.proposals
        done = only.model_copy(
            update={
                "state": ActionState.DONE,
                "outcome": Outcome(done=True, detail="done", at=at(16)),
                "approvals": (sample.approval(),),
            }
        )
        checks = () if verdict is None else (sample.VERIFICATION.model_copy(update={"verdict": verdict}),)
        watch = Watch(action="A1", started_at=at(16), until=LATE, checks=checks)
        return incident.evolve(
            proposals=(done,), watch=watch, step=Step.VERIFICATION, status=Status.OPEN,
            verification=checks[-1] if checks else None,
        )  # fmt: skip

    return change


@pytest.mark.parametrize(
    ("verdict", "badge", "sentence"),
    [
        (None, "done, watching", "Nothing has been measured since."),
        (
            Recovery.RECOVERED,
            "recovered",
            "back at their usual level, which is no proof yet.",
        ),
        (Recovery.WORSE, "worse", "The signals got worse."),
        (Recovery.UNKNOWN, "cannot tell", "the telemetry is silent, and silence is no recovery"),
    ],
)
def test_the_card_lives_on_after_the_click(
    made: Room, verdict: Recovery | None, badge: str, sentence: str
) -> None:
    dana = Browser(made, "dana")
    before = re.search(r'hx-get="([^"]+)"', dana.page.text)
    assert before is not None
    seen = html.unescape(before.group(1))
    assert dana.client.get(seen).status_code == 204, "nothing has changed: nothing is replaced"
    becomes(made, after(verdict))
    news = dana.client.get(seen)
    assert "This card is no longer how it stands." in text_of(news), "an open form is not replaced"
    told = dana.load()
    assert badge in told
    assert sentence in told
    assert '<button class="sign"' not in dana.page.text
    card = dana.client.get(f"{PAGE}/card?seen=other")
    assert text_of(card).startswith(badge)
    if verdict is not None:
        assert "errors of checkout 0.2 % 38 % 0.2 % as usual" in told
        assert "no data silent" in told


def test_a_new_decision_is_found_by_a_page_that_is_open(made: Room) -> None:
    browser, path = made.browser("dana"), f"/incidents/{ID}/decisions"
    assert browser.get(f"{path}?shown=A1").status_code == 204
    card = browser.get(f"{path}?shown=")
    assert text_of(card).startswith("waits for you A1 Roll back checkout to 2026.11.1")
    assert "<html" not in card.text
    becomes(made, with_proposal(id="A2", state=ActionState.REJECTED))
    assert "rejected" in text_of(browser.get(f"{path}?shown=A1"))


def test_nobody_asks_on_for_what_is_over(made: Room) -> None:
    browser = made.browser("viewer")
    for path in (f"/incidents/{ENDED}/decisions/A1", f"/incidents/{ENDED}/decisions?shown="):
        page = browser.get(path)
        assert "The signals are back at their usual level." in text_of(page)
        assert "hx-get" not in page.text


def test_a_page_speaks_of_somebody_who_is_not_there(made: Room) -> None:
    answer = made.browser("viewer").get(f"{PAGE}?as=approver")
    assert "For approver: approver may sign: they decide on changes of every service" in text_of(answer)
    assert '<form method="post" action="/incidents' not in answer.text, "nobody signs for somebody else"
    assert made.browser("viewer").get(f"{PAGE}?as=zoe").status_code == 404
    assert made.browser("viewer").get(f"/incidents/{ID}/decisions/A7").status_code == 404


def test_what_the_world_says_is_shown_as_text(made: Room) -> None:
    bad = "<img src=x onerror=alert(1)>\u202e reversed \x1b[31m"
    becomes(made, with_proposal(reason=bad, concerns=(bad,), considered=(bad,)))
    page = made.browser("dana").get(PAGE).text
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_freeze_stops_approvals_and_the_page_says_so(tmp_path: Path) -> None:
    freeze = "freezes: [{reason: sale, start: 2026-01-01T00:00:00Z, end: 2998-01-01T00:00:00Z, unless: []}]"
    with room(tmp_path, more=freeze) as made:
        dana = Browser(made, "dana")
        assert "sale" in dana.load()
        refused = dana.answers()
        assert (refused.status_code, "Nothing may be changed just now" in text_of(refused)) == (409, True)
        assert dana.answers("reject", "not during the sale").status_code == 303
