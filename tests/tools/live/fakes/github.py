"""GitHub's REST API for one repository, by https://docs.github.com/rest: deployments, compare, runs."""

from typing import TYPE_CHECKING, Any

from tests.tools.live.fakes.server import Answer, Asked, told

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "ghp_test"
ROOT = "/repos/acme/shop"

Json = dict[str, Any]


def deployment(number: int, sha: str, at: str, **more: object) -> Json:
    return {
        "id": number, "sha": sha * 10, "ref": "main", "environment": "production", "created_at": at,
        "description": f"deployment {number}", "creator": {"login": "cleo"}, "payload": {}, **more,
    }  # fmt: skip


class FakeGitHub:
    """Three deployments, newest first and one to a page; the second one failed."""

    def __init__(self) -> None:
        self.limited = False
        self.deployments = [
            deployment(3, "cccc", "2026-03-12T10:16:00Z", payload='{"version": "2.0"}', ref="v2.0"),
            deployment(2, "bbbb", "2026-03-12T10:10:00Z"),
            deployment(1, "aaaa", "2026-03-10T09:00:00Z", payload={"version": "1.0"}),
        ]
        self.statuses = {3: "success", 2: "failure", 1: "inactive"}
        self.runs = [
            {"id": 9, "name": "test", "head_sha": "c" * 40, "status": "completed", "conclusion": "failure",
             "html_url": "https://example.org/9", "created_at": "2026-03-12T10:11:00Z",
             "updated_at": "2026-03-12T10:15:00Z"},
            {"id": 8, "name": None, "head_sha": "b" * 40, "status": "in_progress", "conclusion": None,
             "html_url": "", "created_at": "2026-03-12T10:05:00Z"},
        ]  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return told({"message": "Bad credentials"}, 401)
        if self.limited:
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
            return Answer('{"message": "API rate limit exceeded"}', 403, headers)
        path = asked.path.removeprefix(ROOT)
        answers: dict[str, Callable[[Asked], Answer]] = {
            "/deployments": self._listed,
            "/actions/runs": lambda _: told({"total_count": len(self.runs), "workflow_runs": self.runs}),
        }
        if path in answers:
            return answers[path](asked)
        if path.startswith("/compare/"):
            commits = [{"sha": "dddd" * 10, "commit": {"message": "Bundles\n\nmore"}}]
            return told({"total_commits": 7, "behind_by": 0, "commits": commits})
        number = int(path.split("/")[2])
        return told([{"state": self.statuses[number], "created_at": "2026-03-12T10:17:00Z"}])

    def _listed(self, asked: Asked) -> Answer:
        assert asked.one("environment") == "production"
        page = int(asked.one("page", "1"))
        answer = told(self.deployments[page - 1 : page])
        far = f"https://elsewhere.example{ROOT}/deployments?environment=production&page={page + 1}"
        more = f'<{far}>; rel="next"'
        return Answer(answer.body, 200, {"Link": more} if page < len(self.deployments) else {})
