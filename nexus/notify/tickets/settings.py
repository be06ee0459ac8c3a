"""`tickets` of `nexus.yaml`: the tracker that action items go to. It imports nothing heavy."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from incidents.duration import Duration
from incidents.value import Value
from nexus.notify.settings import Address
from tools.live.secrets import SecretRef

Label = Annotated[str, Field(pattern=r"^[^\s,][^,\n]{0,49}$")]


class TrackerSettings(Value):
    """What every tracker has."""

    token: SecretRef = Field(description="what lets Nexus make and read tickets, and nothing more")
    labels: tuple[Label, ...] = Field(default=(), description="beside the one by which a ticket is found")
    automatic: bool = Field(
        default=False, description="make a ticket of each action item without being asked"
    )
    limit: Duration = Field(default=timedelta(seconds=10), description="how long one request may take")


class _JiraProject(TrackerSettings):
    """Where in a Jira tickets are made."""

    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,49}$", description="its key, such as OPS")
    issue_type: str = Field(default="Task", min_length=1, max_length=60)


class JiraSettings(_JiraProject):
    """Jira Cloud (REST v3)."""

    kind: Literal["jira"]
    url: Address = Field(description="https://SITE.atlassian.net")
    user: str = Field(min_length=3, description="the mail address that the API token is of")


class JiraDataCenterSettings(_JiraProject):
    """Jira Data Center, 8.14 or later (REST v2); `token` is a personal access token."""

    kind: Literal["jira_data_center"]
    url: Address = Field(description="https://jira.example.org, with a path if it has one")


class GitHubSettings(TrackerSettings):
    """GitHub issues."""

    kind: Literal["github"]
    url: Address = Field(
        default="https://api.github.com", description="of GitHub Enterprise: https://HOST/api/v3"
    )
    repository: str = Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="OWNER/NAME")


class GitLabSettings(TrackerSettings):
    """GitLab issues."""

    kind: Literal["gitlab"]
    url: Address = "https://gitlab.com"
    project: str = Field(pattern=r"^[A-Za-z0-9_./-]+$", description="its path GROUP/NAME, or its number")


class LinearSettings(TrackerSettings):
    """Linear."""

    kind: Literal["linear"]
    url: Address = "https://api.linear.app/graphql"
    team: str = Field(pattern=r"^[0-9a-f-]{36}$", description="the team's id, a UUID")


AnyTracker = Annotated[
    JiraSettings | JiraDataCenterSettings | GitHubSettings | GitLabSettings | LinearSettings,
    Field(discriminator="kind"),
]
