"""One live incident as a test meets it: alerts and decisions over HTTP, and what was really done."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from demo.processes import wait_for
from incidents.incident import Incident
from nexus.store.relational.store import RelationalStore
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.command_line import typed_before
from tests.nexus.rig import BAD, Rig, rig
from tests.nexus.served import Serving, served
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from nexus.store.postgres.address import Address

#: Who may decide in these systems, and what they show.
PEOPLE = {"dana": "token-of-dana", "kim": "token-of-kim"}
SITE = {"people": [{"name": name, "token": f"env:{name.upper()}"} for name in PEOPLE]}
TOKENS = {name.upper(): token for name, token in PEOPLE.items()}


@dataclass
class Live:
    """A system, a home, and the Nexus that serves them."""

    made: Rig
    home: Path
    nexus: Serving
    stack: ExitStack
    incident: str = ""
    database: "Address | None" = None

    def store(self) -> RelationalStore:
        """What holds the incidents, opened once more."""
        if self.database is None:
            return Store.existing(self.home)
        # Imported here: most of these systems have a file.
        from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

        return PostgresStore.open(self.database, create=False)

    def again(self) -> None:
        """Kill its Nexus and start another one."""
        self.nexus.kill()
        self.nexus = self.stack.enter_context(served(self.made.folder, self.home, **TOKENS))

    def alert(self, url: str | None = None, **how: str) -> tuple[int, str]:
        """Send a firing alert, or another; the answer's status and what was taken."""
        answer = patient.post(url or self.nexus.url, json=self.made.alert(**how))
        self.incident = answer.json().get("incident", self.incident)
        return answer.status_code, answer.json()["taken"]

    def decide(
        self, verdict: str = "approve", by: str = "dana", action: str = "A1", url: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Decide on a proposal over HTTP."""
        found = self.stands().proposal(action)
        assert found is not None
        answer = patient.post(
            f"{url or self.nexus.root}/incidents/{self.incident}/decisions",
            json={"verdict": verdict, "action": action, "digest": found.digest, "note": "as agreed"},
            headers={"Authorization": f"Bearer {PEOPLE[by]}"},
        )
        return answer.status_code, answer.json()

    def types(self, *words: str | Path, by: str = "dana") -> str:
        """What a command prints that one of the people types, with their own token."""
        return typed_before(self.home, *words, NEXUS_TOKEN=PEOPLE[by], **TOKENS)

    def approve(self, action: str = "A1") -> None:
        """Wait until it is proposed, and approve it."""
        self.nexus.until(f"for a person to decide on {action}")
        self.saved(action)
        assert self.decide(action=action)[0] == 200

    def saved(self, action: str) -> None:
        """Wait until a proposal is in the store; what is told is saved a moment later."""
        self.seen(lambda incident: incident.proposal(action) is not None)

    def seen(self, true: Callable[[Incident], bool]) -> None:
        """Wait until something is true of the stored incident, as it is a moment after it was told."""
        what = f"what is awaited of {self.incident}"
        wait_for(what, lambda: true(self.stands()) or None, seconds=PATIENCE, pause=0.01)

    def stands(self, incident: str | None = None) -> Incident:
        """The incident as it is stored."""
        with self.store() as store:
            found = asyncio.run(store.load(incident or self.incident))
        assert found is not None
        return found

    def told(self) -> list[str]:
        """The timeline as it is stored."""
        with self.store() as store:
            return [entry.text for entry in asyncio.run(store.entries(self.incident))]

    @property
    def deeds(self) -> dict[str, list[dict[str, Any]]]:
        """What the ledger of changes says, by key."""
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self._deeds():
            found.setdefault(json.loads(line)["key"], []).append(json.loads(line))
        return found

    def _deeds(self) -> list[str]:
        if self.database is not None:
            from nexus.store.postgres.connecting import connect  # noqa: PLC0415  # as above

            with connect(self.database) as raw:
                return [body for (body,) in raw.execute("select body from action_records order by seq")]
        file = self.home / "actions"
        return file.read_text().splitlines() if file.exists() else []

    def sound(self, *ends: str) -> Incident:
        """The incident ended, nothing was done twice, and the world is as the ledger says."""
        ended = self.stands()
        assert ended.status in ends, ended.end_reason
        deeds = list(self.deeds.values())
        assert all(len(lines) <= 3 for lines in deeds), "what is planned, that it begins, what became of it"
        switched = [lines[0]["plan"]["action"]["arguments"]["version"] for lines in deeds]
        assert self.made.version == (switched[-1] if switched else BAD)
        assert self.made.switches == switched, "each change is in the releases log once"
        return ended


Row = TypeVar("Row")


@contextmanager
def live(
    timeout: str = "10s", patience: str = "20s", *, tells_changes: bool = True,
    database: "Address | None" = None, words: tuple[str, ...] = (), **site: object,
) -> Iterator[Live]:  # fmt: skip
    """A broken system and a Nexus that serves it, in folders of their own.

    Args:
        timeout: of one question to a backend; short where one is silent, and has to be waited for.
        patience: with a release until it answers; short where it does not.
        tells_changes: whether a record of changes is configured.
        database: the PostgreSQL that holds the incidents, which `site` names.
        words: what is typed after `nexus serve`.
        site: what else stands in nexus.yaml.
    """
    with TemporaryDirectory(prefix="nx-") as place:
        folder = Path(place)
        with rig(folder) as made, ExitStack() as stack:
            made.timeout, made.patience, made.tells_changes = timeout, patience, tells_changes
            made.broken(**SITE, **site)
            nexus = stack.enter_context(served(folder, folder / "home", *words, **TOKENS))
            yield Live(made, folder / "home", nexus, stack, database=database)


def together(rows: Sequence[Row], play: Callable[[Row], None]) -> None:
    """Play every row of a table at once, each in a system of its own: most of their time is waiting."""
    with ThreadPoolExecutor(len(rows)) as pool:
        played = [pool.submit(play, row) for row in rows]
    failed = [(row, error) for row, one in zip(rows, played, strict=True) if (error := one.exception())]
    for row, error in failed:
        error.add_note(f"played: {row}")
    if failed:
        raise failed[0][1]
