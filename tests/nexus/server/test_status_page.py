"""The public page: what customers read, and what they never do."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import Catalogue, Service
from incidents.communications import PublicWords, StatusUpdate
from incidents.findings import Category, Confidence, Diagnosis
from incidents.language import Language
from incidents.notes import Note
from incidents.reports import Impact
from incidents.severity import PublicStatus, Status
from incidents.status_page import Level, PublicUpdate, UpdateState, Wording, leaks
from nexus.config.site import Site, load_site
from nexus.files import IncidentFolder
from nexus.notify.file_channel import FileChannel
from nexus.runtime.public_updates import PublicUpdates
from nexus.server.static_files import StaticFiles
from nexus.server.status_copy import StatusCopy, copy_of
from nexus.server.status_page import StatusDoor
from nexus.server.status_rendering import StatusRendering
from nexus.service.intake import AlertIntake
from nexus.service.status_ends import EndedElsewhere
from nexus.service.status_page import DAYS, PublicPage, StatusPage, page_of
from nexus.store.memory import MemoryStore
from nexus.store.records import MessageKind, WorldKind, WorldRef
from nexus.store.status_page import Recorded, Subscriber
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.nexus.server.rooms import Room, room
from tools.clock import VirtualClock

SITE = "default"
PUBLIC = "services: [{name: checkout, public: Ordering}, {name: web, public: Browsing}, {name: vault}]"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
INSTALLED = NOW - timedelta(days=10)
NAMES = ("Ordering", "Browsing")


def update(thread: str, moment: datetime, status: PublicStatus, level: Level, **more: object) -> PublicUpdate:
    return PublicUpdate.model_validate(
        {
            "id": f"{thread}-{moment:%H%M}", "thread": thread, "incident": ID, "key": f"{thread}{moment}",
            "components": ("Ordering",), "level": level, "status": status, "began_at": moment, "at": moment,
            "impact": "Some users may find that about 25% of their requests fail.",
            "current_action": "We are looking for the cause.", **more,
        }
    )  # fmt: skip


def course(thread: str, start: datetime, *minutes: float, **more: object) -> tuple[PublicUpdate, ...]:
    """A disturbance that is told in up to four updates."""
    steps = (
        (PublicStatus.INVESTIGATING, Level.DOWN), (PublicStatus.IDENTIFIED, Level.DISTURBED),
        (PublicStatus.MONITORING, Level.RECOVERING), (PublicStatus.RESOLVED, Level.WORKS),
    )  # fmt: skip
    return tuple(
        update(thread, start + timedelta(minutes=after), status, level, **{"began_at": start, **more})
        for after, (status, level) in zip((0, *minutes), steps, strict=False)
    )


def page(*updates: PublicUpdate, since: datetime = INSTALLED, now: datetime = NOW) -> StatusPage:
    recorded = [Recorded(name=name, since=since) for name in NAMES]
    return page_of("Shop", NAMES, recorded, updates, now)


def test_a_page_on_which_nothing_happened_says_so_and_since_when_it_knows() -> None:
    shown = page()
    assert (shown.headline, shown.level, shown.now, shown.past) == ("Everything works", Level.WORKS, (), ())
    (ordering, _) = shown.components
    assert [one.day for one in ordering.days][-1] == NOW.date()
    assert len(ordering.days) == DAYS
    unknown = [one.day for one in ordering.days if one.level is None]
    assert unknown[-1] == INSTALLED.date() - timedelta(days=1)
    assert ordering.summary == "11 days without a disturbance; not recorded before"


def test_what_is_disturbed_stands_first_with_its_latest_words() -> None:
    shown = page(*course("t1", NOW - timedelta(minutes=40), 15))
    assert shown.headline == "Ordering is disturbed"
    (one,) = shown.now
    assert (one.title, one.latest.status) == ("Ordering is disturbed", PublicStatus.IDENTIFIED)
    assert [update.status for update in one.updates] == [PublicStatus.IDENTIFIED, PublicStatus.INVESTIGATING]
    ordering, browsing = shown.components
    assert (ordering.level, browsing.level) == (Level.DISTURBED, Level.WORKS)


def test_a_promise_that_was_not_kept_is_said_to_be_late() -> None:
    late = update("t1", NOW - timedelta(hours=1), PublicStatus.INVESTIGATING, Level.DOWN, next_update=NOW)
    made = StatusRendering("https://status.example.org", ("a.css",))
    for minutes, words in ((0, "by <time"), (1, "we are late")):
        view = page(late, now=NOW + timedelta(minutes=minutes))
        assert words in made.documents(view)["index.html"].body.decode()


def test_what_is_over_is_told_with_how_long_it_took() -> None:
    shown = page(*course("t1", NOW - timedelta(days=2), 10, 20, 30))
    (one,) = shown.past
    assert (one.title, one.lasted) == ("Ordering was down", timedelta(minutes=30))
    (day,) = shown.components[0].troubled
    assert (day.level, day.words) == (Level.DOWN, "down, 30 min in all")
    assert shown.components[0].summary == "1 of 11 days with a disturbance; not recorded before"


def test_two_that_overlap_count_by_the_clock() -> None:
    start = datetime.combine(NOW.date() - timedelta(days=1), datetime.min.time(), UTC)
    both = (*course("a", start, 10, 20, 30), *course("b", start + timedelta(minutes=15), 10, 20, 30))
    (day,) = page(*both).components[0].troubled
    assert day.words == "down, 45 min in all"
    later = start + timedelta(hours=23, minutes=50)
    across = page(*course("c", later, 5, 15, 20), now=NOW + timedelta(days=1)).components[0].troubled
    assert [(one.day, one.words) for one in across] == [
        (NOW.date(), "disturbed, 10 min in all"), (start.date(), "down, 10 min in all"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            Language.DE,
            (
                "Ordering: gestört", "2 von 11 Tagen mit einer Störung; davor nicht erfasst",
                "Ausgefallen, insgesamt 30 min", '<html lang="de">', "<dd><b>Ursache gefunden</b></dd>",
                "Was Sie bemerken können", "In den letzten 14 Tagen behoben", "Ordering: war ausgefallen",
                "1 frühere Meldung", "vor 90 Tagen", "Meldungen per E-Mail", '<a href="status.rss">RSS</a>',
            ),
        ),
        (
            Language.FR,
            (
                "Ordering\u00a0: service perturbé", "2 jour(s) sur 11 avec une perturbation",
                "hors service, 30 min au total", '<html lang="fr">', "Ce que vous pouvez remarquer",
                "Terminé au cours des 14 derniers jours", "1 message précédent", "Messages par courriel",
            ),
        ),
    ],
)  # fmt: skip
def test_the_frame_of_the_page_is_in_the_language_of_the_site(
    language: Language, told: tuple[str, ...]
) -> None:
    over = course("t1", NOW - timedelta(days=2), 10, 20, 30)
    now = course("t2", NOW - timedelta(minutes=40), 15)
    recorded = [Recorded(name=name, since=INSTALLED) for name in NAMES]
    view = page_of("Shop", NAMES, recorded, (*over, *now), NOW, language)
    rendering = StatusRendering("https://status.example.org", ("a.css",), mail=True, language=language)
    made = rendering.documents(view)
    shown = made["index.html"].body.decode()
    for words in told:
        assert words in shown
    text = re.sub(r"<[^>]*>|The shop.*|We .*", " ", shown)
    assert not re.search(r"\b(?:update|updates|disturbance|days|since|by|the)\b", text, re.IGNORECASE)
    assert "Next update" not in made["status.atom"].body.decode()


def test_a_component_that_left_the_catalogue_is_not_shown_any_more() -> None:
    gone = page_of("Shop", ("Browsing",), (), course("t1", NOW - timedelta(hours=1)), NOW)
    assert (gone.now, gone.headline) == ((), "Everything works")


# What goes out and what is held.

CATALOGUE = Catalogue(
    services=(
        Service(name="checkout", public="Ordering"), Service(name="web", public="Browsing"),
        Service(name="vault"),
    )
)  # fmt: skip


class Desk:
    """What tells people of an incident, over a store in memory."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = MemoryStore(), VirtualClock(at(2))
        public = PublicUpdates(self.store, SITE, CATALOGUE, self.clock)
        self.channel = FileChannel(IncidentFolder(folder), self.store, self.clock, public=public)

    async def tell(self, engine: str = "playbook", words: str = "fails", **incident: object) -> None:
        """The next update of an incident."""
        known = sample.opened().evolve(**{"impact": Impact(services=("checkout", "vault")), **incident})
        if not await self.store.page():
            await self.store.register(known, WorldRef(kind=WorldKind.LIVE, path="/x"), at(0), SITE)
        said = StatusUpdate(
            at=self.clock.now(), service="checkout", status=known.public_status, impact=words,
            current_action=words, next_update=at(30), text="…", engine=engine,
            public=PublicWords(impact="About 25% fail.", current_action="We are looking for the cause."),
            draft=PublicWords(impact=words, current_action=words) if engine == "llm" else None,
        )  # fmt: skip
        await self.channel.publish(said, known.evolve(updates=(*known.updates, said)))

    async def updates(self) -> list[tuple[UpdateState, Wording, str]]:
        return [(one.state, one.wording, one.impact) for one in await self.store.public_updates(ID)]

    async def pages(self) -> list[str]:
        return [one.text for one in await self.store.messages(ID) if one.kind is MessageKind.PAGE]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_fixed_sentences_go_out_by_themselves_without_a_name_of_the_inside(desk: Desk) -> None:
    for _ in range(2):  # a node that runs again after a crash tells nothing twice
        await desk.tell(words="checkout fails")
    (one,) = await desk.store.published(SITE, at(0))
    assert (one.components, one.impact, one.released_by) == (("Ordering",), "About 25% fail.", None)
    assert await desk.pages() == []


