"""What the last words of a container say of why it ended: names of errors that runtimes and drivers share."""

import re
from typing import NamedTuple

from incidents.cluster import FaultKind
from incidents.findings import Category
from tools.live.cluster.neighbours import Reason


class LastWords(NamedTuple):
    """What a log says of the end of its container, and the line that says it."""

    kind: FaultKind
    why: str
    category: Category
    line: str


_SIGNS = (
    (r"exec format error|exec user process caused.*format", FaultKind.ARCHITECTURE,
     "its program is built for another processor", Category.DEPLOYMENT),
    (r"cannot \w+ resource .* in api group|forbidden: user \"?system:serviceaccount", FaultKind.RIGHT_MISSING,
     "its service account lacks a right", Category.INFRASTRUCTURE),
    (r"address already in use|eaddrinuse|port \d+ (is )?(already|in use)", FaultKind.PORT_TAKEN,
     "the port that it listens on is taken within its pod", Category.DEPLOYMENT),
    (r"no such host|name or service not known|temporary failure in name resolution|could not resolve|"
     r"\benotfound\b|eai_again|unknownhostexception|nodename nor servname|can't resolve|server can't find|"
     r"getaddrinfo failed|failed to resolve|bad address '", FaultKind.DNS,
     "a name is not resolved", Category.INFRASTRUCTURE),
    (r"password authentication failed|authentication failed|access denied for user|wrongpass|noauth|"
     r"invalid (username|password|credentials)|28p01|login failed for user|sasl.*fail", FaultKind.CREDENTIALS,
     "the credentials that it was given are refused", Category.INFRASTRUCTURE),
    (r"java\.lang\.outofmemoryerror|heap out of memory|memoryerror|cannot allocate memory",
     FaultKind.OUT_OF_MEMORY, "it runs out of memory", Category.INFRASTRUCTURE),
    (r"executable file not found|command not found|can't open '.*': no such file|not found in \$path",
     FaultKind.NOT_STARTED, "what it is to run is not in its image", Category.DEPLOYMENT),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), kind, why, of) for pattern, kind, why, of in _SIGNS)
#: How a shell and the kernel end a program.
_EXITS = {
    126: "what it is to run may not be run", 127: "what it is to run is not in its image",
    134: "it aborted itself (SIGABRT)", 137: "it was killed (SIGKILL)", 139: "it crashed (SIGSEGV)",
    143: "it was told to end (SIGTERM)",
}  # fmt: skip
_ERROR = re.compile(
    r"error|exception|fatal|panic|fail|cannot|can't|could not|unable|refused|denied|missing|not set|required|"
    r"no such|not found|invalid|read-only|not a directory|no space|too many|timed? ?out|unexpected|corrupt",
    re.IGNORECASE,
)


def last_words(log: str) -> LastWords | None:
    """The newest line that says why, if one does."""
    for line in reversed(log.splitlines()):
        for pattern, kind, why, category in _COMPILED:
            if pattern.search(line.lower()):
                return LastWords(kind, why, category, line)
    return None


def telling_line(log: str) -> str:
    """The newest line that tells of a failure, else the last one."""
    lines = [line for line in log.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if _ERROR.search(line)), lines[-1] if lines else "")


def say_end(ended: Reason) -> str:
    """How a container ended: `Error (exit 1)`."""
    meant = f", {_EXITS[ended.exit_code]}" if ended.exit_code in _EXITS else ""
    return f"{ended.reason or 'an error'} (exit {ended.exit_code}{meant})"
