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


class ToolScope(StrEnum):
    """What a token lets a program do over MCP for its person; it opens no other door."""

    READ = "mcp:read"
    NOTE = "mcp:note"
    OPEN = "mcp:open"


Scope = AccessRole | ToolScope


class Permission(StrEnum):
    """What a role allows, in the words of a refusal: `may not ...`."""

    READ = "look at incidents"
    NOTE = "leave a note"
    STOP = "stop the agents"
    RESPOND = "work on incidents"
    DECIDE = "decide on changes"
    COMMAND = "set a severity"
    MACHINE_NOTE = "leave a program's note"
    OPEN = "open an incident for a program"


_WRITES = frozenset({Permission.READ, Permission.NOTE, Permission.STOP, Permission.MACHINE_NOTE})
#: Whoever may write at all may stop the agents. A severity moves how many sign and which freeze holds.
GRANTS: dict[AccessRole, frozenset[Permission]] = {
    AccessRole.VIEWER: frozenset({Permission.READ}),
    AccessRole.RESPONDER: _WRITES | {Permission.RESPOND, Permission.OPEN},
    AccessRole.APPROVER: _WRITES | {Permission.DECIDE},
    AccessRole.COMMANDER: frozenset(Permission) - {Permission.DECIDE},
    AccessRole.ADMIN: frozenset(Permission),
}

#: As `GRANTS`, of a token's scopes: a role's are its own.
SCOPE_GRANTS: dict[str, frozenset[Permission]] = {
    **{role.value: granted for role, granted in GRANTS.items()},
    ToolScope.READ: frozenset({Permission.READ}),
    ToolScope.NOTE: frozenset({Permission.READ, Permission.MACHINE_NOTE}),
    ToolScope.OPEN: frozenset({Permission.READ, Permission.OPEN}),
}

#: All that a program may do that comes for a person over MCP. Nothing here decides, commands or stops.
AGENT_MAY = frozenset({Permission.READ, Permission.MACHINE_NOTE, Permission.OPEN})

#: Of a person for whom `nexus.yaml` names none.
DEFAULT_ROLES = (AccessRole.RESPONDER, AccessRole.APPROVER, AccessRole.COMMANDER)


def allows(roles: Iterable[AccessRole], permission: Permission) -> bool:
    """Whether one of the roles allows it."""
    return any(permission in GRANTS[role] for role in roles)


def why_not(
    name: str,
    roles: Collection[AccessRole],
    permission: Permission,
    scopes: Collection[Scope] | None = None,
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
    if scopes is not None and not any(permission in SCOPE_GRANTS[scope] for scope in scopes):
        takes = f"it takes the scope {_scopes_that_may(permission)}"
        return f"this token of {name} may not {permission}: {takes}, its own: {', '.join(scopes)}"
    return None


def roles_that_may(permission: Permission) -> str:
    """The roles that allow it, as a sentence names them."""
    *others, last = (role for role in AccessRole if permission in GRANTS[role])
    return f"{', '.join(others)} or {last}" if others else last


def _scopes_that_may(permission: Permission) -> str:
    own = [str(scope) for scope in ToolScope if permission in SCOPE_GRANTS[scope]]
    return own[-1] if permission in {Permission.MACHINE_NOTE, Permission.OPEN} else roles_that_may(permission)


class Right(Value):
    """Whether somebody may do something, and the sentence that says why or why not."""

    permission: str = Field(description="its name, such as `decide`")
    may: bool
    why: str


def rights(
    name: str, roles: Collection[AccessRole], scopes: Collection[Scope] | None = None
) -> tuple[Right, ...]:
    """What somebody may and may not do, and why; they need not be there. Arguments as `why_not`."""
    found = []
    for permission in Permission:
        no = why_not(name, roles, permission, scopes)
        by = ", ".join(role for role in roles if permission in GRANTS[role])
        yes = f"{name} may {permission}: the role {by} allows it"
        found.append(Right(permission=permission.name.lower(), may=no is None, why=no or yes))
    return tuple(found)
