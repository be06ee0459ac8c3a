"""The server of `mcp_ops` over streamable HTTP, in this process."""

import json
from pathlib import Path

from tests.tools.live.fakes.mcp_ops import reply
from tests.tools.live.fakes.server import Answer, Asked, Handler, told


def over_http(folder: Path) -> Handler:
    """Answers each message with JSON; it keeps no sessions and pushes nothing."""

    def handle(asked: Asked) -> Answer:
        if asked.method != "POST":
            return Answer("", 405)
        message = json.loads(asked.body)
        answer = reply(message, folder)
        return told(answer) if answer is not None else Answer("", 202)

    return handle
