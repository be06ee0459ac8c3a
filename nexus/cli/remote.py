"""What verbs do at a server that runs elsewhere, with --server: the same questions over its HTTP API."""

import getpass
import json
import ssl
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx2

from incidents.actor import person_id
from incidents.errors import Forbidden, NexusError, Refused, SettingsError, UsageError
from incidents.value import Value
from nexus.cli.base import settings
from nexus.cli.seeing import KEYRING, kept_token
from nexus.service.autonomy import Explained, PolicyView, last_proposed
from nexus.service.declaring import Declared, Report
from nexus.service.deliveries import DeliveryFilter, DeliveryPage, DeliveryView
from nexus.service.destinations import DestinationsView
from nexus.service.hindsight_view import Calibration, Verdicts
from nexus.service.identity import Me
from nexus.service.incident_view import IncidentView
from nexus.service.lists import IncidentFilter, IncidentLine, IncidentPage
from nexus.service.oncall import OnCallView
from nexus.service.request import Request
from nexus.service.requests import StopEverything
from nexus.service.ticket_requests import Tickets
from nexus.service.undecided import Decidable, Undecided, UndecidedPage
from nexus.service.views import AllHalted, EntryPage, FeedEntry

V = TypeVar("V", bound=Value)

#: How long an answer may take, in seconds.
_PATIENCE = 30
#: How often whoever watches asks, in seconds.
_POLL = 1.0
#: How often a request is sent, and for how many seconds it is waited in between at most, where that is told.
_TRIES, _LONGEST_WAIT = 3, 30
#: As many are asked for at once.
_PAGE = 200
#: What an answer's status means here; what is not named is no fault of who asked.
_ERRORS: Mapping[int, type[NexusError]] = {
    HTTPStatus.BAD_REQUEST: UsageError, HTTPStatus.NOT_FOUND: UsageError,
    HTTPStatus.UNAUTHORIZED: Forbidden, HTTPStatus.FORBIDDEN: Forbidden, HTTPStatus.CONFLICT: Refused,
}  # fmt: skip


