"""What a first `nexus.yaml` says of CloudWatch, where the environment names a region and an account."""

from collections.abc import Collection, Mapping
from textwrap import indent
from typing import Any

import yaml

from incidents.catalogue import Service
from incidents.errors import ToolFailed, UsageError
from incidents.value import Value
from tools.live.logs.cloudwatch_discover import discover_groups
from tools.live.metrics.cloudwatch_discover import discover_services
from tools.live.partial import enumerated
from tools.live.secrets import Secrets
from tools.live.settings_aws import Aws
from tools.wording import plain

#: How an environment names its region, and that it has an account: keys, a profile, a role of EKS or of ECS.
_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ACCOUNT = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


class InCloudWatch(Value):
    """What was found, in sentences and as parts of the file; these are empty where nothing was."""

    services: tuple[Service, ...] = ()
    metrics: str = ""
    logs: str = ""
    said: tuple[str, ...] = ()


def amazon_of(environment: Mapping[str, str]) -> Aws | None:
    """The region in which this environment has an account; None if it names none."""
    region = next((environment[name] for name in _REGION if environment.get(name)), None)
    return Aws(region=region) if region and any(environment.get(name) for name in _ACCOUNT) else None


async def services_in(aws: Aws, secrets: Secrets) -> InCloudWatch:
    """Services with their metrics and logs, where there is no Prometheus.

    Raises:
        ToolFailed: it does not answer, or the extra `aws` is not installed.
        UsageError: none of its metrics is of a service.
    """
    found = await discover_services(aws, secrets)
    if not found.services:
        raise UsageError(
            f"CloudWatch in {aws.region} has no metrics of a known kind of service; name --prometheus"
        )
    series = [one.model_dump(mode="json", exclude_defaults=True) for one in found.series]
    logs = await logs_in(aws, secrets, [one.name for one in found.services])
    count = sum(len(one.of) for one in found.series)
    spaces = enumerated(list(dict.fromkeys(one.namespace for one in found.series)))
    return logs.model_copy(
        update={
            "services": found.services,
            "metrics": _block({"kind": "cloudwatch", "region": aws.region, "series": series}),
            "said": (f"CloudWatch in {aws.region}: {count} metrics of {spaces}", *logs.said),
        }
    )


async def logs_in(aws: Aws, secrets: Secrets, services: Collection[str]) -> InCloudWatch:
    """The log groups of services that are known; why there are none is a sentence."""
    where = f"CloudWatch in {aws.region}"
    try:
        found = await discover_groups(aws, secrets, services)
    except ToolFailed as error:
        return InCloudWatch(said=(f"No log groups: {error}",))
    others = enumerated([plain(one, 80) for one in found.others])
    beside = f"; of no service that is known: {others}" if others else ""
    said = f"{where}: {len(found.groups)} log groups of services{beside}"
    spec = {"kind": "cloudwatch", "region": aws.region, "groups": found.groups}
    return InCloudWatch(logs=_block([spec]) if found.groups else "", said=(said,))


def _block(spec: Any) -> str:
    text = yaml.safe_dump(spec, default_flow_style=None, sort_keys=False, width=110, allow_unicode=True)
    return indent(text.rstrip(), "    ")
