"""Every way in which a secret is written goes, in every quoting; what only looks like one stays."""

import json
import re
import time
from functools import partial

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.redaction.samples import BLOCK, GONE, KEY, LONG, PARTS, STAY, block
from tools.redaction.redact import _replaced, redact, redact_secrets
from tools.redaction.table import table
from tools.redaction.tree import redact_body, redact_named, redact_texts, redact_tree


@pytest.mark.parametrize("text", GONE)
def test_a_secret_goes_however_it_is_written(text: str) -> None:
    clean = redact(text)
    assert not [part for part in PARTS if part in clean]
    assert redact(clean) == clean


@pytest.mark.parametrize("text", STAY)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\\n", "\\\\n"])
@pytest.mark.parametrize(
    "kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_a_key_goes_whole_or_cut_and_what_follows_stays(kind: str, line_end: str) -> None:
    begin, end = block(kind)
    body = BLOCK.replace("\n", line_end)
    for text in (
        f"{begin}{line_end}{body}{line_end}{end}",
        f"{begin}{line_end}{body}",
        f"{body}{line_end}{end}",
        body,
    ):
        clean = redact(f"could not load: {text}")
        assert LONG[:20] not in clean
        assert clean.startswith("could not load: <private-key-")
    assert redact(f"{begin}{line_end}{body}{line_end}{end} was refused").endswith("> was refused")


def test_a_key_in_json_ends_with_its_text() -> None:
    begin, _ = block()
    text = json.dumps({"key": f"{begin}\n{BLOCK}", "host": "db-1"})
    clean = json.loads(redact(text))
    assert clean["host"] == "db-1"
    assert LONG[:20] not in clean["key"]


def test_the_same_secret_has_one_placeholder_whatever_it_stands_in() -> None:
    texts = [
        f"password={KEY}",
        f'{{"token": "{KEY}"}}',
        f"redis://a:{KEY}@h:1",
        f"Authorization: Bearer {KEY}",
        f"the password is {KEY}",
        f"--api-key {KEY}",
        f"mysql -p{KEY}",
        f"Cookie: session={KEY}",
    ]
    tags = {word for text in texts for word in re.findall(r"<[a-z-]+-[0-9a-f]{4}>", redact(text))}
    assert len(tags) == 1


def test_what_stands_beside_a_secret_stays() -> None:
    assert redact(f"postgres://app:{KEY}@db.example.com:5432/shop").startswith("postgres://app:<secret-")
    assert redact(f"postgres://app:{KEY}@db.example.com:5432/shop").endswith(">@db.example.com:5432/shop")
    assert redact(f"AccountName=shop;AccountKey={LONG}==;EndpointSuffix=x").endswith(";EndpointSuffix=x")
    assert redact(f"Cookie: theme=dark; sid={KEY}; lang=en").endswith("; lang=en")
    assert redact(f"Set-Cookie: sid={KEY}; Path=/; HttpOnly").endswith("; Path=/; HttpOnly")
    assert redact(f"GET /x?sv=1&sig={LONG}&se=2 403").endswith("&se=2 403")


def test_names_give_their_values_a_meaning() -> None:
    tree = {
        "env": [{"name": "DB_PASSWORD", "value": "hunter"}, {"name": "REGION", "value": "eu-west-1"}],
        "Authorization": ["Bearer abc"],
        "pin_password": 12345678,
        "max_tokens": 4000,
        "ok": True,
    }
    clean = redact_tree(tree)
    assert clean["env"][0]["value"].startswith("<secret-")
    assert clean["env"][1]["value"] == "eu-west-1"
    assert "abc" not in str(clean["Authorization"])
    assert str(clean["pin_password"]).startswith("<secret-")
    assert (clean["max_tokens"], clean["ok"]) == (4000, True)
    assert redact_named("db_password", "hunter").startswith("<secret-")
    assert redact_named("secretName", "shop-db") == "shop-db"


WORDS = st.sampled_from(
    ["password", "token", "max_tokens", "Authorization", "Cookie", "name", "value", "x-api-key", "a"]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*GONE, *STAY]),
    st.builds("{} {}".format, st.sampled_from(GONE), st.text(max_size=8)),
)
TREES = st.recursive(
    st.one_of(
        TEXTS, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, TEXTS), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(TREES, st.sampled_from([None, 1]), st.booleans())
def test_json_can_be_read_after_it_was_redacted(tree: object, indent: int | None, ascii_only: bool) -> None:
    if isinstance(tree, int | float):
        return  # a number alone may be that of a card
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    clean = redact(text)
    json.loads(clean)
    within = json.dumps({"log": text})
    json.loads(json.loads(redact(within))["log"])
    assert redact(clean) == clean


@given(st.lists(TEXTS, max_size=4).map(" ".join))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(TREES)
def test_a_tree_redacted_twice_is_the_same(tree: object) -> None:
    once = redact_tree(tree)
    assert redact_tree(once) == once


@given(st.sampled_from(GONE), st.text(max_size=20), st.text(max_size=20))
def test_the_search_over_frames_finds_every_text_that_python_would_change(
    text: str, before: str, after: str
) -> None:
    whole = f"{before} {text} {after}"
    if redact(whole) != whole:
        assert pl.Series([whole]).str.contains(table().hint).all()


ROWS = [partial(row.compiled.sub, partial(_replaced, row)) for row in table().patterns]


@given(
    st.one_of(st.sampled_from(GONE), st.sampled_from(STAY), st.text(max_size=40)),
    st.one_of(st.text(max_size=20), st.sampled_from(["İ", "\ud800", "ü", "\\u0041"])),
    st.booleans(),
)
def test_a_text_without_a_sign_is_one_in_which_no_row_finds_anything(
    text: str, around: str, upper: bool
) -> None:
    whole = f"{around} {text.upper() if upper else text} {around}"
    if not table().may_match(whole):
        assert [row(whole) for row in ROWS] == [whole] * len(ROWS)
    if not table().may_match(whole, personal=False):
        assert redact_secrets(whole) == whole


@given(TREES)
def test_a_body_is_kept_as_its_tree_is_redacted(tree: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"tree": tree}, ensure_ascii=ascii_only)
        body = text.encode(errors="surrogatepass")
        assert json.loads(redact_body(body)) == redact_tree(json.loads(text), personal=False)