async def test_free_words_are_a_draft_and_the_fixed_ones_keep_the_time(desk: Desk) -> None:
    await desk.tell(engine="llm", words="checkout 2.1.0 is broken")
    assert sorted(await desk.updates()) == [
        (UpdateState.DRAFT, Wording.FREE, "checkout 2.1.0 is broken"),
        (UpdateState.PUBLISHED, Wording.CATALOGUE, "About 25% fail."),
    ]


async def test_a_draft_waits_for_a_person_until_the_cadence_comes_again(desk: Desk) -> None:
    await desk.tell(engine="llm", words="a first draft")
    desk.clock.advance(timedelta(minutes=15))
    told = (sample.update(2, PublicStatus.INVESTIGATING, "we look"),)
    await desk.tell(engine="llm", words="a second draft", updates=told)
    published = await desk.store.published(SITE, at(0))
    assert [(one.at, one.wording) for one in published] == [
        (at(2), Wording.CATALOGUE), (at(17), Wording.CATALOGUE),
    ]  # fmt: skip
    free = [(state, words) for state, wording, words in await desk.updates() if wording is Wording.FREE]
    assert free == [(UpdateState.DROPPED, "a first draft"), (UpdateState.DRAFT, "a second draft")]


async def test_in_a_security_incident_nothing_goes_out_and_a_person_is_paged(desk: Desk) -> None:
    breach = Impact(services=("checkout",), data_breach_suspected=True)
    await desk.tell(engine="llm", impact=breach)
    assert {state for state, *_ in await desk.updates()} == {UpdateState.DRAFT}
    (paged,) = await desk.pages()
    assert "a breach is suspected" in paged
    assert "until a person releases it" in paged
    assert await desk.store.last_place(SITE) == 0


