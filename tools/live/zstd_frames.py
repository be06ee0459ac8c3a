"""What zstd compressed, as a stream, so that a frame which was not written to its end yet is told."""

from io import RawIOBase
from typing import IO, TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: Bytes that are unpacked at a time: of a file that is made to swell they may become 32 MB.
_BLOCK = 1_000


class ZstdFrames(RawIOBase):
    """The frames of a file, one after the other.

    The library's own stream ends without a word where a frame is cut off; here that is an `EOFError`, and
    what is no zstd is an `OSError`, as those of the standard library tell it.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill a buffer as far as one step goes; 0 is the end."""
        while not self._plain and (packed := self._packed or self._raw.read(_BLOCK)):
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            try:
                self._plain = memoryview(self._frame.decompress(packed))
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from None
            self._packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        if not self._plain and self._frame is not None:
            raise EOFError("the last frame is cut off")
        target = memoryview(buffer)
        size = min(len(target), len(self._plain))
        target[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size
