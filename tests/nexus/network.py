"""A network that can be cut: a small TCP proxy before one server, with three ways to fail and a trap."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from demo.processes import free_port

#: A socket that closes with this option set sends a reset.
_RESET = struct.pack("ii", 1, 0)
_CHUNK = 65_536


class Cut(StrEnum):
    """How connections fail: nobody listens, nobody answers, the answer breaks off in the middle."""

    REFUSED = "refused"
    SILENT = "silent"
    RESET = "reset"


class Trap(NamedTuple):
    """Springs when a request holds some words: before it reaches the server, or once it was answered."""

    words: bytes
    how: Cut
    answered: bool
    then: Callable[[], object]


class Network:
    """Connections to `url` reach the target, until they are cut.

    Args:
        target: a port of the loopback interface, or the path of a unix socket.
    """

    def __init__(self, target: int | Path) -> None:
        self._target = target
        self._cut: Cut | None = None
        self._trap: Trap | None = None
        self._clients: set[socket.socket] = set()
        self.was_cut = threading.Event()
        # Not one that the system gives out: while the network refuses, somebody else would be given it.
        self.port = free_port()
        self._listener = self._listen()

    @property
    def url(self) -> str:
        """What is asked instead of the server."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self, how: Cut) -> None:
        """Let every connection fail from now on."""
        if self._cut is None:
            self._cut = how
            self.was_cut.set()
            if how is Cut.REFUSED:
                _close(self._listener)
                self._drop()

    def cut_at(
        self, words: bytes, how: Cut, *, answered: bool = False, then: Callable[[], object] = lambda: None
    ) -> None:
        """Cut when a request holds some words: before the server sees it, or once it has answered."""
        self._trap = Trap(words, how, answered, then)

    def mend(self) -> None:
        """Let connections through again."""
        was, self._cut, self._trap = self._cut, None, None
        self._drop()
        if was is Cut.REFUSED:
            self._listener = self._listen()

    def close(self) -> None:
        """Take no more connections."""
        _close(self._listener)
        self._drop()

    def _listen(self) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        _in_thread(lambda: self._accept(listener))
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                self._clients.add(client)
                _in_thread(partial(self._serve, client))

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), self._connected() as server:
            sprung = threading.Event()
            _in_thread(lambda: self._answer(server, client, sprung))
            while asked := client.recv(_CHUNK):
                if (trap := self._trap) is not None and trap.words in asked:
                    sprung.set()
                    if not trap.answered:
                        self._spring(trap)
                if self._cut is not Cut.SILENT:
                    server.sendall(asked)
            _close(server)
        self._end(client)

    def _answer(self, server: socket.socket, client: socket.socket, sprung: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(_CHUNK):
                if sprung.is_set() and (trap := self._trap) is not None:
                    self._spring(trap)
                if self._cut is Cut.RESET:
                    client.sendall(answer[: len(answer) // 2])
                    break
                if self._cut is None:
                    client.sendall(answer)
        if self._cut is not Cut.SILENT:
            self._end(client)

    def _spring(self, trap: Trap) -> None:
        self._trap = None
        self.cut(trap.how)
        trap.then()

    def _connected(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(str(self._target))
        return server

    def _drop(self) -> None:
        for client in tuple(self._clients):
            self._end(client)

    def _end(self, client: socket.socket) -> None:
        self._clients.discard(client)
        with suppress(OSError):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        _close(client)


def _close(one: socket.socket) -> None:
    """Close it; whoever waits for it in another thread is woken."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
