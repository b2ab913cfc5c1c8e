"""What a complaint is about, several in one sentence, names, corrections, commands, wishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.parsing.commands import command_in
from actions.parsing.corrections import behind_negation, find_correction, without_negated
from actions.parsing.names import find_name
from actions.parsing.topics import complaints, guess_against, guess_category, wishes_to_file


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("mera buyer paisa nahi de raha", "delayed_payment"),
        ("बैंक मेरा लोन पास नहीं कर रहा", "credit"),
        ("subsidy ka paisa nahi aaya", "subsidy"),
        ("udyam certificate galat hai", "udyam"),
        ("DIC ka babu paise maang raha hai", "bribe"),
        ("pollution board NOC nahi de raha", "permission"),
        ("टेंडर में छोटे उद्योग को छूट नहीं मिली", "procurement"),
        ("kaccha maal nahi mil raha", "raw_material"),
        ("bank loan nahi de raha kyunki udyam number galat hai", "credit"),
        ("namaste", None),
    ],
)
def test_category_of_a_sentence(text: str, category: str | None) -> None:
    assert guess_category(text) == category or complaints(text)[0].category == category


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("mera buyer paisa nahi de raha aur bank bhi loan nahi de raha", ["delayed_payment", "credit"]),
        ("मेरा खरीदार पैसा नहीं दे रहा और बैंक भी लोन नहीं दे रहा", ["delayed_payment", "credit"]),
        ("My customer has not paid me. Also my udyam registration is blocked.", ["delayed_payment", "udyam"]),
        ("mera buyer paisa nahi de raha aur bank manager rishwat maang raha hai", ["delayed_payment", "bribe"]),
        # One matter told in two clauses is one complaint.
        ("bank manager rishwat maang raha hai aur loan nahi de raha", ["bribe"]),
        ("meri subsidy 2 saal se nahi aayi, KVIC office kuch nahi karta", ["subsidy"]),
        ("buyer ne paisa nahi diya isliye bank ki kist nahi bhar paya", ["delayed_payment"]),
        ("mera buyer 2 lakh nahi de raha aur phone bhi nahi uthata", ["delayed_payment"]),
    ],
)
def test_how_many_complaints_a_message_holds(text: str, categories: list[str]) -> None:
    assert [one.category for one in complaints(text)] == categories


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("mera 2 lakh ka payment atka hai ABC traders ke paas", "buyer", "ABC traders"),
        ("मेरे खरीदार शर्मा ट्रेडर्स ने पैसे नहीं दिए", "buyer", "शर्मा ट्रेडर्स"),
        ("Gupta Stores has not paid my invoice", "buyer", "Gupta Stores"),
        ("buyer gupta ji ne paisa roka", "buyer", "gupta ji"),
        ("Verma Trading Company owes me", "buyer", "Verma Trading Company"),
        ("mera buyer paisa nahi de raha", "buyer", None),
        ("meri company ko paisa nahi mila", "buyer", None),
        ("SBI Noida branch rejected my loan", "bank", "SBI Noida branch"),
        ("पंजाब नेशनल बैंक हापुड़ शाखा लोन नहीं दे रही", "bank", "पंजाब नेशनल बैंक हापुड़ शाखा"),
        ("pnb ne loan nahi diya", "bank", "pnb"),
        ("mera bank loan nahi deta", "bank", None),
        ("babu paise maang raha hai DIC office me", "office", "DIC office"),
        ("portal nahi chal raha", "portal", None),
    ],
)
def test_names_that_a_sentence_tells(text: str, kind: str, name: str | None) -> None:
    assert find_name(text, kind) == name


def test_against_whom() -> None:
    assert guess_against("bank manager loan nahi deta") == "bank"
    assert guess_against("portal band hai") == "portal"
    assert guess_against("kuch nahi") is None


@pytest.mark.parametrize(
    ("text", "wished"),
    [
        ("buyer ne paisa nahi diya, complaint karo", True),
        ("मेरी शिकायत दर्ज कीजिए", True),
        ("please file a complaint", True),
        ("shikayat darj mat karo", False),
        ("do not file a complaint", False),
        ("complaint kaise kare?", False),
        ("mera buyer paisa nahi de raha", False),
        ("meri shikayat ka kya hua", False),
        ("", False),
    ],
)
def test_whether_a_complaint_is_to_be_filed(text: str, wished: bool) -> None:
    assert wishes_to_file(text) is wished


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("skip", "skip"),
        ("Chhodo!", "skip"),
        ("कृपया छोड़ें", "skip"),
        ("छोड़ दो", "skip"),
        ("wapas jao", "go_back"),
        ("mujhe nahi karni complaint", "cancel"),
        ("ok bhej do", "submit"),
        ("जमा करो।", "submit"),
        ("bas itna hi", "done"),
        ("Radha Steel", None),
        ("mere buyer ne bola rehne do", None),
        ("", None),
    ],
)
def test_whole_messages_that_order_something(text: str, command: str | None) -> None:
    assert command_in(text) == command


@pytest.mark.parametrize(
    ("text", "field", "rest"),
    [
        ("amount 3 lakh hai", "amount", "3 lakh hai"),
        ("राशि दो लाख", "amount", "दो लाख"),
        ("buyer ka naam Verma Traders", "against", "Verma Traders"),
        ("firm ka naam Radha Steel", "enterprise", "Radha Steel"),
        ("pin code 226001", "place", "226001"),
        ("kal se", None, ""),
    ],
)
def test_which_answer_is_corrected(text: str, field: str | None, rest: str) -> None:
    found = find_correction(text)
    assert (found.field if found else None, found.rest if found else "") == (field, rest)


def test_what_is_taken_back_is_left_out() -> None:
    hindi, english = "2 lakh nahi 3 lakh", "3 lakh, not 2 lakh"
    assert without_negated(hindi, [(0, 6, "2"), (12, 18, "3")]) == ["3"]
    assert without_negated(english, [(0, 6, "3"), (12, 18, "2")]) == ["3"]
    nukta = "डेढ़ लाख नहीं, दो लाख"  # folding takes a sign away before the "no"
    assert without_negated(nukta, [(0, 8, "1.5"), (15, 21, "2")]) == ["2"]
    assert behind_negation("Sharma nahi, Verma Traders") == "Verma Traders"


@given(st.text(max_size=300), st.sampled_from(["", "delayed_payment", "loan_problem"]))
def test_any_text_holds_at_least_one_complaint_and_is_read_without_a_mishap(text: str, intent: str) -> None:
    assert complaints(text, intent)
    command_in(text)
    find_correction(text)
    for kind in ("buyer", "bank", "office", "portal", "other"):
        find_name(text, kind)
