"""Times that the law sets cannot be shortened outside tests."""

from typing import Any

import pytest

from core.errors import InvalidInput
from core.settings import Profile
from rights.settings import RightsSettings

HTTPS = "https://sahayak.example"


@pytest.mark.parametrize("profile", [Profile.TRY, Profile.PRODUCTION])
@pytest.mark.parametrize(
    ("name", "value"), [("notice_hours", 47.9), ("notice_hours", 0), ("log_days", 365), ("log_days", 0)]
)
def test_a_shorter_time_is_refused(profile: Profile, name: str, value: float) -> None:
    given: dict[str, Any] = {"public_url": HTTPS, name: value}
    with pytest.raises(InvalidInput, match=f"RIGHTS_{name.upper()}"):
        RightsSettings(**given).checked(profile)
    assert RightsSettings(**given).checked(Profile.TEST)


def test_links_to_copies_go_over_https_in_production() -> None:
    for url in ("http://sahayak.example", "sahayak.example", ""):
        with pytest.raises(InvalidInput, match="RIGHTS_PUBLIC_URL"):
            RightsSettings(public_url=url).checked(Profile.PRODUCTION)
    assert RightsSettings(public_url=HTTPS).checked(Profile.PRODUCTION)
    assert RightsSettings().checked(Profile.TRY)


def test_the_usual_times_are_those_of_the_rules() -> None:
    usual = RightsSettings()
    assert usual.notice.total_seconds() == 48 * 3600
    assert usual.log_kept.days == 366
    assert usual.link_life.days == 1
