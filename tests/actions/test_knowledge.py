"""Answers from the corpus: sources shown, gaps and doubts told, nothing invented."""

import pytest

from actions.knowledge import payload, short_name
from tests.actions.conftest import keys, passage, user


async def test_answer_carries_source_date_and_scheme(run, knowledge) -> None:
    said, events = await run(
        "action_ask_scheme", user("who can apply for pmegp", "ask_scheme", {"scheme": "pmegp", "aspect": "who"})
    )
    assert keys(said) == ["utter_answer"]
    assert said[0]["source"] == "Guidelines"
    assert said[0]["as_of"] == "2022-05-13"
    assert said[0]["passage"] == "Anyone over 18 {years}."
    assert knowledge.asked == [
        {"question": "who can apply for pmegp", "language": "en", "scheme": "pmegp", "aspect": "who"}
    ]
    assert events == [{"event": "slot", "timestamp": None, "name": "scheme", "value": "pmegp"}]


@pytest.mark.parametrize("status", ["uncertain", "closed", "upcoming"])
async def test_doubtful_schemes_are_flagged(run, knowledge, status) -> None:
    knowledge.passages = [passage(scheme_status=status)]
    said, _ = await run("action_ask_scheme", user("pmegp", "ask_scheme", {"scheme": "pmegp"}))
    assert keys(said) == [f"utter_answer_{status}"]


async def test_missing_section_is_told(run, knowledge) -> None:
    knowledge.passages = [passage(missing_aspect=True, aspect="what")]
    said, _ = await run("action_ask_scheme", user("pmegp fees", "ask_scheme", {"scheme": "pmegp", "aspect": "fees"}))
    assert keys(said) == ["utter_aspect_missing"]
    assert said[0]["named"] == {"aspect": "aspect.fees"}
    assert said[0]["offers"][0]["payload"] == "/talk_to_officer"
    assert "passage" not in said[0]


async def test_no_evidence_no_answer(run, knowledge) -> None:
    knowledge.passages = []
    said, events = await run("action_ask_scheme", user("subsidy for flying cars", "ask_scheme"))
    assert keys(said) == ["utter_no_answer"]
    assert events == []


async def test_two_close_schemes_are_both_offered(run, knowledge) -> None:
    knowledge.passages = [
        passage(),
        passage(scheme="mudra", scheme_name="Pradhan Mantri Mudra Yojana (PMMY)", score=2.9),
    ]
    said, _ = await run("action_ask_scheme", user("loan for a new shop", "ask_scheme"))
    assert keys(said) == ["utter_which_of_these"]
    assert said[0]["offers"] == [
        {"label": "PMEGP", "payload": '/ask_scheme{"scheme":"pmegp"}'},
        {"label": "PMMY", "payload": '/ask_scheme{"scheme":"mudra"}'},
    ]


async def test_clear_winner_is_not_questioned(run, knowledge) -> None:
    knowledge.passages = [passage(), passage(scheme="mudra", score=1.0)]
    said, _ = await run("action_ask_scheme", user("loan for a new shop", "ask_scheme"))
    assert keys(said) == ["utter_answer"]


async def test_follow_up_keeps_the_scheme(run, knowledge) -> None:
    asked = user("and the documents?", "ask_scheme", {"aspect": "documents"})
    await run("action_ask_scheme", asked, slots={"scheme": "pmegp"})
    assert knowledge.asked[0]["scheme"] == "pmegp"
    assert knowledge.asked[0]["question"] == "pmegp and the documents?"


@pytest.mark.parametrize(
    "text", ["and for women?", "और महिलाओं के लिए?", "to mahilao ke liye kitna", "is it for traders too"]
)
async def test_a_question_that_goes_on_keeps_the_scheme(run, knowledge, text) -> None:
    await run("action_ask_scheme", user(text, "ask_scheme"), slots={"scheme": "pmegp"})
    assert knowledge.asked[0]["scheme"] == "pmegp"
    assert knowledge.asked[0]["question"] == f"pmegp {text}"


@pytest.mark.parametrize("text", ["loan for a tailor", "टोकरी बनाता हूं", "android phone"])
async def test_a_new_subject_does_not_go_on(run, knowledge, text) -> None:
    await run("action_ask_scheme", user(text, "ask_scheme"), slots={"scheme": "pmegp"})
    assert knowledge.asked[0]["scheme"] is None


@pytest.mark.parametrize(
    "text", ["pmegp aur mudra me kya antar hai", "difference between pmegp and mudra", "pmegp और mudra में क्या फर्क है"]
)
async def test_compared_schemes_are_answered_side_by_side(run, knowledge, text) -> None:
    mudra = {"scheme": "mudra", "scheme_name": "Pradhan Mantri Mudra Yojana (PMMY)", "source_title": "Mudra circular"}
    knowledge.passages = [passage(aspect="benefits"), passage(**mudra, aspect="benefits")]
    message = user(text, "ask_scheme", {"scheme": "pmegp", "aspect": "benefits"})
    message["parse_data"]["entities"].append({"entity": "scheme", "value": "mudra"})
    said, events = await run("action_ask_scheme", message, slots={"scheme": "zed"})
    assert keys(said) == ["utter_answer", "utter_answer"]
    assert [one["source"] for one in said] == ["Guidelines", "Mudra circular"]
    assert [(asked["scheme"], asked["aspect"]) for asked in knowledge.asked] == [
        ("pmegp", "benefits"),
        ("mudra", "benefits"),
    ]
    assert [offer.get("label") for offer in said[1]["offers"]] == ["PMEGP", "PMMY", None]
    assert events == []


