"""A stand-in for GitLab's deployments of one project, from https://docs.gitlab.com/api/deployments/."""

from typing import Any

from tests.tools.live.fakes.server import Answer, Asked, told

TOKEN = "glpat-test"
PROJECT = "acme/backend/shop"
ROOT = "/api/v4/projects/acme%2Fbackend%2Fshop/deployments"

Json = dict[str, Any]


def deployment(number: int, sha: str, at: str, status: str = "success", **more: object) -> Json:
    """One whose job ended at that time; it was updated when the next one took its place."""
    commit = {"id": sha * 10, "short_id": sha * 2, "title": f"Merge branch 'topic-{number}' into 'main'\r"}
    job = {"id": 600 + number, "status": status, "tag": False, "finished_at": at, "commit": commit}
    return {
        "id": number, "iid": number, "sha": sha * 10, "ref": "main", "status": status, "created_at": at,
        "updated_at": "2026-03-12T23:00:00.000Z", "user": {"username": "cleo"}, "deployable": job,
        "environment": {"name": "production"}, **more,
    }  # fmt: skip


class FakeGitLab:
    """Four deployments of which the third failed, the last is of a tag, and the first was only told."""

    def __init__(self) -> None:
        last = deployment(4, "dddd", "2026-03-12T10:16:00.000Z", ref="v2.0")
        last["deployable"]["tag"] = True
        self.deployments = [
            deployment(
                1, "aaaa", "2026-03-10T09:00:00.000Z", deployable=None, updated_at="2026-03-10T09:01:00Z"
            ),
            deployment(2, "bbbb", "2026-03-12T08:00:00.000+01:00"),
            deployment(3, "cccc", "2026-03-12T10:10:00.000Z", "failed"),
            last,
        ]
        self.merged = {4: [{"iid": 12, "title": "Bundles"}, {"iid": 13, "title": "Prices"}]}

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return told({"message": "401 Unauthorized"}, 401)
        path = asked.path.removeprefix(ROOT)
        if path == asked.path:  # a project that the token may not see is not there
            return told({"message": "404 Project Not Found"}, 404)
        if path:
            return told(self.merged.get(int(path.split("/")[1]), []))
        assert (asked.one("order_by"), asked.one("sort")) == ("created_at", "desc")
        ours = [one for one in self.deployments if one["environment"]["name"] == asked.one("environment")]
        newest = sorted(ours, key=lambda one: int(one["id"]), reverse=True)
        size, page = int(asked.one("per_page")), int(asked.one("page"))
        return told(newest[size * (page - 1) : size * page])
