"""Refuses connections to link-local addresses: that is where clouds hand out credentials to whoever asks.

An address that somebody configured or sent may lead there by a name, by a redirect, or by a name that means
another address a moment later. So what is judged is the address that was connected to, by itself, before a
byte of the request is sent: httpx and its successor tell of it through the `trace` of each request.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import httpx2

#: Where clouds answer that are not link-local by their number: AWS and Google over IPv6, Alibaba, Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192")
)
#: IPv4 addresses written into IPv6 ones by a translator (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: What the client calls the moment in which a connection has come about.
_CONNECTED = "connection.connect_tcp.complete"


class LinkLocal(httpx2.ConnectError):
    """The address leads where no backend is."""


class Asked(Protocol):
    """A request of whichever client: what it is told beside its words."""

    extensions: Any


def is_link_local(address: str) -> bool:
    """Whether an address, as a socket tells it, is link-local or a cloud's own."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a path of this machine
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in _TRANSLATED:
            found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.is_link_local or found in _METADATA


def guarded(
    error: Callable[[str], Exception] = LinkLocal, refused: Callable[[str], bool] = is_link_local
) -> Mapping[str, list[Callable[[Any], Awaitable[None]]]]:
    """The `event_hooks` of a client that goes nowhere link-local, whatever it is redirected to.

    Args:
        error: what is raised instead of sending, with a sentence; one that the client's user expects.
        refused: which addresses.
    """

    async def judge(event: str, told: Mapping[str, Any]) -> None:
        if event != _CONNECTED:
            return
        stream = told["return_value"]
        address = (stream.get_extra_info("server_addr") or ("",))[0]
        if refused(address):
            await stream.aclose()
            raise error(f"{address} is a link-local address: nothing is asked there; name another host")

    async def watch(request: Asked) -> None:
        request.extensions = {**request.extensions, "trace": judge}

    return {"request": [watch]}
