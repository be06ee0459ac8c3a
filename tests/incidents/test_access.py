"""What roles allow: everything that a refusal says is true, and nobody gets more than their roles give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.access import DEFAULT_ROLES, GRANTS, AccessRole, Permission, allows, why_not
from incidents.actor import Actor, Via
from incidents.errors import Forbidden
from incidents.policy import ApprovalPolicy

ROLES = st.lists(st.sampled_from(AccessRole), unique=True, max_size=5)
POLICY = ApprovalPolicy(people=("dana",), authenticated=True)


def dana(*roles: AccessRole, authenticated: bool = True) -> Actor:
    return Actor(id="dana", name="dana", roles=roles, via=Via.HTTP, authenticated=authenticated)


def test_every_role_is_told_what_it_may_and_everybody_may_look() -> None:
    assert set(GRANTS) == set(AccessRole)
    assert all(allows([role], Permission.READ) for role in AccessRole)
    assert GRANTS[AccessRole.VIEWER] == {Permission.READ}
    assert GRANTS[AccessRole.ADMIN] == set(Permission)


def test_who_commands_or_responds_does_not_sign_and_who_signs_does_not_command() -> None:
    assert not allows([AccessRole.COMMANDER, AccessRole.RESPONDER], Permission.DECIDE)
    assert not allows([AccessRole.APPROVER], Permission.COMMAND)
    assert all(allows([role], Permission.STOP) for role in AccessRole if role is not AccessRole.VIEWER)


def test_of_whom_no_role_is_told_may_do_what_everybody_could_before_there_were_roles() -> None:
    assert all(allows(DEFAULT_ROLES, permission) for permission in Permission)


@given(roles=ROLES, permission=st.sampled_from(Permission))
def test_a_refusal_names_a_role_that_would_do(roles: list[AccessRole], permission: Permission) -> None:
    why = why_not("dana", roles, permission)
    assert (why is None) is allows(roles, permission)
    if why is not None:
        able = why.partition("the role ")[2].partition(" (")[0].replace(" or ", ", ").split(", ")
        assert all(allows([AccessRole(role)], permission) for role in able)
        assert why.startswith(f"dana may not {permission}: ")


@given(roles=ROLES, permission=st.sampled_from(Permission))
def test_a_policy_asks_for_who_it_is_and_for_the_role(
    roles: list[AccessRole], permission: Permission
) -> None:
    if allows(roles, permission):
        POLICY.require(dana(*roles), permission)
    else:
        with pytest.raises(Forbidden, match="may not"):
            POLICY.require(dana(*roles), permission)
    with pytest.raises(Forbidden, match="a name alone does not count here"):
        POLICY.require(dana(*AccessRole, authenticated=False), permission)
    with pytest.raises(Forbidden, match="none of the people"):
        POLICY.model_copy(update={"people": ("kim",)}).require(dana(*AccessRole), permission)
    ApprovalPolicy().require(dana(authenticated=False), permission)
