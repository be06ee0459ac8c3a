"""Why a model gave no report, in words that can be counted."""

from enum import StrEnum


class ModelFault(StrEnum):
    """The kinds of failure; a sentence beside it says more."""

    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    ACCESS = "access"
    TOO_LONG = "too_long"
    REFUSED = "refused"
    SERVER = "server"
    CONNECTION = "connection"
    NOT_AN_ANSWER = "not_an_answer"
    NO_REPORT = "no_report"
    BUDGET = "budget"
