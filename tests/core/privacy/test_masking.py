"""Personal numbers and addresses do not get through; everything else does, as it was written."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy.masking import is_verhoeff, mask

DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def with_check_digit(eleven: str) -> str:
    return next(eleven + digit for digit in "0123456789" if is_verhoeff(eleven + digit))


AADHAAR = with_check_digit("20000000000")
WRONG_AADHAAR = AADHAAR[:-1] + str((int(AADHAAR[-1]) + 1) % 10)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to meera@example.co.in, please", "write to [email], please"),
        ("meera.k+shop@mail.example", "[email]"),
        ("PAN ABCDE1234F.", "PAN [pan]."),
        ("pan abcde1234f", "pan [pan]"),
        ("मेरा पैनABCDE1234F है", "मेरा पैन[pan] है"),
        ("GSTIN 22ABCDE1234F1Z5", "GSTIN [gstin]"),
        ("UDYAM-MH-01-0000001", "[udyam]"),
        ("udyam mh 01 0000001", "[udyam]"),
        (f"Aadhaar {AADHAAR}", "Aadhaar [aadhaar]"),
        (f"{AADHAAR[:4]} {AADHAAR[4:8]} {AADHAAR[8:]}", "[aadhaar]"),
        (f"{AADHAAR[:4]}-{AADHAAR[4:8]}-{AADHAAR[8:]}", "[aadhaar]"),
        (AADHAAR.translate(DEVANAGARI), "[aadhaar]"),
        (f"0000 {AADHAAR[:4]} {AADHAAR[4:8]} {AADHAAR[8:]}", "0000 [aadhaar]"),
        (WRONG_AADHAAR, WRONG_AADHAAR),
        ("+910000000101", "[phone]"),
        ("whatsapp:+910000000101", "whatsapp:[phone]"),
        ("+91 00000 00101", "[phone]"),
        ("call 6000000101", "call [phone]"),
        ("call 60000 00101 today", "call [phone] today"),
        ("call 60000-00101", "call [phone]"),
        ("600 000 0101", "[phone]"),
        ("06000000101", "[phone]"),
        ("916000000101", "[phone]"),
        ("00916000000101", "[phone]"),
        ("Mob.6000000101", "Mob.[phone]"),
        ("नंबर6000000101", "नंबर[phone]"),
        ("6000000101".translate(DEVANAGARI), "[phone]"),
        ("6000000101".translate(BENGALI), "[phone]"),
        ("6000000101ABCDE1234F", "[phone][pan]"),
    ],
)
def test_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rs 25 lakh, 35% of 50,00,000, since 13.05.2022",
        "5 लाख, PIN 110011, १३.०५.२०२२ को",
        "45 days; section 15; 2006",
        "12.6000000101",
        "SM0123456789abcdef0123456789abcdef",
        "01KAM0QZ5R6000000000000000",
        "turn m1024 took 1795430000 s",
        "https://my.msme.gov.in/MyMsme/Reg/Home.aspx",
        "a@b",
    ],
)
def test_left_as_it_was_written(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(("digits", "valid"), [("2363", True), ("2364", False), ("2336", False), ("758722", True)])
def test_check_digits_of_verhoeffs_book(digits: str, valid: bool) -> None:
    assert is_verhoeff(digits) is valid


@given(st.from_regex(r"[2-9][0-9]{10}", fullmatch=True), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_makes_it_no_aadhaar(eleven: str, place: int, by: int) -> None:
    right = with_check_digit(eleven)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert mask(right) == "[aadhaar]"
    assert not is_verhoeff(wrong)


PIECES = st.sampled_from(
    [
        *("a@b.co", "x.y@z.in", AADHAAR, WRONG_AADHAAR, "6000000101", "+91 ", "91", "ABCDE1234F", "22ABCDE1234F1Z5"),
        *("UDYAM-MH-01-0000001", ".", " ", "-", "+", "@", "0", "००", "न", "_", "६०००००", "\n"),
    ]
)
SMALL = st.text(alphabet="0169 +-.@aAZ१६न", max_size=40)
MIXED = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join), SMALL)


@given(MIXED)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text(max_size=200).filter(lambda text: "@" not in text and not any(c.isdecimal() for c in text)))
def test_text_without_digits_and_at_signs_is_untouched(text: str) -> None:
    assert mask(text) == text


@given(st.from_regex(r"[6-9][0-9]{9}", fullmatch=True), MIXED, st.sampled_from([" ", ", ", "।", ":", "("]))
def test_no_mobile_number_survives(number: str, around: str, gap: str) -> None:
    assert number not in mask(f"{around}{gap}{number}{gap}{around}")


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "1" * 50_000, "a." * 25_000, "1 " * 25_000, "+1-" * 16_000, "A1" * 25_000]
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    mask(text)
    assert time.process_time() - began < 2.0
