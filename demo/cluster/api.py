"""The part of the API that is spoken: enough for the adapters and for kubectl's `rollout` and `scale`."""

import json
import re
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from demo.cluster.discovery import documents, group_of
from demo.cluster.namespace import KINDS, NAMESPACE, Json, Namespace, PatchFailedError, merged
from demo.cluster.tokens import Tokens

_PATH = re.compile(
    rf"/(?:api/v1|apis/(?:apps/v1|autoscaling/v2))/namespaces/{NAMESPACE}/(?P<resource>[a-z]+)"
    r"(?:/(?P<name>[a-z0-9-]+)(?P<scale>/scale)?)?"
)
_TOKEN = re.compile(rf"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/(?P<account>[a-z0-9-]+)/token")
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#: What the namespace has none of.
_EMPTY = ("statefulsets", "daemonsets", "controllerrevisions")


#: The forms of a patch: operations, and the two in which kubectl sends what is to be otherwise.
_JSON_PATCH = "application/json-patch+json"
_PATCHES = {_JSON_PATCH, "application/merge-patch+json", "application/strategic-merge-patch+json"}
_DISCOVERY = documents()
#: How often a watch looks, in seconds.
_POLL = 0.1


class Api:
    """Listens on a free port of the loopback interface until it is closed.

    Whoever shows no token may do what they like, as the person at the shop does; a token lets its own
    workload be changed.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.namespace = namespace
        self._server.tokens = self.tokens = Tokens()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _scale(deployment: Json) -> Json:
    """Its subresource `scale`."""
    meta = {name: deployment["metadata"][name] for name in ("name", "namespace", "resourceVersion")}
    spec, status = ({"replicas": deployment[part]["replicas"]} for part in ("spec", "status"))
    return {
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": meta, "spec": spec, "status": status,
    }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    namespace: Namespace
    tokens: Tokens


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        found = _PATH.fullmatch(path)
        resource, name = (found["resource"], found["name"]) if found else ("", None)
        if path in _DISCOVERY:
            self._say(200, _DISCOVERY[path])
        elif resource in _EMPTY and name is None:
            self._say(200, {"kind": "List", "metadata": {}, "items": []})
        elif resource not in KINDS:
            self._decline(404, "NotFound", "the server could not find the requested resource")
        elif name is None and "watch" in self._query():
            self._watch(resource)
        elif name is None:
            items = [one for one in self._namespace.all(resource) if self._asked_for(one)]
            head = {"kind": f"{KINDS[resource]}List", "apiVersion": group_of(resource)}
            self._say(200, {**head, "metadata": {"resourceVersion": "1"}, "items": items})
        elif (one := self._namespace.get(resource, name)) is None:
            self._decline(404, "NotFound", f'{resource} "{name}" not found')
        elif found is not None and found["scale"]:
            self._say(200, _scale(one))
        else:
            self._say(200, self._typed(resource, one))

    def do_POST(self) -> None:
        body, path = self._body(), urlsplit(self.path).path
        if (asked := _TOKEN.fullmatch(path)) is not None:
            account = asked["account"]
            given = self._tokens.give(account, body)
            if given is None:
                self._decline(404, "NotFound", f'serviceaccounts "{account}" not found')
            else:
                self._say(201, given)
            return
        if path != _REVIEWS:
            self._decline(404, "NotFound", "the server could not find the requested resource")
            return
        self._say(201, body | {"status": {"allowed": True, "reason": "this stand-in has no access control"}})

    def do_PATCH(self) -> None:
        body = self._body()
        found = _PATH.fullmatch(urlsplit(self.path).path)
        if found is None or found["resource"] != "deployments" or not found["name"]:
            self._decline(405, "MethodNotAllowed", "the server does not allow this method on the requested")
            return
        name, dry = found["name"], "All" in self._query().get("dryRun", [])
        kind = self.headers.get("content-type", "")
        if kind not in _PATCHES:
            self._decline(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        elif self._namespace.get("deployments", name) is None:
            self._decline(404, "NotFound", f'deployments.apps "{name}" not found')
        elif (refused := self._refusal(name)) is not None:
            self._decline(*refused)
        elif kind == _JSON_PATCH:
            try:
                made = self._namespace.patch("deployments", name, cast("Any", body), dry=dry)
            except PatchFailedError as error:
                self._decline(422, "Invalid", f"the server rejected our request: {error}")
            else:
                self._say(200, self._typed("deployments", made))
        else:
            self._namespace.change("deployments", name, lambda one: one.update(merged(one, body)))
            made = self._namespace.get("deployments", name) or {}
            self._say(200, _scale(made) if found["scale"] else self._typed("deployments", made))

    def _watch(self, resource: str) -> None:
        """What is there and what changes, one document a line, as long as the client stays."""
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        told: dict[str, str] = {}
        with suppress(OSError):  # the client has seen enough
            while True:
                for one in filter(self._asked_for, self._namespace.all(resource)):
                    name, version = one["metadata"]["name"], one["metadata"]["resourceVersion"]
                    if told.get(name) != version:
                        kind = "MODIFIED" if name in told else "ADDED"
                        told[name] = version
                        event = {"type": kind, "object": self._typed(resource, one)}
                        self.wfile.write(json.dumps(event).encode() + b"\n")
                self.wfile.flush()
                time.sleep(_POLL)

    def _typed(self, resource: str, one: Json) -> Json:
        return {"apiVersion": group_of(resource), "kind": KINDS[resource], **one}

    @property
    def _namespace(self) -> Namespace:
        return cast("_Server", self.server).namespace

    @property
    def _tokens(self) -> Tokens:
        return cast("_Server", self.server).tokens

    def _refusal(self, workload: str) -> tuple[int, str, str] | None:
        """Why whoever asks may not change a workload."""
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self._tokens.refusal(token, workload) if token else None

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    def _asked_for(self, one: Json) -> bool:
        """By labels, and of events by the field `type`."""
        (labels,) = self._query().get("labelSelector", [""])
        (fields,) = self._query().get("fieldSelector", [""])
        has = one["metadata"].get("labels", {})
        wanted = dict(part.split("=", 1) for part in labels.split(",") if part)
        known = {"type": str(one.get("type")), "metadata.name": one["metadata"]["name"]}
        asked = dict(part.split("=", 1) for part in fields.split(",") if part)
        return has.items() >= wanted.items() and known.items() >= asked.items()

    def _body(self) -> Json:
        body: Json = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        return body

    def _decline(self, code: int, reason: str, message: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self._say(code, status | {"reason": reason, "message": message, "code": code})

    def _say(self, code: int, body: Json) -> None:
        sent = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives
        """Nothing is printed."""
