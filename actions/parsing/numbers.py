"""Numbers in digits and in words, in English, Hindi and Hinglish, with the fractions that people say."""

from fractions import Fraction
from typing import NamedTuple

import regex

from actions.parsing.text import fold, listed

_DEVANAGARI = """
शून्य|एक|दो|तीन|चार|पांच|छह|सात|आठ|नौ|दस|ग्यारह|बारह|तेरह|चौदह|पंद्रह|सोलह|सत्रह|अठारह|उन्नीस|बीस|इक्कीस|बाईस|तेईस|चौबीस|पच्चीस
|छब्बीस|सत्ताईस|अट्ठाईस|उनतीस|तीस|इकतीस|बत्तीस|तैंतीस|चौंतीस|पैंतीस|छत्तीस|सैंतीस|अड़तीस|उनतालीस|चालीस|इकतालीस|बयालीस|तैंतालीस
|चवालीस|पैंतालीस|छियालीस|सैंतालीस|अड़तालीस|उनचास|पचास|इक्यावन|बावन|तिरपन|चौवन|पचपन|छप्पन|सत्तावन|अट्ठावन|उनसठ|साठ|इकसठ|बासठ
|तिरसठ|चौंसठ|पैंसठ|छियासठ|सड़सठ|अड़सठ|उनहत्तर|सत्तर|इकहत्तर|बहत्तर|तिहत्तर|चौहत्तर|पचहत्तर|छिहत्तर|सतहत्तर|अठहत्तर|उन्यासी|अस्सी
|इक्यासी|बयासी|तिरासी|चौरासी|पचासी|छियासी|सत्तासी|अट्ठासी|नवासी|नब्बे|इक्यानवे|बानवे|तिरानवे|चौरानवे|पचानवे|छियानवे|सत्तानवे
|अट्ठानवे|निन्यानवे
"""
_SPELLINGS: dict[int, str] = {
    1: "ek one", 2: "do two", 3: "teen tin three", 4: "char chaar four", 5: "paanch panch pach पाच five",
    6: "chhe chhah che chah chha छः छे छै six", 7: "saat sat seven", 8: "aath ath eight", 9: "nau nine",
    10: "das dus ten", 11: "gyarah gyara eleven", 12: "barah bara twelve", 13: "terah thirteen", 14: "chaudah fourteen",
    15: "pandrah pandra पन्द्रह fifteen", 16: "solah sixteen", 17: "satrah seventeen", 18: "atharah athara eighteen",
    19: "unnis nineteen", 20: "bees bis twenty", 21: "ikkis", 22: "bais baees बाइस", 23: "teis तेइस", 24: "chaubis",
    25: "pachees pachis pacchis", 26: "chhabbis", 27: "sattais सत्ताइस", 28: "atthais अट्ठाइस अठ्ठाईस", 29: "untis",
    30: "tees tis thirty", 32: "battis", 35: "paintis paintees", 36: "chhattis", 40: "chalis chaalis forty fourty",
    44: "चौवालीस", 45: "paintalis", 48: "adtalis", 50: "pachas pachaas fifty", 51: "ikyavan", 55: "pachpan",
    56: "chhappan", 60: "saath sixty", 65: "painsath", 70: "sattar seventy", 75: "pachhattar pachattar pichhattar",
    79: "उनासी", 80: "assi eighty", 85: "pachasi",
    90: "nabbe nabbey nintey ninety", 95: "pachanve पंचानवे", 99: "ninyanve",
}  # fmt: skip
_HALVES: dict[Fraction, str] = {
    Fraction(5, 2): "dhai dhaai adhai ढाई", Fraction(3, 2): "dedh dedhh डेढ़ der",
    Fraction(1, 2): "aadha adha aadhi आधा आधी half", Fraction(1, 4): "paav पाव quarter",
}  # fmt: skip
_MORE: dict[Fraction, str] = {
    Fraction(1, 2): "sadhe saadhe saadhey साढ़े", Fraction(1, 4): "sava sawa savaa सवा",
    Fraction(-1, 4): "paune pauney पौने",
}  # fmt: skip
_TENS = listed("twenty thirty forty fourty fifty sixty seventy eighty ninety nintey")
_ARTICLES = frozenset({"a", "an", "and"})


def _table() -> dict[str, Fraction]:
    found = {fold(word.strip()): Fraction(value) for value, word in enumerate(_DEVANAGARI.split("|"))}
    for value, spelled in _SPELLINGS.items():
        found.update({fold(word): Fraction(value) for word in spelled.split()})
    for part, spelled in _HALVES.items():
        found.update({fold(word): part for word in spelled.split()})
    return found


WORDS = _table()
MORE = {fold(word): part for part, spelled in _MORE.items() for word in spelled.split()}
_DIGITS = regex.compile(r"\d{1,3}(?:\.\d{2,3}){2,}|\d+(?:,\d+)*(?:\.\d+)?")
_TOKEN = regex.compile(rf"(?P<digits>{_DIGITS.pattern})|[\p{{L}}\p{{M}}]+|[^\s\p{{L}}\p{{M}}\d]")


class Token(NamedTuple):
    """A number in digits, a folded word, or a sign, with its place."""

    text: str
    start: int
    end: int
    number: Fraction | None


def _value(digits: str) -> Fraction:
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    return Fraction(digits.replace(",", ""))


def tokens(text: str) -> list[Token]:
    """The tokens of a plain text."""
    return [
        Token(
            fold(match.group()),
            *match.span(),
            _value(match["digits"]) if match["digits"] else None,
        )
        for match in _TOKEN.finditer(text)
    ]


def read_number(line: list[Token], at: int) -> tuple[Fraction, int] | None:
    """The number that begins at a token, and the token behind it; None where none begins.

    ``2.5``, ``sadhe teen``, ``twenty five``, ``two and a half``, ``paune do``; ``sava`` alone is one and a quarter.
    """
    if at >= len(line):
        return None
    more = MORE.get(line[at].text)
    if more is not None:
        following = _simple(line, at + 1)
        if following is None:
            return (1 + more, at + 1) if more > 0 else None
        return following[0] + more, following[1]
    return _simple(line, at)


def _simple(line: list[Token], at: int) -> tuple[Fraction, int] | None:
    if at >= len(line):
        return None
    token = line[at]
    if token.number is not None:
        return _with_half(token.number, line, at + 1)
    value = WORDS.get(token.text)
    if value is None:
        return None
    after = at + 1
    if token.text in _TENS:
        after += after < len(line) and line[after].text == "-"
        ones = WORDS.get(line[after].text) if after < len(line) else None
        if ones is not None and 0 < ones < 10 and ones.denominator == 1 and line[after].text.isascii():
            return _with_half(value + ones, line, after + 1)
        after = at + 1
    return _with_half(value, line, after)


def _with_half(value: Fraction, line: list[Token], after: int) -> tuple[Fraction, int]:
    """Take in "and a half"."""
    behind = after
    while behind < len(line) and line[behind].text in _ARTICLES:
        behind += 1
    if behind > after and behind < len(line) and line[behind].text == "half":
        return value + Fraction(1, 2), behind + 1
    return value, after
