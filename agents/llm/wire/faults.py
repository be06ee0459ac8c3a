"""What can be wrong with an answer that came as a success."""

import httpx2


class CutStream(httpx2.TransportError):
    """A stream ended without saying that it was finished, so that the answer is not whole."""


class NotAnAnswer(httpx2.TransportError):
    """A success without an answer in it.

    Attributes:
        page: it was a web page, so that something else than a chat server answers at that address.
    """

    def __init__(self, what: str, *, page: bool = False) -> None:
        super().__init__(what)
        self.page = page
