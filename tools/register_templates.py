"""Brings the WhatsApp templates of the repository to the provider and shows their approval; safe to repeat."""

import argparse
import asyncio
import os
import sys
from collections import Counter

from pydantic import ValidationError

from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.registration import FAILED, Outcome, register
from core.errors import InvalidInput, ProviderError
from core.settings import CoreSettings
from tools.installation import local
from tools.steps import StepFailed

_REFUSED = ("20003", "401")


def show(outcome: Outcome) -> None:
    """Print one template: name, language, status, and what else is to be known."""
    print(f"{outcome.name:<62} {outcome.language:<8} {outcome.status:<12} {outcome.said}".rstrip(), flush=True)


def explain(error: ProviderError, settings: WhatsAppSettings) -> str:
    """What to do about a provider that does not answer."""
    if error.code in _REFUSED:
        return "The provider does not know these credentials: check WHATSAPP_ACCOUNT_SID and WHATSAPP_AUTH_TOKEN."
    if error.code == "connection":
        return f"Nothing answers at {settings.content_url}: for the simulated provider start `make run` first."
    return f"The provider did not list its templates ({error}). Nothing is lost: run this again later."


def run(*, quiet: bool = False) -> int:
    """Register every template with the provider of the environment's settings.

    Args:
        quiet: Whether only the sums are printed.

    Returns:
        The exit code: 0 when the provider knows every template, 1 when not, 2 when a setting is wrong.
    """
    counts: Counter[str] = Counter()

    def tell(outcome: Outcome) -> None:
        counts[outcome.status] += 1
        if not quiet or outcome.status == FAILED:
            show(outcome)

    try:
        settings = WhatsAppSettings()
        settings.check(CoreSettings().profile)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            print(f"{error.title}: {'_'.join(map(str, problem['loc']))}: {problem['msg']}", file=sys.stderr)
        return 2
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    try:
        well = asyncio.run(register(settings, tell))
    except ProviderError as error:
        print(explain(error, settings), file=sys.stderr)
        return 1
    print(f"{counts.total()} templates: {', '.join(f'{number} {status}' for status, number in counts.most_common())}.")
    if not well:
        print("What failed was not registered; the reason stands beside it. Run this again.", file=sys.stderr)
    return 0 if well else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="print the sums only")
    options = parser.parse_args()
    try:
        os.environ.update(local().env("SAHAYAK_", "WHATSAPP_"))
    except StepFailed as failure:
        print(failure, file=sys.stderr)
        return 2
    return run(quiet=options.quiet)


if __name__ == "__main__":
    sys.exit(main())
