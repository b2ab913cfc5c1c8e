"""Where Rasa keeps its trackers: a disposable cache that holds no words of a contact."""

import copy
import json
from pathlib import Path
from typing import Any, Dict, Optional

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

KEPT_ENTITIES = {"scheme", "aspect", "state", "district", "language_name"}


def without_words(event: Dict[str, Any]) -> Dict[str, Any]:
    """An event as it may be stored: what was understood, not what was written."""
    if event.get("event") != "user":
        return event
    event = copy.deepcopy(event)
    parse_data = event.get("parse_data") or {}
    metadata = event.get("metadata") or {}
    event["text"] = parse_data["text"] = ""
    entities = [entity for entity in parse_data.get("entities") or [] if entity.get("entity") in KEPT_ENTITIES]
    parse_data["entities"] = [{"entity": item["entity"], "value": item.get("value")} for item in entities]
    event["metadata"] = {name: metadata.get(name) for name in ("turn_id", "channel", "language", "language_fixed")}
    parse_data["metadata"] = event["metadata"]
    event["parse_data"] = parse_data
    return event


class WordlessTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, reached by URL, that stores no text, no number and no place of a contact.

    What was said is kept, encrypted and erasable, in the application's own transcript.
    """

    def __init__(self, domain: Any = None, host: Optional[str] = None, event_broker: Any = None, **kwargs: Any) -> None:
        url = sa.engine.make_url(str(host or "sqlite:///var/rasa.db"))
        if url.drivername.startswith("sqlite") and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, host=url.render_as_string(hide_password=False), event_broker=event_broker)
        if url.drivername.startswith("sqlite"):
            sa.event.listen(self.engine, "connect", _pragmas)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are not stored yet, without their words."""
        with self.session_scope() as session:
            for event in self._additional_events(session, tracker):
                data = without_words(event.as_dict())
                session.add(
                    self.SQLEvent(
                        sender_id=tracker.sender_id,
                        type_name=event.type_name,
                        timestamp=data.get("timestamp"),
                        intent_name=(data.get("parse_data") or {}).get("intent", {}).get("name"),
                        action_name=data.get("name"),
                        data=json.dumps(data),
                    )
                )
            session.commit()


def _pragmas(connection: Any, _: Any) -> None:
    """A cache may be lost with the machine, so it need not wait for the disk at every turn."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
