"""A mail server on a free port that keeps what it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Mailbox:
    """What came; `refuses` are addresses that it does not know, `down` that it takes nothing at all."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    down: bool = False

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in self.letters if one["To"] == address]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, by the part of RFC 5321 that a client of ours speaks."""
        writer.write(b"421 gone\r\n" if self.down else b"220 here\r\n")
        while words := await reader.readline():
            verb = words[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                body = (await reader.readuntil(b"\r\n.\r\n")).replace(b"\r\n..", b"\r\n.")
                letter = message_from_bytes(body[:-3], policy=default)
                assert isinstance(letter, EmailMessage)
                self.letters.append(letter)
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            known = not any(one.encode() in words for one in self.refuses)
            writer.write(b"250 well\r\n" if known else b"550 nobody\r\n")
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """It takes letters while the block lasts."""
        async with await asyncio.start_server(self.talk, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """One, while the block lasts."""
    box = Mailbox()
    async with box.listening():
        yield box
