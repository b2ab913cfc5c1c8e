"""Words by which a grievance is found, as blind indexes (decision 0010 says which and why)."""

import unicodedata
from collections.abc import Iterable

import regex

from core.errors import InvalidInput
from core.privacy.encryption import keyring
from grievances.schemas import Particulars, Place

NAME, DISTRICT, PIN, UDYAM = "name", "district", "pin", "udyam"
_WORD = regex.compile(r"[\p{L}\p{M}]+|\p{N}+")
_UDYAM = regex.compile(r"UDYAM([A-Z]{2})(\d{2})(\d{7})")
_PIN = regex.compile(r"[1-9]\d{5}")
_SPELLINGS = (
    ("chh", "C"), ("ksh", "ks"), ("sch", "s"), ("ch", "C"), ("sh", "s"), ("ph", "f"), ("th", "t"), ("dh", "d"),
    ("bh", "b"), ("gh", "g"), ("kh", "k"), ("jh", "j"), ("ck", "k"), ("x", "ks"), ("w", "v"), ("z", "j"), ("q", "k"),
)  # fmt: skip
_SOFT_C = regex.compile(r"c(?=[eiy])")
_NASAL = regex.compile(r"m(?=[bpfv])")
_DOUBLED = regex.compile(r"(.)\1+")
_FINAL_Y = regex.compile(r"(?<=[^aeiou])y$")
_VOWELS = regex.compile(r"(?<!^)[aeiou]+")
_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "ph", "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ल": "l", "ळ": "l", "व": "v",
    "श": "sh", "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip
_NASAL_SIGNS = frozenset("ंँ")
_VIRAMA, _NUKTA = "\u094d", "\u093c"
_SAY_NOTHING = frozenset({
    "private", "limited", "ltd", "pvt", "llp", "company", "corporation", "enterprise", "enterprises", "udyog",
    "industries", "industry", "traders", "trading", "sons", "brothers", "bros", "and", "the", "of", "ms", "messrs",
    "shri", "shrimati", "smt", "mr", "mrs", "bank", "india", "indian",
    "प्राइवेट", "लिमिटेड", "कंपनी", "उद्योग", "इंडस्ट्रीज", "ट्रेडर्स", "एंड", "बैंक", "श्री", "श्रीमती",
})  # fmt: skip


def normal_udyam(text: str) -> str:
    """A Udyam number in its printed form, ``UDYAM-MH-01-0000001``; the prefix may be missing, digits be of any script.

    Raises:
        InvalidInput: It is none.
    """
    signs = (
        str(unicodedata.decimal(sign, sign))
        for sign in unicodedata.normalize("NFKC", text).upper()
        if sign.isalpha() or unicodedata.decimal(sign, None) is not None
    )
    plain = "".join(signs)
    match = _UDYAM.fullmatch(plain if plain.startswith("UDYAM") else f"UDYAM{plain}")
    if match is None:
        raise InvalidInput("udyam_number", "UDYAM, two letters, two digits and seven digits")
    return "-".join(("UDYAM", *match.groups()))


def _latin(word: str) -> str:
    """A word in Devanagari in Latin letters, every vowel as a; any other word unchanged."""
    if not regex.search(r"\p{Devanagari}", word):
        return word
    word = word.replace(_NUKTA, "").replace("ज्ञ", "ग्य")
    found = []
    for place, sign in enumerate(word):
        if sign in _CONSONANTS:
            found.append(_CONSONANTS[sign] + ("" if word[place + 1 : place + 2] == _VIRAMA else "a"))
        elif sign in _NASAL_SIGNS:
            found.append("n")
        elif sign.isalpha():
            found.append(sign if sign.isascii() else "a")
    return "".join(found)


def sound_of(word: str) -> str:
    """A key that is the same for a name in Devanagari and in its usual Latin spellings; for other scripts the word.

    It keeps the consonants as they are said and a vowel that comes first: लक्ष्मी, Lakshmi and Laxmi are ``lksm``.
    """
    # Some letters, such as the dotless i, meet their kin only when both are raised before they are lowered.
    plain = _latin(unicodedata.normalize("NFC", word.upper().casefold()))
    if not plain.isascii():
        return plain
    for written, sound in _SPELLINGS:
        plain = plain.replace(written, sound)
    plain = _SOFT_C.sub("s", plain).replace("c", "k")
    plain = _DOUBLED.sub(r"\1", _NASAL.sub("n", plain))
    sounds = _VOWELS.sub("", _FINAL_Y.sub("", plain))
    if sounds[:1] in tuple("eiou"):
        sounds = "a" + sounds[1:]
    # One consonant alone says too little: then the whole word counts.
    return sounds if len(sounds) > 1 else plain


def words_of(text: str) -> list[str]:
    """The words of a name or a query that say something."""
    return [word for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold()) if word not in _SAY_NOTHING]


def _index(field: str, value: str) -> bytes:
    return keyring().blind_index(f"{field}\0{value}", "grievance_term")


def of(particulars: Particulars, place: Place) -> set[tuple[str, bytes]]:
    """The (field, blind index) pairs of a grievance: names, district, PIN code and Udyam number; never the story."""
    names = " ".join(
        name for name in (particulars.enterprise_name, particulars.against_name, particulars.complainant_name) if name
    )
    found = {(NAME, _index(NAME, sound_of(word))) for word in words_of(names)}
    found |= {(DISTRICT, _index(DISTRICT, sound_of(word))) for word in words_of(place.district or "")}
    if place.pincode:
        found.add((PIN, _index(PIN, place.pincode)))
    if particulars.udyam_number:
        found.add((UDYAM, _index(UDYAM, particulars.udyam_number)))
    return found


def asked(query: str) -> list[list[bytes]]:
    """The blind indexes that a query asks for: of each of its words, any; empty when none of its words says anything.

    A Udyam number or a PIN code is one word; six words count.
    """
    try:
        return [[_index(UDYAM, normal_udyam(query))]]
    except InvalidInput:
        pass
    return [_alternatives(word) for word in words_of(query)[:6]]


def _alternatives(word: str) -> list[bytes]:
    digits = "".join(str(unicodedata.decimal(sign, sign)) for sign in word)
    if _PIN.fullmatch(digits):
        return [_index(PIN, digits)]
    return [_index(field, sound_of(word)) for field in (NAME, DISTRICT)]


def _joined(words: Iterable[str]) -> str:
    return " ".join(sorted({sound_of(word) for word in words}))


def similar_udyam(particulars: Particulars) -> bytes | None:
    """By which grievances of the same enterprise are found."""
    number = particulars.udyam_number
    return keyring().blind_index(number, "grievance.udyam") if number else None


def similar_against(particulars: Particulars) -> bytes | None:
    """By which grievances about the same buyer, bank or office are found, however it is spelt."""
    joined = _joined(words_of(particulars.against_name or ""))
    return keyring().blind_index(joined, "grievance.against") if joined else None


def similar_district(place: Place) -> bytes | None:
    """By which grievances from the same district are found."""
    joined = _joined(words_of(place.district or ""))
    return keyring().blind_index(f"{place.state or ''}\0{joined}", "grievance.district") if joined else None
