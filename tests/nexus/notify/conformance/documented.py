"""What providers document of their answers, as far as a destination meets it; each refuses what they do."""

import itertools
import re
from typing import Any

from tests.nexus.notify.conformance.provider import Asked, Behaviour, Reply


def slack_api() -> Behaviour:
    """`chat.postMessage` and `chat.update` (docs.slack.dev/reference/methods)."""
    posted, numbers = dict[str, dict[str, Any]](), itertools.count(1)

    def behaves(asked: Asked) -> Reply:
        if not asked.headers.get("authorization", "").startswith("Bearer xoxb-"):
            return Reply(body={"ok": False, "error": "not_authed"})
        said, method = asked.json, asked.path.rpartition("/")[2]
        if wrong := _slack_content(said):
            return Reply(body={"ok": False, "error": wrong})
        if method == "chat.update":
            if said["ts"] not in posted:
                return Reply(body={"ok": False, "error": "message_not_found"})
            return Reply(body={"ok": True, "channel": said["channel"], "ts": said["ts"]})
        if said.get("thread_ts") and said["thread_ts"] not in posted:
            return Reply(body={"ok": False, "error": "thread_not_found"})
        ts = f"1700000000.{next(numbers):06}"
        posted[ts] = said
        return Reply(body={"ok": True, "channel": said["channel"], "ts": ts})

    return behaves


def slack_webhook() -> Behaviour:
    def behaves(asked: Asked) -> Reply:
        wrong = _slack_content(asked.json)
        return Reply(400, wrong) if wrong else Reply(200, "ok")

    return behaves


def _slack_content(said: dict[str, Any]) -> str:
    if len(said.get("text", "")) > 40_000:
        return "msg_too_long"
    blocks = said.get("blocks", [])
    if len(blocks) > 50 or any(_too_long(block) for block in blocks):
        return "invalid_blocks"
    return "" if said.get("text") or blocks else "no_text"


def _too_long(block: dict[str, Any]) -> bool:
    limits = {"section": 3_000, "header": 150}
    if block["type"] in limits:
        return not 1 <= len(block["text"]["text"]) <= limits[block["type"]]
    return any(
        len(button["text"]["text"]) > 75
        or len(button.get("value", "")) > 2_000
        or len(button.get("url", "")) > 3_000
        for button in block["elements"]
    )


def pagerduty() -> Behaviour:
    """Events API v2 (developer.pagerduty.com/docs/events-api-v2)."""

    def behaves(asked: Asked) -> Reply:
        event = asked.json
        errors = _pagerduty_errors(event)
        if len(asked.body) > 512_000:
            return Reply(413, "Request Entity Too Large")
        if errors:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return Reply(400, body)
        told = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return Reply(202, told)

    return behaves


def _pagerduty_errors(event: dict[str, Any]) -> list[str]:
    errors = []
    if len(event.get("routing_key", "")) != 32:
        errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
        errors.append("'event_action' is missing or invalid")
    if len(event.get("dedup_key", "")) > 255:
        errors.append("Length of 'dedup_key' is greater than 255")
    if event.get("event_action") == "trigger":
        payload = event.get("payload", {})
        errors += [
            f"'payload.{one}' is missing or blank" for one in ("summary", "source") if not payload.get(one)
        ]
        if len(payload.get("summary", "")) > 1_024:
            errors.append("'payload.summary' is longer than 1024")
        if payload.get("severity") not in {"critical", "error", "warning", "info"}:
            errors.append("'payload.severity' is invalid (must be one of the following: ...)")
    return errors


def ntfy() -> Behaviour:
    """Publishing as JSON (docs.ntfy.sh/publish)."""

    def behaves(asked: Asked) -> Reply:
        said = asked.json
        if not re.fullmatch("[-_A-Za-z0-9]{1,64}", said.get("topic", "")):
            return Reply(400, {"code": 40024, "http": 400, "error": "invalid request: topic invalid"})
        if not 1 <= said["priority"] <= 5:
            return Reply(400, {"code": 40007, "http": 400, "error": "invalid request: priority invalid"})
        told: dict[str, object] = {"id": "hwQ2YpKdmg", "event": "message", "topic": said["topic"]}
        if len(said["message"].encode()) > 4_096:
            told["attachment"] = {"name": "attachment.txt", "type": "text/plain"}
        return Reply(200, told)

    return behaves


def webhook() -> Behaviour:
    return lambda _: Reply(204)


def opsgenie() -> Behaviour:
    """Alert API (docs.opsgenie.com/docs/alert-api): all is taken with 202 and done later."""
    numbers, open_now, done = itertools.count(1), set[str](), dict[str, dict[str, object]]()

    def behaves(asked: Asked) -> Reply:
        where = asked.path.partition("?")[0].removeprefix("/v2/alerts").strip("/").split("/")
        if not asked.headers.get("authorization", "").startswith("GenieKey "):
            return Reply(422, {"message": "Key format is not valid!", "took": 0.0, "requestId": "r"})
        if where[0] == "requests":
            if where[1] not in done:
                return Reply(404, {"message": "Request not found. It might not be processed, yet."})
            return Reply(200, {"data": done[where[1]], "took": 0.0, "requestId": "r"})
        said, identity = asked.json, f"request-{next(numbers)}"
        if where == [""]:
            if wrong := _opsgenie_errors(said):
                return Reply(422, {"message": "Request body is not processable.", "errors": wrong})
            open_now.add(said["alias"])
            done[identity] = {"isSuccess": True, "action": "Create", "status": "Created alert"}
        else:
            known, verb = where[0] in open_now, where[1]
            if verb == "close":
                open_now.discard(where[0])
            status = "Closed alert" if known else "Alert does not exist"
            done[identity] = {"isSuccess": known, "action": verb.capitalize(), "status": status}
        return Reply(202, {"result": "Request will be processed", "took": 0.1, "requestId": identity})

    return behaves


def _opsgenie_errors(said: dict[str, Any]) -> dict[str, str]:
    limits = {"message": 130, "alias": 512, "description": 15_000, "entity": 512, "source": 100}
    errors = {name: "too long" for name, most in limits.items() if len(said.get(name, "")) > most}
    if not said.get("message"):
        errors["message"] = "Message can not be empty."
    if said.get("priority") not in {"P1", "P2", "P3", "P4", "P5"}:
        errors["priority"] = "should be one of [ P1, P2, P3, P4, P5 ]"
    return errors


def teams() -> Behaviour:
    """A workflow's trigger: 202 for what has the right form, 28 KB at most."""

    def behaves(asked: Asked) -> Reply:
        said = asked.json
        if len(asked.body) > 28_000:
            return Reply(413, {"error": {"code": "RequestEntityTooLarge", "message": "too large"}})
        (attachment,) = said["attachments"]
        if said["type"] != "message" or not attachment["contentType"].endswith("card.adaptive"):
            return Reply(400, {"error": {"code": "TriggerInputSchemaMismatch", "message": "no card"}})
        return Reply(202)

    return behaves