async def test_of_what_customers_have_no_name_for_nothing_is_told(desk: Desk) -> None:
    await desk.tell(impact=Impact(services=("vault",)))
    assert await desk.updates() == []


async def ends(
    desk: Desk, minutes: float, language: Language = Language.EN
) -> list[tuple[PublicStatus, str]]:
    """What was published, once it was looked what has ended."""
    await EndedElsewhere(desk.store, SITE, language).look(at(minutes))
    return [(one.status, one.impact) for one in await desk.store.published(SITE, at(0))]


async def test_what_was_merged_ends_on_the_page_once_and_not_before_its_time(desk: Desk) -> None:
    await desk.tell()
    lease = await desk.store.lease(ID, "me", at(9), at(3))
    assert lease is not None
    known = await desk.store.load(ID)
    assert known is not None
    await desk.store.save(known.evolve(status=Status.MERGED, ended_at=at(5), closed=True), at(5), lease)
    assert len(await ends(desk, 14)) == 1
    for _ in range(2):
        told = await ends(desk, 16)
    assert told[1:] == [
        (PublicStatus.RESOLVED, "We go on telling of this together with another disturbance.")
    ]


async def test_what_is_open_stays_so_and_what_was_deleted_ends(desk: Desk) -> None:
    await desk.tell()
    assert len(await ends(desk, 600)) == 1
    await desk.store.keep_update(
        SITE, update("gone", at(3), PublicStatus.MONITORING, Level.RECOVERING, incident="INC-2026-01-01-001")
    )
    assert (await ends(desk, 600))[-1] == (
        PublicStatus.RESOLVED, "We see no sign of a disturbance any more.",
    )  # fmt: skip


