"""What Slack's words mean: a method answers 200, `ok: false` and a word, a webhook a status and a word."""

from nexus.notify.destination import Attempt, Outcome
from nexus.notify.http import Answer, Exchange

#: The token, the app or the workspace is what fails, or the channel is gone or closed to us.
_OURS_TO_MEND = frozenset({
    "access_denied", "account_inactive", "accesslimited", "app_missing_action_url",
    "channel_is_archived", "channel_not_found", "channel_type_not_supported", "deprecated_endpoint",
    "ekm_access_denied", "enterprise_is_restricted", "invalid_auth", "invalid_token", "is_archived",
    "method_deprecated", "method_not_supported_for_channel_type", "missing_scope", "no_active_hooks",
    "no_permission", "no_service", "no_service_id", "no_team", "not_allowed_token_type", "not_authed",
    "not_in_channel", "org_login_required", "posting_to_general_channel_denied", "restricted_action",
    "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
    "restricted_action_thread_locked", "team_access_not_granted", "team_disabled", "team_not_found",
    "token_expired", "token_revoked", "two_factor_setup_required", "user_not_found", "invalid_channel",
    "action_prohibited", "external_channel_migrating_prohibited",
})  # fmt: skip
#: Slack itself, or too much of ours at once.
_FOR_NOW = frozenset({
    "fatal_error", "internal_error", "message_limit_exceeded", "rate_limited", "ratelimited",
    "request_timeout", "rollup_error", "service_unavailable", "team_added_to_org", "team_quota_exceeded",
    "external_channel_migrating",
})  # fmt: skip


def of_api(exchange: Exchange, answer: Answer) -> Attempt:
    """What a method of the Web API answered; accepted with the message's place as reference."""
    if not 200 <= answer.status < 300:
        return _by_word(exchange, answer, _word(answer)) or exchange.judged(answer, _word(answer) or None)
    said = answer.json()
    if said.get("ok") is True:
        channel, ts = said.get("channel"), said.get("ts")
        place = f"{channel}:{ts}" if isinstance(channel, str) and isinstance(ts, str) else None
        return Attempt(outcome=Outcome.ACCEPTED, reference=place)
    if said.get("ok") is not False:
        return Attempt(
            outcome=Outcome.UNKNOWN,
            reason=f"{exchange.provider} answered {answer.status} and not whether it took it",
        )
    return _by_word(exchange, answer, _word(answer)) or Attempt(
        outcome=Outcome.FAILED_FOR_GOOD,
        reason=exchange.reason(f"{exchange.provider} does not take it: {_word(answer) or 'no reason given'}"),
    )


def of_webhook(exchange: Exchange, answer: Answer) -> Attempt:
    """What an incoming webhook answered: 200 `ok`, else a status and a word as text."""
    if 200 <= answer.status < 300:
        return Attempt(outcome=Outcome.ACCEPTED)
    return _by_word(exchange, answer, answer.text.strip()) or exchange.judged(answer)


def _word(answer: Answer) -> str:
    word = answer.json().get("error")
    return word if isinstance(word, str) else ""


def _by_word(exchange: Exchange, answer: Answer, word: str) -> Attempt | None:
    """What one of Slack's words means; None if it means nothing of its own."""
    reason = exchange.reason(f"{exchange.provider} does not take it: {word}")
    if word in _OURS_TO_MEND:
        return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=reason, disables=True)
    if word in _FOR_NOW:
        return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason=reason, retry_after=exchange.rest(answer))
    return None
