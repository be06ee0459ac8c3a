"""The part of the API that is spoken: `get`, `list`, JSON `patch` of Deployments, reviews of rights."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from demo.cluster.namespace import KINDS, NAMESPACE, Json, Namespace, PatchFailedError

_PATH = re.compile(
    rf"/(?:api/v1|apis/(?:apps/v1|autoscaling/v2))/namespaces/{NAMESPACE}/(?P<resource>[a-z]+)"
    r"(?:/(?P<name>[a-z0-9-]+))?"
)
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#: What the namespace has none of.
_EMPTY = ("statefulsets", "daemonsets", "controllerrevisions")


class Api:
    """Listens on a free port of the loopback interface until it is closed."""

    def __init__(self, namespace: Namespace) -> None:
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.namespace = namespace
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    namespace: Namespace


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = _PATH.fullmatch(urlsplit(self.path).path)
        resource, name = (found["resource"], found["name"]) if found else ("", None)
        if resource in _EMPTY and name is None:
            self._say(200, {"kind": "List", "metadata": {}, "items": []})
        elif resource not in KINDS:
            self._decline(404, "NotFound", "the server could not find the requested resource")
        elif name is None:
            items = [one for one in self._namespace.all(resource) if self._asked_for(one)]
            self._say(200, {"kind": f"{KINDS[resource]}List", "metadata": {}, "items": items})
        elif (one := self._namespace.get(resource, name)) is None:
            self._decline(404, "NotFound", f'{resource} "{name}" not found')
        else:
            self._say(200, one | {"kind": KINDS[resource]})

    def do_POST(self) -> None:
        body = self._body()
        if urlsplit(self.path).path != _REVIEWS:
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
        if self.headers.get("content-type") != "application/json-patch+json":
            self._decline(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        elif self._namespace.get("deployments", name) is None:
            self._decline(404, "NotFound", f'deployments.apps "{name}" not found')
        else:
            try:
                self._say(200, self._namespace.patch("deployments", name, cast("Any", body), dry=dry))
            except PatchFailedError as error:
                self._decline(422, "Invalid", f"the server rejected our request: {error}")

    @property
    def _namespace(self) -> Namespace:
        return cast("_Server", self.server).namespace

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    def _asked_for(self, one: Json) -> bool:
        """By labels, and of events by the field `type`."""
        (labels,) = self._query().get("labelSelector", [""])
        (fields,) = self._query().get("fieldSelector", [""])
        has = one["metadata"].get("labels", {})
        wanted = dict(part.split("=", 1) for part in labels.split(",") if part)
        return has.items() >= wanted.items() and (not fields or fields == f"type={one.get('type')}")

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
