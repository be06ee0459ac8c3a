"""Four trackers on this machine, written from their vendors' documents: what each keeps, checks and answers.

- Jira Cloud REST v3: `POST /rest/api/3/issue` (201; 400 with `errors` by field), `GET /rest/api/3/issue/KEY`,
  `POST /rest/api/3/search/jql`, whose index knows a new issue a moment later.
- Jira Data Center REST v2: `/rest/api/2/issue` with a text for the description, `POST /rest/api/2/search`, a
  personal access token as a bearer.
- GitHub REST 2022-11-28: `POST` and `GET /repos/O/N/issues`; labels of who may not push are dropped without
  a word; pull requests are listed too; a deleted issue is 410.
- GitLab REST v4: `/api/v4/projects/GROUP%2FNAME/issues`, `labels` with commas, `iid`.
- Linear GraphQL: 200 with `errors`; an id that the caller gives; one that is taken is an error.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from nexus.notify.tickets.port import Tracker
from nexus.notify.tickets.settings import (
    AnyTracker,
    GitHubSettings,
    GitLabSettings,
    JiraDataCenterSettings,
    JiraSettings,
    LinearSettings,
)
from nexus.notify.tickets.wiring import tracker_of
from tests.tools.live.fakes.server import Answer, Asked, told
from tools.clock import WallClock

TOKEN = "a-token-that-nobody-sees"
TEAM = "7f3a1d52-0c1b-4e6a-9a3c-5d2f1b0e9c84"


@dataclass
class Fake:
    """A tracker: what it keeps, and how it behaves.

    Attributes:
        issues: by reference, in its own form.
        after: called once an issue was kept, before it is answered: 500 after accepting.
        answers: what it answers next instead of working.
        indexed: whether a search knows what was made.
    """

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    after: Callable[[], Answer | None] = lambda: None
    indexed: bool = True
    may_label: bool = True

    def handle(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        raise NotImplementedError

    def settings(self, url: str) -> AnyTracker:
        raise NotImplementedError

    def put(self, reference: str, outside: str) -> None:
        """Somebody moves it."""
        raise NotImplementedError

    def tracker(self, url: str) -> Tracker:
        return tracker_of(self.settings(url), lambda _: SecretStr(TOKEN), WallClock())


class FakeJira(Fake):
    rest: ClassVar = "/rest/api/3"
    search: ClassVar = "/search/jql"
    proof: ClassVar = "Basic " + base64.b64encode(f"ops@shop.example:{TOKEN}".encode()).decode()
    words: ClassVar = {
        "open": ("To Do", "new"),
        "doing": ("In Progress", "indeterminate"),
        "done": ("Done", "done"),
    }

    def settings(self, url: str) -> AnyTracker:
        return JiraSettings(
            kind="jira", url=url, user="ops@shop.example", project="OPS", token="env:T",
            labels=("post mortem",), limit=timedelta(seconds=5),
        )  # fmt: skip

    def put(self, reference: str, outside: str) -> None:
        name, key = self.words["done" if outside == "dropped" else outside]
        fields = self.issues[reference]["fields"]
        fields["status"] = {"name": name, "statusCategory": {"key": key}}
        fields["resolution"] = {"name": "Won't Do"} if outside == "dropped" else None

    def handle(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        if asked.headers.get("authorization") != self.proof:
            return told({"errorMessages": ["Client must be authenticated to access this resource."]}, 401)
        path = urlsplit(asked.path).path
        assert path.startswith(self.rest), path
        if path == f"{self.rest}/issue":
            return self._create(json.loads(asked.body)["fields"])
        if path == self.rest + self.search:
            jql = json.loads(asked.body)["jql"]
            found = [one for one in self.issues.values() if f'labels = "{one["fields"]["labels"][0]}"' in jql]
            return told({"issues": found[:1] if self.indexed else [], "isLast": True})
        key = path.rsplit("/", 1)[1]
        if key not in self.issues:
            return told(
                {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}, 404
            )
        return told(self.issues[key])

    def _create(self, fields: dict[str, Any]) -> Answer:
        assert all(" " not in label for label in fields["labels"])
        self.describes(fields["description"])
        if "\n" in fields["summary"] or len(fields["summary"]) > 255:
            return told({"errorMessages": [], "errors": {"summary": "The summary is invalid."}}, 400)
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = {"id": "1", "key": key, "fields": fields}
        self.put(key, "open")
        return self.after() or told({"id": "1", "key": key, "self": "x"}, 201)

    def describes(self, description: Any) -> None:
        """The form that its texts have."""
        assert (description["type"], description["version"]) == ("doc", 1)
        assert all(part["content"][0]["text"] for part in description["content"])


class FakeJiraDataCenter(FakeJira):
    rest: ClassVar = "/rest/api/2"
    search: ClassVar = "/search"
    proof: ClassVar = f"Bearer {TOKEN}"

    def settings(self, url: str) -> AnyTracker:
        return JiraDataCenterSettings(
            kind="jira_data_center", url=url, project="OPS", token="env:T", labels=("post mortem",),
            limit=timedelta(seconds=5),
        )  # fmt: skip

    def describes(self, description: Any) -> None:
        assert isinstance(description, str)
        assert description.strip()


class FakeGitHub(Fake):
    def settings(self, url: str) -> AnyTracker:
        return GitHubSettings(
            kind="github", url=url, repository="acme/shop", token="env:T", labels=("post-mortem",),
            limit=timedelta(seconds=5),
        )  # fmt: skip

    def put(self, reference: str, outside: str) -> None:
        reason = {"done": "completed", "dropped": "not_planned"}.get(outside)
        self.issues[reference] |= {"state": "closed" if reason else "open", "state_reason": reason}

    def handle(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return told({"message": "Bad credentials"}, 401)
        path = urlsplit(asked.path).path
        if asked.method == "POST":
            return self._create(json.loads(asked.body))
        if path.endswith("/issues"):
            found = list(self.issues.values())
            if asked.one("labels"):
                found = [one for one in found if asked.one("labels") in [x["name"] for x in one["labels"]]]
            pull = {
                "number": 0,
                "pull_request": {},
                "state": "open",
                "body": "",
                "labels": [],
                "html_url": "x",
            }
            return told([pull, *found] if self.indexed else [])
        number = path.rsplit("/", 1)[1]
        return told(self.issues[number]) if number in self.issues else told({"message": "Gone"}, 410)

    def _create(self, given: dict[str, Any]) -> Answer:
        number = str(len(self.issues) + 1)
        labels = [{"name": one} for one in given["labels"]] if self.may_label else []
        self.issues[number] = {
            "number": int(number), "title": given["title"], "body": given["body"], "labels": labels,
            "state": "open", "state_reason": None, "html_url": f"https://github.example/acme/shop/issues/{number}",
        }  # fmt: skip
        return self.after() or told(self.issues[number], 201)


class FakeGitLab(Fake):
    def settings(self, url: str) -> AnyTracker:
        return GitLabSettings(
            kind="gitlab", url=url, project="acme/shop", token="env:T", labels=("post mortem",),
            limit=timedelta(seconds=5),
        )  # fmt: skip

    def put(self, reference: str, outside: str) -> None:
        self.issues[reference]["state"] = "closed" if outside in {"done", "dropped"} else "opened"

    def handle(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        if asked.headers.get("private-token") != TOKEN:
            return told({"message": "401 Unauthorized"}, 401)
        path = urlsplit(asked.path).path
        assert unquote(path).startswith("/api/v4/projects/acme/shop/issues"), path
        if asked.method == "POST":
            return self._create(json.loads(asked.body))
        if path.endswith("/issues"):
            found = [one for one in self.issues.values() if asked.one("labels") in one["labels"]]
            return told(found if self.indexed else [])
        number = path.rsplit("/", 1)[1]
        return told(self.issues[number]) if number in self.issues else told({"message": "404 Not found"}, 404)

    def _create(self, given: dict[str, Any]) -> Answer:
        assert not any(line.lstrip().startswith("/") for line in given["description"].splitlines())
        number = str(len(self.issues) + 1)
        self.issues[number] = {
            "id": 900 + int(number), "iid": int(number), "title": given["title"], "state": "opened",
            "description": given["description"], "labels": given["labels"].split(","), "moved_to_id": None,
            "due_date": given["due_date"], "web_url": f"https://gitlab.example/acme/shop/-/issues/{number}",
        }  # fmt: skip
        return self.after() or told(self.issues[number], 201)


class FakeLinear(Fake):
    words: ClassVar = {
        "open": ("Todo", "unstarted"), "doing": ("In Progress", "started"), "done": ("Done", "completed"),
        "dropped": ("Canceled", "canceled"),
    }  # fmt: skip

    def settings(self, url: str) -> AnyTracker:
        return LinearSettings(
            kind="linear", url=f"{url}/graphql", team=TEAM, token="env:T", limit=timedelta(seconds=5)
        )

    def put(self, reference: str, outside: str) -> None:
        name, kind = self.words[outside]
        self.issues[reference]["state"] = {"name": name, "type": kind}

    def handle(self, asked: Asked) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        if asked.headers.get("authorization") != TOKEN:
            return _error("Authentication required, not authenticated", "AUTHENTICATION_ERROR")
        said = json.loads(asked.body)
        if "issueCreate" in said["query"]:
            return self._create(said["variables"]["input"])
        found = self.issues.get(said["variables"]["id"])
        return told({"data": {"issues": {"nodes": [found] if found else []}}})

    def _create(self, given: dict[str, Any]) -> Answer:
        assert given["teamId"] == TEAM
        assert given["id"][14] == "4"  # a UUID of version 4
        if given["id"] in self.issues:
            return _error("Entity already exists", "INPUT_ERROR")
        self.issues[given["id"]] = {
            "id": given["id"], "identifier": f"OPS-{len(self.issues) + 1}", "title": given["title"],
            "description": given["description"], "url": "https://linear.app/acme/issue/OPS-1",
            "trashed": None,
        }  # fmt: skip
        self.put(given["id"], "open")
        return self.after() or told(
            {"data": {"issueCreate": {"success": True, "issue": self.issues[given["id"]]}}}
        )


def _error(message: str, code: str) -> Answer:
    return told({"data": None, "errors": [{"message": message, "extensions": {"code": code}}]})


FAKES: dict[str, type[Fake]] = {
    "jira": FakeJira, "jira_data_center": FakeJiraDataCenter, "github": FakeGitHub, "gitlab": FakeGitLab,
    "linear": FakeLinear,
}  # fmt: skip