async def test_the_end_of_what_was_deleted_is_told_in_the_language_of_the_site(desk: Desk) -> None:
    await desk.store.keep_update(
        SITE, update("gone", at(3), PublicStatus.MONITORING, Level.RECOVERING, incident="INC-2026-01-01-001")
    )
    assert (await ends(desk, 600, Language.DE))[-1] == (
        PublicStatus.RESOLVED, "Wir sehen kein Anzeichen einer Störung mehr.",
    )  # fmt: skip


async def test_the_end_of_a_security_incident_waits_for_a_person_too(desk: Desk) -> None:
    await desk.tell()
    lease = await desk.store.lease(ID, "me", at(9), at(3))
    assert lease is not None
    known = await desk.store.load(ID)
    assert known is not None
    breach = known.impact.model_copy(update={"data_breach_suspected": True})
    ended = known.evolve(impact=breach, status=Status.RESOLVED, ended_at=at(5))
    await desk.store.save(ended, at(5), lease)
    assert len(await ends(desk, 16)) == 1
    assert [one.state for one in await desk.store.public_updates(ID)][-1] is UpdateState.DRAFT


#: Words that no customer may ever read; none is part of what the page says anyway.
SECRET = st.text(st.characters(codec="ascii", categories=["Lu", "Nd"]), min_size=6, max_size=12).map(
    lambda text: f"zq{text}"
)


