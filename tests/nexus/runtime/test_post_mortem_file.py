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
        "| Introduced | 2026-11-23 02:56:16 UTC | with a change of checkout |",
        "| Detected | 2026-11-23 02:58:10 UTC | 1m 54s after it began |",
        "| Agents began | 2026-11-23 02:59:22 UTC | |",
        "| A person had it | nobody said so |  |",
        "| Mitigated | 2026-11-23 03:14:10 UTC | 16m after detection |",
        "| Resolved | 2026-11-23 03:45:10 UTC | 47m after detection |",
        "| **Total user impact** | **17m 54s** | |",
        "**What failed?** checkout answered",
        "**Why did it fail?** 2026.11.2 reads",
        "**Why wasn't it caught earlier?** No test",
        "### 5 whys",
        "2. **Why did it raise?** the field is missing",
        "| Users affected | about 38% of buyers |",
        "| Reputation | unknown |",
        "| Data | unknown |",
        "**What infrastructure changes are needed?**\n\n- Not known from this incident.\n",
        "Written by | Workflow Optimizer (playbook), 2026-11-23 03:58 UTC",
        "Approved by Dana Lee at 2026-11-23 03:11:10 UTC: go, I am watching",
        "Done at 2026-11-23 03:14:10 UTC: checkout runs 2026.11.1 on 2 of 2 instances",
    ):
        assert part in text


def test_each_action_item_has_an_owner_and_a_date() -> None:
    rows = table_rows(render_markdown(written()))
    start = rows.index(["Action", "Owner", "Deadline"])
    assert rows[start + 1 : start + 4] == [
        ["Default the currency of old carts | reject none", "Backend", "2026-11-26"],
        ["Alert on the error ratio per release", "Infrastructure Maintainer", "2026-11-30"],
        ["Keep carts of 90 days as test data", "Backend", "2026-12-07"],
    ]


def test_the_cited_evidence_is_listed_with_its_query_and_result() -> None:
    made = written()
    assert {one.id for one in made.evidence} == set(EVIDENCE)
    row = next(row for row in table_rows(render_markdown(made)) if row[0] == EVIDENCE[2])
    assert row == [
        EVIDENCE[2],
        "recent_changes",
        '{"service": "checkout"}',
        "deploy-4711 | checkout 2026.11.1 -> 2026.11.2 at 02:55:41Z",
    ]


def test_evidence_that_nobody_cites_is_counted_only() -> None:
    more = (*ALL, sample.evidence(0).model_copy(update={"id": "E-uncited"}))
    made = post_mortem(
        sample.resolved(), sample.REPORT, (), more, written_by="x", engine="llm", written_at=at(60)
    )
    text = render_markdown(made)
    assert "4 of 5 tool results are cited." in text
    assert "E-uncited" not in text


def test_what_is_unknown_says_unknown() -> None:
    text = render_markdown(written(sample.opened()))
    for name in ("Introduced", "Agents began", "Mitigated", "Resolved"):
        assert f"| {name} | unknown | {'' if name == 'Agents began' else ' '}|" in text
    assert "**unknown**" in text
    assert "**Diagnosis:** none was reached." in text
    assert "Nothing was changed." in text


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
    assert [flat, flat, "2026-11-26"] in table_rows(text)


async def test_both_forms_land_in_the_folder_and_the_json_is_the_value(tmp_path: Path) -> None:
    made = written()
    folder = tmp_path / "incidents" / ID
    assert await file_post_mortem(made, IncidentFolder(tmp_path)) == str(folder / "post-mortem.md")
    assert (folder / "post-mortem.md").read_text(encoding="utf-8") == render_markdown(made)
    assert PostMortem.model_validate_json((folder / "post-mortem.json").read_bytes()) == made
