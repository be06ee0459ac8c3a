"""Communications as files: each once, whole, in the incident's folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from incidents.errors import NexusError, UsageError
from incidents.severity import PublicStatus
from nexus.files import Folder
from nexus.notify.file_channel import Outbox
from nexus.store import Message, MessageKind, WorldKind, WorldRef
from nexus.store.memory import MemoryStore
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

if TYPE_CHECKING:
    from graph.ports import Communications, Files

INCIDENT = sample.waiting()


class House:
    """An outbox over a twin of the store, with what the console saw."""

    def __init__(self, home: Path) -> None:
        self.seen: list[Message] = []
        self.store = MemoryStore()
        self.clock = VirtualClock(at(0))
        self.files: Files = Folder(home)
        self.outbox: Communications = Outbox(Folder(home), self.store, self.clock, self.seen.append)
        self.folder = home / "incidents" / ID

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    await made.store.register(sample.opened(), WorldRef(kind=WorldKind.CASE, path="x"), at(0))
    return made


async def test_the_status_page_says_what_holds_now_and_keeps_what_was(house: House) -> None:
    for update in sample.resolved().updates:
        await house.outbox.publish(update, INCIDENT)
    page = house.read("status-page.md")
    assert page.startswith("# Resolved\n")
    assert page.index("None; purchases work again.") < page.index("## Earlier updates")
    assert page.index(": Monitoring") < page.index(": Investigating")
    assert house.read("updates/001-investigating.md") == sample.resolved().updates[0].text + "\n"
    assert sorted(path.name for path in (house.folder / "updates").iterdir()) == [
        "001-investigating.md",
        "002-monitoring.md",
        "003-resolved.md",
    ]


async def test_the_same_again_sends_nothing(house: House) -> None:
    update, brief = INCIDENT.updates[0], INCIDENT.briefs[0]
    row = sample.resolved().escalations[0]
    for _ in range(2):
        await house.outbox.publish(update, INCIDENT)
        await house.outbox.brief(brief, INCIDENT)
        await house.outbox.escalate(row, INCIDENT)
        await house.outbox.open_channel(INCIDENT)
        await house.outbox.say(INCIDENT, "hello")
        await house.outbox.page(INCIDENT, "please decide", key="decide:A1")
        house.clock.advance_to(at(5))
    assert [one.kind for one in house.seen] == [
        MessageKind.UPDATE,
        MessageKind.BRIEF,
        MessageKind.ESCALATION,
        MessageKind.CHANNEL,
        MessageKind.CHANNEL,
        MessageKind.PAGE,
    ]
    assert len(await house.store.messages(ID)) == 6
    assert house.read("pages.md").count("please decide") == 1


async def test_a_regular_update_with_the_same_words_goes_out_again(house: House) -> None:
    for minutes in (15, 30):
        await house.outbox.publish(sample.update(minutes, PublicStatus.IDENTIFIED, "Same."), INCIDENT)
    assert len(house.seen) == 2


async def test_an_update_that_a_crash_made_twice_goes_out_once_unless_its_status_changed(
    house: House,
) -> None:
    before, first, again = (sample.update(minutes, PublicStatus.IDENTIFIED, "x") for minutes in (0, 15, 15.2))
    fixed = sample.update(15.3, PublicStatus.MONITORING, "y")
    await house.outbox.publish(before, INCIDENT.evolve(updates=(before,)))
    for update in (first, again, fixed):
        await house.outbox.publish(update, INCIDENT.evolve(updates=(before, update)))
    assert [one.at for one in house.seen] == [at(0), at(15), at(15.3)]


async def test_a_page_with_a_key_is_one_page_whatever_its_words(house: House) -> None:
    await house.outbox.page(INCIDENT, "decide within 30 min", key="decide:A1")
    await house.outbox.page(INCIDENT, "decide within 20 min", key="decide:A1")
    await house.outbox.page(INCIDENT, "decide", key="decide:A2")
    assert [one.text for one in house.seen] == ["decide within 30 min", "decide"]


async def test_an_escalation_says_to_whom_and_why(house: House) -> None:
    await house.outbox.escalate(sample.resolved().escalations[0], INCIDENT)
    text = house.read("escalations/001-p0_unresolved.md")
    assert text.startswith(
        "P0 not resolved in 30 min: Additional resources, vendor escalation\nTo: studio_producer"
    )


async def test_the_channel_is_a_conversation_in_a_file(house: House) -> None:
    assert await house.outbox.open_channel(INCIDENT) == str(house.folder / "channel.md")
    house.clock.advance_to(at(3))
    await house.outbox.say(INCIDENT, "first line\n<b>second</b> \x1b[31mline")
    assert house.read("channel.md").splitlines() == [
        f"# Channel of {ID}: CheckoutErrorRatioHigh: 38% of requests to checkout fail",
        "",
        f"- **2026-11-23 02:58 UTC** Channel opened for {ID}.",
        "- **2026-11-23 03:01 UTC** first line  ",
        "  \\<b>second\\</b> \\[31mline",
    ]


async def test_a_file_that_a_crash_left_out_comes_with_the_next_message(house: House) -> None:
    first, second, _ = sample.resolved().updates
    await house.outbox.publish(first, INCIDENT)
    (house.folder / "status-page.md").unlink()
    (house.folder / "updates/001-investigating.md").unlink()
    await house.outbox.publish(second, INCIDENT)
    assert "Earlier" in house.read("status-page.md")
    assert "Investigating" in house.read("updates/001-investigating.md")


async def test_files_are_written_whole_and_replaced(house: House) -> None:
    first = await house.files.write(ID, "charts/checkout p95.png", b"\x89PNG" * 1000)
    again = await house.files.write(ID, "charts/checkout p95.png", b"new")
    assert first == again == str(house.folder / "charts" / "checkout p95.png")
    assert house.read("charts/checkout p95.png") == "new"
    assert [path.name for path in (house.folder / "charts").iterdir()] == ["checkout p95.png"]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "charts/../../x", "", ".", "a\x00b", "a\nb/..", "a\x1b[31m"]
)
async def test_a_name_cannot_lead_out_of_the_folder(house: House, name: str) -> None:
    with pytest.raises(UsageError, match="must stay in its folder"):
        await house.files.write(ID, name, b"")


@pytest.mark.parametrize("incident", ["..", "a/b", "", "."])
async def test_an_id_cannot_lead_out_of_the_home(house: House, incident: str) -> None:
    with pytest.raises(UsageError, match="must stay in its folder"):
        await house.files.write(incident, "x.md", b"")


async def test_a_folder_in_the_way_is_named(house: House) -> None:
    await house.files.write(ID, "charts/one.png", b"")
    with pytest.raises(NexusError, match="cannot be written"):
        await house.files.write(ID, "charts", b"")
    assert [path.name for path in house.folder.iterdir()] == ["charts"]
