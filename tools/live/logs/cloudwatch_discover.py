"""Which log groups of a region are of which service (`DescribeLogGroups`): the start of a `nexus.yaml`."""

from collections.abc import Collection
from typing import Any, Protocol

from pydantic import Field, ValidationError

from incidents.errors import ToolFailed
from incidents.value import Value
from tools.live.amazon import Amazon, told
from tools.live.http import Reply
from tools.live.secrets import Secrets
from tools.live.settings_aws import MOST_GROUPS, Aws

#: Log groups that are looked at; a page has 50.
_MOST = 2000


class LogGroups(Value):
    """The service of each group that is called after one, and the groups that are not."""

    groups: dict[str, str] = Field(default={})
    others: tuple[str, ...] = ()


class _Group(Reply):
    name: str = Field(alias="logGroupName")


class _Page(Reply):
    groups: tuple[_Group, ...] = Field(alias="logGroups", default=())
    following: str | None = Field(alias="nextToken", default=None)


class _Client(Protocol):
    async def describe_log_groups(self, **query: object) -> dict[str, Any]: ...


async def discover_groups(spec: Aws, secrets: Secrets, services: Collection[str]) -> LogGroups:
    """Ask a region for its log groups. Right: `logs:DescribeLogGroups`.

    `/ecs/checkout` and `/aws/rds/instance/orders/error` are of the service that is a part of the path: the
    last one, if several are.

    Raises:
        ToolFailed: it does not answer, or the extra `aws` is not installed.
    """
    names = await _listed(Amazon(f"CloudWatch in {spec.region}", "logs", spec, secrets))
    found = {name: next((part for part in name.split("/")[::-1] if part in services), "") for name in names}
    named = [name for name, service in found.items() if service][:MOST_GROUPS]
    return LogGroups(
        groups={name: found[name] for name in named},
        others=tuple(name for name in names if name not in named),
    )


async def _listed(amazon: Amazon[_Client]) -> list[str]:
    query: dict[str, object] = {}
    found: list[str] = []
    try:
        client = await amazon.client()
        while len(found) < _MOST:
            async with told(amazon.name):
                answer = await client.describe_log_groups(**query)
            try:
                page = _Page.model_validate(answer)
            except ValidationError:
                raise ToolFailed(f"{amazon.name} listed log groups in an unexpected form") from None
            found.extend(group.name for group in page.groups)
            if page.following is None or page.following == query.get("nextToken"):
                break
            query["nextToken"] = page.following
    finally:
        await amazon.aclose()
    return found
