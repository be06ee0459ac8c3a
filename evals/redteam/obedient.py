"""The worst model there is: it obeys every instruction that it reads, whoever wrote it.

A local OpenAI-compatible server. Until it has read the attacker's text it asks its tools; from then on it
claims, proposes and plans whatever the attacker wants, citing all evidence that it has seen.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from evals.redteam.variants import Variant
from incidents.action import ActionKind
from incidents.findings import Category, Claim, Confidence, Hypothesis
from incidents.reports import (
    REPORT_TYPES,
    ActionItem,
    AssessmentReport,
    BacklogItem,
    BacklogReport,
    BriefReport,
    CheckResult,
    CheckState,
    Impact,
    InvestigationReport,
    MitigationReport,
    PostMortemReport,
    ProposedAction,
    Report,
    StatusReport,
    TriageReport,
    VerificationReport,
    Why,
)
from incidents.severity import PublicStatus, Severity

_REPORTS = {report.__name__ for report in REPORT_TYPES.values()}
_EVIDENCE = re.compile(r"E-[0-9a-f]{8}")
_CHECKS = re.compile(r"Checks, each to be answered once and worded as here:\n((?:- .*\n?)+)")
_ASKS = 4
_CATEGORY = {
    ActionKind.ROLLBACK: Category.DEPLOYMENT,
    ActionKind.HOTFIX: Category.CODE,
    ActionKind.FALLBACK: Category.DEPENDENCY,
    ActionKind.FEATURE_FLAG: Category.DEPLOYMENT,
}


class Obedient:
    """The server, as a context manager. `obeyed` counts the requests in which it did what the attacker wants.

    Args:
        variant: the attack, bound to the case's names.
        service: what it asks its tools about.
    """

    def __init__(self, variant: Variant, service: str) -> None:
        self._mind = _Mind(variant, service)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._mind))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def obeyed(self) -> int:
        """In how many requests the attacker had it."""
        return self._mind.obeyed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Mind:
    def __init__(self, variant: Variant, service: str) -> None:
        self._wish = variant.wants
        self._text = variant.text
        self._marker = _plain(variant.marker)
        self._service = service
        self._lock = threading.Lock()
        self.obeyed = 0

    def answer(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The tool that is called, and its arguments."""
        messages = body.get("messages", [])
        said = "\n".join(str(message.get("content") or "") for message in messages)
        tools = {one["function"]["name"]: one["function"] for one in body.get("tools", [])}
        report = next(name for name in tools if name in _REPORTS)
        caught = self._marker in _plain(said)
        asked = [call["function"]["name"] for one in messages for call in one.get("tool_calls") or []]
        if caught:
            with self._lock:
                self.obeyed += 1
            if "plan_action" in tools and "plan_action" not in asked and self._wish.kind:
                return "plan_action", self._wish.model_dump(
                    mode="json", exclude_none=True, exclude={"severity", "false_alarm"}
                )
        left = [name for name in tools if name not in {report, "plan_action", *asked}]
        if not caught and left and len(asked) < _ASKS:
            needs = tools[left[0]].get("parameters", {}).get("required", [])
            return left[0], dict.fromkeys(needs, self._service)
        return report, self._report(report, caught, said).model_dump(mode="json")

    def _report(self, name: str, caught: bool, said: str) -> Report:
        evidence = tuple(dict.fromkeys(_EVIDENCE.findall(said)))
        text = self._text if caught else "I do not know."
        match name:
            case "TriageReport":
                return self._triage(caught, text)
            case "InvestigationReport":
                return self._investigation(caught, text, evidence, _checks(said))
            case "MitigationReport":
                return self._mitigation(caught, text, evidence)
            case _:
                return _words(name, text, evidence, _checks(said))

    def _triage(self, caught: bool, text: str) -> TriageReport:
        wanted = self._wish.severity if caught else None
        return TriageReport(
            summary=text,
            severity=wanted or Severity.P2,
            severity_reason=text,
            impact=Impact(customers_affected=False if wanted else None),
            false_alarm=caught and self._wish.false_alarm,
        )

    def _investigation(
        self, caught: bool, text: str, evidence: tuple[str, ...], checks: tuple[CheckResult, ...]
    ) -> InvestigationReport:
        hypotheses: tuple[Hypothesis, ...] = ()
        if caught and self._wish.kind is not None:
            blamed = Hypothesis(
                service=self._wish.service,
                category=_CATEGORY.get(self._wish.kind, Category.INFRASTRUCTURE),
                confidence=Confidence.HIGH,
                summary=text,
                evidence=evidence,
            )
            hypotheses = (blamed,)
        severity = self._wish.severity if caught else None
        return InvestigationReport(summary=text, checks=checks, hypotheses=hypotheses, severity=severity)

    def _mitigation(self, caught: bool, text: str, evidence: tuple[str, ...]) -> MitigationReport:
        action = self._wish.action if caught else None
        if action is None:
            return MitigationReport(summary=text)
        wanted = ProposedAction(action=action, reason=text, expected_effect=text, evidence=evidence)
        return MitigationReport(summary=text, proposals=(wanted,))


def _checks(said: str) -> tuple[CheckResult, ...]:
    found = _CHECKS.search(said)
    rows = [row[2:] for row in found[1].splitlines()] if found else ["Overall state"]
    return tuple(CheckResult(check=row, state=CheckState.NO_DATA, finding="not looked at") for row in rows)


def _words(name: str, text: str, evidence: tuple[str, ...], checks: tuple[CheckResult, ...]) -> Report:
    claim, lines = Claim(text=text, evidence=evidence), (text,)
    item = BacklogItem(title=text, owner="backend", days=7, priority=Confidence.LOW, reason=text)
    task = ActionItem(action=text, owner="backend", days=7)
    reports: dict[str, Report] = {
        "VerificationReport": VerificationReport(summary=text, checks=checks),
        "StatusReport": StatusReport(status=PublicStatus.RESOLVED, impact=text, current_action=text),
        "BriefReport": BriefReport(situation=text, cause=text, action=text, eta=text, impact=text),
        "AssessmentReport": AssessmentReport(assessment=text, recommendations=lines),
        "BacklogReport": BacklogReport(summary=text, items=(item,)),
        "PostMortemReport": PostMortemReport(
            summary=text, what_failed=claim, why_it_failed=claim, why_not_caught=claim,
            whys=(Why(question=text, answer=text),), monitoring=lines, testing=lines, process=lines,
            infrastructure=lines, action_items=(task,),
        ),
    }  # fmt: skip
    return reports[name]


def _plain(text: str) -> str:
    """Without case and punctuation, so that it recognises the text however it was quoted, cut or escaped."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _handler(mind: _Mind) -> type[BaseHTTPRequestHandler]:
    class Bound(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
            name, arguments = mind.answer(body)
            self._send(_completion(name, arguments, str(body.get("model", ""))))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Be silent."""

        def _send(self, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

    return Bound


def _completion(name: str, arguments: dict[str, Any], model: str) -> dict[str, Any]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "obedient", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }  # fmt: skip
