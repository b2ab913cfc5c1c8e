"""The rounds of features, for the gateway's sweep: registries, clocks of grievances, the officers' queue, erasures."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from channels.gateway.registries import registry_rounds
from channels.gateway.sweep import Round
from core.clock import Clock
from core.db import Database
from core.settings import Profile
from grievances.clocks import Clocks
from grievances.registries.settings import CpgramsSettings
from grievances.settings import GrievanceSettings
from handoff.control_rooms import calendar
from handoff.queue.rounds import QueueRounds
from handoff.queue.settings import QueueSettings
from rights.rounds import Outside, PrivacyRounds
from rights.settings import RightsSettings

_PRIVACY_EVERY = 15.0


@dataclass(frozen=True)
class Features:
    """How the features that have rounds are set."""

    grievances: GrievanceSettings = field(default_factory=GrievanceSettings)
    registries: CpgramsSettings = field(default_factory=CpgramsSettings)
    rights: RightsSettings = field(default_factory=RightsSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)

    @classmethod
    def checked(cls, profile: Profile) -> "Features":
        """The settings of the environment; the holidays that they name are the ones that this process goes by.

        Raises:
            InvalidInput: The link to a registry is not safe, an erasure would come sooner than the law allows, or the
                file of holidays cannot be used.
        """
        found = cls(rights=RightsSettings().checked(profile))
        found.registries.check(profile)
        calendar.install()
        return found


@asynccontextmanager
async def feature_rounds(
    db: Database, clock: Clock, features: Features, data_dir: Path, outside: Sequence[Outside]
) -> AsyncIterator[list[Round]]:
    """The rounds, for as long as what they need is open.

    Args:
        db: The application's database.
        clock: Tells the time.
        features: Their settings.
        data_dir: Where files of contacts are kept.
        outside: Who besides the database is asked to forget a contact.
    """
    privacy = PrivacyRounds(db, clock, features.rights, data_dir, outside)
    async with registry_rounds(db, clock, features.registries) as registries:
        yield [
            *registries,
            ("clocks", features.grievances.sweep_every, Clocks(db, clock).sweep),
            ("queue", features.queue.sweep_every, QueueRounds(db, clock, features.queue).sweep),
            ("privacy", _PRIVACY_EVERY, privacy.run),
        ]
