"""Who may come in: what a server refuses at its start, and whom it knows by a token's hash."""

from pathlib import Path

import pytest

from nexus.service.identity import hash_of
from tests import patient
from tests.nexus.command_line import Terminal
from tests.nexus.served import served

DANA = hash_of("the-token-of-dana")


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        (
            "{name: dana, token: 'env:ONE'}, {name: kim, token: 'env:SAME'}",
            "people.dana.token and people.kim.token: dana and kim show the same token, so that one could "
            "speak for the other; give each a token of their own",
        ),
        (
            f"{{name: dana, token_hash: {DANA!r}}}, {{name: kim, token: 'env:ONE'}}",
            "people.dana.token_hash and people.kim.token: dana and kim show the same token",
        ),
        (
            "{name: dana, token: 'env:ONE'}, {name: kim, token: 'env:ONE'}",
            "people.dana.token, people.kim.token: both show the same; give each a token of their own",
        ),
        (
            f"{{name: dana, token_hash: {DANA!r}}}, {{name: kim, token_hash: {DANA!r}}}",
            "people.dana.token_hash, people.kim.token_hash: both show the same",
        ),
        (
            "{name: dana, token: 'env:INTAKE'}",
            "people.dana.token and intake.token: dana and the senders of alerts show the same token",
        ),
        ("{name: dana, token: 'file:EMPTY'}", "people.dana.token: the token of dana is empty; put one there"),
        ("{name: dana, token: 'env:NOT_SET'}", "env:NOT_SET: the variable NOT_SET is not set"),
        (
            f"{{name: dana, token: 'env:ONE', token_hash: {DANA!r}}}",
            "people[0]: dana has both `token` and `token_hash`; keep the hash",
        ),
        ("{name: dana, token_hash: the-token-of-dana}", "people[0].token_hash: no hash; `nexus people hash`"),
        (
            f"{{name: dana, token_hash: {DANA.replace('m=', 'm=99')!r}}}",
            "people[0].token_hash: it costs too much to check",
        ),
        ("{name: Dana Lee}, {name: dana  lee}", "'Dana Lee' and 'dana  lee' are the same person; keep one"),
        ("{name: dana}, {name: kim, id: DANA}", "'dana' and 'kim' are the same person; keep one"),
    ],
)
def test_a_server_in_which_one_could_be_taken_for_another_does_not_start(
    nexus: Terminal, tmp_path: Path, people: str, sentence: str
) -> None:
    empty = tmp_path / "empty"
    empty.write_text(" \n")
    site = tmp_path / "nexus.yaml"
    listed = people.replace("file:EMPTY", f"file:{empty}")
    site.write_text(f"services: [{{name: web}}]\nintake: {{token: 'env:INTAKE'}}\npeople: [{listed}]\n")
    for name, value in (("ONE", "the-token-of-dana"), ("SAME", "the-token-of-dana"), ("INTAKE", "x" * 20)):
        nexus.set(name, value)
    nexus.set("INTAKE", "the-token-of-dana" if "env:INTAKE" in people else "a-token-of-the-test")
    refused = nexus("serve", "--config", site, "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert sentence in refused.err
    assert "the-token-of-dana" not in refused.err


def test_a_person_is_known_by_the_hash_of_their_token(nexus: Terminal, tmp_path: Path) -> None:
    people = f"[{{name: dana, token_hash: {DANA!r}}}, {{name: kim, token: 'env:KIM'}}]"
    (tmp_path / "nexus.yaml").write_text(f"services: [{{name: web}}]\npeople: {people}\n")
    with served(tmp_path, nexus.home, KIM="the-token-of-kim") as running:
        url = f"{running.root}/incidents/INC-1/decisions"
        said = {"verdict": "approve", "action": "A1", "digest": "12345678"}
        shown = {
            "Bearer the-token-of-dana": 404, "bearer  the-token-of-kim": 404, "Bearer the-token-of-sam": 401,
            "Bearer": 401, "": 401, "Basic the-token-of-dana": 401, f"Bearer {DANA}": 401,
        }  # fmt: skip
        for token, status in [*shown.items(), *shown.items()]:
            answer = patient.post(url, json=said, headers={"Authorization": token})
            assert (token, answer.status_code) == (token, status)
            assert (answer.headers.get("www-authenticate") == "Bearer") is (status == 401)
        running.stop()
