"""Gives what is said the form that Twilio's WhatsApp takes; pure."""

import json

from channels.whatsapp.definitions import Definition
from core.events import OutboundContent

TITLE_LIMIT = 20
"""Longest title of a quick reply: https://www.twilio.com/docs/content/twilio-quick-reply"""


def numbered(content: OutboundContent) -> str:
    """The text with its choices as a numbered list, for where no template is to be had."""
    choices = [f"{number}. {button.title}" for number, button in enumerate(content.buttons, start=1)]
    return "\n".join([content.text, "", *choices]) if choices else content.text


def template_definition(titles: tuple[str, ...], language: str) -> dict[str, object]:
    """Definition of a Content template: any text, and these quick replies; a button's id is its number."""
    return {
        "friendly_name": template_name(titles),
        "language": {"hi-Latn": "en"}.get(language, language),
        "variables": {"1": "…"},
        "types": {
            "twilio/quick-reply": {
                "body": "{{1}}",
                "actions": [
                    {"type": "QUICK_REPLY", "title": title[:TITLE_LIMIT], "id": str(number)}
                    for number, title in enumerate(titles, start=1)
                ],
            }
        },
    }


def template_name(titles: tuple[str, ...]) -> str:
    """Name under which the template for these titles is kept at the provider."""
    return "quick_reply:" + "|".join(title[:TITLE_LIMIT] for title in titles)


def template_variables(content: OutboundContent) -> str:
    """The variables of a quick-reply template, as JSON."""
    return json.dumps({"1": content.text}, ensure_ascii=False)


def notice_definition(definition: Definition) -> dict[str, object]:
    """The Content template of a notice; a quick reply's id is its number."""
    words: dict[str, object] = {"body": definition.body}
    kind = "twilio/text"
    if definition.buttons:
        kind = "twilio/quick-reply"
        words["actions"] = [
            {"type": "QUICK_REPLY", "title": title, "id": str(number)}
            for number, title in enumerate(definition.buttons, start=1)
        ]
    return {
        "friendly_name": definition.name,
        "language": definition.provider_language,
        "variables": _numbers(definition.samples),
        "types": {kind: words},
    }


def approval_request(definition: Definition) -> dict[str, object]:
    """What WhatsApp is asked to approve."""
    return {"name": definition.name, "category": definition.category}


def notice_variables(values: tuple[str, ...]) -> str:
    """The variables of a notice's template, as JSON."""
    return json.dumps(_numbers(values), ensure_ascii=False)


def _numbers(values: tuple[str, ...]) -> dict[str, str]:
    return {str(number): value for number, value in enumerate(values, start=1)}
