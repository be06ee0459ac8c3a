"""How Nexus logs in at an API server: tokens that are replaced in their file, programs that print them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.errors import ToolFailed
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.kubernetes.world import refused
from tools.live.cluster.api import Cluster
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHistory

#: Prints the next credential of a folder, and keeps what it was told.
PROGRAM = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
runs = folder / "runs"
count = len(runs.read_text().splitlines()) if runs.exists() else 0
runs.open("a").write(os.environ["KUBERNETES_EXEC_INFO"] + "\\n")
(folder / "environment").write_text(" ".join(sorted(os.environ)))
kept = sorted(folder.glob("given-*"))
print(kept[min(count, len(kept) - 1)].read_text())
"""


@dataclass
class Server:
    """Takes some tokens and no others."""

    takes: set[str]
    shown: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        self.shown.append(token)
        if token not in self.takes:
            return refused(401, "Unauthorized", "Unauthorized")
        return told({"metadata": {}, "items": []})


@asynccontextmanager
async def asking(server: Server, auth: dict[str, object], **environment: str) -> AsyncIterator[Cluster]:
    with serving(server) as running:
        spec = KubernetesHistory.model_validate({"kind": "kubernetes", "url": running.url, "auth": auth})
        cluster = Cluster(spec, "shop", Secrets(environment))
        yield cluster
        await cluster.aclose()


def gives(folder: Path, *credentials: object) -> dict[str, object]:
    """The setting of a program that prints these one after the other."""
    for number, one in enumerate(credentials):
        (folder / f"given-{number}").write_text(one if isinstance(one, str) else json.dumps(one))
    return {"exec": {"command": [sys.executable, "-I", "-c", PROGRAM, str(folder)]}}


def credential(token: str, lasts: timedelta | None = None, version: str = "v1") -> dict[str, object]:
    ends = {"expirationTimestamp": (datetime.now(UTC) + lasts).isoformat()} if lasts is not None else {}
    return {
        "apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential",
        "status": {"token": token} | ends,
    }  # fmt: skip


def runs(folder: Path) -> list[str]:
    return (folder / "runs").read_text().splitlines()


async def test_a_token_that_is_replaced_in_its_file_is_the_one_that_is_shown(tmp_path: Path) -> None:
    """As the kubelet does it with a projected token, long before the old one expires."""
    file, server = tmp_path / "token", Server({"first", "second"})
    file.write_text("first\n")
    async with asking(server, {"bearer": f"file:{file}"}) as cluster:
        await cluster.sets()
        file.write_text("second\n")
        await cluster.sets()
        file.unlink()
        with pytest.raises(ToolFailed, match="the file cannot be read"):
            await cluster.sets()
    assert server.shown == ["first", "second"]


async def test_a_program_is_asked_once_until_its_token_expires(tmp_path: Path) -> None:
    server = Server({"token-a", "token-b"})
    told_soon, later = (
        credential("token-a", timedelta(seconds=5)),
        credential("token-b", timedelta(hours=1), "v1beta1"),
    )
    async with asking(server, gives(tmp_path, told_soon, later)) as cluster:
        await cluster.sets()
        await asyncio.gather(*(cluster.sets() for _ in range(5)))
    assert server.shown == ["token-a", *["token-b"] * 5], (
        "one that expires within seconds does not arrive in time"
    )
    assert len(runs(tmp_path)) == 2
    asked = json.loads(runs(tmp_path)[0])
    assert asked["apiVersion"] == "client.authentication.k8s.io/v1"
    assert asked["spec"] == {"interactive": False}


async def test_a_token_that_is_refused_is_asked_for_anew_and_only_once(tmp_path: Path) -> None:
    server = Server({"token-b"})
    async with asking(
        server, gives(tmp_path, credential("token-a"), credential("token-b"), credential("token-c"))
    ) as cluster:
        await cluster.sets()
        await cluster.sets()
        assert server.shown == ["token-a", "token-b", "token-b"]
        server.takes.clear()
        with pytest.raises(ToolFailed, match=r"refused the credentials \(401\): Unauthorized"):
            await cluster.sets()
    assert server.shown[3:] == ["token-b", "token-c"]


async def test_a_program_sees_what_it_is_given_and_nothing_else(tmp_path: Path) -> None:
    auth = gives(tmp_path, credential("token-a"))
    auth["exec"] |= {"environment": {"AWS_PROFILE": "env:PROFILE"}}  # type: ignore[operator]  # a dict
    async with asking(Server({"token-a"}), auth, PROFILE="shop", OTHER="hidden") as cluster:
        await cluster.sets()
    seen = set((tmp_path / "environment").read_text().split())
    assert seen - {"LC_CTYPE"} == {"AWS_PROFILE", "KUBERNETES_EXEC_INFO", "LC_ALL", "PATH"}


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("no json", "printed no ExecCredential"), ("[]", "printed no ExecCredential"),
        ({"kind": "ExecCredential"}, "gave no token"),
        ({"status": {"clientCertificateData": "x", "clientKeyData": "y"}}, "gave a client certificate"),
        (credential("two\nlines"), "holds a line break"),
        ({"status": {"token": "a", "expirationTimestamp": "soon"}}, "printed no ExecCredential"),
    ],
)  # fmt: skip
async def test_what_is_no_token_is_said(tmp_path: Path, printed: object, why: str) -> None:
    async with asking(Server({"token-a"}), gives(tmp_path, printed)) as cluster:
        with pytest.raises(ToolFailed, match=why):
            await cluster.sets()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import os, sys; sys.exit(f'no session for {os.environ[\"KEY\"]}; log in')", "status 1.*no session"),
        ("import time; time.sleep(60)", "did not end within 0.2 s"),
    ],
)  # fmt: skip
async def test_a_program_that_fails_is_told_without_what_it_was_given(script: str, why: str) -> None:
    argv = [sys.executable, "-I", "-c", script]
    given: dict[str, object] = {"command": argv, "timeout": timedelta(seconds=0.2)}
    if "sleep" not in script:
        given |= {"timeout": "20s", "environment": {"KEY": "env:KEY"}}
    async with asking(Server({"token-a"}), {"exec": given}, KEY="wJalrXUtnFEMI/K7MDENG/bPxRfi") as cluster:
        with pytest.raises(ToolFailed, match=why) as failed:
            await cluster.sets()
    assert "wJalrXUtnFEMI" not in str(failed.value)


async def test_a_program_that_is_not_there_is_named() -> None:
    async with asking(Server({"token-a"}), {"exec": {"command": ["/nowhere/get-token"]}}) as cluster:
        with pytest.raises(ToolFailed, match="get-token cannot be started"):
            await cluster.sets()
