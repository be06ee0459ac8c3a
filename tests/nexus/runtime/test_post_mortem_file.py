"""The post-mortem: every part of the runbook's step 5, in Markdown and in JSON."""

from pathlib import Path

from markdown_it import MarkdownIt

from incidents.incident import Incident
from incidents.reports import PostMortemReport
from nexus.files import IncidentFolder
from nexus.runtime.post_mortem_file import PostMortem, file_post_mortem, post_mortem, render_markdown
from tests.nexus import sample
from tests.nexus.sample import EVIDENCE, ID, at

ALL = tuple(sample.evidence(number) for number in range(4))
EVIL = "x | y [click](http://evil) <img src=x> \x1b[31m\n# head\n| a | b |"


def written(incident: Incident | None = None, report: PostMortemReport = sample.REPORT) -> PostMortem:
    return post_mortem(
        incident or sample.resolved(),
        report,
        sample.ENTRIES,
        ALL,
        written_by="workflow_optimizer",
        engine="playbook",
        written_at=at(60),
    )


def table_rows(text: str) -> list[list[str]]:
    """The cells of every table as a Markdown reader sees them."""
    rows: list[list[str]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"td_open", "th_open"}:
            rows[-1].append("".join(child.content for child in tokens[index + 1].children or ()))
    return rows


def test_it_answers_every_question_of_the_runbook() -> None:
    text = render_markdown(written())
    for part in (
        "P0 · 23 November 2026, 02:56:16 to 03:14:10 UTC · ",
        "written by the Workflow Optimizer (playbook)",
        "| To detect it, from the beginning | 2 minutes |",
        "| Until a person had it, from the detection | nobody said so |",
        "| To confirm the recovery, from the detection | 16 minutes |",
        "| To resolve it, from the detection | 47 minutes |",
        "| **How long users were affected** | **18 minutes** |",
        "**What failed?** checkout answered",
        "**Why did it fail?** 2026.11.2 reads",
        "**Why it was not caught.** No test",
        "### 5 whys",
        "2. **Why did it raise?** the field is missing",
        "| Users | About 38% of buyers. |",
        "| Reputation | Unknown. |",
        "| Data | Unknown. |",
        "**What infrastructure changes are needed?** Nothing is proposed.\n",
        "| checkout: latency p95 | 112 ms | 1.8 s | 118 ms |",
        "Approved at 03:11:10 UTC by Dana Lee: go, I am watching",
        "Done at 03:14:10 UTC: checkout runs 2026.11.1 on 2 of 2 instances",
    ):
        assert part in text


def test_what_people_and_systems_did_is_told_in_few_rows() -> None:
    rows = table_rows(render_markdown(written()))
    start = rows.index(["When (UTC)", "What", "By"])
    assert rows[start + 1 : start + 10] == [
        ["02:56:16", "It begins: checkout leaves its usual level", ""],
        ["02:58:10", "Alert: CheckoutErrorRatioHigh", "Alertmanager"],
        ["02:59:22", "Severity P0; its team is called", "Nexus"],
        ["02:59:40", "Customers are told for the first time", "Nexus"],
        ["03:07:10", "The cause is named, with high confidence", "Nexus"],
        ["03:11:10", "Roll back checkout to 2026.11.1 is approved", "Dana Lee"],
        ["03:14:10", "Roll back checkout to 2026.11.1: done", "Nexus"],
        ["03:14:10", "The recovery is confirmed", "Nexus"],
        ["03:28:10", "Escalated: P0 not resolved in 30 min", "Nexus"],
    ]


def test_a_severity_that_was_raised_later_stands_where_it_was_raised() -> None:
    rows = table_rows(render_markdown(written(sample.resolved().evolve(severity_at=at(5)))))
    assert [row[0] for row in rows if row[1:2] == ["Severity P0; its team is called"]] == ["03:03:10"]


def test_whoever_approves_in_advance_is_told_of_once() -> None:
    signed = tuple(sample.approval(by=f"--approve all ({number})") for number in (1, 2))
    incident = sample.resolved().evolve(proposals=(sample.proposal(approvals=signed),))
    assert render_markdown(written(incident)).count("- Approved in advance") == 1


