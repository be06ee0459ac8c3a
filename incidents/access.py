"""What people may do, by their roles: role-based access control as data and one pure rule."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from pydantic import Field

from incidents.value import Value


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


def why_not(
    name: str,
    roles: Collection[AccessRole],
    permission: Permission,
    scopes: Collection[AccessRole] | None = None,
) -> str | None:
    """Why somebody may not do it, in a sentence that names who may; None if they may.

    Args:
        name: theirs.
        roles: theirs.
        permission: what they want to do.
        scopes: what the token with which they ask is limited to; None: it is not.
    """
    if not allows(roles, permission):
        takes = f"it takes the role {roles_that_may(permission)} (nexus.yaml's `people`)"
        return f"{name} may not {permission}: {takes}, theirs: {', '.join(roles) or 'none'}"
    if scopes is not None and not allows(scopes, permission):
        takes = f"it takes the scope {roles_that_may(permission)}"
        return f"this token of {name} may not {permission}: {takes}, its own: {', '.join(scopes)}"
    return None


def roles_that_may(permission: Permission) -> str:
    """The roles that allow it, as a sentence names them."""
    *others, last = (role for role in AccessRole if permission in GRANTS[role])
    return f"{', '.join(others)} or {last}" if others else last


class Right(Value):
    """Whether somebody may do something, and the sentence that says why or why not."""

    permission: str = Field(description="its name, such as `decide`")
    may: bool
    why: str


def rights(
    name: str, roles: Collection[AccessRole], scopes: Collection[AccessRole] | None = None
) -> tuple[Right, ...]:
    """What somebody may and may not do, and why; they need not be there. Arguments as `why_not`."""
    found = []
    for permission in Permission:
        no = why_not(name, roles, permission, scopes)
        by = ", ".join(role for role in roles if permission in GRANTS[role])
        yes = f"{name} may {permission}: the role {by} allows it"
        found.append(Right(permission=permission.name.lower(), may=no is None, why=no or yes))
    return tuple(found)
