"""Several sources of changes as one port: a source that fails is a gap, not a loss of the others."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol, runtime_checkable

from incidents.changes import Change, PipelineRun
from incidents.findings import Window
from tools.live.changes.same_change import merged
from tools.live.partial import gather_parts
from tools.live.service_names import Names
from tools.ports import Changes, Pipelines


class Source(Changes, Protocol):
    """One record of changes."""

    async def check(self) -> str:
        """A small real question, and what it found, in words.

        Raises:
            ToolFailed: it cannot be used as it is configured.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class _Runs(Pipelines, Protocol):
    """A source that knows of pipelines too."""


class MergedChanges:
    """The changes and pipelines ports over several sources.

    Args:
        sources: by the name that a sentence about a gap calls them.
        catalogue: the names of the services; changes of others are dropped, and told.
    """

    def __init__(self, sources: Mapping[str, Source], catalogue: Iterable[str]) -> None:
        self.sources = dict(sources)
        self._catalogue = tuple(catalogue)

    @property
    def has_pipelines(self) -> bool:
        """Whether any source knows of pipelines."""
        return any(isinstance(source, _Runs) for source in self.sources.values())

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first, each once; ids of two sources never meet.

        Raises:
            ToolFailed: no source answers.
        """
        asks = {name: partial(source.changes, window) for name, source in self.sources.items()}
        found: dict[str, tuple[str, Change]] = {}
        names = Names(self._catalogue)
        for name, part in (await gather_parts(asks)).items():
            for change in part:
                service = names.known(change.service)
                if service is not None:
                    own = change.id if change.id not in found else f"{name}:{change.id}"
                    found[own] = name, change.model_copy(update={"service": service, "id": own})
        names.report("the recorded changes", len(found))
        return tuple(merged(found.values()))

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        """The runs of a window, newest first; raises like `changes`."""
        asks = {
            name: partial(source.runs, window)
            for name, source in self.sources.items()
            if isinstance(source, _Runs)
        }
        found = [run for part in (await gather_parts(asks)).values() for run in part]
        return tuple(sorted(found, key=lambda run: run.started, reverse=True))

    async def aclose(self) -> None:
        """Let go of connections."""
        for source in self.sources.values():
            await source.aclose()
