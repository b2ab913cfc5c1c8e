"""Where Rasa keeps its trackers: a disposable cache that holds no words of a contact."""

import functools
import itertools
import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

_open: "List[WordlessTrackerStore]" = []
"""The store of this process: Rasa makes it, and nobody else is told of it."""
KEPT_ENTITIES = {"scheme", "aspect", "state", "district", "language_name"}


_class_of = functools.lru_cache(maxsize=None)(Event.resolve_by_type)


def _restored(stored: Dict[str, Any]) -> Event:
    """The event as Rasa restores it, but its class is looked up once and not among all classes for every event."""
    return _class_of(stored["event"])._from_parameters(stored)  # noqa: SLF001 - Rasa offers no other door


def without_words(event: Dict[str, Any]) -> Dict[str, Any]:
    """An event as it may be stored: what was understood, not what was written."""
    if event.get("event") == "bot" and (event.get("metadata") or {}).get("private"):
        return _without_answers(event)
    if event.get("event") != "user":
        return event
    parse_data = event.get("parse_data") or {}
    given = event.get("metadata") or {}
    metadata = {name: given.get(name) for name in ("turn_id", "channel", "language", "language_fixed")}
    entities = [entity for entity in parse_data.get("entities") or [] if entity.get("entity") in KEPT_ENTITIES]
    kept = [{"entity": item["entity"], "value": item.get("value")} for item in entities]
    understood = {**parse_data, "text": "", "entities": kept, "metadata": metadata}
    return {**event, "text": "", "metadata": metadata, "parse_data": understood}


def _without_answers(event: Dict[str, Any]) -> Dict[str, Any]:
    """Something that was said with a contact's own words or numbers in it: only that it was said."""
    metadata = {name: value for name, value in event["metadata"].items() if name not in ("params", "text")}
    return {**event, "text": "", "data": {}, "metadata": {**metadata, "params": {}}}


class WordlessTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, reached by URL, that stores no text, no number and no place of a contact.

    What was said is kept, encrypted and erasable, in the application's own transcript.
    """

    _TABLE = SQLTrackerStore.SQLEvent.__table__
    _OF_SENDER = _TABLE.c.sender_id == sa.bindparam("sender")
    _STARTED = (
        sa.select(sa.func.max(_TABLE.c.timestamp))
        .where(_OF_SENDER, _TABLE.c.type_name == sa.bindparam("start"))
        .scalar_subquery()
    )
    # Everything since the latest session began, or everything when none did: as Rasa's own store asks, but as objects
    # that are made once.
    _OF_SESSION = sa.and_(_OF_SENDER, _TABLE.c.timestamp >= sa.func.coalesce(_STARTED, 0.0))
    _LATEST = sa.select(_TABLE.c.data).where(_OF_SESSION).order_by(_TABLE.c.id)
    _ALL = sa.select(_TABLE.c.data).where(_OF_SENDER).order_by(_TABLE.c.id)
    _COUNT = sa.select(sa.func.count(_TABLE.c.id)).where(_OF_SESSION)
    _INSERT = sa.insert(_TABLE)

    def __init__(self, domain: Any = None, host: Optional[str] = None, event_broker: Any = None, **kwargs: Any) -> None:
        url = sa.engine.make_url(str(host or "sqlite:///var/rasa.db"))
        if url.drivername.startswith("sqlite") and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, host=url.render_as_string(hide_password=False), event_broker=event_broker)
        if url.drivername.startswith("sqlite"):
            # Rasa opens the file for every question and closes it again, and whoever closes last tidies the log away.
            self.engine.dispose()
            self.engine = sa.create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
            sa.event.listen(self.engine, "connect", _pragmas)
            self.sessionmaker = sessionmaker(bind=self.engine)
        _open[:] = [self]

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> Optional[DialogueStateTracker]:
        """Read the events alone, not rows as objects: this is done for every message."""
        question = self._ALL if fetch_events_from_all_sessions else self._LATEST
        with self.engine.connect() as connection:
            rows = connection.execute(question, {"sender": sender_id, "start": SessionStarted.type_name})
            events = [_restored(json.loads(data)) for (data,) in rows]
        if not self.domain or not events:
            return None
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are not stored yet, without their words."""
        with self.engine.begin() as connection:
            known = {"sender": tracker.sender_id, "start": SessionStarted.type_name}
            count = connection.execute(self._COUNT, known).scalar_one()
            rows = [self._row(tracker.sender_id, event) for event in itertools.islice(tracker.events, count, None)]
            if rows:
                connection.execute(self._INSERT, rows)

    @staticmethod
    def _row(sender_id: str, event: Event) -> Dict[str, Any]:
        data = without_words(event.as_dict())
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": (data.get("parse_data") or {}).get("intent", {}).get("name"),
            "action_name": data.get("name"),
            "data": json.dumps(data),
        }

    def forget(self, sender_ids: Sequence[str]) -> int:
        """Remove everything of these conversations; return how many events there were."""
        with self.session_scope() as session:
            gone = (
                session.query(self.SQLEvent)
                .filter(self.SQLEvent.sender_id.in_(list(sender_ids)))
                .delete(synchronize_session=False)
            )
            session.commit()
            if session.get_bind().dialect.name == "sqlite":
                # Old copies of the rows lie in the write-ahead log until it is emptied.
                session.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return int(gone)


def forget(sender_ids: Sequence[str]) -> int:
    """Remove everything that this process's store keeps of these conversations."""
    return sum(store.forget(sender_ids) for store in _open)


def _pragmas(connection: Any, _: Any) -> None:
    """A cache may be lost with the machine, so it need not wait for the disk at every turn."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
