"""Communications as files: each once, whole, in the incident's folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from incidents.errors import NexusError, UsageError
from incidents.severity import PublicStatus
from nexus.files import IncidentFolder
from nexus.notify.file_channel import FileChannel
from nexus.store.memory import MemoryStore
from nexus.store.records import Message, MessageKind, WorldKind, WorldRef
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
        self.files: Files = IncidentFolder(home)
        self.outbox: Communications = FileChannel(
            IncidentFolder(home), self.store, self.clock, self.seen.append
        )
        self.folder = home / "incidents" / ID

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
async def home(tmp_path: Path) -> House:
    made = House(tmp_path)
    await made.store.register(sample.opened(), WorldRef(kind=WorldKind.CASE, path="x"), at(0))
    return made


async def test_the_status_page_says_what_holds_now_and_keeps_what_was(home: House) -> None:
    for update in sample.resolved().updates:
        await home.outbox.publish(update, INCIDENT)
    page = home.read("status-page.md")
    assert page.startswith("# Resolved\n")
    assert page.index("None; purchases work again.") < page.index("## Earlier updates")
    assert page.index(": Monitoring") < page.index(": Investigating")
    assert home.read("updates/001-investigating.md") == sample.resolved().updates[0].text + "\n"
    assert sorted(path.name for path in (home.folder / "updates").iterdir()) == [
        "001-investigating.md",
        "002-monitoring.md",
        "003-resolved.md",
    ]


async def test_the_same_again_sends_nothing(home: House) -> None:
    update, brief = INCIDENT.updates[0], INCIDENT.briefs[0]
    row = sample.resolved().escalations[0]
    for _ in range(2):
        await home.outbox.publish(update, INCIDENT)
        await home.outbox.brief(brief, INCIDENT)
        await home.outbox.escalate(row, INCIDENT)
        await home.outbox.open_channel(INCIDENT)
        await home.outbox.say(INCIDENT, "hello")
        await home.outbox.page(INCIDENT, "please decide", key="decide:A1")
        home.clock.advance_to(at(5))
    assert [one.kind for one in home.seen] == [
        MessageKind.UPDATE,
        MessageKind.BRIEF,
        MessageKind.ESCALATION,
        MessageKind.CHANNEL,
        MessageKind.CHANNEL,
        MessageKind.PAGE,
    ]
    assert len(await home.store.messages(ID)) == 6
    assert home.read("pages.md").count("please decide") == 1


async def test_a_regular_update_with_the_same_words_goes_out_again(home: House) -> None:
    for minutes in (15, 30):
        await home.outbox.publish(sample.update(minutes, PublicStatus.IDENTIFIED, "Same."), INCIDENT)
    assert len(home.seen) == 2


async def test_an_update_that_a_crash_made_twice_goes_out_once_unless_its_status_changed(
    home: House,
) -> None:
    before, first, again = (sample.update(minutes, PublicStatus.IDENTIFIED, "x") for minutes in (0, 15, 15.2))
    fixed = sample.update(15.3, PublicStatus.MONITORING, "y")
    await home.outbox.publish(before, INCIDENT.evolve(updates=(before,)))
    for update in (first, again, fixed):
        await home.outbox.publish(update, INCIDENT.evolve(updates=(before, update)))
    assert [one.at for one in home.seen] == [at(0), at(15), at(15.3)]


async def test_a_page_with_a_key_is_one_page_whatever_its_words(home: House) -> None:
    await home.outbox.page(INCIDENT, "decide within 30 min", key="decide:A1")
    await home.outbox.page(INCIDENT, "decide within 20 min", key="decide:A1")
    await home.outbox.page(INCIDENT, "decide", key="decide:A2")
    assert [one.text for one in home.seen] == ["decide within 30 min", "decide"]


async def test_an_escalation_says_to_whom_and_why(home: House) -> None:
    await home.outbox.escalate(sample.resolved().escalations[0], INCIDENT)
    text = home.read("escalations/001-p0_unresolved.md")
    assert text.startswith(
        "P0 not resolved in 30 min: Additional resources, vendor escalation\nTo: studio_producer"
    )


async def test_the_channel_is_a_conversation_in_a_file(home: House) -> None:
    assert await home.outbox.open_channel(INCIDENT) == str(home.folder / "channel.md")
    home.clock.advance_to(at(3))
    await home.outbox.say(INCIDENT, "first line\n<b>second</b> \x1b[31mline")
    assert home.read("channel.md").splitlines() == [
        f"# Channel of {ID}: CheckoutErrorRatioHigh: 38% of requests to checkout fail",
        "",
        f"- **2026-11-23 02:58 UTC** Channel opened for {ID}.",
        "- **2026-11-23 03:01 UTC** first line  ",
        "  \\<b>second\\</b> \\[31mline",
    ]


async def test_a_file_that_a_crash_left_out_comes_with_the_next_message(home: House) -> None:
    first, second, _ = sample.resolved().updates
    await home.outbox.publish(first, INCIDENT)
    (home.folder / "status-page.md").unlink()
    (home.folder / "updates/001-investigating.md").unlink()
    await home.outbox.publish(second, INCIDENT)
    assert "Earlier" in home.read("status-page.md")
    assert "Investigating" in home.read("updates/001-investigating.md")


async def test_files_are_written_whole_and_replaced(home: House) -> None:
    first = await home.files.write(ID, "charts/checkout p95.png", b"\x89PNG" * 1000)
    again = await home.files.write(ID, "charts/checkout p95.png", b"new")
    assert first == again == str(home.folder / "charts" / "checkout p95.png")
    assert home.read("charts/checkout p95.png") == "new"
    assert [path.name for path in (home.folder / "charts").iterdir()] == ["checkout p95.png"]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "charts/../../x", "", ".", "a\x00b", "a\nb/..", "a\x1b[31m"]
)
async def test_a_name_cannot_lead_out_of_the_folder(home: House, name: str) -> None:
    with pytest.raises(UsageError, match="must stay in its folder"):
        await home.files.write(ID, name, b"")


@pytest.mark.parametrize("incident", ["..", "a/b", "", "."])
async def test_an_id_cannot_lead_out_of_the_home(home: House, incident: str) -> None:
    with pytest.raises(UsageError, match="must stay in its folder"):
        await home.files.write(incident, "x.md", b"")


async def test_a_folder_in_the_way_is_named(home: House) -> None:
    await home.files.write(ID, "charts/one.png", b"")
    with pytest.raises(NexusError, match="cannot be written"):
        await home.files.write(ID, "charts", b"")
    assert [path.name for path in home.folder.iterdir()] == ["charts"]