@given(
    words=st.lists(SECRET, min_size=9, max_size=9, unique=True), engine=st.sampled_from(["llm", "playbook"])
)
def test_nothing_of_the_inside_ever_stands_on_the_page(
    words: list[str], engine: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    title, summary, service, version, host, flag, person, evidence, free = words
    desk = Desk(tmp_path_factory.mktemp("desk"))
    found = Diagnosis(
        service=service, category=Category.DEPLOYMENT, confidence=Confidence.HIGH, change=flag,
        summary=f"{version} {host}", evidence=(evidence,), onset=at(-1),
    )  # fmt: skip
    planted = {
        "title": title, "summary": summary, "impact": Impact(services=("checkout", service, "vault")),
        "diagnosis": found, "holder": person, "channel": host, "summary_evidence": (evidence,),
        "notes": (Note(at=at(1), by=person, text=free),),
    }  # fmt: skip
    shown = asyncio.run(_told(desk, engine, free, planted))
    for name, body in shown.items():
        for word in (*words, ID, "checkout", "vault", "playbook", "llm"):
            assert word not in body, f"{name} tells {word}"
    assert "Ordering" in shown["index.html"]
    assert "About 25% fail." in shown["status.json"]


async def _told(desk: Desk, engine: str, words: str, planted: dict[str, object]) -> dict[str, str]:
    await desk.tell(engine, words, **planted)
    await desk.tell(engine, words, **planted, status=Status.RESOLVED)
    site = Site(services=CATALOGUE.services)
    view = await PublicPage(desk.store, site).shown(at(60))
    made = StatusRendering("https://status.example.org", ("a.css",), mail=True).documents(view)
    return {name: one.body.decode() for name, one in made.items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ordering is slow for some of you.", 0), ("About 2.5 times as long, since 07:47 UTC.", 0),
        ("We took 2026.11.2 back.", 1), ("checkout is slow", 1), ("Our web pages are slow", 1),
        ("See INC-2026-11-23-001.", 1), ("mail kim@example.org", 1), ("http://10.0.0.7/x", 1),
        ("db-7.shop.internal is full", 1), ("flag new_basket is off", 1), ("commit 3f9a1c2", 1),
        ("10.0.0.7 does not answer", 1), ("as E-3fa81c02 shows", 1), ("pod checkout-7f9c-x2v1 died", 1),
    ],
)  # fmt: skip
def test_free_words_that_belong_inside_are_found(text: str, found: int) -> None:
    named = leaks(text, ("checkout", "web", "Kim"), NAMES)
    assert (len(named) > 0) is (found > 0), named


def test_a_word_that_customers_know_may_be_that_of_a_service() -> None:
    assert leaks("Search is slow.", ("search",), ("Search",)) == ()


# Over HTTP.


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, services=PUBLIC) as one:
        asyncio.run(one.home.store.keep_component(SITE, "Ordering", INSTALLED))
        yield one


def publish(made: Room, *updates: PublicUpdate) -> None:
    for one in updates:
        asyncio.run(made.home.store.keep_update(SITE, one))