async def test_two_schemes_mentioned_are_not_compared(run, knowledge) -> None:
    message = user("i took mudra, can i get pmegp", "ask_scheme", {"scheme": "mudra"})
    message["parse_data"]["entities"].append({"entity": "scheme", "value": "pmegp"})
    await run("action_ask_scheme", message)
    assert [asked["scheme"] for asked in knowledge.asked] == [None]


async def test_a_comparison_without_knowledge_is_an_apology(run, knowledge) -> None:
    knowledge.down = True
    message = user("pmegp vs mudra", "ask_scheme", {"scheme": "pmegp"})
    message["parse_data"]["entities"].append({"entity": "scheme", "value": "mudra"})
    said, _ = await run("action_ask_scheme", message)
    assert keys(said) == ["utter_technical_problem"]


async def test_never_another_schemes_section(run, knowledge) -> None:
    knowledge.passages = [passage(scheme="nsic_sprs", aspect="fees", score=9.0), passage(aspect="what")]
    said, events = await run(
        "action_ask_scheme", user("pmegp fees", "ask_scheme", {"scheme": "pmegp", "aspect": "fees"})
    )
    assert all("NSIC" not in str(message) for message in said)
    assert events[0]["value"] == "pmegp"
    knowledge.passages = [passage(scheme="nsic_sprs", aspect="fees", score=9.0)]
    said, _ = await run("action_ask_scheme", user("pmegp fees", "ask_scheme", {"scheme": "pmegp", "aspect": "fees"}))
    assert keys(said) == ["utter_no_answer"]


async def test_another_question_does_not_keep_the_scheme(run, knowledge) -> None:
    asked = user("is there any help for a woman who makes pickles at home in my village", "ask_scheme")
    await run("action_ask_scheme", asked, slots={"scheme": "pmegp"})
    assert knowledge.asked[0]["scheme"] is None


async def test_hinglish_gets_the_hindi_passage_and_a_way_to_english(run, knowledge) -> None:
    knowledge.passages = [passage(language="hi", aspect="how")]
    said, _ = await run(
        "action_ask_scheme", user("kaise apply kare", "ask_scheme", {"scheme": "pmegp"}, language="hi-Latn")
    )
    assert knowledge.asked[0]["language"] == "hi-Latn"
    english = next(offer for offer in said[0]["offers"] if offer["title"] == "button.english")
    assert english["payload"] == '/ask_scheme{"scheme":"pmegp","aspect":"how","language_name":"en"}'


async def test_that_button_answers_in_english_once(run, knowledge) -> None:
    pressed = user(
        '/ask_scheme{"scheme":"pmegp","aspect":"how","language_name":"en"}', "ask_scheme",
        {"scheme": "pmegp", "aspect": "how", "language_name": "en"}, language=None, metadata={"language": "hi-Latn"},
    )  # fmt: skip
    said, _ = await run("action_ask_scheme", pressed)
    assert knowledge.asked == [{"question": "pmegp how", "language": "en", "scheme": "pmegp", "aspect": "how"}]
    assert said[0]["language"] == "en"
    assert "language_fixed" not in said[0]


async def test_bare_button_asks_which_scheme(run, knowledge) -> None:
    said, _ = await run("action_ask_scheme", user("/ask_scheme", "ask_scheme"))
    assert keys(said) == ["utter_which_scheme"]
    assert knowledge.asked == []


async def test_delayed_payment_gives_the_rule_and_where_to_file(run, knowledge) -> None:
    knowledge.passages = [passage(scheme="samadhaan", aspect="benefits"), passage(scheme="samadhaan", aspect="how")]
    said, _ = await run("action_delayed_payment", user("buyer has not paid for 3 months", "delayed_payment"))
    assert keys(said) == ["utter_delayed_payment", "utter_answer", "utter_answer"]
    assert [asked["aspect"] for asked in knowledge.asked] == ["benefits", "how"]
    assert said[1]["offers"] == []
    assert said[2]["offers"]


async def test_delayed_payment_exact_question(run, knowledge) -> None:
    knowledge.passages = [passage(scheme="samadhaan", aspect="documents")]
    said, _ = await run(
        "action_delayed_payment", user("documents for payment case", "delayed_payment", {"aspect": "documents"})
    )
    assert keys(said) == ["utter_answer"]
    assert knowledge.asked[0]["aspect"] == "documents"


async def test_eligibility_with_a_scheme_asks_who(run, knowledge) -> None:
    await run("action_ask_eligibility", user("can i get pmegp", "ask_eligibility", {"scheme": "pmegp"}))
    assert knowledge.asked[0]["aspect"] == "who"


@pytest.mark.parametrize("action", ["action_loan_problem", "action_registration_problem"])
async def test_problems_are_met_with_a_word_first(run, knowledge, action) -> None:
    knowledge.passages = [passage(scheme="udyam")]
    said, _ = await run(action, user("something went wrong", "x"))
    assert len(said) == 2
    assert keys(said)[1] == "utter_answer"
    knowledge.passages = []
    said, _ = await run(action, user("something went wrong", "x"))
    assert keys(said) == ["utter_no_answer"]


async def test_knowledge_down(run, knowledge) -> None:
    knowledge.down = True
    said, _ = await run("action_ask_scheme", user("pmegp", "ask_scheme", {"scheme": "pmegp"}))
    assert keys(said) == ["utter_technical_problem"]


def test_names_and_payloads() -> None:
    assert short_name("Pradhan Mantri Mudra Yojana (PMMY)") == "PMMY"
    assert short_name("Coir Vikas Yojana (incl. Skill Upgradation & Mahila Coir Yojana)") == "Coir Vikas Yojana (…"
    assert len(short_name("x" * 50)) == 20
    assert payload("a", None, "en") == '/ask_scheme{"scheme":"a","language_name":"en"}'
