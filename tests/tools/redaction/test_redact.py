"""Planted secrets go, ordinary words and figures stay."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.findings import Window
from tests import cases
from tools.clock import VirtualClock
from tools.recorded import open_case, recorded_world
from tools.redaction.redact import redact, redact_secrets, replacements
from tools.redaction.table import table
from tools.redaction.tree import redact_tree
from tools.redaction.world import redacted_world

PLANTED = {
    "postgres://app:hunter2pass@orders-db:5432/shop": ("hunter2pass", "secret"),
    "Authorization: Bearer abc123def456ghi789": ("abc123def456ghi789", "secret"),
    "login of jane.doe+test@mail.example.com failed": ("jane.doe+test@mail.example.com", "email"),
    "nobody answers ana@example.com.": ("ana@example.com", "email"),
    "key AKIAIOSFODNN7EXAMPLE used": ("AKIAIOSFODNN7EXAMPLE", "api-key"),
    "pushed with ghp_0123456789abcdefghijABCDEFGHIJ": ("ghp_0123456789abcdefghijABCDEFGHIJ", "api-key"),
    "model key sk-proj-0123456789abcdefXYZ": ("sk-proj-0123456789abcdefXYZ", "api-key"),
    'config {"db_password": "s3cr3t!x"}': ("s3cr3t!x", "secret"),
    "GET /login?access_token=9f8e7d6c5b&x=1": ("9f8e7d6c5b", "secret"),
    "card 4111 1111 1111 1111 declined": ("4111 1111 1111 1111", "card"),
    "paid to DE89 3704 0044 0532 0130 00": ("DE89 3704 0044 0532 0130 00", "iban"),
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1": ("eyJhbGciOiJIUzI1NiJ9", "token"),
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- after": (
        "MIIE",
        "private-key",
    ),
}


@pytest.mark.parametrize(("text", "told"), PLANTED.items(), ids=[name for _, name in PLANTED.values()])
def test_what_is_planted_goes_and_the_rest_stays(text: str, told: tuple[str, str]) -> None:
    secret, name = told
    said = redact(text)
    assert secret not in said
    assert f"<{name}-" in said
    assert said.split("<")[0].strip() == text[: len(said.split("<")[0])].strip()


@pytest.mark.parametrize(
    "text",
    [
        "checkout error_ratio 45.2 % (usual 0.2 %) since 2026-03-12T10:16:00Z",
        "connection to 10.0.4.12:5432 refused",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736 at 1767225600123456789 ns",
        "token bucket is empty, basic authentication failed",
        "order 1234567890123 shipped",
        "deploy 2026.11.1 over 2026.10.4 [deploy-2-checkout] commit 9f8e7d6c5b4a",
        "GET http://orders-db:8080/health 200",
        "upgrade of release shop/mailer.v12 with chart mailer@2.1.0-rc.1 failed",
        "npm ERR! peer react@18.2.0 from main@sha1:731f7eaddfb6",
    ],
)
def test_what_people_need_to_find_a_fault_stays(text: str) -> None:
    assert redact(text) == text


def test_the_same_secret_has_the_same_placeholder_and_another_has_another() -> None:
    first, again, other = (redact(f"by {who}@x.example") for who in ("ana", "ana", "ben"))
    assert first == again != other


@given(st.text(max_size=300))
def test_redacting_again_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def test_the_cheap_hint_misses_nothing_and_the_frames_read_it_as_well() -> None:
    texts = pl.Series(list(PLANTED))
    assert texts.str.contains(table().hint).all()
    assert {row.name for row in table().patterns} == {name for _, name in PLANTED.values()}


async def test_a_worlds_logs_and_changes_come_without_secrets(tmp_path: Path) -> None:
    folder = cases.build_case(tmp_path)
    lines = pl.read_parquet(folder / "telemetry" / "logs.parquet")
    planted = "\n".join(PLANTED)
    lines.with_columns(pl.lit(planted).alias("message")).write_parquet(folder / "telemetry" / "logs.parquet")
    world = redacted_world(recorded_world(open_case(folder), VirtualClock(cases.END), tmp_path / "l.jsonl"))
    window = Window(start=cases.START, end=datetime(2026, 3, 13, tzinfo=UTC) - timedelta(hours=1))
    (said,) = (await world.logs.logs(window))["message"].unique().to_list()
    for secret, _ in PLANTED.values():
        assert secret not in said
    assert [one.id for one in await world.changes.changes(window)] == ["c1", "c2"]


def test_a_tree_is_redacted_with_its_keys_and_keeps_its_shape() -> None:
    tree = {
        "password": "hunter2hunter2",
        "max_tokens": 4000,
        "to": ["ana@example.org", None, 1.5],
        "n": {"x": True},
    }
    with replacements() as found:
        clean = redact_tree(tree)
    assert clean["password"].startswith("<secret-")
    assert clean["to"][0].startswith("<email-")
    assert (clean["max_tokens"], clean["to"][1:], clean["n"]) == (4000, [None, 1.5], {"x": True})
    assert redact_tree(clean) == clean
    told = {one.before for one in found}
    assert told == {"hu… (14 characters)", "an… (15 characters)"}
    assert not any("hunter2" in one.model_dump_json() for one in found)


def test_a_database_that_is_named_like_an_address_keeps_its_name() -> None:
    assert redact("adoptions@db.c1.rds.example.com::SQL is slow") == (
        "adoptions@db.c1.rds.example.com::SQL is slow"
    )


@pytest.mark.parametrize(
    "between",
    [":", "=", " = ", "\u00a0: ", '": "', '\\\\": \\\\"', "\u2009=", "&quot;: ", "`: `", "%22:%22", "\n: "],
)
def test_basic_credentials_are_found_whatever_stands_between_them_and_their_name(between: str) -> None:
    pair = b64encode(b"maria:correct horse").decode()
    assert pair not in redact_secrets(f"x _auth{between}{pair}")


def test_words_that_begin_as_a_name_of_credentials_are_no_sign_of_any() -> None:
    for text in ('{"author":"Bea"}', "the authority of oauth2", "authenticated in 3 ms"):
        assert not table().may_match(text, personal=False), text