class Remote:
    """One server, asked by one person with their own token.

    Args:
        address: as `https://nexus.example.com`; without TLS only on this machine.
        by: who it should be; not given: whose token it is.

    Raises:
        UsageError: the address is none, or the token would be sent unprotected.
        Refused: nothing shows who it is.
        SettingsError: the certificates to trust cannot be read.
    """

    def __init__(self, address: str, by: str | None = None) -> None:
        self.address = _checked(address)
        self.by = by
        self._client = httpx2.Client(
            base_url=f"{self.address}/api/v1",
            headers=[(b"Authorization", f"Bearer {_token(by, self.address)}".encode())],
            timeout=_PATIENCE,
            verify=_trust(),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def who(self) -> Me:
        """Whose token it is.

        Raises:
            Forbidden: nobody's, or not that of who is named.
        """
        me = self._get(Me, "/me")
        if self.by is not None and person_id(self.by) not in {me.id, person_id(me.name)}:
            raise Forbidden(
                f"the token that was shown is not {self.by}'s, but {me.name}'s; nothing was changed"
            )
        return me

    def incidents(
        self, among: IncidentFilter, after: str | None, limit: int | None
    ) -> tuple[list[IncidentLine], str | None]:
        """So many incidents, newest first, and how many alerts wait where that is worth a word."""
        found: list[IncidentLine] = []
        chosen = among.model_dump(mode="json", exclude_defaults=True, exclude={"not_closed"})
        if among.not_closed:
            chosen["open"] = True
        while True:
            many = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = self._get(IncidentPage, "/incidents", **chosen, after=after, limit=many)
            found += page.items
            after = page.next
            if after is None or len(found) == limit:
                return found, page.waiting

    def incident(self, identity: str) -> IncidentView:
        """One incident whole."""
        return self._get(IncidentView, _path(identity))

    def proposals(self, identity: str) -> Decidable:
        """What one incident proposed."""
        return self._get(Decidable, f"{_path(identity)}/proposals")

    def verdicts(self) -> Verdicts:
        """What people said of all diagnoses."""
        return self._get(Verdicts, "/verdicts")

    def calibration(self) -> Calibration:
        """What each word for confidence was worth."""
        return self._get(Calibration, "/calibration")

    def undecided(self) -> list[Undecided]:
        """What waits for people."""
        page = self._get(UndecidedPage, "/approvals", limit=_PAGE)
        found = list(page.items)
        while page.next is not None:
            page = self._get(UndecidedPage, "/approvals", after=page.next, limit=_PAGE)
            found += page.items
        return found

    def on_duty(self, at: str | None, days: int) -> OnCallView:
        """Who is on duty."""
        return self._get(OnCallView, "/oncall", at=at, days=days)

    def destinations(self) -> DestinationsView:
        """How every destination stands."""
        return self._get(DestinationsView, "/destinations")

    def policy(self) -> PolicyView:
        """How many people sign which change."""
        return self._get(PolicyView, "/policy")

    def explained(self, identity: str, action: str | None) -> Explained:
        """Why a change needs whom; the last that the incident proposed, if none is named."""
        named = action if action is not None else last_proposed(identity, self.proposals(identity).proposals)
        return self._get(Explained, f"{_path(identity)}/proposals/{quote(named, safe='')}/policy")

    def renew(self, kind: str, service: str) -> PolicyView:
        """Let the record of a kind of change and a service count again."""
        return self._post(PolicyView, f"/policy/{quote(kind, safe='')}/{quote(service, safe='')}/renew")

    def tickets(self, identity: str | None) -> Tickets:
        """The tickets of one incident, or of all."""
        return self._get(Tickets, f"{_path(identity)}/tickets" if identity is not None else "/tickets")

    def deliveries(self, among: DeliveryFilter, limit: int, before: int | None) -> list[DeliveryView]:
        """So many deliveries of alerts, newest first."""
        found, chosen = list[DeliveryView](), among.model_dump(mode="json", exclude_defaults=True)
        while True:
            many = min(_PAGE, limit - len(found))
            page = self._get(DeliveryPage, "/alerts", **chosen, before=before, limit=many)
            found += page.items
            before = page.next
            if before is None or len(found) >= limit:
                return found

    def waiting(self) -> str | None:
        """How many alerts wait, where that is worth a word."""
        return self._get(IncidentPage, "/incidents", limit=1).waiting

    def delivery(self, number: int) -> DeliveryView:
        """One of them, with its body while that is kept."""
        return self._get(DeliveryView, f"/alerts/{number}")

    def follow(self, identity: str | None, after: int | None) -> Iterator[FeedEntry]:
        """Entries as they come: of one incident until it ends, or of all, without a place from now on."""
        path = f"{_path(identity)}/timeline" if identity is not None else "/timeline"
        if after is None:
            after = 0 if identity is not None else self._get(EntryPage, path, limit=1).last
        while True:
            page = self._get(EntryPage, path, after=after, limit=_PAGE)
            yield from page.items
            after = page.next
            if page.ended:
                return
            if len(page.items) < _PAGE:
                time.sleep(_POLL)

    def send(self, identity: str, asked: Request) -> Value:
        """Ask an incident for something."""
        return self._post(asked.answer, f"{_path(identity)}/{asked.path}", asked)

    def declare(self, said: Report) -> Declared:
        """Report what no alert has told."""
        return self._post(Declared, "/incidents", said)

    def stop_everything(self, asked: StopEverything) -> AllHalted:
        """Stop the agents of every incident."""
        return self._post(AllHalted, "/stop", asked)

    def _get(self, kind: type[V], path: str, **parameters: Any) -> V:
        given = {name: value for name, value in parameters.items() if value is not None}
        return kind.from_stored(self._answer("GET", path, params=given))

    def _post(self, kind: type[V], path: str, body: Value | None = None) -> V:
        if self.by is not None:
            self.who()
        # Sent again under the same key it is done once, whatever became of the first answer.
        key = {"Idempotency-Key": uuid.uuid4().hex}
        sent = body.model_dump(mode="json") if body is not None else None
        return kind.from_stored(self._answer("POST", path, json=sent, headers=key))

    def _answer(self, method: str, path: str, **how: Any) -> object:
        """What a question is answered with, asked again where the way was at fault or the server was busy."""
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._client.request(method, path, **how)
            except httpx2.HTTPError as error:
                if attempt == _TRIES:
                    raise NexusError(f"{self.address} does not answer: {error}") from None
                continue
            wait = _asked_to_wait(answer)
            if wait is None or wait > _LONGEST_WAIT or attempt == _TRIES:
                return _body(self.address, answer)
            time.sleep(wait)
        raise AssertionError("the last try has returned or raised")


def _checked(address: str) -> str:
    """An address that a token may be sent to."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.username:
        raise UsageError(f"--server {address!r}: write https://HOST, with a port and a path if it has one")
    if parts.scheme == "http" and not _is_here(host):
        raise UsageError(
            f"--server {address!r}: without TLS your token could be read on the way; use https://"
        )
    return address.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(by: str | None, address: str) -> str:
    """The token of the environment, of the keyring, or that is typed."""
    kept = kept_token(by)
    if kept is None and not sys.stdin.isatty():
        raise Refused(
            f"{address} has to know who you are: set NEXUS_TOKEN to your own token of its `people`, keep it "
            f"in the keyring (keyring set {KEYRING} NAME), or type it in a terminal"
        )
    token = (kept if kept is not None else getpass.getpass(f"Token for {address}: ")).strip()
    if not token.isprintable() or not token:
        raise Forbidden("the token that was shown is nobody's; nothing was changed")
    return token


def _trust() -> ssl.SSLContext:
    """The system's certificates, or those of the settings."""
    file = settings().server_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except OSError as error:
        raise SettingsError(f"NEXUS_SERVER_CA_FILE: {file} cannot be read: {error}") from None


def _path(identity: str) -> str:
    """Where an incident is; what is no id is none there either."""
    return f"/incidents/{quote(identity, safe='')}"


def _asked_to_wait(answer: httpx2.Response) -> float | None:
    """For how many seconds the server wants to be left alone, if it does and says so."""
    busy = answer.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    told = answer.headers.get("retry-after", "")
    return float(told) if busy and told.isdecimal() else None


def _body(address: str, answer: httpx2.Response) -> object:
    """What stands in an answer.

    Raises:
        NexusError: of the kind that the status means, with the server's own sentence.
    """
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    if answer.is_success and isinstance(body, dict):
        return body
    if isinstance(body, dict) and isinstance(body.get("detail"), str):
        raise _ERRORS.get(answer.status_code, NexusError)(body["detail"])
    raise NexusError(f"{address} answered {answer.status_code}, and not as Nexus does: is it one?")
