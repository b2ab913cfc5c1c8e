"""Grievances of invented people, before the desk."""

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import pytest

from core.conversations import service as conversations
from core.media import service as media
from core.media.service import MediaStore
from grievances import service
from grievances.schemas import Actor, EventView, GrievanceView, NewGrievance, Particulars, Place
from grievances.status import Move
from tests.handoff.conftest import Scene

STORY = "The buyer took 200 brass handles in March and does not pay. <b>खरीदार भुगतान नहीं कर रहा</b>"
REASONS = "The buyer has paid the whole sum on 3 May; the receipt is attached."
_turns = count(1)


@dataclass
class Book:
    """Short ways to file and act behind the pages."""

    scene: Scene
    store: MediaStore

    async def file(self, number: int = 1, **changes: Any) -> GrievanceView:
        """A grievance of the contact with this number."""
        conversation = await self.scene.says(number, "hello")
        async with self.scene.db.transaction() as session:
            view = await conversations.get(session, conversation)
            told = {
                "what_happened": STORY,
                "against": "buyer",
                "against_name": "Suryodaya Retail",
                "amount_rupees": 125_000,
                "happened_on": date(2026, 3, 14),
                "enterprise_name": "Lakshmi Handicrafts",
                "udyam_number": "UDYAM-MH-01-0000001",
                "complainant_name": "Meera Devi",
                **changes.pop("told", {}),
            }
            values = {
                "contact_id": view.contact_id,
                "conversation_id": view.id,
                "address_id": view.address_id,
                "turn_id": f"t{next(_turns)}",
                "channel": "whatsapp",
                "language": "hi",
                "category": "delayed_payment",
                "particulars": Particulars(**told),
                "place": Place(pincode="400001", district="Mumbai", state="MH"),
                "room": "dfo-mumbai",
            }
            filed = await service.file(session, NewGrievance(**{**values, **changes}), now=self.scene.clock.now())
        return filed.view

    async def act(self, view: GrievanceView, move: Move, actor: Actor | None = None, **details: Any) -> GrievanceView:
        """Make a move as an officer whom nobody knows, or as somebody else."""
        by = actor or Actor.officer("01K0000000000000000000000X")
        async with self.scene.db.transaction() as session:
            return await service.act(session, view.id, move, actor=by, now=self.scene.clock.now(), **details)

    async def get(self, view: GrievanceView) -> GrievanceView:
        async with self.scene.db.reading() as session:
            return await service.get(session, view.id, rooms=None)

    async def events(self, view: GrievanceView) -> list[EventView]:
        async with self.scene.db.reading() as session:
            return await service.events(session, view.id, include_private=True)

    async def attach(self, view: GrievanceView, content: bytes = b"%PDF-1.4 invented") -> str:
        """A file of the contact, attached; returns its id."""
        assert view.conversation_id
        line = await self.scene.sends_file(view.conversation_id, "application/pdf")
        async with self.scene.db.transaction() as session:
            kept = await media.keep(
                session, self.store, message_id=line, position=0, declared_type="x/y", content=content,
                now=self.scene.clock.now(),
            )  # fmt: skip
        await self.act(view, Move.ATTACH, media_ids=(kept.id,))
        return kept.id


@pytest.fixture
def book(scene: Scene, store: MediaStore) -> Book:
    return Book(scene, store)
