"""The link to CPGRAMS fails closed: without a secret, over the open network, or with an assumed code."""

from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import InvalidInput
from core.settings import Profile
from grievances.registries.settings import ASSUMED_ORGANISATION, CpgramsSettings

GOOD: dict[str, Any] = {"url": "https://cpgrams.example/api/", "secret": "s" * 32, "organisation": "MSMEX"}


def test_there_is_no_link_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIEVANCES_CPGRAMS_URL", raising=False)
    settings = CpgramsSettings()
    assert not settings.linked
    for profile in Profile:
        settings.check(profile)


def test_a_good_link_is_accepted_everywhere() -> None:
    settings = CpgramsSettings(**GOOD)
    assert settings.linked
    assert settings.url == "https://cpgrams.example/api"
    for profile in Profile:
        settings.check(profile)


@pytest.mark.parametrize(
    ("profile", "change", "field"),
    [
        (Profile.TRY, {"secret": ""}, "SECRET"),
        (Profile.TRY, {"secret": "s" * 31}, "SECRET"),
        (Profile.TRY, {"url": "http://cpgrams.example"}, "URL"),
        (Profile.TEST, {"url": "http://10.0.0.7:8090"}, "URL"),
        (Profile.PRODUCTION, {"url": "http://127.0.0.1:8090"}, "URL"),
        (Profile.PRODUCTION, {"url": "https://localhost:8090"}, "URL"),
        (Profile.PRODUCTION, {"organisation": ASSUMED_ORGANISATION}, "ORGANISATION"),
    ],
)
def test_a_link_that_is_not_safe_is_refused(profile: Profile, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        CpgramsSettings(**{**GOOD, **change}).check(profile)
    assert refused.value.field == f"GRIEVANCES_CPGRAMS_{field}"


def test_the_standin_of_this_machine_is_accepted_for_trying() -> None:
    CpgramsSettings(url="http://127.0.0.1:8090", secret="s" * 32).check(Profile.TRY)


@pytest.mark.parametrize("change", [{"url": "ftp://cpgrams.example"}, {"organisation": "msme"}, {"timeout": 0}])
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CpgramsSettings(**{**GOOD, **change})


def test_a_request_is_no_longer_taken_when_a_no_counts() -> None:
    from simulators.cpgrams.settings import CpgramsSettings as StandInSettings

    assert CpgramsSettings().settle_after > StandInSettings(secret=None).window_seconds
