"""What backends call a service, as the catalogue calls it."""

from collections import Counter
from collections.abc import Iterable, Iterator

import structlog

from tools.live.partial import enumerated
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

log = structlog.get_logger(__name__)


class Names:
    """The catalogue's names, and what stood for a service and is none; use one for each question.

    A name counts as it is, in any case of letters, behind a namespace (`shop/checkout`), and as a host
    (`checkout.shop.svc.cluster.local:8080`). Whatever else a backend says is dropped: what is not in the
    catalogue can be neither suspected nor acted on, and its name is untrusted text.
    """

    def __init__(self, catalogue: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in catalogue}
        self._known: dict[str, str | None] = {}
        self._unknown: Counter[str] = Counter()

    def known(self, said: str) -> str | None:
        """The catalogue's name for what a backend said, or None, which is counted."""
        if said not in self._known:
            self._known[said] = next((self._names[c] for c in _readings(said) if c in self._names), None)
        if self._known[said] is None:
            self._unknown[said] += 1
        return self._known[said]

    def report(self, what: str, kept: int) -> None:
        """Say what was dropped: as a gap if nothing is left, else in the log.

        Args:
            what: how a sentence calls what was read, with where it is from.
            kept: how many rows are left.
        """
        if not self._unknown:
            return
        said = enumerated([plain(name, 60) or "(no name)" for name, _ in self._unknown.most_common()])
        if not kept:
            note_gap(f"{what} name no service of the catalogue; they name {said}")
        log.info("unknown services dropped", what=what, rows=self._unknown.total(), services=said)


def _readings(said: str) -> Iterator[str]:
    text = said.casefold()
    yield text
    yield text.rsplit("/", 1)[-1]
    host = text.rsplit("/", 1)[-1].split(":", 1)[0]
    yield host
    yield host.split(".", 1)[0]
