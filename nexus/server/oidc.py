"""Logging in at an identity provider: OpenID Connect's code flow with PKCE (RFC 7636), by authlib."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import Field, SecretStr, ValidationError

from incidents.errors import NexusError, Refused
from incidents.value import Value
from nexus.config.server import IdentityProvider, safe_address
from tools.live.link_local import guarded

#: How long a provider may take for an answer, and how long what it says of itself counts, in seconds.
_PATIENCE, _FRESH = 10.0, 3600.0
#: How far its clock may be from ours, in seconds.
_LEEWAY = 60
#: Signatures with the provider's own key; never `none`, never one with our shared secret.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_LARGEST = 1_000_000


class Started(Value):
    """A login that was begun; its browser keeps it, and nobody else."""

    state: str
    nonce: str
    verifier: str
    following: str


class Metadata(Value):
    """What a provider says of itself, as far as it is used (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Known(Value):
    """Who somebody is at the provider."""

    person: str = Field(min_length=1)
    name: str
    groups: tuple[str, ...] = ()


@dataclass
class Provider:
    """One identity provider, as this server's client.

    Args:
        settings: of nexus.yaml.
        secret: of the client.
        back: where people come back to.
    """

    settings: IdentityProvider
    secret: SecretStr | None
    back: str
    _metadata: tuple[float, Metadata] | None = None
    _keys: KeySet | None = field(default=None, repr=False)

    async def begin(self, following: str) -> tuple[str, Started]:
        """Where to send a browser, and what it has to bring back.

        Raises:
            NexusError: the provider cannot be reached.
        """
        metadata = await self._discovered()
        started = Started(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48), following=following,
        )  # fmt: skip
        async with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=started.state, nonce=started.nonce,
                code_verifier=started.verifier,
            )  # fmt: skip
        return str(url), started

    async def finish(self, started: Started, state: str, code: str) -> Known:
        """Who came back with a code.

        Raises:
            Refused: it does not belong to this browser's login, or the provider does not vouch for it.
            NexusError: the provider cannot be reached.
        """
        if not code or not secrets.compare_digest(state.encode(), started.state.encode()):
            raise Refused("this login was not begun in this browser, or is too old; log in again")
        metadata = await self._discovered()
        try:
            async with self._client(metadata) as client:
                answer = await client.fetch_token(
                    metadata.token_endpoint, code=code, code_verifier=started.verifier
                )
            claims = await self._checked(str(answer.get("id_token", "")), started, metadata)
            claims = await self._completed(claims, str(answer.get("access_token", "")), metadata)
        except (AuthlibBaseError, JoseError, ValueError) as error:
            raise Refused(f"the identity provider did not vouch for this login: {error}") from None
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        return self._known(claims)

    async def _checked(self, id_token: str, started: Started, metadata: Metadata) -> dict[str, Any]:
        for last in (False, True):
            keys = await self._key_set(metadata, anew=last)
            try:
                token = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
                break
            except (JoseError, ValueError):  # it may be signed with a key that is newer than those we know
                if last:
                    raise
        claims = CodeIDToken(
            token.claims, token.header,
            {"iss": {"essential": True, "value": metadata.issuer},
             "aud": {"essential": True, "value": self.settings.client_id}},
            {"nonce": started.nonce, "client_id": self.settings.client_id},
        )  # fmt: skip
        claims.validate(int(time.time()), _LEEWAY)
        return dict(claims)

    async def _completed(
        self, claims: dict[str, Any], access_token: str, metadata: Metadata
    ) -> dict[str, Any]:
        """The claims, with what the provider tells at its userinfo endpoint alone.

        There it tells whatever a scope asks for, in the token only if it likes (OpenID Connect Core 5.4).
        """
        wanted = (self.settings.person, *([self.settings.groups] if self.settings.roles else []))
        address = metadata.userinfo_endpoint
        if address is None or not access_token or all(name in claims for name in wanted):
            return claims
        told = await self._get(address, {"Authorization": f"Bearer {access_token}"})
        if not isinstance(told, dict) or told.get("sub") != claims.get("sub"):
            raise ValueError("its userinfo endpoint tells of somebody else")
        return {**told, **claims}

    def _known(self, claims: dict[str, Any]) -> Known:
        person, groups = claims.get(self.settings.person), claims.get(self.settings.groups, [])
        if not isinstance(person, str) or not person.strip():
            raise Refused(
                f"the identity provider does not say the claim {self.settings.person!r} of you, by which "
                "nexus.yaml's `server.login.person` knows people"
            )
        if self.settings.person == "email" and claims.get("email_verified") is False:
            raise Refused("the identity provider has not verified your address; nobody is known by it")
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        name = claims.get("name")
        return Known(
            person=person.strip(), name=name if isinstance(name, str) and name.strip() else person.strip(),
            groups=tuple(str(one) for one in listed),
        )  # fmt: skip

    def _client(self, metadata: Metadata) -> AsyncOAuth2Client:
        posts = "client_secret_basic" not in metadata.token_endpoint_auth_methods_supported
        how = "client_secret_post" if posts else "client_secret_basic"
        return AsyncOAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.secret.get_secret_value() if self.secret is not None else None,
            token_endpoint_auth_method=how if self.secret is not None else "none",
            scope=" ".join(self.settings.scopes), redirect_uri=self.back, code_challenge_method="S256",
            timeout=_PATIENCE, follow_redirects=False, event_hooks=guarded(),
        )  # fmt: skip

    async def _discovered(self) -> Metadata:
        """What the provider says of itself, asked once an hour; every address in it is a safe one."""
        if self._metadata is not None and time.monotonic() - self._metadata[0] < _FRESH:
            return self._metadata[1]
        found = await self._get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = Metadata.from_stored(found)
        except ValidationError as error:
            lacks = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise NexusError(
                f"{self.settings.issuer} does not describe itself as OpenID Connect asks: {lacks}"
            ) from None
        if metadata.issuer != self.settings.issuer:
            raise NexusError(
                f"{self.settings.issuer} calls itself {metadata.issuer}: name that as server.login.issuer"
            )
        addresses = (
            metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri,
            metadata.userinfo_endpoint,
        )  # fmt: skip
        if unsafe := next((one for one in addresses if one and not safe_address(one)), None):
            raise NexusError(f"{self.settings.issuer} names {unsafe}, which anybody on the way could read")
        self._metadata = time.monotonic(), metadata
        return metadata

    async def _key_set(self, metadata: Metadata, *, anew: bool) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(await self._get(metadata.jwks_uri))
        return self._keys

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        try:
            async with httpx2.AsyncClient(
                timeout=_PATIENCE, follow_redirects=False, event_hooks=guarded()
            ) as client:
                answer = await client.get(url, headers=headers)
                answer.raise_for_status()
                if len(answer.content) > _LARGEST:
                    raise NexusError(f"{url} answers with more than {_LARGEST:,} bytes")
                return answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> NexusError:
        return NexusError(
            f"the identity provider {self.settings.issuer} cannot be used ({type(error).__name__}); try "
            "again, or log in with the break-glass account"
        )
