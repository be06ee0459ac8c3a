"""What a recorded case would hold, for scripts that make them."""

from typing import Self

from evals.record.draft import Draft
from incidents.value import Value
from tools.redaction.redact import Replacement


class ReplacedText(Replacement):
    """What was taken out of a file, and how many texts it stood in."""

    file: str
    texts: int


class CodeBundle(Value):
    """The sources of a service that go along."""

    service: str
    commit: str
    commits: int
    bytes: int


class CaseSummary(Value):
    """A case that could be written.

    Attributes:
        aftermaths: the keys of the actions after which was recorded.
        placeholders: how many stood in the records already, taken out when they came in.
        left_out: what could not be read, or is not part of the recording, in sentences.
    """

    case: str
    alerts: int
    aftermaths: tuple[str, ...]
    replaced: tuple[ReplacedText, ...]
    code: tuple[CodeBundle, ...]
    placeholders: int
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, made: Draft) -> Self:
        """The summary of a draft."""
        return cls(
            case=made.document.id,
            alerts=len(made.document.alerts),
            aftermaths=tuple(made.snapshot.aftermaths),
            replaced=tuple(
                ReplacedText(file=file, before=one.before, after=one.after, texts=times)
                for file, found in made.replaced.items()
                for one, times in found.items()
            ),
            code=tuple(
                CodeBundle(service=one.service, commit=one.commit, commits=one.commits, bytes=len(one.data))
                for one in made.bundles
            ),
            placeholders=made.standing,
            left_out=tuple(made.snapshot.left_out),
        )
