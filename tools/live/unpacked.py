"""Files as text of UTF-8 to seek in: what rotation compressed or Windows wrote is unpacked, bounded."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from tools.live.zstd_frames import ZstdFrames
from tools.telemetry.data_gaps import note_gap

#: Of a file that is unpacked at most so many bytes are read: its first ones.
MOST_UNPACKED = 512_000_000
_BLOCK = 1_000_000
#: What compressed files begin with, whatever their names are.
_GZIP, _BZIP2, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
#: What a file begins with that is compressed and not read: LZ4.
UNREAD = (b"\x04\x22\x4d\x18",)
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class _Stream(Protocol):
    def peek(self, size: int, /) -> bytes: ...

    def read(self, size: int, /) -> bytes: ...

    def read1(self, size: int, /) -> bytes: ...


@contextmanager
def opened(path: Path, most: int = MOST_UNPACKED) -> Iterator[IO[bytes]]:
    """A file as text of UTF-8, open for reading.

    A compressed file (gzip, bzip2, xz, zstd) and one of UTF-16 or UTF-32 is unpacked to a temporary file.
    What is longer than `MOST_UNPACKED`, or broken, is read as far as it goes, which is noted.

    Args:
        path: the file.
        most: bytes that are wanted of one that has to be unpacked.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as raw:
        begin = raw.read(256)
        raw.seek(0)
        with _stream(raw, begin) as stream:
            codec = _codec(stream)
            if stream is raw and not codec:
                yield raw
                return
            with TemporaryFile() as plain:
                _unpack(stream, codec, plain, path.name, most)
                plain.seek(0)
                yield plain


@contextmanager
def _stream(raw: BufferedReader, begin: bytes) -> Iterator[_Stream]:
    """What is in a file; a compressed one is opened."""
    if begin.startswith(_GZIP):
        with gzip.GzipFile(fileobj=raw) as unzipped:
            yield unzipped
    elif begin.startswith(_BZIP2):
        with bz2.BZ2File(raw) as unpacked:
            yield unpacked
    elif begin.startswith(_XZ):
        with lzma.LZMAFile(raw) as inflated:
            yield inflated
    elif begin.startswith(_ZSTD):
        with BufferedReader(ZstdFrames(raw)) as frames:
            yield frames
    else:
        yield raw


def _codec(stream: _Stream) -> str:
    """The encoding that the first bytes show, if it is none in which a line feed is one byte."""
    try:
        begin = stream.peek(256)[:256]
    except _BROKEN:
        return ""
    if marked := next((codec for mark, codec in _MARKS if begin.startswith(mark)), ""):
        return marked
    # Latin text of UTF-16 without a mark: every other byte is nothing.
    odd, even = begin[1::2], begin[::2]
    for codec, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if len(zeros) > 8 and zeros.count(0) > 0.8 * len(zeros) and letters.count(0) == 0:
            return codec
    return ""


def _unpack(stream: _Stream, codec: str, target: IO[bytes], name: str, most: int) -> None:
    """Write what a stream holds, in UTF-8."""
    decoder = codecs.getincrementaldecoder(codec)(errors="replace") if codec else None
    left = most
    try:
        while left > 0 and (block := stream.read1(min(_BLOCK, left))):
            left -= len(block)
            target.write(decoder.decode(block).encode() if decoder is not None else block)
        if left <= 0 and most == MOST_UNPACKED and stream.read(1):
            note_gap(f"{name} is larger than {most // 1_000_000} MB unpacked: the rest was not read")
    except _BROKEN:
        note_gap(f"{name} is broken or still being compressed: it was read as far as it goes")
