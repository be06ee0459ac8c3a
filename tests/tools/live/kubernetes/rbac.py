"""RBAC before a stand-in: what the rules of Roles do not give is a 403 in the real server's words."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.tools.live.fakes.server import Answer, Asked, Handler, told
from tests.tools.live.kubernetes.world import refused

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+/(?:namespaces/(?P<namespace>[^/]+)/)?(?P<resource>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<part>[^/]+))?)?"
)

#: A right as the server sees it: group, resource, verb, name.
Seen = tuple[str, str, str, str]


def seen_in(asked: Asked) -> Seen:
    """The right that a request needs."""
    found = _PATH.fullmatch(asked.path)
    assert found is not None, asked.path
    name = found["name"] or ""
    verb = {"GET": "get" if name else "list", "PATCH": "patch", "POST": "create"}[asked.method]
    resource = f"{found['resource']}/{found['part']}" if found["part"] else found["resource"]
    return found["group"] or "", resource, verb, name


@dataclass
class Rbac:
    """Lets through what the rules give, and remembers what was asked for."""

    behind: Handler
    rules: Sequence[Mapping[str, Sequence[str]]]
    asked: set[Seen] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == REVIEWS:
            spec = json.loads(asked.body)["spec"]["resourceAttributes"]
            part = f"/{spec['subresource']}" if "subresource" in spec else ""
            right = (spec["group"], f"{spec['resource']}{part}", spec["verb"], spec.get("name", ""))
            return told({"spec": {}, "status": {"allowed": self.gives(right)}}, 201)
        right = seen_in(asked)
        self.asked.add(right)
        if self.gives(right):
            return self.behind(asked)
        group, resource, verb, name = right
        about = f'"{name}" is forbidden' if name else "is forbidden"
        return refused(
            403, "Forbidden",
            f'{resource}.{group} {about}: User "system:serviceaccount:nexus:nexus-worker" cannot {verb} '
            f'resource "{resource}" in API group "{group}" in the namespace "shop"',
        )  # fmt: skip

    def gives(self, right: Seen) -> bool:
        """As the authorizer decides: one rule has to have all of it."""
        group, resource, verb, name = right
        return any(
            group in one["apiGroups"]
            and resource in one["resources"]
            and verb in one["verbs"]
            and (not one.get("resourceNames") or name in one["resourceNames"])
            for one in self.rules
        )
