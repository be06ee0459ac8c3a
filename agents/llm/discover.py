"""Which model an endpoint serves, where nobody named one."""

import json

import httpx2

from agents.llm.client import trust
from agents.llm.settings import ModelSettings
from incidents.errors import SettingsError

#: How long the endpoint may take to list its models, in seconds.
MODEL_LIST_TIMEOUT = 5.0


def first_model(settings: ModelSettings) -> str:
    """The first model in the endpoint's list.

    Raises:
        SettingsError: it does not answer, or lists none; name a model then.
    """
    url = f"{(settings.base_url or '').rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
    why = ""
    try:
        answer = httpx2.get(url, headers=headers, timeout=MODEL_LIST_TIMEOUT, verify=trust(settings))
        listed = answer.json()["data"]
        return str(listed[0]["id"])
    except httpx2.HTTPError as error:
        why = f"it does not answer ({type(error).__name__})"
    except (json.JSONDecodeError, KeyError, IndexError, TypeError, UnicodeDecodeError):
        why = "it lists no models"
    raise SettingsError(
        f"No model is named, and the endpoint {settings.where} cannot be asked for one: {why}; "
        "set NEXUS_LLM_MODEL to one that it serves"
    )
