"""What `nexus.yaml` says of Amazon Web Services."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, HttpUrl

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef


class CloudWatchLogs(Value):
    """Log groups of Amazon CloudWatch. Without `key` and `secret` the machine's own account asks."""

    kind: Literal["cloudwatch"]
    region: str = Field(min_length=1, max_length=40)
    groups: dict[str, str] = Field(min_length=1, max_length=100, description="the service of each log group")
    pattern: str = Field(default="", max_length=1024, description="a filter pattern of CloudWatch")
    key: SecretRef | None = None
    secret: SecretRef | None = None
    session_token: SecretRef | None = None
    endpoint_url: HttpUrl | None = Field(default=None, description="none: AWS's own of the region")
    timeout: Duration = Field(default=timedelta(seconds=10), description="of one request")