def test_each_action_item_has_an_owner_and_a_date() -> None:
    rows = table_rows(render_markdown(written()))
    start = rows.index(["", "What", "Owner", "Until"])
    assert rows[start + 1 : start + 4] == [
        ["1", "Default the currency of old carts | reject none", "Backend", "26 November 2026"],
        ["2", "Alert on the error ratio per release", "Infrastructure Maintainer", "30 November 2026"],
        ["3", "Keep carts of 90 days as test data", "Backend", "7 December 2026"],
    ]


def test_the_cited_evidence_is_a_short_row_with_what_it_is_and_shows() -> None:
    made = written()
    assert {one.id for one in made.evidence} == set(EVIDENCE)
    row = next(row for row in table_rows(render_markdown(made)) if row[-1] == EVIDENCE[2])
    assert row == [
        "Recent changes of checkout", "deploy-4711 | checkout 2026.11.1 -> 2026.11.2 at 02:55:41Z",
        EVIDENCE[2],
    ]  # fmt: skip


def test_no_row_of_evidence_is_longer_than_two_lines() -> None:
    long = ALL[0].model_copy(update={"summary": "heading\n- " + "word " * 400})
    made = post_mortem(
        sample.resolved(), sample.REPORT, (), (long,), written_by="x", engine="llm", written_at=at(60)
    )
    (row,) = [row for row in table_rows(render_markdown(made)) if row[-1] == long.id]
    assert len(row[1]) <= 110
    assert row[1].endswith("…")


def test_evidence_that_nobody_cites_is_counted_only() -> None:
    more = (*ALL, sample.evidence(0).model_copy(update={"id": "E-uncited"}))
    made = post_mortem(
        sample.resolved(), sample.REPORT, (), more, written_by="x", engine="llm", written_at=at(60)
    )
    text = render_markdown(made)
    assert "4 of 5 tool results are cited" in text
    assert "E-uncited" not in text


def test_what_is_not_known_says_so() -> None:
    text = render_markdown(written(sample.opened()))
    assert "P0" not in text
    assert "23 November 2026, from 02:58:10 UTC on" in text
    assert text.count("| not known |") == 3
    assert "**not known**" in text
    assert "No diagnosis was reached." in text
    assert "Nothing was changed." in text


def test_what_was_drawn_is_shown() -> None:
    chart = ALL[3].model_copy(update={"tool": "chart"})
    made = post_mortem(
        sample.resolved(), sample.REPORT, (), (chart,), written_by="x", engine="llm", written_at=at(60)
    )
    assert "](charts/recovery.png)" in render_markdown(made)
    assert "](charts/" not in render_markdown(written())


def test_text_from_outside_stays_text() -> None:
    report = sample.REPORT.model_copy(
        update={
            "summary": EVIL,
            "data_impact": EVIL,
            "monitoring": (EVIL,),
            "action_items": (
                sample.REPORT.action_items[0].model_copy(update={"action": EVIL, "owner": EVIL}),
            ),
        }
    )
    text = render_markdown(written(sample.resolved().evolve(title=EVIL), report))
    assert "\x1b" not in text
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = {child.type for token in tokens for child in token.children or ()}
    assert not inline & {"link_open", "image", "html_inline"}
    assert "html_block" not in {token.type for token in tokens}
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h1") == 1
    flat = "x | y [click](http://evil) <img src=x> [31m # head | a | b |"
    assert ["1", flat, flat, "26 November 2026"] in table_rows(text)


async def test_both_forms_land_in_the_folder_and_the_json_is_the_value(tmp_path: Path) -> None:
    made = written()
    folder = tmp_path / "incidents" / ID
    assert await file_post_mortem(made, IncidentFolder(tmp_path)) == str(folder / "post-mortem.md")
    assert (folder / "post-mortem.md").read_text(encoding="utf-8") == render_markdown(made)
    assert PostMortem.model_validate_json((folder / "post-mortem.json").read_bytes()) == made
