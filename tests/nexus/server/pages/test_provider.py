"""Logging in at an identity provider: a small one on this machine that lies in every way it can."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from incidents.actor import Via
from nexus.service.identity import hash_of
from nexus.service.logins import Logins
from tests.nexus.sample import DIGEST, ID
from tests.nexus.server.rooms import BROWSER, QUICK, Room, csrf_of, room, token_of
from tests.tools.live.fakes.server import Answer, Asked, serving, told

KEY, OTHER = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("one", "two"))
NEXUS = "https://nexus.example"
BACK = f"{NEXUS}/login/provider/back"


@dataclass
class FakeProvider:
    """What it says is what a test wants it to say.

    Attributes:
        claims: what its token says beside the usual.
        key: with which it signs.
        keys: those that it publishes.
        describes: what it says of itself beside the usual.
        tells: what its userinfo endpoint says; None: it has none.
        codes: the challenge and the nonce of each code that it gave.
    """

    url: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"email": "dana", "email_verified": True})
    key: RSAKey = field(default_factory=lambda: KEY)
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    describes: dict[str, Any] = field(default_factory=dict)
    tells: dict[str, Any] | None = None
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})

    def __call__(self, asked: Asked) -> Answer:
        match asked.path:
            case "/.well-known/openid-configuration":
                ends = {
                    "authorization_endpoint": "/authorize",
                    "token_endpoint": "/token",
                    "jwks_uri": "/keys",
                }
                if self.tells is not None:
                    ends["userinfo_endpoint"] = "/me"
                there = {name: self.url + path for name, path in ends.items()}
                return told({"issuer": self.url} | there | self.describes)
            case "/keys":
                return told({"keys": [key.as_dict(private=False) for key in self.keys]})
            case "/token":
                return self._token(asked)
            case "/me" if asked.headers.get("Authorization") == "Bearer a":
                return told({"sub": "1"} | (self.tells or {}))
            case _:
                return Answer(status=404)

    def _token(self, asked: Asked) -> Answer:
        fields = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        login = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
        challenge, nonce = self.codes.pop(fields["code"], ("", ""))
        made = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest())
        if (
            login != f"nexus:{token_of('emergency')}"
            or made.rstrip(b"=").decode() != challenge
            or fields["redirect_uri"] != BACK
        ):
            return told({"error": "invalid_grant"}, 400)
        now = int(time.time())
        usual = {"iss": self.url, "aud": "nexus", "sub": "1", "iat": now, "exp": now + 300, "nonce": nonce}
        token = jwt.encode(self.headers, usual | self.claims, self.key, algorithms=["RS256", "HS256", "none"])
        return told({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def logs_in(self, browser: TestClient, following: str = "/") -> str:
        """What it sends a browser back with."""
        away = browser.get(f"/login/provider?next={following}", follow_redirects=False)
        assert away.status_code == 303, away.text
        url = urlsplit(away.headers["location"])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert (url.path, query["redirect_uri"], query["response_type"]) == ("/authorize", BACK, "code")
        assert query["code_challenge_method"] == "S256"
        self.codes["the-code"] = query["code_challenge"], query["nonce"]
        return f"/login/provider/back?code=the-code&state={query['state']}"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    made = FakeProvider()
    with serving(made) as server:
        made.url = server.url
        yield made


@pytest.fixture
def made(provider: FakeProvider, tmp_path: Path) -> Iterator[Room]:
    login = {
        "issuer": provider.url, "client_id": "nexus", "client_secret": "env:EMERGENCY",
        "roles": {"sre": ["responder", "approver"], "everyone": ["viewer"]},
    }  # fmt: skip
    server = {"public_url": NEXUS, "login": login}
    people = {"dana": "", "kim": ", disabled: true", "emergency": ", break_glass: true"}
    with room(tmp_path, people=people, more=f"server: {json.dumps(server)}") as one:
        yield one


def browser(made: Room) -> TestClient:
    return TestClient(
        made.app,
        NEXUS,
        raise_server_exceptions=False,
        headers=BROWSER | {"Origin": NEXUS},
        follow_redirects=False,
    )


def test_the_login_leads_to_the_provider_and_back_to_where_one_wanted(
    made: Room, provider: FakeProvider
) -> None:
    one = browser(made)
    assert f"Log in at {urlsplit(provider.url).hostname}" in one.get("/login?next=/you").text
    entered = one.get(provider.logs_in(one, "/you"))
    assert (entered.status_code, entered.headers["location"]) == (303, "/you")
    assert "dana" in one.get("/you").text
    assert "identity provider" in one.get("/you").text


def test_groups_give_roles_to_who_is_none_of_the_people(made: Room, provider: FakeProvider) -> None:
    provider.claims = {"email": "ada@example.com", "name": "dana", "groups": ["sre", "unknown"]}
    one = browser(made)
    assert one.get(provider.logs_in(one)).status_code == 303
    me = one.get("/api/v1/me").json()
    assert me == {"id": "ada@example.com", "name": "ada@example.com", "roles": ["responder", "approver"]}
    token = {"X-CSRF-Token": csrf_of(one.get("/you").text)}
    noted = one.post(f"/api/v1/incidents/{ID}/note", json={"text": "x"}, headers=token)
    assert noted.status_code == 200
    said = {"verdict": "approve", "action": "A1", "digest": DIGEST}
    signed = one.post(f"/api/v1/incidents/{ID}/decisions", json=said, headers=token)
    assert signed.status_code == 403
    assert "who alone decide on changes" in signed.json()["detail"]


@pytest.mark.parametrize("claims", [{}, {"name": "dana"}, {"email": "ada@example.com"}])
def test_what_a_scope_asks_for_may_stand_at_the_userinfo_endpoint_alone(
    made: Room, provider: FakeProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    provider.tells = {"email": "ada@example.com", "email_verified": True, "groups": ["sre"]}
    one = browser(made)
    assert one.get(provider.logs_in(one)).status_code == 303
    me = one.get("/api/v1/me").json()
    assert (me["id"], me["roles"]) == ("ada@example.com", ["responder", "approver"])


@pytest.mark.parametrize(
    ("tells", "said"),
    [
        ({"sub": "2", "email": "dana"}, "tells of somebody else"),
        ({"email": "dana", "email_verified": False}, "has not verified your address"),
        ({"name": "dana"}, "does not say the claim"),
    ],
)
def test_a_userinfo_endpoint_that_does_not_vouch_lets_nobody_in(
    made: Room, provider: FakeProvider, tells: dict[str, Any], said: str
) -> None:
    provider.claims, provider.tells = {}, tells
    refused = (one := browser(made)).get(provider.logs_in(one))
    assert (refused.status_code, said in refused.text) == (409, True), refused.text


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email": "eve@example.com"}, "may not come in"),
        ({"email": "eve@example.com", "groups": "none-of-ours"}, "may not come in"),
        ({"email": "kim", "groups": ["sre"]}, "may not come in"),
        ({"email": "dana", "email_verified": False}, "has not verified your address"),
        ({"email": ""}, "does not say the claim"),
        ({"email": ["dana"]}, "does not say the claim"),
        ({"email": "dana", "nonce": "another"}, "did not vouch"),
        ({"email": "dana", "aud": "another"}, "did not vouch"),
        ({"email": "dana", "iss": "https://evil.example"}, "did not vouch"),
        ({"email": "dana", "exp": 1}, "did not vouch"),
        ({"email": "dana", "azp": "another"}, "did not vouch"),
    ],
)
def test_whom_the_provider_does_not_vouch_for_stays_outside(
    made: Room, provider: FakeProvider, claims: dict[str, Any], said: str
) -> None:
    provider.claims = claims
    one = browser(made)
    refused = one.get(provider.logs_in(one))
    assert (refused.status_code, said in refused.text) == (409, True), refused.text
    assert one.get("/").status_code == 303


def test_a_token_that_the_provider_did_not_sign_is_none(made: Room, provider: FakeProvider) -> None:
    provider.key = OTHER
    one = browser(made)
    assert "did not vouch" in one.get(provider.logs_in(one)).text


def test_a_new_key_of_the_provider_is_asked_for(made: Room, provider: FakeProvider) -> None:
    one = browser(made)
    assert one.get(provider.logs_in(one)).status_code == 303
    provider.key, provider.keys, provider.headers = OTHER, [OTHER], {"alg": "RS256", "kid": "two"}
    two = browser(made)
    assert two.get(provider.logs_in(two)).status_code == 303


def test_a_login_that_was_begun_elsewhere_is_none(made: Room, provider: FakeProvider) -> None:
    mine, theirs = browser(made), browser(made)
    back = provider.logs_in(theirs)
    assert "was not begun in this browser" in mine.get(back).text
    provider.logs_in(mine)
    assert "was not begun in this browser" in mine.get(back).text
    assert mine.get("/").status_code == 303
    assert "was not begun" in mine.get("/login/provider/back?code=the-code&state=wrong").text
    assert "let nobody in: access_denied" in mine.get("/login/provider/back?error=access_denied").text


def test_a_code_counts_once(made: Room, provider: FakeProvider) -> None:
    one = browser(made)
    back = provider.logs_in(one)
    assert one.get(back).status_code == 303
    assert one.get(back).status_code == 409


def test_while_the_provider_is_down_only_the_break_glass_account_opens(
    made: Room, provider: FakeProvider
) -> None:
    provider.describes = {"token_endpoint": None}
    one = browser(made)
    down = one.get("/login/provider")
    assert down.status_code == 503
    assert "does not describe itself as OpenID Connect asks: token_endpoint" in down.text
    people = made.app.state.authenticator.people
    for name in ("dana", "emergency"):
        logins = Logins(made.home.store, made.home.clock)
        asyncio.run(
            logins.set_password(people.find(name), hash_of("four good words", QUICK), by="", via=Via.CLI)
        )
    assert one.post("/login", data={"name": "dana", "secret": "four good words"}).status_code == 401
    assert one.post("/login", data={"name": "dana", "secret": token_of("dana")}).status_code == 401
    assert one.post("/login", data={"name": "emergency", "secret": "four good words"}).status_code == 303


@pytest.mark.parametrize(
    ("describes", "said"),
    [
        ({"issuer": "https://evil.example"}, "calls itself https://evil.example"),
        ({"jwks_uri": "http://evil.example/keys"}, "anybody on the way could read"),
        ({"userinfo_endpoint": "http://evil.example/me"}, "anybody on the way could read"),
    ],
)
def test_a_provider_that_leads_elsewhere_is_not_used(
    made: Room, provider: FakeProvider, describes: dict[str, str], said: str
) -> None:
    provider.describes = describes
    down = browser(made).get("/login/provider")
    assert (down.status_code, said in down.text) == (503, True)


def test_who_came_by_a_group_goes_when_they_are_disabled(made: Room, provider: FakeProvider) -> None:
    provider.claims = {"email": "ada@example.com", "groups": ["everyone"]}
    one = browser(made)
    one.get(provider.logs_in(one))
    assert one.get("/").status_code == 200
    door = made.app.state.authenticator
    door.use(type(door.people)(door.people.credentials, frozenset({"ada@example.com"})))
    assert one.get("/").status_code == 303


def test_nothing_of_the_login_lies_in_the_server_and_no_address_is_given_away(
    made: Room, provider: FakeProvider
) -> None:
    one = browser(made)
    provider.logs_in(one, "https://evil.example")
    cookie = next(cookie for cookie in one.cookies.jar if "login" in cookie.name)
    assert cookie.name == "__Host-nexus-login"
    assert cookie.secure
    assert json.loads(base64.urlsafe_b64decode(cookie.value or ""))["following"] == "/"
