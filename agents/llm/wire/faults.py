"""What can be wrong with an answer that came as a success."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass(frozen=True)
class Came:
    """What an answer was made of before it broke: it is paid for all the same.

    Attributes:
        written: the model's words so far, those of calls and thoughts too.
        usage: the figures that the endpoint told, in either interface's names.
    """

    written: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.written or self.usage)


class CutStream(httpx2.TransportError):
    """A stream ended without saying that it was finished, so that the answer is not whole."""

    def __init__(self, what: str, came: Came | None = None) -> None:
        super().__init__(what)
        self.came = came or Came()


class SilentStream(httpx2.ReadTimeout):
    """A stream that had begun, and then nothing came in time."""

    def __init__(self, what: str, came: Came) -> None:
        super().__init__(what)
        self.came = came


class NotAnAnswer(httpx2.TransportError):
    """A success without an answer in it.

    Attributes:
        page: it was a web page, so that something else than a chat server answers at that address.
    """

    def __init__(self, what: str, *, page: bool = False) -> None:
        super().__init__(what)
        self.page = page
        self.came = Came()
