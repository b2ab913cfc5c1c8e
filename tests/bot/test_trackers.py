"""The tracker store keeps what was understood and forgets what was written."""

import sqlite3

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import trackers
from bot.trackers import WordlessTrackerStore

SENDER = "01J0000000000000000000CONV"


async def test_no_words_on_disk_and_the_conversation_goes_on(tmp_path) -> None:
    domain = Domain.from_dict({"intents": ["greet"], "entities": ["scheme", "mobile_number"], "slots": {}})
    store = WordlessTrackerStore(domain=domain, host=f"sqlite:///{tmp_path}/sub/rasa.db")
    entities = [
        {"entity": "scheme", "value": "pmegp", "start": 0, "end": 5},
        {"entity": "mobile_number", "value": "+910000000123", "start": 6, "end": 20},
    ]
    started = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    parse_data = {"intent": {"name": "greet", "confidence": 0.9}, "entities": entities, "text": "गुप्त बात"}
    user = UserUttered(
        "गुप्त बात",
        parse_data["intent"],
        entities,
        parse_data,
        metadata={"turn_id": "t1", "place": {"pincode": "110001"}},
    )
    events = [*started, user, BotUttered("नमस्ते", metadata={"key": "utter_greet"})]
    await store.save(DialogueStateTracker.from_events(SENDER, events, domain=domain))

    everything = str(sqlite3.connect(tmp_path / "sub" / "rasa.db").execute("select * from events").fetchall())
    for secret in ("गुप्त", "\\u0917", "0000000123", "110001"):
        assert secret not in everything
    restored = await store.retrieve(SENDER)
    assert restored.latest_message.intent["name"] == "greet"
    assert [entity["value"] for entity in restored.latest_message.entities] == ["pmegp"]
    assert restored.latest_message.metadata["turn_id"] == "t1"

    restored.update(ActionExecuted("action_listen"))
    await store.save(restored)
    assert len((await store.retrieve(SENDER)).events) == 5


async def test_a_forgotten_conversation_leaves_nothing_and_others_stay(tmp_path) -> None:
    domain = Domain.from_dict({"intents": ["greet"], "slots": {}})
    store = WordlessTrackerStore(domain=domain, host=f"sqlite:///{tmp_path}/rasa.db")
    for sender, said in ((SENDER, "Bharat Looms, 42 lakh"), ("01J0000000000000000000ELSE", "Anand Tools")):
        events = [ActionExecuted("action_listen"), BotUttered(said, metadata={"key": "utter_x"})]
        await store.save(DialogueStateTracker.from_events(sender, events, domain=domain))

    assert trackers.forget([SENDER]) == 2

    raw = b"".join(path.read_bytes() for path in tmp_path.glob("rasa.db*"))
    assert b"Bharat Looms" not in raw
    assert b"Anand Tools" in raw
    assert trackers.forget([SENDER]) == 0


async def test_only_the_latest_session_is_read_and_written_on(tmp_path) -> None:
    domain = Domain.from_dict({"intents": ["greet"], "slots": {"scheme": {"type": "text", "mappings": []}}})
    store = WordlessTrackerStore(domain=domain, host=f"sqlite:///{tmp_path}/rasa.db")
    first = [ActionExecuted("action_session_start", timestamp=1.0), SessionStarted(timestamp=2.0)]
    await store.save(DialogueStateTracker.from_events(SENDER, [*first, SlotSet("scheme", "pmegp", 3.0)], domain.slots))
    latest = await store.retrieve(SENDER)
    again = [ActionExecuted("action_session_start", timestamp=10.0), SessionStarted(timestamp=11.0)]
    for event in [*again, SlotSet("scheme", "mudra", 12.0)]:
        latest.update(event)
    await store.save(latest)

    assert [event.type_name for event in (await store.retrieve(SENDER)).events] == ["session_started", "slot"]
    assert (await store.retrieve(SENDER)).get_slot("scheme") == "mudra"
    assert len((await store.retrieve_full_tracker(SENDER)).events) == 6
    assert await store.retrieve("01J0000000000000000000ELSE") is None
