"""Language generation: which sentence of the catalogue, in which language, with which buttons."""

from typing import Any, Dict, List, Mapping, Optional

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.catalogue import BUTTON_TITLE_LIMIT, DEFAULT_LANGUAGE, LANGUAGES, Catalogue, fill
from bot.turn import current_turn

MOST_BUTTONS = 3
"""More choices than this become a numbered list, whose lines may be longer than a button."""
LINE_LIMIT = 60

# What an action may pass beside the parameters of the sentence.
_RESERVED = {
    "text", "image", "json_message", "template", "response", "attachment", "buttons", "elements", "custom",
    "offers", "named", "language", "language_fixed", "private", "form_open",
}  # fmt: skip


def choose_language(metadata: Mapping[str, Any], detected: Optional[str]) -> str:
    """A language the contact fixed wins, then the one of this message if it was sure, then the last known one."""
    known = metadata.get("language")
    choice = known if metadata.get("language_fixed") and known else (detected or known)
    return choice if choice in LANGUAGES else DEFAULT_LANGUAGE


def language_of(tracker: DialogueStateTracker) -> str:
    """In which language the latest message is answered."""
    message = tracker.latest_message
    if message is None:
        return DEFAULT_LANGUAGE
    detected = (message.parse_data or {}).get("language")
    return choose_language(message.metadata or {}, detected)


class CatalogueNlg(TemplatedNaturalLanguageGenerator):
    """Makes every sentence from the catalogues.

    The domain says which responses exist and which buttons they carry (titles are keys); the catalogue says the
    words. An action passes parameters by name, `offers` (buttons: title key or literal `label`, payload) and
    `named` (parameters whose value is itself a key).
    """

    def __init__(
        self, endpoint_config: Any = None, domain: Optional[Domain] = None, catalogue: Optional[Catalogue] = None
    ) -> None:
        super().__init__(domain.responses if domain else {})
        self.catalogue = catalogue or Catalogue()

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> Optional[Dict[str, Any]]:
        """The message for a key: text, key, parameters, language and buttons."""
        language = kwargs.get("language")
        if language not in LANGUAGES:
            language = language_of(tracker)
        self._note(tracker, language, kwargs)
        params = {name: value for name, value in kwargs.items() if name not in _RESERVED and value is not None}
        for name, key in (kwargs.get("named") or {}).items():
            params[name] = self.catalogue.template(key, language) or key
        template = self.catalogue.template(utter_action, language)
        if template is None:
            return None
        return {
            "text": fill(template, params),
            "key": utter_action,
            "params": params,
            "language": language,
            "private": bool(kwargs.get("private")),
            "buttons": self._buttons(utter_action, kwargs.get("offers") or [], language),
        }

    @staticmethod
    def _note(tracker: DialogueStateTracker, language: str, kwargs: Mapping[str, Any]) -> None:
        turn = current_turn.get()
        if turn is None:
            return
        turn.language = language
        turn.events = len(tracker.events)
        turn.form_open = bool(kwargs.get("form_open"))
        if kwargs.get("language_fixed"):
            turn.language_fixed = True

    def _buttons(self, key: str, offers: List[Mapping[str, Any]], language: str) -> List[Dict[str, str]]:
        listed = list(offers)
        if not listed:
            variants = self.responses.get(key) or [{}]
            listed = variants[0].get("buttons") or []
        buttons = []
        for button in listed:
            title = button.get("label") or self.catalogue.template(button["title"], language) or button["title"]
            limit = BUTTON_TITLE_LIMIT if len(listed) <= MOST_BUTTONS else LINE_LIMIT
            buttons.append({"title": _shorten(title, limit), "payload": button["payload"]})
        return buttons


def _shorten(title: str, limit: int) -> str:
    """Titles longer than a button or a line of a list allows are cut with an ellipsis."""
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
