"""`python -m actions`: the action server, on the loopback interface only."""

from sanic import Sanic

from actions.app import Desks, create_executor, create_server
from actions.handoff import QueueDesk
from actions.ledger import LedgerDesk
from actions.settings import ActionSettings
from core import log
from core.clock import SystemClock
from core.db import Database
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings
from handoff.control_rooms import calendar
from knowledge.client import KnowledgeClient
from rights.desk import RightsDesk
from rights.settings import RightsSettings

HOST = "127.0.0.1"


def main() -> None:
    """Read the settings, build the actions, serve."""
    settings = ActionSettings()
    core = CoreSettings()  # keys come from the environment
    log.configure("actions", core.log_level)
    install(Keyring.from_settings(core))
    calendar.install()  # a file of holidays that cannot be used is no mistake of a contact's: it stops the start
    database = Database.from_settings(core)
    knowledge = KnowledgeClient(settings.knowledge_url, settings.knowledge_timeout)
    clock = SystemClock()
    rights = RightsSettings().checked(core.profile)
    desks = Desks(
        knowledge=knowledge,
        officers=QueueDesk(database, clock),
        grievances=LedgerDesk(database, clock, knowledge),
        privacy=RightsDesk(database, clock, rights),
    )
    server = create_server(create_executor(desks, settings.close_margin))

    async def close(_: Sanic) -> None:
        await knowledge.aclose()
        await database.close()

    server.register_listener(close, "after_server_stop")
    server.run(host=HOST, port=settings.port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
