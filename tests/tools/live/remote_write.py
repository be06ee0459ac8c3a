"""Prometheus' remote write, as far as a test needs it: native histograms of one series.

https://prometheus.io/docs/specs/prw/remote_write_spec/ and its `types.proto`: protobuf in a block of Snappy,
which may hold the bytes as they are.
"""

import struct
import urllib.request
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Histogram(NamedTuple):
    """Counts by bucket of schema 0, whose bounds are powers of two: bucket `first` ends at 2 ** first."""

    at: float
    sum: float
    first: int
    counts: Sequence[int]


def write(url: str, labels: Mapping[str, str], histograms: Sequence[Histogram]) -> None:
    """Send the histograms of one series."""
    named = b"".join(
        _part(1, _part(1, name.encode()) + _part(2, value.encode())) for name, value in sorted(labels.items())
    )
    series = named + b"".join(_part(4, _histogram(one)) for one in histograms)
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    body = _uncompressed(_part(1, series))
    request = urllib.request.Request(f"{url}/api/v1/write", data=body, headers=headers, method="POST")  # noqa: S310 - 127.0.0.1
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - 127.0.0.1


def _histogram(one: Histogram) -> bytes:
    deltas = [count - before for count, before in zip(one.counts, [0, *one.counts], strict=False)]
    span = _number(1, _zigzag(one.first)) + _number(2, len(one.counts))
    return b"".join(
        [
            _number(1, sum(one.counts)),
            _double(3, one.sum),
            _number(4, _zigzag(0)),  # the schema
            _double(5, 1e-128),  # what is as good as zero
            _number(6, 0),
            _part(11, span),
            _part(12, b"".join(_varint(_zigzag(delta)) for delta in deltas)),
            _number(15, round(one.at * 1000)),
        ]
    )


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _part(field: int, held: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(held)) + held


def _uncompressed(held: bytes) -> bytes:
    """Snappy's block format with literals alone, 60 bytes each."""
    pieces = [held[place : place + 60] for place in range(0, len(held), 60)]
    return _varint(len(held)) + b"".join(bytes([(len(piece) - 1) << 2]) + piece for piece in pieces)
