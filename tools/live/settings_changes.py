"""What `nexus.yaml` says of where deployments are kept, beside git and GitHub."""

from typing import Literal

from pydantic import Field, HttpUrl

from tools.live.settings_http import Http


class GitLab(Http):
    """GitLab: the deployments of one project to one environment."""

    kind: Literal["gitlab"]
    url: HttpUrl = HttpUrl("https://gitlab.com")
    project: str = Field(
        pattern=r"^\w[\w.-]*(/\w[\w.-]*)+$", description="its whole path: group/subgroup/name"
    )
    environment: str = "production"
    service: str | None = Field(
        default=None, description="the service that it holds; none: the project's name"
    )
