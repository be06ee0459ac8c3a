"""What the agents proposed in the live incidents of a home, and how it stood the test."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from incidents.drill import DrillInShort, rehearsed
from incidents.intervals import ENOUGH
from incidents.proofs import LASTS, Proof
from incidents.replays import Replay
from incidents.trust import Proposed, TrustLine, first_proposed, trust, with_drills
from incidents.value import Value
from incidents.verdicts import Judgement
from nexus.home import Home
from nexus.service.proofs import ProofQueries
from nexus.store.lists import EVERY
from nexus.store.records import WorldKind

if TYPE_CHECKING:
    from incidents.verdicts import DiagnosisVerdict

_PAGE = 200
#: So many of each are listed.
_MOST = 20


class TrustView(Value):
    """How far proposals can be trusted, as people judged them.

    Attributes:
        lines: by place (asked live, stood in shadow, replayed), service and kind of change.
        wrong: what went ahead, or would have, on a diagnosis that people called wrong; the newest.
        unjudged: of which nobody has said yet whether the diagnosis was right; the newest.
        drills: what was tried on calm days within the 90 days that count, the newest first.
        proofs: the last undo of each service and kind that was really carried out, within them, by name.
        enough: of fewer that were judged nothing is said.
    """

    lines: tuple[TrustLine, ...]
    wrong: tuple[Proposed, ...]
    unjudged: tuple[Proposed, ...]
    drills: tuple[DrillInShort, ...] = ()
    proofs: tuple[Proof, ...] = ()
    enough: int = ENOUGH


@dataclass(frozen=True)
class TrustQueries:
    """Reads it from the store."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """Of a home."""
        return cls(home)

    async def view(self, hidden: Collection[str] = (), more: Iterable[Replay] = ()) -> TrustView:
        """All of it.

        Args:
            hidden: ids of incidents that who asks does not see.
            more: replays of past alerts beside those that are kept here; of one alert these count.
        """
        now, store = self.home.clock.now(), self.home.store
        replays = {one.id: one.proposed for one in (*await store.replays(), *more)}
        replayed = (one for one in replays.values() if one is not None)
        proposed = (*await self.proposed(hidden), *replayed)
        proofs = await ProofQueries.of(self.home).every(now, hidden)
        drills = await store.drills(None, now - LASTS)
        latest = {(one.service, one.kind): one for one in proofs}
        return TrustView(
            lines=with_drills(trust(proposed), rehearsed(drills), proofs),
            drills=tuple(DrillInShort.of(one) for one in reversed(drills)),
            proofs=tuple(latest[place] for place in sorted(latest)),
            wrong=tuple(one for one in proposed if one.judgement is Judgement.WRONG)[:_MOST],
            unjudged=tuple(one for one in proposed if one.judgement is None)[:_MOST],
        )

    async def proposed(self, hidden: Collection[str] = ()) -> tuple[Proposed, ...]:
        """What each incident proposed first; recorded ones count nowhere, nor those that are hidden."""
        store = self.home.store
        said: dict[str, list[DiagnosisVerdict]] = {}
        for verdict in await store.verdicts():
            said.setdefault(verdict.incident, []).append(verdict)
        found: list[Proposed] = []
        after: str | None = None
        while page := await store.page(EVERY, _PAGE, after):
            for summary in page:
                live = (await store.world_of(summary.id)).kind is WorldKind.LIVE
                if live and summary.id not in hidden:
                    incident = await self.home.find(summary.id)
                    found += first_proposed(incident, said.get(summary.id, ()))
            after = page[-1].id
        return tuple(found)
