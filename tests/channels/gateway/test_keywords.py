"""Words that the gateway obeys itself."""

import pytest

from channels.gateway.keywords import Keyword, recognise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Keyword.STOP),
        ("  stop!! ", Keyword.STOP),
        ("रोकें।", Keyword.STOP),
        ("band karo", Keyword.STOP),
        ("Start", Keyword.START),
        ("शुरू करें", Keyword.START),
        ("Withdraw consent.", Keyword.WITHDRAW),
        ("meri sahmati wapas lo", Keyword.WITHDRAW),
        ("please stop my loan application", None),
        ("how do I start a business", None),
        ("", None),
        ("stop " * 100, None),
    ],
)
def test_only_a_whole_message_is_obeyed(text: str, expected: Keyword | None) -> None:
    assert recognise(text) is expected
