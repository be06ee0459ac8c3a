"""Schemas of tools in fewer words."""

from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool

from agents.llm.wire.schemas import compact
from incidents.reports import REPORT_TYPES, Task, TriageReport
from tools.toolbox import TOOLS


def properties(tool: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compact([tool])[0]["function"]["parameters"]["properties"]
    return found


def test_what_need_not_be_given_loses_its_null_and_keeps_what_it_may_be() -> None:
    tool = convert_to_openai_tool(TOOLS["logs"].args)
    found = properties(tool)
    assert found["level"]["enum"] == ["error", "warn", "info"]
    assert found["level"]["description"]
    assert "anyOf" not in str(found)
    assert found["limit"]["default"] == 12


def test_what_is_something_else_when_it_is_left_out_keeps_its_null() -> None:
    (told,) = compact([convert_to_openai_tool(TriageReport)])
    impact = told["function"]["parameters"]["properties"]["impact"]["properties"]
    assert {"type": "null"} in impact["api_affected"]["anyOf"], "left out it is false, and not: not known"
    assert "anyOf" not in impact["customers_affected"]
    assert "null" not in str({name: one for name, one in impact.items() if "anyOf" not in one})


def test_what_has_to_be_given_keeps_its_null_and_no_field_is_lost() -> None:
    for report in REPORT_TYPES.values():
        tool = convert_to_openai_tool(report)
        shorter = compact([tool])[0]["function"]["parameters"]
        before = tool["function"]["parameters"]
        assert set(shorter["properties"]) == set(before["properties"])
        assert shorter.get("required") == before.get("required")
        assert len(str(shorter)) <= len(str(before))
    hypothesis = convert_to_openai_tool(REPORT_TYPES[Task.INVESTIGATE])
    service = properties(hypothesis)["hypotheses"]["items"]["properties"]["service"]
    assert {"type": "null"} in service["anyOf"]


def test_a_field_that_is_called_title_stays() -> None:
    tool = {"type": "function", "function": {"name": "x", "parameters": {
        "type": "object", "title": "X", "properties": {"title": {"type": "string", "title": "Title"}},
    }}}  # fmt: skip
    assert properties(tool) == {"title": {"type": "string"}}
    assert compact([{"type": "web_search"}]) == [{"type": "web_search"}]
