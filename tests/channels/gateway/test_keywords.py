"""Words that the gateway obeys itself."""

import pytest
import regex

from channels.gateway.keywords import Keyword, recognise
from core.i18n import LANGUAGES, sentence


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
        ("CANCEL ERASURE", Keyword.CANCEL_ERASURE),
        ("मत मिटाओ!", Keyword.CANCEL_ERASURE),
        ("Mat mitao", Keyword.CANCEL_ERASURE),
        ("delete my data", None),
        ("मेरा डेटा हटाओ", None),
        ("cancel", None),
        ("please stop my loan application", None),
        ("how do I start a business", None),
        ("", None),
        ("stop " * 100, None),
    ],
)
def test_only_a_whole_message_is_obeyed(text: str, expected: Keyword | None) -> None:
    assert recognise(text) is expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_of_an_erasure_names_words_that_are_obeyed(language: str) -> None:
    said = sentence("privacy", "privacy.erase_noted", language, when="")
    named = regex.search(r'"([^"]+)"|Write ([A-Z ]+) before', said)
    assert named is not None
    assert recognise(named[1] or named[2]) is Keyword.CANCEL_ERASURE
