"""Why a decision cannot be kept. Every store says the same."""

from incidents.action import Approval
from incidents.errors import ApprovalRefused, Bar


def already_decided(approval: Approval) -> ApprovalRefused:
    """The refusal of a second decision by one person."""
    return ApprovalRefused(
        f"{approval.by} has already decided on {approval.action} ({approval.digest[:12]}); "
        "a decision counts once, another person has to give the next one",
        Bar.SAME_PERSON,
    )


def too_late(action: str, digest: str) -> ApprovalRefused:
    """The refusal of a decision on a change that has begun."""
    return ApprovalRefused(
        f"{action} ({digest[:12]}) has begun; its outcome will be told, and its undo is "
        "offered if things get worse",
        Bar.BEGUN,
    )
