"""Nexus as a server of MCP: what programs may, in both protocols, in this process and over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from incidents.access import AGENT_MAY, AccessRole, Permission, Scope, ToolScope
from incidents.actor import Actor, Via
from incidents.errors import Forbidden
from incidents.policy import ApprovalPolicy
from nexus.config.site import load_site
from nexus.server.mcp.desk import AgentDesk, Allowance, Caller
from nexus.server.mcp.door import is_expected
from nexus.server.mcp.tools import MARKING, TOOLS, call
from nexus.service.identity import Credential
from nexus.service.intake import AlertIntake
from nexus.service.request import Doors
from nexus.service.requests import REQUESTS
from nexus.service.restricting import hidden
from nexus.service.status_requests import STATUS_REQUESTS
from nexus.service.tokens import TokenAsked, Tokens
from nexus.store.audit import DeedKind
from tests import patient
from tests.nexus import sample
from tests.nexus.sample import EVIDENCE, ID
from tests.nexus.served import served
from tests.nexus.server.rooms import ENDED, PEOPLE, Room, room, shown, token_of
from tests.nexus.server.test_access_table import DOORS, OF_INCIDENT
from tests.nexus.server.test_restricted import Names
from tools.clock import WallClock

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from nexus.server.mcp.protocol import protocol_server

ALL = (ToolScope.READ, ToolScope.NOTE, ToolScope.OPEN)
#: Of nothing that decides, commands or stops is there a tool.
NAMES = {
    "list_incidents", "read_incident", "list_evidence", "read_evidence", "list_suspects", "read_timeline",
    "read_runbook", "ask_about", "leave_note", "open_incident",
}  # fmt: skip
BASE = "https://nexus.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path, more=f"server: {{public_url: '{BASE}'}}") as one:
        asyncio.run(one.home.store.put(sample.evidence(), b"{}"))
        yield one


def token(made: Room, *scopes: Scope, of: str = "dana") -> str:
    """A new API token."""
    asked = TokenAsked(purpose="a test", scopes=scopes)
    tokens = Tokens(made.home.store, WallClock())
    return asyncio.run(tokens.make(asked, Credential(of, "", of), by=None)).secret


def desk_of(made: Room, opens: int = 6) -> AgentDesk:
    path = made.home.settings.home / "nexus.yaml"
    intake = AlertIntake(made.home, load_site(path), path, "playbook", WallClock())
    return AgentDesk(
        made.home, made.home.settings, BASE, intake, made.rung.append, opens=Allowance.of("alerts", opens)
    )


def actor(*scopes: Scope, name: str = "dana", roles: tuple[AccessRole, ...] = ()) -> Actor:
    given = roles or (AccessRole.RESPONDER, AccessRole.APPROVER, AccessRole.COMMANDER)
    return Actor(
        id=name, name=name, roles=given, scopes=scopes or None, via=Via.MCP, authenticated=True
    )  # fmt: skip


async def caller(made: Room, *scopes: Scope, name: str = "dana") -> Caller:
    who = actor(*scopes, name=name)
    return Caller(who, await hidden(made.home.store, who))


async def said(made: Room, tool: str, *scopes: Scope, **arguments: Any) -> Any:
    """What a tool answers in this process: its objects, or the sentence."""
    done = await call(desk_of(made), await caller(made, *(scopes or ALL)), tool, arguments)
    return done.structured if done.structured is not None else done.wrong


@asynccontextmanager
async def client(made: Room, shows: str, mode: str = "auto", base: str = BASE) -> AsyncIterator[Client]:
    """The reference client over HTTP, to the application itself."""
    transport = httpx2.ASGITransport(made.app)
    async with (
        made.app.state.programs.running(),
        httpx2.AsyncClient(transport=transport, headers={"Authorization": f"Bearer {shows}"}) as http,
        Client(streamable_http_client(f"{base}/mcp", http_client=http), mode=mode, cache=None) as one,
    ):
        yield one


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_both_protocols_read_leave_and_open_over_http(made: Room, mode: str) -> None:
    async with client(made, await asyncio.to_thread(token, made, *ALL), mode) as one:
        assert one.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")
        assert one.server_info is not None
        assert (one.server_info.name, one.server_info.version) == ("nexus", "0.2.0")
        assert {tool.name for tool in (await one.list_tools()).tools} == NAMES
        read = await one.call_tool("read_incident", {"incident": ID})
        assert not read.is_error
        assert read.content[0].text == MARKING  # type: ignore[union-attr]
        assert json.loads(read.content[1].text) == read.structured_content  # type: ignore[union-attr]
        assert read.structured_content["incident"]["decisions_waiting"][0]["page"] == (
            f"{BASE}/incidents/{ID}/decisions/A1"
        )
        left = await one.call_tool("leave_note", {"incident": ID, "text": "seen in the queue", "key": "a"})
        assert left.structured_content == {"incident": ID, "known": False, "page": f"{BASE}/incidents/{ID}"}
        again = await one.call_tool("leave_note", {"incident": ID, "text": "seen in the queue", "key": "a"})
        assert again.structured_content["known"] is True
        opened = await one.call_tool("open_incident", {"title": "queue grows", "service": "web"})
        assert opened.structured_content["taken"] == "opened"
    assert await asyncio.to_thread(made.inbox) == ["machine_note by dana"]
    assert ID in made.rung


@pytest.mark.parametrize(
    ("header", "status", "challenge"),
    [
        ("", 401, "Bearer"),
        ("Bearer nxs_000000000000_x", 401, "Bearer"),
        (f"Bearer {token_of('dana')}", 401, "Bearer"),  # a person's own token lets in no program
        ("viewer", 403, 'Bearer error="insufficient_scope", scope="mcp:read"'),
    ],
)
async def test_only_a_token_with_a_scope_for_programs_comes_in(
    made: Room, header: str, status: int, challenge: str
) -> None:
    if header == "viewer":
        header = f"Bearer {await asyncio.to_thread(token, made, AccessRole.VIEWER)}"
    transport = httpx2.ASGITransport(made.app)
    async with made.app.state.programs.running(), httpx2.AsyncClient(transport=transport) as http:
        headers = {"Authorization": header} if header else {}
        answer = await http.post(f"{BASE}/mcp", json={}, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (status, challenge)
    assert answer.json()["status"] == status


def test_a_token_for_programs_opens_no_other_door(made: Room) -> None:
    header = {"Authorization": f"Bearer {token(made, *ALL, of='admin')}"}
    for (method, path), door in DOORS.items():
        if door.permission is None or not path.startswith("/api"):
            continue
        where = path.format_map(Names(incident=ID, number="1", evidence=EVIDENCE[0]))
        answer = made.client.request(method, where, headers=header, json=door.body)
        assert answer.status_code == 403, path
        assert "insufficient_scope" in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("url", "host", "origin", "status"),
    [
        (BASE, "nexus.example", "", 0),
        (BASE, "NEXUS.example:443", BASE, 0),
        (BASE, "nexus.example", "https://nexus.example:443", 0),
        (BASE, "nexus.example:8443", "", 421),
        (BASE, "evil.example", "", 421),
        (BASE, "nexus.example.evil.example", "", 421),
        (BASE, "nexus.example@evil.example", "", 421),
        (BASE, "", "", 421),
        (BASE, "nexus.example:x", "", 421),
        (BASE, "nexus.example/x", "", 421),
        (BASE, "127.0.0.1", "", 421),
        (BASE, "nexus.example", "http://nexus.example", 403),
        (BASE, "nexus.example", "null", 403),
        (BASE, "nexus.example", "https://evil.example", 403),
        (None, "127.0.0.1:8477", "", 0),
        (None, "[::1]:8477", "http://localhost:3000", 0),
        (None, "rebound.example:8477", "", 421),
        (None, "localhost:8477", "http://rebound.example", 403),
    ],
)
def test_who_is_meant_is_told_by_the_public_url(url: str | None, host: str, origin: str, status: int) -> None:
    assert is_expected(url, host, origin) == status


async def test_the_door_looks_at_host_and_origin_before_anything_else(made: Room) -> None:
    transport = httpx2.ASGITransport(made.app)
    async with made.app.state.programs.running(), httpx2.AsyncClient(transport=transport) as http:
        assert (await http.post("https://evil.example/mcp", json={})).status_code == 421
        foreign = await http.post(f"{BASE}/mcp", json={}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert "www-authenticate" not in foreign.headers
        assert (await http.get(f"{BASE}/mcp")).status_code == 405


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_program_sees_only_the_tools_that_its_token_is_for(made: Room, mode: str) -> None:
    async def whose(request: object) -> Caller:
        return await caller(made, ToolScope.READ)

    async with Client(protocol_server(desk_of(made), whose), mode=mode) as one:
        listed = {tool.name: tool for tool in (await one.list_tools()).tools}
        assert set(listed) == NAMES - {"leave_note", "open_incident"}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed.values())
        refused = await one.call_tool("leave_note", {"incident": ID, "text": "x"})
        assert refused.is_error
        assert "it takes the scope mcp:note" in refused.content[0].text  # type: ignore[union-attr]
        assert (await one.call_tool("approve", {})).is_error


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("list_incidents", {"limit": "3"}, "limit: "),
        ("list_incidents", {"limit": True}, "limit: "),
        ("list_incidents", {"limit": 2.5}, "limit: "),
        ("list_incidents", {"limit": 26}, "limit: "),
        ("list_incidents", {"limti": 3}, "limti: "),
        ("list_incidents", {"open": "yes"}, "open: "),
        ("list_incidents", {"open": 1}, "open: "),
        ("list_incidents", {"severity": "p0"}, "severity: "),
        ("read_incident", {}, "incident: "),
        ("read_incident", {"incident": f"{ID}\n"}, "incident: "),
        ("read_incident", {"incident": [ID]}, "incident: "),
        ("read_evidence", {"incident": ID, "evidence": EVIDENCE[0], "offset": -1}, "offset: "),
        ("leave_note", {"incident": ID, "text": " \n"}, "text: "),
        ("leave_note", {"incident": ID, "text": "a\0b"}, "text: "),
        ("leave_note", {"incident": ID, "text": "x", "kind": "person"}, "kind: "),
        ("open_incident", {"title": "x", "service": "web", "fingerprint": "y"}, "fingerprint: "),
    ],
)
async def test_arguments_are_what_the_schema_says_and_nothing_else(
    made: Room, tool: str, arguments: dict[str, Any], why: str
) -> None:
    answer = await said(made, tool, **arguments)
    assert isinstance(answer, str)
    assert f"the arguments do not fit: {why}" in answer
    if arguments.get("incident") != f"{ID}\n":  # Python's own `$` lets a last line end pass, others' does not
        assert not Draft202012Validator(TOOLS[tool].input_schema).is_valid(arguments)
    assert await asyncio.to_thread(made.inbox) == []


async def test_what_json_calls_a_whole_number_is_one(made: Room) -> None:
    assert len((await said(made, "list_incidents", limit=1.0))["items"]) == 1


async def test_every_answer_has_the_form_that_is_told_and_marks_what_came_from_outside(made: Room) -> None:
    calls: dict[str, dict[str, Any]] = {
        "list_incidents": {}, "read_incident": {"incident": ID}, "list_evidence": {"incident": ID},
        "read_evidence": {"incident": ID, "evidence": EVIDENCE[0]}, "list_suspects": {"incident": ID},
        "read_timeline": {"incident": ID}, "read_runbook": {"part": "severities"},
        "ask_about": {"incident": ID, "question": "what failed?"},
        "leave_note": {"incident": ID, "text": "x"}, "open_incident": {"title": "x", "service": "web"},
    }  # fmt: skip
    assert set(calls) == set(TOOLS) == NAMES
    for tool, arguments in calls.items():
        answer = await said(made, tool, **arguments)
        assert isinstance(answer, dict), answer
        Draft202012Validator.check_schema(TOOLS[tool].output_schema)
        Draft202012Validator(TOOLS[tool].output_schema).validate(answer)
    title = (await said(made, "read_incident", incident=ID))["incident"]["title"]
    assert title["untrusted"].startswith("CheckoutErrorRatioHigh")


async def test_pages_are_bounded_and_their_cursors_go_through_everything_once(made: Room) -> None:
    long = sample.evidence()
    for number in range(60):
        one = long.model_copy(
            update={"id": f"E-{number:08x}", "summary": f"\x1b[31m{number} " + "x" * 50_000}
        )
        await made.home.store.put(one, b"{}")
    seen, cursor = list[str](), None
    while True:
        page = await said(made, "list_evidence", incident=ID, limit=25, cursor=cursor)
        assert len(json.dumps(page)) < 40_000
        assert "\x1b" not in json.dumps(page, ensure_ascii=False)
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 61
    text, offset = "", 0
    while offset is not None:
        piece = await said(made, "read_evidence", incident=ID, evidence="E-00000007", offset=offset)
        text, offset = text + piece["text"]["untrusted"], piece["next_offset"]
    assert text == "[31m7 " + "x" * 50_000
    assert "There is no evidence 'E-none'" in await said(made, "list_evidence", incident=ID, cursor="E-none")
    lines, cursor = list[int](), None
    while True:
        page = await said(made, "read_timeline", incident=ID, limit=2, cursor=cursor)
        lines += [item["number"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert lines == sorted(set(lines), reverse=True)
    assert len(lines) == len(await made.home.store.entries(ID))
    both = await said(made, "list_incidents", limit=1)
    rest = await said(made, "list_incidents", limit=1, cursor=both["next"])
    assert {both["items"][0]["id"], rest["items"][0]["id"]} == {ID, ENDED}


async def test_a_restricted_incident_is_not_there_for_who_is_not_named(made: Room) -> None:
    body = {"why": "breach", "people": ["approver"]}
    answer = await asyncio.to_thread(made.post, f"/incidents/{ID}/restrict", body, "commander")
    assert answer.status_code == 200
    assert [one["id"] for one in (await said(made, "list_incidents"))["items"]] == [ENDED]
    for tool in NAMES - {"list_incidents", "read_runbook", "open_incident"}:
        more = {"read_evidence": {"evidence": EVIDENCE[0]}, "ask_about": {"question": "x"}}.get(tool, {})
        more |= {"text": "x"} if tool == "leave_note" else {}
        assert "There is no incident" in await said(made, tool, incident=ID, **more)
    assert await asyncio.to_thread(made.inbox) == []


async def test_every_call_is_in_the_audit_and_repeats_nothing_that_was_written(made: Room) -> None:
    await said(made, "read_incident", incident=ID)
    await said(made, "leave_note", incident=ID, text="hunter2 in words")
    await said(made, "leave_note", ToolScope.READ, incident=ID, text="no")
    await said(made, "no_such_tool", secret="hunter2")
    rows = await made.home.store.audit(kind=DeedKind.TOOL_CALL)
    assert [(r.deed.person, r.deed.via, r.deed.about, r.deed.said, r.deed.incident) for r in rows] == [
        ("dana", "mcp", "read_incident", "done", ID),
        ("dana", "mcp", "leave_note", "done", ID),
        ("dana", "mcp", "leave_note", "refused", None),
        ("dana", "mcp", "unknown", "refused", None),
    ]  # fmt: skip
    assert "hunter2" not in "".join(row.body for row in await made.home.store.audit())
    (noted,) = await made.home.store.audit(kind=DeedKind.MACHINE_NOTE)
    assert noted.deed.via == "mcp"


async def test_alerts_of_programs_are_taken_a_few_a_minute(made: Room) -> None:
    desk, who = desk_of(made, opens=2), await caller(made, *ALL)
    taken = [
        await call(desk, who, "open_incident", {"title": f"trouble {n}", "service": "web"}) for n in range(3)
    ]
    assert [bool(one.wrong) for one in taken] == [False, False, True]
    assert "too many alerts in a short time; try again in" in taken[2].wrong
    identity = (taken[0].structured or {})["incident"]
    opened = await made.home.find(identity)
    assert opened.alerts[0].description == "raised by a program of dana"
    strange = await call(desk_of(made), who, "open_incident", {"title": "x", "service": "wbe"})
    assert "did you mean web" in strange.wrong


async def test_without_a_person_a_program_only_reads(made: Room) -> None:
    nobody = Caller(None, frozenset())
    assert {name for name, tool in TOOLS.items() if tool.may(nobody)} == NAMES - {
        "leave_note",
        "open_incident",
    }
    assert (await call(desk_of(made), nobody, "read_incident", {"incident": ID})).structured is not None
    for name, arguments in (
        ("leave_note", {"incident": ID, "text": "x"}),
        ("open_incident", {"title": "x", "service": "web"}),
    ):
        done = await call(desk_of(made), nobody, name, arguments)
        assert "nobody's token was given" in done.wrong
    assert await made.home.store.audit() == ()


@given(st.sampled_from(Permission), st.lists(st.sampled_from([*AccessRole, *ToolScope]), unique=True))
def test_no_scope_and_no_role_lets_a_program_do_what_a_person_does(
    permission: Permission, scopes: list[Scope]
) -> None:
    who = actor(*scopes, roles=tuple(AccessRole))
    if permission in AGENT_MAY:
        return
    for policy in (ApprovalPolicy(), ApprovalPolicy(people=("dana",), authenticated=True)):
        with pytest.raises(Forbidden, match="a program of dana may not"):
            policy.require(who, permission)


async def test_no_request_of_a_person_is_taken_from_a_program(made: Room) -> None:
    doors, who = Doors(made.home), actor(roles=tuple(AccessRole))
    for kind in (*REQUESTS, *STATUS_REQUESTS):
        body = DOORS["POST", f"{OF_INCIDENT}/{kind.path}"].body
        with pytest.raises(Forbidden, match="a program of dana may not"):
            await kind.model_validate(body or {}).put(doors, ID, who)
    assert await asyncio.to_thread(made.inbox) == []


def test_a_served_nexus_answers_programs(tmp_path: Path, made: Room) -> None:
    """The mounted application's own lifespan is entered, and a host of elsewhere is turned away."""
    folder = tmp_path / "served"
    folder.mkdir()
    people = ", ".join(f"{{name: {name}, token: 'env:{name.upper()}'}}" for name in ("dana",))
    (folder / "nexus.yaml").write_text(f"services: [{{name: web}}]\npeople: [{people}]\n")
    with served(folder, folder / "home", DANA=token_of("dana")) as running:
        answer = patient.post(f"{running.root}/mcp", json={}, headers=shown("dana"))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        away = patient.post(f"{running.root}/mcp", json={}, headers={"Host": "rebound.example"})
        assert away.status_code == 421
        assert PEOPLE