def test_it_needs_no_login_and_may_be_cached(made: Room) -> None:
    browser = made.browser()
    first = browser.get("/status")
    assert first.status_code == 200
    assert "Everything works" in first.text
    assert first.headers["cache-control"].startswith("public, max-age=")
    assert "set-cookie" not in first.headers
    again = browser.get("/status", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_update_is_on_it_at_once_and_has_another_etag(made: Room) -> None:
    browser = made.browser()
    before = browser.get("/status").headers["etag"]
    now = made.home.clock.now()
    publish(made, *course("t1", now - timedelta(minutes=20), 15))
    answer = browser.get("/status", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert "Ordering is disturbed" in answer.text
    assert json.loads(browser.get("/status.json").text)["headline"] == "Ordering is disturbed"


def test_the_feeds_are_well_formed_and_hold_each_update_once(made: Room) -> None:
    now = made.home.clock.now()
    publish(made, *course("t1", now - timedelta(hours=3), 15, 30, 45, impact="1 < 2 & \u202e3"))
    browser = made.browser()
    atom = ElementTree.fromstring(browser.get("/status.atom").content)  # noqa: S314 - our own
    entries = atom.findall("{http://www.w3.org/2005/Atom}entry")
    ids = [entry.findtext("{http://www.w3.org/2005/Atom}id") for entry in entries]
    assert len(ids) == len(set(ids)) == 4
    rss = ElementTree.fromstring(browser.get("/status.rss").content)  # noqa: S314 - our own
    assert next(item.findtext("title") for item in rss.iter("item")) == "Resolved: Ordering was down"
    assert "1 < 2 & 3" in str(rss.findtext("channel/item/description"))


def test_others_may_read_the_json_and_nobody_may_frame_the_page(made: Room) -> None:
    browser = made.browser()
    assert browser.get("/status.json").headers["access-control-allow-origin"] == "*"
    page = browser.get("/status")
    assert "access-control-allow-origin" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "style=" not in page.text


# The static copy.


def copy(made: Room, folder: Path, now: datetime) -> StatusCopy:
    path = made.home.settings.home / "nexus.yaml"
    site = load_site(path)
    site = site.model_copy(update={"status": site.status.model_copy(update={"export": folder})})
    intake = AlertIntake(made.home, site, path, "playbook", VirtualClock(now))
    return StatusCopy(StatusDoor(intake, StaticFiles.read()))


async def test_each_update_writes_a_copy_that_needs_nothing_else(made: Room, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    written = copy(made, folder, NOW)
    await written.look()
    names = {"index.html", "status.json", "status.atom", "status.rss", "nexus.css", "status.css", "nexus.svg"}
    assert {one.name for one in folder.iterdir()} == names
    assert "Everything works" in (folder / "index.html").read_text()
    for one in course("t1", NOW - timedelta(minutes=5)):
        await made.home.store.keep_update(SITE, one)
    await written.look()
    told = (folder / "index.html").read_text()
    assert "Ordering is down" in told
    assert 'href="nexus.css"' in told
    assert "/status/subscribe" not in told
    assert "/static/" not in told


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    from incidents.errors import UsageError  # noqa: PLC0415
    from nexus.server.status_copy import write_copy  # noqa: PLC0415

    with pytest.raises(UsageError, match=r"status\.export: .* cannot be written"):
        write_copy(tmp_path / "file", copy_of(page(), "", StaticFiles.read()))


# Subscribing, over HTTP; what becomes of a letter is tried in test_subscribers.

MAIL = """server: {public_url: 'http://testserver'}
status: {mail: {host: 127.0.0.1, port: 9, tls: none, from: s@example.org}}"""


def test_to_open_a_link_changes_nothing_and_its_button_does(tmp_path: Path) -> None:
    with room(tmp_path, services=PUBLIC, more=MAIL) as made:
        who = Subscriber(
            address="ana@example.org", token="t-1", asked_at=made.home.clock.now(), wait_until=NOW
        )
        asyncio.run(made.home.store.keep_subscriber(SITE, who))
        browser = made.browser()
        assert "Confirm</button>" in browser.get("/status/confirm?token=t-1").text
        kept = asyncio.run(made.home.store.subscriber(SITE, token="t-1"))
        assert kept is not None
        assert kept.confirmed_at is None
        assert "Confirmed" in browser.post("/status/confirm", data={"token": "t-1"}).text
        assert "End the mails" in browser.get("/status/unsubscribe?token=t-1").text
        # One click of a mail provider: no origin, no cookie, the token in the address (RFC 8058).
        one_click = {"List-Unsubscribe": "One-Click"}
        assert browser.post("/status/unsubscribe?token=t-1", data=one_click).status_code == 200
        assert asyncio.run(made.home.store.subscriber(SITE, token="t-1")) is None
        again = browser.post("/status/unsubscribe", data={"token": "t-1"})
        assert (again.status_code, "here is no such subscription" in again.text) == (409, True)


def test_nobody_is_told_what_is_wrong_with_the_mail_and_who_asks_too_often_waits(tmp_path: Path) -> None:
    with room(tmp_path, services=PUBLIC, more=MAIL) as made:
        browser = made.browser()
        broken = browser.post("/status/subscribe", data={"address": "ana@example.org"})
        assert (broken.status_code, "127.0.0.1" in broken.text) == (503, False)
        assert browser.post("/status/subscribe", data={"address": "nobody"}).status_code == 400
        codes = [browser.post("/status/confirm", data={"token": "x"}).status_code for _ in range(12)]
        assert 429 in codes


def test_where_no_mail_is_set_up_there_is_nothing_to_subscribe_to(made: Room) -> None:
    assert "/status/subscribe" not in made.browser().get("/status").text
    assert made.browser().post("/status/subscribe", data={"address": "a@example.org"}).status_code == 404
