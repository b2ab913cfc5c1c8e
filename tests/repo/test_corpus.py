"""The corpus says nothing its facts lack, and its checker notices when it does."""

import shutil
from pathlib import Path

import pytest

from tools.check_corpus import CORPUS, FACTS, LANGUAGES, check_scheme, fact_text, load_facts, main, read_page
from tools.corpus_atoms import acronyms, atoms_of, latin_words, supported

RECORDS = load_facts(FACTS)
WRITTEN = sorted(path.stem for path in (CORPUS / "en").glob("*.md"))


@pytest.mark.parametrize("scheme", WRITTEN)
def test_pages_agree_with_each_other_and_with_the_facts(scheme: str) -> None:
    faults = check_scheme(CORPUS, scheme, RECORDS)
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_scheme_of_the_facts_has_its_page(language: str) -> None:
    assert {path.stem for path in (CORPUS / language).glob("*.md")} == set(RECORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_spelling_belongs_to_one_scheme(language: str) -> None:
    owner: dict[str, str] = {}
    for path in sorted((CORPUS / language).glob("*.md")):
        for name in {name.casefold() for name in read_page(path).names}:
            assert owner.setdefault(name, path.stem) == path.stem, name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rs 10 lakh", "10 लाख रुपये।"),
        ("Rs. 10,00,000", "10 lakh rupees"),
        ("Rs 1 cr", "₹1 करोड़"),
        ("Rs 5 lakh crore", "5 लाख करोड़ रुपये"),
        ("Rs 50,000", "50000 रुपए"),
        ("Rs 10 lakh to 20 lakh", "10 लाख से 20 लाख रुपये"),
        ("3-7 years", "3 से 7 साल"),
        ("90-95%", "90% से 95 प्रतिशत"),
        ("within 5 working days", "5 कार्य दिवस में"),
        ("48 hours", "48 घंटे"),
        ("three times", "तीन गुना"),
        ("31.03.2030", "31 मार्च 2030"),
        ("27 June 2025", "2025-06-27"),
        ("2021-22 to 2025-26", "2021-22 से 2025-26"),
        ("https://www.cgtmse.in/", "https://www.cgtmse.in पर जाएँ।"),
        ("call 1800-180-6763", "1800 180 6763 पर फोन करें"),
    ],
)
def test_one_value_has_one_normal_form(one: str, other: str) -> None:
    assert atoms_of(one)
    assert atoms_of(one) == atoms_of(other)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("Rs 11 lakh", "Rs 10 lakh"),
        ("10 days", "10 working days"),
        ("31.03.2031", "31.03.2030"),
        ("Rs 10 lakh", "Rs 10 crore"),
        ("https://example.org", "https://example.in"),
        ("section 43C", "section 43B(h)"),
        ("1800-180-6764", "1800-180-6763"),
    ],
)
def test_other_values_are_not_supported(said: str, fact: str) -> None:
    facts = atoms_of(fact, facts=True)
    assert not all(supported(atom, facts) for atom in atoms_of(said))


def test_a_month_may_be_cut_from_a_date() -> None:
    facts = atoms_of("launched on 27.06.2025", facts=True)
    assert all(supported(atom, facts) for atom in atoms_of("June 2025"))


def test_acronyms_and_latin_words_ignore_plural_links_and_currency() -> None:
    assert acronyms("MSMEs pay Rs 5 at https://WWW.example.in for a Udyam ID") == {"MSME", "ID"}
    assert latin_words("PMEGP में 5 Rs, example.in देखें, GSTIN") == {"PMEGP", "GSTIN"}


def test_unsourced_and_unverified_facts_do_not_count() -> None:
    record = {"fees": "Rs 5", "from_memory_unsourced": ["Rs 6"], "notes": ["Rs 7", "Rs 8 (unverified)"]}
    atoms = {atom.value for atom in atoms_of(fact_text(record))}
    assert atoms == {"5", "7"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for language in ("en", "hi"):
        (tmp_path / language).mkdir()
        shutil.copy(CORPUS / language / "udyam.md", tmp_path / language / "udyam.md")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_untouched_copy_passes(copy: Path) -> None:
    assert main([str(copy)]) == 0


@pytest.mark.parametrize(
    ("language", "old", "new", "section", "expected"),
    [
        ("en", "Rs 2.5 crore", "Rs 3.5 crore", "benefits", "no number 35000000 Rs"),
        ("hi", "2.5 करोड़", "3.5 करोड़", "benefits", "no number 35000000 Rs"),
        ("hi", "https://udyamregistration.gov.in", "https://udyamregistration.org.in", "how", "link"),
        ("en", "scheme: udyam", "scheme: odr", "front matter", "scheme: udyam"),
        ("en", "{#fees}", "{#price}", "price", "a section key"),
        ("hi", "\n## ", "\n### ", "what", "this section"),
        ("en", "1800-180-6763", "1800-180-6764", "helpline", "no phone 18001806764"),
        ("hi", "GSTIN", "GSTN", "documents", "GSTN"),
        ("en", "\n## Fees", "\nRegister under UDYAM-SS-DD and S.O. 1055(E) of 05.03.2021.\n\n## Fees", "", "unsourced"),
    ],
)
def test_a_broken_copy_is_refused(
    copy: Path, capsys: pytest.CaptureFixture[str], language: str, old: str, new: str, section: str, expected: str
) -> None:
    change(copy / language / "udyam.md", old, new)
    assert main([str(copy)]) == 1
    printed = capsys.readouterr().out
    assert any(f"udyam.md: {section}" in line and expected in line for line in printed.splitlines()), printed


def test_a_missing_language_is_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "hi" / "udyam.md").unlink()
    assert main([str(copy / "en" / "udyam.md")]) == 1
    assert "both languages" in capsys.readouterr().out