def test_letters_beyond_ascii_and_halves_of_characters_hide_no_secret() -> None:
    for text in (f"to\u212aen={KEY}", f"\ud800 password={KEY}", f"für den Dienst: Password={KEY}"):
        assert KEY not in redact(text)


def test_json_hides_no_secret_by_how_it_is_written() -> None:
    for body in (rf'{{"\u0070assword": "{KEY}"}}', rf'{{"url": "postgres:\/\/app:{KEY}@db\/shop"}}'):
        assert KEY not in redact_body(body.encode()).decode()


def test_a_value_that_holds_nothing_is_returned_as_it_came() -> None:
    value = {"a": "deploy of 9be9ef6a", "b": [1, 2.0, None]}
    assert redact_texts(value) is value
    assert redact_body(b"\x89PNG\xff") == b"\x89PNG\xff"
    assert KEY.encode() not in redact_body(f'{{"line": "password={KEY}"}}'.encode())
    assert KEY.encode() not in redact_body(f"password={KEY}".encode())
    for depth in (400, 10_000):  # deeper than can be walked, and than can be read
        nested = b'{"a":' * depth + f'"password={KEY}"'.encode() + b"}" * depth
        assert KEY.encode() not in redact_body(nested)


HOSTILE = [
    "Abcd \n" * 9000 + " private key",
    "://x:" + "a?" * 20_000 + "@",
    "password " * 5000,
    "eyJabcdefghi." * 3000,
    "password=" + "a," * 20_000,
    "%3A%2F%2Fa%3A" * 2000 + "%40",
    " -u a" * 8000,
    "the secret is " * 4000,
    "token_" * 8000,
    "&sig=" * 8000,
    "a" * 40_000 + "@",
    "1" * 40_000,
    ("Ab3d" * 16 + "\n") * 600 + "private key mii",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_takes_more_than_its_length_is_worth(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 3  # each takes below 0.2 s; what goes wrong takes minutes


def test_every_row_says_what_it_is_and_the_shipped_table_is_read_once() -> None:
    assert table() is table()
    assert {row.name for row in table().patterns} == {
        "private-key",
        "token",
        "api-key",
        "secret",
        "email",
        "iban",
        "card",
    }
    assert all(row.hints or row.prefixes or row.numbers for row in table().patterns)
