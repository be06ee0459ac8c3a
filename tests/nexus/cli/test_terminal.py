"""The views: complete, inside the width, and untrusted text is shown and not obeyed."""

import io
import json
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from incidents.action import ActionState, Verdict
from incidents.incident import Incident
from incidents.timeline import EntryKind
from nexus.cli.base import complain, out, say, write_json
from nexus.cli.terminal.approvals import approvals_table, proposal_panel
from nexus.cli.terminal.incident import incident_view
from nexus.cli.terminal.tables import backlog_table, incidents_table
from nexus.cli.terminal.timeline import show_entry, timeline_line, timeline_text
from nexus.service.incident_view import view_of
from nexus.service.lists import IncidentLine
from nexus.service.undecided import Undecided
from tests.nexus import sample
from tests.nexus.sample import ID, at

EVIL = "[red]red[/red] \x1b[31mraw\x1b[0m \x07 [link=http://evil]x[/link]\r\nnext \u202egnp"


def shown(view: RenderableType, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    Console(
        file=out, width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    ).print(view)
    return out.getvalue()


def asked(incident: Incident, minutes: float = 20) -> Undecided:
    return Undecided.of(incident, at(minutes), [sample.evidence()])


def test_a_pipe_that_never_wraps_still_gets_every_word() -> None:
    """The command line prints to a pipe with soft wrapping; panels must not be cut by it."""
    long = " ".join(f"word{number}" for number in range(60))
    incident = sample.resolved().evolve(title=long, summary=long, proposals=(sample.proposal(reason=long),))
    for view in (
        incident_view(view_of(incident, ())),
        proposal_panel(incident.proposals[0], asked(incident)),
    ):
        out = io.StringIO()
        Console(file=out, width=80, soft_wrap=True).print(view)
        assert long in flat(out.getvalue())


def test_many_evidence_ids_are_counted_in_a_terminal_and_whole_in_a_pipe() -> None:
    many = sample.ENTRIES[0].model_copy(update={"evidence": tuple(f"E-{n:08x}" for n in range(9))})
    assert "E-00000002 +6" in flat(shown(incident_view(view_of(sample.opened(), [many]))))
    assert "E-00000008" in timeline_text(many)


def test_a_text_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = "deploy :bug: of [b]1.2[/b]\x1b[2J failed"
    out().print(text, markup=False)
    say(text)
    complain(text)
    shown = "deploy :bug: of [b]1.2[/b][2J failed\n"
    assert capsys.readouterr() == (shown * 2, f"nexus: {shown}")


@pytest.mark.parametrize("whose", [None, ID])
@pytest.mark.parametrize("width", [60, 80, 132])
def test_what_does_not_fit_in_a_line_of_the_timeline_hangs_under_its_text(
    whose: str | None, width: int
) -> None:
    text = " ".join(f"word{number}" for number in range(30))
    entry = sample.ENTRIES[0].model_copy(update={"text": text, "role": "", "evidence": ()})
    first, *others = shown(timeline_line(entry, whose), width).splitlines()
    head, _, told = first.partition("▲ ")
    assert head.split() == [f"{entry.at:%H:%M:%S}Z", *([whose] if whose else []), entry.step]
    indent = " " * len(f"{head}▲ ")
    assert others
    assert all(line.startswith(indent) and line[len(indent) :].strip() for line in others)
    assert "".join([told, *(line[len(indent) :] for line in others)]).replace(" ", "") == text.replace(
        " ", ""
    )


def flat(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def hostile() -> Incident:
    """An incident whose every text from outside tries something."""
    incident = sample.resolved()
    assert incident.diagnosis is not None
    suspect = incident.suspects[0]
    reason = suspect.reasons[0].model_copy(update={"text": EVIL})
    return incident.evolve(
        title=EVIL,
        summary=EVIL,
        end_reason=EVIL,
        diagnosis=incident.diagnosis.model_copy(
            update={"summary": EVIL, "disagreement": EVIL, "service": EVIL}
        ),
        suspects=(suspect.model_copy(update={"service": EVIL, "reasons": (reason,)}),),
        proposals=(sample.proposal(reason=EVIL, approvals=(sample.approval(EVIL),)),),
    )


VIEWS: dict[str, Callable[[Incident], RenderableType]] = {
    "incident": lambda incident: incident_view(view_of(incident, sample.ENTRIES)),
    "incidents": lambda incident: incidents_table([IncidentLine.of(incident, at(50))]),
    "approvals": lambda incident: approvals_table([asked(incident)]),
    "proposal": lambda incident: proposal_panel(incident.proposals[0], asked(incident)),
    "backlog": lambda incident: backlog_table(incident.backlog),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "incident", [sample.resolved(), sample.waiting(), hostile()], ids=["done", "open", "evil"]
)
def test_every_view_keeps_to_its_width(name: str, width: int, incident: Incident) -> None:
    text = shown(VIEWS[name](incident), width)
    assert max(cell_len(row) for row in text.splitlines()) <= width


@pytest.mark.parametrize("name", VIEWS)
def test_text_from_outside_is_shown_and_not_obeyed(name: str) -> None:
    piped = shown(VIEWS[name](hostile()), 120)
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(piped)
    coloured = shown(VIEWS[name](hostile()), 120, terminal=True)
    assert "\x1b]8;" not in coloured
    assert not {"\x07", "\u202e", "\r"} & set(coloured)
    if name != "backlog":
        assert "[red]" in piped


def test_the_incident_view_has_every_part() -> None:
    text = flat(shown(incident_view(view_of(sample.resolved(), sample.ENTRIES)), 120))
    for part in (
        f"P0 {ID}",
        "resolved the signals stayed at their quiet level",
        "users: about 38% of buyers · customers notice · revenue 1,840 so far",
        "introduced 02:56:16Z · detected 02:58:10Z · mitigated 03:14:10Z · resolved 03:45:10Z",
        "Cause deployment in checkout",
        "Confidence high",
        "Evidence E-3fa81c02 E-77b0d9e1 E-c41f5a66",
        "ruled out: payment's latency",
        "1 checkout 9.4 metrics: error ratio 0.2% → 37.9%",
        "A1 roll back checkout to 2026.11.1 done",
        f"Digest {sample.DIGEST[:12]}",
        "Approved Dana Lee go, I am watching 03:11Z",
        "▲ checkout error_ratio 0.21 % 37.9 % 0.19 % recovered",
        "payment cpu 21.5 % 22.2 % no data unknown",
        "03:28Z escalation P0 not resolved in 30 min to Studio Producer",
        "Dana Lee payment had maintenance yesterday, not tonight",
        "03:02:10Z investigation ◇ Backend Architect (llm): KeyError: 'currency'",
        f"Post-mortem /srv/nexus/incidents/{ID}/post-mortem.md",
        "0 model calls · 0 tokens · cost 0.00 · 1.9 s of work",
    ):
        assert part in text


def test_an_incident_that_was_just_opened_claims_nothing() -> None:
    text = flat(shown(incident_view(view_of(sample.opened(), ())), 100))
    assert "users: unknown · customers: unknown" in text
    for title in ("Diagnosis", "Suspects", "Actions", "Verification", "Communications", "Timeline"):
        assert title not in text


def test_an_approver_sees_what_why_how_long_and_the_way_back() -> None:
    text = flat(shown(proposal_panel(sample.proposal(), asked(sample.waiting(), 34))))
    for part in (
        "checkout runs 2026.11.1 instead of 2026.11.2 on both instances",
        "version 2026.11.2 instances 2",
        "The errors begin 34 s after 2026.11.2 went live",
        "E-3fa81c02 checkout fails 37.9% of requests",
        "high confidence: Release 2026.11.2",
        "Undo roll back checkout to 2026.11.2",
        "Approvals 0 of 1",
        "Expires in 7 min 03:39Z",
        f"Digest {sample.DIGEST[:12]}",
    ):
        assert part in text


def test_what_is_missing_in_a_proposal_stands_out() -> None:
    bare = sample.PLAN.model_copy(update={"undo": None, "observed": ()})
    proposal = sample.proposal(plan=bare, evidence=())
    text = flat(shown(proposal_panel(proposal, Undecided.of(sample.opened(), at(41)))))
    for part in (
        "there is no prepared undo",
        "nothing was observed",
        "none is cited",
        "there is no diagnosis",
        "expired at 03:39Z",
    ):
        assert part in text


def test_approvals_wait_soonest_first_and_only_while_they_wait() -> None:
    later = sample.waiting().evolve(
        id="INC-2026-11-23-002", proposals=(sample.proposal(id="A7", expires_at=at(60)),)
    )
    done = sample.resolved()
    text = shown(approvals_table([asked(later), asked(done), asked(sample.waiting())]))
    assert text.index("A1") < text.index("A7")
    assert text.count("0 of 1") == 2
    one_given = sample.waiting().evolve(
        proposals=(sample.proposal(approvers_needed=2, approvals=(sample.approval(),)),)
    )
    assert "1 of 2" in shown(approvals_table([asked(one_given)]))
    assert "Nothing waits" in shown(approvals_table([asked(done)]))


def test_a_rejection_reads_as_one() -> None:
    no = sample.approval("Sam", Verdict.REJECT)
    incident = sample.waiting().evolve(
        proposals=(sample.proposal(state=ActionState.REJECTED, approvals=(no,)),)
    )
    assert "Rejected Sam" in flat(shown(incident_view(view_of(incident, ())), 100))


def test_the_list_says_what_waits_for_people() -> None:
    text = flat(shown(incidents_table([IncidentLine.of(sample.waiting(), at(12))])))
    assert "open" in text
    assert "1 to approve" in text
    assert "No incidents." in shown(incidents_table([]))
    assert "backlog is empty" in shown(backlog_table([]))


def test_a_pipe_gets_one_plain_line_for_an_entry_and_a_terminal_colour() -> None:
    entry = sample.ENTRIES[4].model_copy(update={"text": "x" * 300 + EVIL})
    piped, terminal = io.StringIO(), io.StringIO()
    show_entry(Console(file=piped, width=80), entry)
    assert piped.getvalue().count("\n") == 1
    assert piped.getvalue().startswith(
        "2026-11-23T03:02:10Z  investigation  finding  Backend Architect (llm)  xxx"
    )
    assert "\x1b" not in piped.getvalue()
    show_entry(Console(file=terminal, width=80, force_terminal=True), entry)
    assert "\x1b[" in terminal.getvalue()


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_of_entry_has_its_line(kind: EntryKind) -> None:
    entry = sample.entry("x", 1, kind, "backend_architect", "something")
    assert "something" in timeline_text(entry)
    assert "something" in shown(incident_view(view_of(sample.opened(), [entry])))


def test_a_day_that_passes_is_said() -> None:
    entries = [sample.ENTRIES[0], sample.entry("late", 60 * 30, EntryKind.NOTE, "supervisor", "next day")]
    text = shown(incident_view(view_of(sample.opened(), entries)))
    assert text.index("fires on checkout") < text.index("2026-11-24") < text.index("next day")


def test_the_json_has_every_key_that_scripts_were_promised() -> None:
    body = view_of(sample.resolved(), sample.ENTRIES).model_dump(mode="json")
    assert {
        "id",
        "title",
        "severity",
        "status",
        "step",
        "engine",
        "alerts",
        "services",
        "diagnosis",
        "suspects",
        "actions",
        "verification",
        "status_updates",
        "briefs",
        "escalations",
        "post_mortem",
        "timeline",
        "usage",
    } <= set(body)
    assert {"service", "category", "confidence", "summary", "evidence", "change"} <= set(body["diagnosis"])
    assert (body["suspects"][0]["service"], body["suspects"][0]["score"]) == ("checkout", 9.4)
    assert body["suspects"][0]["why"][0] == "error ratio 0.2% → 37.9%"
    (action,) = body["actions"]
    assert {"id", "kind", "target", "arguments", "digest", "state", "approvals"} <= set(action)
    assert (action["kind"], action["target"], action["arguments"]) == (
        "rollback",
        "checkout",
        {"version": "2026.11.1"},
    )
    assert action["approvals"][0]["by"] == "Dana Lee"
    assert set(body["timeline"][0]) == {
        "at",
        "step",
        "role",
        "engine",
        "kind",
        "text",
        "evidence",
        "severity",
    }
    assert {"model_calls", "tokens", "cost", "seconds"} <= set(body["usage"])
    assert body["post_mortem"].endswith("post-mortem.md")


def test_the_json_of_a_hostile_incident_is_plain_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    write_json(view_of(hostile(), sample.ENTRIES))
    text = capsys.readouterr().out
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["title"] == EVIL
