"""An incident is had by the link in a letter: to look does nothing, to press that one thing."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.actor import Via
from incidents.paging import held_by_person
from nexus.config.site import Site, load_site
from nexus.home import Home
from nexus.notify.smtp.links import KEY, MailLink, link_of, token_of
from nexus.runtime.delivering import delivering
from nexus.runtime.letter_links import offering
from nexus.server.limits import HttpLimits
from nexus.store.records import Message, MessageKind
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.notify.test_mail_destination import Mailroom, mailroom
from tests.nexus.sample import ID, at
from tests.nexus.server.rooms import LATE, LIMITS, Room, room

PEOPLE = {
    "dana": ", roles: [commander], contacts: [{to: danas, at: phone}]",
    "kim": ", contacts: [{to: shared, at: phone}]",
    "sam": ", contacts: [{to: shared, at: phone}]",
    "erin": ", roles: [responder], contacts: [{to: erins, at: phone}]",
    "vera": ", roles: [viewer], contacts: [{to: veras, at: phone}]",
}
ADDRESSES = {
    "danas": "dana@example.org",
    "shared": "oncall@example.org",
    "erins": "erin@example.org",
    "veras": "vera@example.org",
}


def notify(port: int = 25, server: str = "http://testserver") -> str:
    through = f"server: {{host: 127.0.0.1, port: {port}, tls: none, from: nexus@example.org}}"
    listed = "".join(
        f"    - {{name: {name}, kind: mail, to: {to}, {through}}}\n" for name, to in ADDRESSES.items()
    )
    return f"server: {{public_url: '{server}'}}\nnotify:\n  destinations:\n{listed}"


@contextmanager
def mailed(folder: Path, limits: HttpLimits = LIMITS) -> Iterator[Room]:
    with room(folder, limits, PEOPLE, notify()) as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with mailed(tmp_path) as one:
        yield one


def link(made: Room, mailbox: str = "danas", incident: str = ID) -> str:
    """The path of a link as a letter has it."""
    offer = asyncio.run(offering(made.home, lambda: site(made), mailbox)(incident))
    assert offer is not None
    return offer.address.removeprefix("http://testserver")


def site(made: Room) -> Site:
    return load_site(made.home.settings.home / "nexus.yaml")


def forged(made: Room, **other: object) -> str:
    """A link that is signed and says something else."""
    said = {"incident": ID, "person": "dana", "mailbox": "danas", "ends_at": LATE} | other
    key = asyncio.run(made.home.store.signing_key(KEY, "never used"))
    return f"/acknowledge/{token_of(MailLink.model_validate(said), key)}"


def test_to_look_at_the_link_does_nothing_and_to_press_has_it(made: Room) -> None:
    path, phone = link(made), made.browser()
    for _ in range(3):
        shown = phone.get(path)
        assert shown.status_code == 200
        phone.head(path)
    assert (made.inbox(), made.rung) == ([], [])
    assert "No person has it yet" in shown.text
    assert "<button" in shown.text
    pressed = phone.post(path)
    assert (pressed.status_code, "You have it." in pressed.text) == (200, True)
    assert made.inbox() == ["acknowledge by dana"]
    assert made.rung == [ID]
    (deed,) = [row.deed for row in asyncio.run(made.home.store.audit(incident=ID))]
    assert (deed.kind, deed.person, deed.via, deed.incident) == ("acknowledge", "dana", Via.MAIL, ID)


def test_it_is_no_login_and_opens_nothing_else(made: Room) -> None:
    phone = made.browser()
    phone.post(link(made))
    assert not phone.cookies
    assert phone.get(f"/incidents/{ID}", follow_redirects=False).status_code == 303
    token = link(made).rpartition("/")[2]
    for path in (f"/setup/{token}", f"/enter/{token}"):
        assert phone.get(path, follow_redirects=False).status_code in {409, 303}
    assert made.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_link_that_was_changed_is_over_or_is_nobodys_any_more_does_nothing(made: Room) -> None:
    path = link(made)
    body, _, signature = path.rpartition("/")[2].partition(".")
    wrong = [
        f"/acknowledge/{body}.{'A' * len(signature)}", f"/acknowledge/{body}", f"/acknowledge/.{signature}",
        f"/acknowledge/{body[:-2]}.{signature}", "/acknowledge/%00.é", f"/acknowledge/{'a' * 3000}.b",
        forged(made, ends_at=datetime(2020, 1, 1, tzinfo=UTC)), forged(made, person="kim"),
        forged(made, mailbox="shared", person="kim"), forged(made, mailbox="gone"), forged(made, person="x"),
    ]  # fmt: skip
    for one in wrong:
        assert made.browser().get(one).status_code == 409, one
        assert made.browser().post(one).status_code == 409, one
    assert made.browser().post(forged(made, mailbox="veras", person="vera")).status_code == 403
    assert made.browser().post(forged(made, incident="INC-2020-01-01-001")).status_code == 404
    assert made.inbox() == []


def test_another_site_cannot_send_it_and_who_guesses_is_stopped(tmp_path: Path) -> None:
    with mailed(tmp_path, HttpLimits(requests=10_000, wrong_tokens=5)) as made:
        phone = made.browser()
        phone.headers["Origin"] = "https://evil.example"
        assert phone.post(link(made)).status_code == 403
        assert made.inbox() == []
        codes = [made.browser().get("/acknowledge/a.b").status_code for _ in range(7)]
        assert codes == [409] * 5 + [429] * 2


def test_who_has_left_or_lost_the_mailbox_has_nothing_by_it(made: Room) -> None:
    path, configured = link(made), made.home.settings.home / "nexus.yaml"
    configured.write_text(
        configured.read_text().replace("contacts: [{to: danas", "disabled: true, contacts: [{to: danas")
    )
    assert made.browser().post(path).status_code == 409
    assert made.inbox() == []


def test_a_mailbox_of_several_or_of_who_may_not_is_offered_nothing(made: Room) -> None:
    for mailbox in ("shared", "veras", "nobodys"):
        assert asyncio.run(offering(made.home, lambda: site(made), mailbox)(ID)) is None, mailbox


def test_who_has_it_is_said_and_no_button_takes_it_from_them(made: Room) -> None:
    held = held_by_person(sample.waiting(), "sam", made.home.clock.now())
    now = made.home.clock.now()
    asyncio.run(saved(made.home.store, held, now))
    path = link(made)
    shown = made.browser().get(path)
    assert "sam has it" in shown.text
    assert "<button" not in shown.text
    assert made.browser().post(path).status_code == 409
    asyncio.run(saved(made.home.store, held_by_person(held, "dana", now), now))
    assert "I still have it" in made.browser().get(path).text


def test_whoever_does_not_see_an_incident_has_it_by_no_link(made: Room) -> None:
    path = link(made, "erins")
    assert made.browser().get(path).status_code == 200
    hidden = {"why": "people", "people": ["sam"]}
    assert made.post(f"/incidents/{ID}/restrict", hidden, by="dana").status_code == 200
    assert (made.browser().get(path).status_code, made.browser().post(path).status_code) == (404, 404)
    assert made.inbox() == []


async def _letters(home: Home, folder: Path, room_of_mail: Mailroom) -> None:
    async with mailroom(room_of_mail) as port:
        text = (folder / "nexus.yaml").read_text().replace("port: 25", f"port: {port}")
        (folder / "nexus.yaml").write_text(text)
        said = load_site(folder / "nexus.yaml")
        async with delivering(home, lambda: said):
            message = Message(
                incident=ID, kind=MessageKind.PAGE, key="p", at=at(12), title="slow", text="look at it"
            )
            await home.store.send(message)
            while len(room_of_mail.letters) < len(ADDRESSES):  # noqa: ASYNC110 - another loop brings them
                await asyncio.sleep(0.02)


def test_only_a_persons_own_mailbox_gets_the_link_and_nothing_keeps_it(tmp_path: Path, made: Room) -> None:
    arrived = Mailroom()
    asyncio.run(asyncio.wait_for(_letters(made.home, tmp_path, arrived), 30))
    texts = {str(one["To"]): one.get_content() for one in arrived.letters}
    links = {to: re.findall(r"http://testserver(/acknowledge/\S+)", text) for to, text in texts.items()}
    assert {to: len(found) for to, found in links.items()} == {
        "dana@example.org": 1, "erin@example.org": 1, "oncall@example.org": 0, "vera@example.org": 0,
    }  # fmt: skip
    (path,) = links["dana@example.org"]
    assert "for dana alone, until" in texts["dana@example.org"]
    token = path.rpartition("/")[2].encode()
    kept = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert kept
    assert not [one for one in kept if token in one]
    assert made.browser().post(path).status_code == 200
    assert made.inbox() == ["acknowledge by dana"]


def test_a_link_counts_for_a_day_and_to_the_second() -> None:
    now = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
    one = MailLink(incident=ID, person="größe", mailbox="m", ends_at=now + timedelta(days=1))
    token = token_of(one, "key")
    assert link_of(token, "key", now) == one
    assert link_of(token, "another key", now) is None
    assert link_of(token, "key", one.ends_at - timedelta(seconds=1)) == one
    assert link_of(token, "key", one.ends_at) is None
