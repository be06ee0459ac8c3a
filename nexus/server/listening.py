"""Where the server listens, and what a hang-up of its terminal means to it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import uvicorn

from incidents.errors import NexusError


def is_of_this_machine(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(_bare(host)).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; they wait until the server answers.

    Args:
        host: a name, or an address of IPv4 or IPv6, with or without brackets; `::` takes both kinds.
        port: 0 for any that is free.

    Raises:
        NexusError: there is no such host, or the address is taken or not of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(_bare(host), port, type=socket.SOCK_STREAM)[0]
        both = address[0] == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(address, family=family, dualstack_ipv6=both)
        # What it accepts inherits this; asyncio sets it only on sockets that it makes itself. Without it an
        # answer of two parts waits for the other side's delayed acknowledgement, 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except socket.gaierror as error:
        raise NexusError(f"{host}: there is no such host ({error.strerror}); name one with --host") from None
    except OSError as error:
        raise NexusError(
            f"{host}:{port} cannot be listened on ({os.strerror(error.errno or 0)}); name another with --port"
        ) from None
    return listening


def url_of(listening: socket.socket) -> str:
    """The address of a socket as a client writes it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def hang_ups(server: uvicorn.Server, again: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[None]:
    """What SIGHUP does: with its terminal a server ends in order; one that has none reads `nexus.yaml` again.

    Args:
        server: that ends.
        again: reads it.
    """
    reading: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        if sys.stdin.isatty():
            server.should_exit = True
        else:
            task = loop.create_task(again())
            reading.add(task)
            task.add_done_callback(reading.discard)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _bare(host: str) -> str:
    """An address without the brackets in which IPv6 stands in a URL."""
    return host.removeprefix("[").removesuffix("]")
