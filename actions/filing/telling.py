"""What a story tells already, so that it is not asked."""

import regex

from actions.filing.draft import ENOUGH_WORDS, Draft
from actions.filing.taking import add_to_story, with_place
from actions.filing.words import Heard
from actions.parsing.amounts import find_amounts
from actions.parsing.dates import find_dates
from actions.parsing.identifiers import find_udyam
from actions.parsing.names import find_name
from actions.parsing.places import find_place
from actions.parsing.text import listed, plain, words
from actions.parsing.topics import scores
from handoff.control_rooms import service as control_rooms

STORY_WORDS = 5
"""Words that are worth keeping as a part of what happened, if they speak for a category."""


_WISH = listed(
    "i want wish need would like to file lodge register make take down write a an the complaint complain grievance "
    "against about of my please sir madam mujhe meri mera ek shikayat sikayat complain complaint darj karni karna karo "
    "kar do kijiye likho likhiye likh lo lijiye hai h hain hu hun ke khilaf ki ka "
    "मुझे मेरी मेरा एक शिकायत दर्ज करनी करना कराना करानी करो कर दो कीजिए लिखो लिखिए लिख लीजिए है हैं के खिलाफ की का"
)


_PARTY = (
    "buyer|party|customer|client|company|dealer|supplier|kharidar|khareedar|kharidaar|khariddar|grahak|vyapari"
    "|खरीदार|खरीददार|ग्राहक|पार्टी|कंपनी|व्यापारी|डीलर"
)
_OF = "ka|ki|ke|wala|wali|wale|based|का|की|के|वाला|वाली|वाले"
_OWN = "mer[aie]|hamar[aie]|apn[aie]|us|is|jis|मेर[ाीे]|हमार[ाीे]|अपन[ाीे]|उस|इस|जिस"
_W = r"[\p{L}\p{M}]+"
# "Surat ki party", "buyer in Delhi", "party Delhi ki hai", "Noida branch": where the other party is.
_THEIRS = regex.compile(
    rf"{_W}\s+(?:branch|shakha|शाखा)(?![\p{{L}}\p{{M}}])|"
    rf"(?<!\p{{L}})(?!(?:{_OWN})\s){_W}\s+(?:{_OF})\s+(?:{_PARTY})(?![\p{{L}}\p{{M}}])"
    rf"|(?<!\p{{L}})(?:{_PARTY})\s+(?:(?:in|from|at)\s+{_W}|{_W}\s+(?:{_OF}|me|mein|se|में|से)\s+(?:hai|h|है))(?![\p{{L}}\p{{M}}])",
    regex.IGNORECASE,
)


def tells_enough(text: str) -> bool:
    """Whether a text says what happened, not only that somebody wants to complain."""
    return sum(word not in _WISH for word in words(text)) >= ENOUGH_WORDS


def prefill(draft: Draft, text: str, heard: Heard) -> Draft:
    """Take what a first message already tells, so that it is not asked."""
    enough = tells_enough(text)
    if enough or (len(text.split()) >= STORY_WORDS and scores(text)):
        draft = add_to_story(draft, text)[0].put_right(told=enough)
    return placed(harvest(draft, text, heard), text, heard)


def placed(draft: Draft, text: str, heard: Heard) -> Draft:
    """Take the place that a story names, if none is known."""
    if draft.has_place or _THEIRS.search(plain(text)):
        return draft
    found = find_place(text, control_rooms, district=heard.district, state=heard.state)
    return with_place(draft, found) if found.trouble is None else draft


def harvest(draft: Draft, text: str, heard: Heard) -> Draft:
    """Take the amount, the day, the Udyam number and the other party's name from a story, where it tells one each."""
    sums = {amount.rupees for amount in find_amounts(text)}
    days = {one.day for one in find_dates(text, heard.today) if one.day}
    udyam = find_udyam(text)
    draft = draft.put_right(
        amount=draft.amount or (sums.pop() if len(sums) == 1 else None),
        since=draft.since or (days.pop() if len(days) == 1 else None),
        udyam=draft.udyam or (udyam.value if udyam else None),
    )
    return with_name(draft, text)


def with_name(draft: Draft, text: str) -> Draft:
    """Whom the complaint is against, once the category says what kind of party that is."""
    if draft.against is None or draft.against_name is not None or not text:
        return draft
    return draft.put_right(against_name=find_name(text, draft.against.value))
