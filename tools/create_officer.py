"""Adds an officer to the desk: `python -m tools.create_officer --login … --name … --role …`, or `--demo`."""

import argparse
import asyncio
import getpass
import sys

from pydantic import ValidationError

from core.clock import SystemClock
from core.db import Database
from core.errors import SahayakError
from core.i18n import LANGUAGES
from core.privacy.encryption import Keyring, install
from core.settings import CoreSettings, Profile
from handoff.desk.settings import DeskSettings
from handoff.officers.schemas import Role
from handoff.officers.service import Officers

DEMO_NAME = "Asha Verma"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.create_officer", description=__doc__)
    parser.add_argument("--login")
    parser.add_argument("--name", help="as contacts read it")
    parser.add_argument("--role", type=Role, choices=list(Role), default=Role.OFFICER)
    parser.add_argument("--speaks", help="languages of conversations, such as 'en hi mr'; left out: every one")
    parser.add_argument(
        "--room", help="id of the control room, such as dfo-mumbai; officers and supervisors need one to see anything"
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the desk's pages")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    parser.add_argument("--demo", action="store_true", help="have the demo officer, with DESK_DEMO_PASSWORD")
    return parser


def _password(given: argparse.Namespace) -> str:
    if given.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("Password: ")


async def _create(given: argparse.Namespace, core: CoreSettings) -> str:
    db = Database.from_settings(core)
    officers = Officers(db, SystemClock())
    try:
        if given.demo:
            desk = DeskSettings()
            login = desk.demo_login
            _, changed = await officers.ensure(
                login=login, name=DEMO_NAME, role=Role.HUB, password=desk.demo_password.get_secret_value()
            )
            return f"demo officer {login}: {'ready' if changed else 'unchanged'}"
        made = await officers.create(
            login=given.login,
            name=given.name,
            role=given.role,
            room=given.room,
            speaks=given.speaks,
            language=given.language,
            password=_password(given),
        )
        return f"officer {made.login} ({made.role}) created: {made.id}"
    finally:
        await db.close()


def main(arguments: list[str] | None = None) -> int:
    """Add the officer; return the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.demo and not (given.login and given.name):
        parser.error("--login and --name are needed, or --demo")
    try:
        core = CoreSettings()
        if given.demo and core.profile is Profile.PRODUCTION:
            parser.error("the demo officer is not made in the production profile")
        install(Keyring.from_settings(core))
        print(asyncio.run(_create(given, core)))
    except ValidationError as error:
        for problem in error.errors():
            print(f"{error.title}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}", file=sys.stderr)
        return 2
    except SahayakError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
