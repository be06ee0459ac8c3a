"""What was changed in the system: deployments, configuration, flags, scale, infrastructure."""

from enum import StrEnum

from incidents.value import Moment, Value


class ChangeKind(StrEnum):
    """How the system was changed."""

    DEPLOY = "deploy"
    CONFIG = "config"
    FLAG = "flag"
    SCALE = "scale"
    INFRA = "infra"


class Change(Value):
    """One recorded change to one service; fields that its source does not give are empty."""

    time: Moment
    id: str
    service: str
    kind: ChangeKind
    version_from: str = ""
    version_to: str = ""
    author: str = ""
    summary: str = ""
    commit: str = ""
