"""Domain, rules and catalogues fit together, and the rules do not contradict each other."""

import subprocess
import sys
from pathlib import Path

import regex
from rasa.shared.utils.io import read_yaml_file

from bot.catalogue import BUTTON_TITLE_LIMIT, LANGUAGES, Catalogue

ROOT = Path(__file__).resolve().parents[2]
INTENTS = [
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "help",
    "ask_scheme",
    "ask_eligibility",
    "delayed_payment",
    "loan_problem",
    "registration_problem",
    "file_grievance",
    "grievance_status",
    "reopen_or_appeal",
    "talk_to_officer",
    "change_language",
    "repeat",
    "cancel",
    "go_back",
    "correct_previous",
    "feedback_good",
    "feedback_bad",
    "stop_messages",
    "who_are_you",
    "chitchat_out_of_scope",
    "abuse",
    "skip",
    "my_data",
    "export_data",
    "erase_data",
]
OF_BUTTONS = ["grievance_answer", "grievance_feedback"]
OF_THE_CHANNEL = ["received_media", "received_location", "received_nothing"]

domain = read_yaml_file(ROOT / "domain.yml")
rules = {
    rule["steps"][0]["intent"]: rule["steps"][1]["action"]
    for path in (ROOT / "data" / "rules").glob("*.yml")
    for rule in read_yaml_file(path)["rules"]
    if "intent" in rule["steps"][0]  # the others say how a form ends
}


def test_every_intent_leads_to_an_action() -> None:
    assert set(rules) == {*INTENTS, *OF_BUTTONS, *OF_THE_CHANNEL, "nlu_fallback"}
    assert {next(iter(intent)) for intent in domain["intents"]} == set(rules)
    assert set(rules.values()) <= set(domain["actions"]) | set(domain["responses"])


def test_every_intent_that_is_written_has_examples_in_every_language() -> None:
    for language in LANGUAGES:
        files = (ROOT / "data" / "nlu" / language).glob("*.yml")
        assert {block["intent"] for path in files for block in read_yaml_file(path)["nlu"]} == set(INTENTS), language


def test_examples_are_of_these_intents_only() -> None:
    for path in (ROOT / "data" / "nlu").glob("*/*.yml"):
        for block in read_yaml_file(path)["nlu"]:
            assert block["intent"] in INTENTS, path
            assert "](" not in block["examples"], path


def test_every_response_and_button_is_in_every_catalogue() -> None:
    catalogue = Catalogue()
    english = catalogue.keys("en")
    parameters = {key: sorted(regex.findall(r"\{(\w+)\}", text)) for key, text in english.items()}
    titles = {button["title"] for variants in domain["responses"].values() for button in variants[0].get("buttons", [])}
    for language in LANGUAGES:
        keys = catalogue.keys(language)
        assert set(keys) == set(english), language
        assert set(domain["responses"]) | titles <= set(keys)
        for key, text in keys.items():
            assert sorted(regex.findall(r"\{(\w+)\}", text)) == parameters[key], (language, key)
            if key.startswith("button."):
                assert len(text) <= BUTTON_TITLE_LIMIT, (language, key)


def test_scripts_of_the_catalogues() -> None:
    catalogue = Catalogue()
    devanagari = regex.compile(r"\p{Script=Devanagari}")
    for key, text in catalogue.keys("hi-Latn").items():
        assert key == "button.language_hi" or not devanagari.search(text), key
    for key, text in catalogue.keys("hi").items():
        only_what_is_put_in = regex.fullmatch(r"\{\w+\}", text) is not None
        assert devanagari.search(text) or key.startswith("button.") or only_what_is_put_in, key


def test_every_catalogue_sentence_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "actions").rglob("*.py"))
    sources += (ROOT / "domain.yml").read_text(encoding="utf-8")
    made = (
        "button.aspect_", "button.intent_", "button.field_", "aspect.", "field.", "standing.", "summary.",
        "utter_answer_", "utter_feedback_",
    )  # fmt: skip
    unused = [key for key in Catalogue().keys("en") if key not in sources and not key.startswith(made)]
    assert unused == []


def test_payloads_of_the_domain_are_intents() -> None:
    for variants in domain["responses"].values():
        for button in variants[0].get("buttons", []):
            if not button["payload"].startswith("gateway:"):  # the gateway keeps those for itself
                assert regex.match(r"/([a-z_]+)", button["payload"]).group(1) in INTENTS


def test_rules_train_without_contradiction(tmp_path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "rasa", "train", "core", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert list(tmp_path.glob("*.tar.gz"))
