"""What people may do, by their roles: role-based access control as data and one pure rule."""

from collections.abc import Collection, Iterable
from enum import StrEnum


class AccessRole(StrEnum):
    """What somebody is to Nexus; one person may be several."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    APPROVER = "approver"
    COMMANDER = "commander"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a role allows, in the words of a refusal: `may not ...`."""

    READ = "look at incidents"
    NOTE = "leave a note"
    STOP = "stop the agents"
    RESPOND = "work on incidents"
    DECIDE = "decide on changes"
    COMMAND = "set a severity"


#: Whoever may write at all may stop the agents. A severity moves how many sign and which freeze holds.
GRANTS: dict[AccessRole, frozenset[Permission]] = {
    AccessRole.VIEWER: frozenset({Permission.READ}),
    AccessRole.RESPONDER: frozenset({Permission.READ, Permission.NOTE, Permission.STOP, Permission.RESPOND}),
    AccessRole.APPROVER: frozenset({Permission.READ, Permission.NOTE, Permission.STOP, Permission.DECIDE}),
    AccessRole.COMMANDER: frozenset(Permission) - {Permission.DECIDE},
    AccessRole.ADMIN: frozenset(Permission),
}

#: Of a person for whom `nexus.yaml` names none.
DEFAULT_ROLES = (AccessRole.RESPONDER, AccessRole.APPROVER, AccessRole.COMMANDER)


def allows(roles: Iterable[AccessRole], permission: Permission) -> bool:
    """Whether one of the roles allows it."""
    return any(permission in GRANTS[role] for role in roles)


def why_not(name: str, roles: Collection[AccessRole], permission: Permission) -> str | None:
    """Why somebody may not do it, in a sentence that names who may; None if they may."""
    if allows(roles, permission):
        return None
    *others, last = (role for role in AccessRole if permission in GRANTS[role])
    able = f"{', '.join(others)} or {last}" if others else last
    theirs = ", ".join(roles) or "none"
    return f"{name} may not {permission}: it takes the role {able} (nexus.yaml's `people`), theirs: {theirs}"
