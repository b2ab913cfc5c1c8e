"""Checks the knowledge corpus: complete front matter, legal sections, equal languages, and no value the facts lack."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.corpus_atoms import acronyms, atoms_of, latin_words, normal_link, supported

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "knowledge" / "corpus"
FACTS = ROOT / "knowledge" / "facts" / "schemes.json"
LANGUAGES = ("en", "hi")
SECTIONS = ("what", "who", "benefits", "how", "documents", "fees", "time", "helpline", "status")
STATUSES = ("active", "uncertain", "closed", "upcoming")
NEEDS_FACT = {
    "how": "how_to_apply",
    "documents": "documents",
    "fees": "fees",
    "time": "timelines",
    "helpline": "helpline",
}
LONGEST_SECTION = 180
_UNVERIFIED = re.compile(r"unverified|not verified|unsourced|from memory", re.IGNORECASE)
_NOT_ACTIVE = re.compile(r"not verified|uncertain|^closed|to be launched", re.IGNORECASE)
_HEADING = re.compile(r"^## (?P<title>.+?) \{#(?P<key>[a-z_]+)\}$")
_LIST_NUMBER = re.compile(r"^\s*\d+\.\s+")
_LETTER_NAMES = (
    "A:ए B:बी C:सी D:डी E:ई F:एफ G:जी H:एच I:आई J:जे K:के L:एल M:एम N:एन O:ओ P:पी Q:क्यू R:आर "
    "S:एस T:टी U:यू V:वी W:डब्ल्यू X:एक्स Y:वाई Z:जेड"
)
_LETTERS = dict(pair.split(":") for pair in _LETTER_NAMES.split())
# Acronyms that good Hindi spells out or says as a word.
_HINDI_OF = {
    "SC": "अनुसूचित जाति",
    "ST": "जनजाति",
    "OBC": "पिछड़ा वर्ग|पिछड़े वर्ग",
    "NER": "पूर्वोत्तर",
    "ID": "पहचान",
    "PAN": "पैन",
    "MUDRA": "मुद्रा",
    "ZED": "जेड",
    "LEAN": "लीन",
    "SFURTI": "स्फूर्ति",
    "SVANIDHI": "स्वनिधि",
    "ASPIRE": "एस्पायर",
    "GOI": "भारत सरकार|केंद्र सरकार",
}


@dataclass(frozen=True)
class Fault:
    """One violation: the file, the section it is in and what was expected."""

    path: Path
    section: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.section}: expected {self.expected}"


@dataclass
class Page:
    """One corpus file taken apart, together with the faults met while reading it."""

    path: Path
    front: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    headings: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, section: str, expected: str) -> None:
        """Note a violation."""
        self.faults.append(Fault(self.path, section, expected))

    @property
    def names(self) -> list[str]:
        """The scheme's name and aliases."""
        return [str(self.front.get("name", "")), *map(str, self.front.get("aliases") or [])]


def read_page(path: Path) -> Page:
    """Read one file into front matter, title and sections."""
    page = Page(path)
    text = path.read_text(encoding="utf-8")
    parts = re.match(r"---\n(.*?)\n---\n(.*)\Z", text, re.DOTALL)
    if parts is None:
        page.fault("front matter", "a YAML block between two --- lines at the top")
        return page
    try:
        front = yaml.safe_load(parts[1])
    except yaml.YAMLError as error:
        page.fault("front matter", f"valid YAML ({' '.join(str(error).split())})")
        return page
    page.front = front if isinstance(front, dict) else {}
    _read_body(page, parts[2])
    return page


def _read_body(page: Page, body: str) -> None:
    key = ""
    lines: dict[str, list[str]] = {}
    for line in body.splitlines():
        heading = _HEADING.match(line)
        if heading:
            key = heading["key"]
            if key in lines:
                page.fault(key, "each section once")
            lines[key] = []
            page.headings[key] = heading["title"]
        elif line.startswith("# ") and not page.title:
            page.title = line[2:].strip()
        elif line.startswith("#"):
            page.fault(line.strip(), "a heading of the form '## Title {#key}'")
        elif line.strip() and not key:
            page.fault("body", "no text before the first section")
        elif key:
            lines[key].append(_LIST_NUMBER.sub("", line))
    page.sections = {key: "\n".join(content).strip() for key, content in lines.items()}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key).replace("_", " ")
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif value is not None:
        yield str(value)


def fact_text(record: Mapping[str, Any]) -> str:
    """Return all text of a scheme's record that may be told to a contact."""
    told = {key: value for key, value in record.items() if key not in {"from_memory_unsourced", "notes"}}
    notes = [note for note in record.get("notes") or [] if not _UNVERIFIED.search(str(note))]
    return "\n".join([*_strings(told), *_strings(notes)])


def check_front(page: Page, record: Mapping[str, Any]) -> None:
    """Check the front matter against the contract and the facts."""
    front, language = page.front, page.path.parent.name
    wanted = {
        "scheme": page.path.stem,
        "language": language,
        "category": record["category"],
    }
    for key, value in wanted.items():
        if front.get(key) != value:
            page.fault("front matter", f"{key}: {value}")
    if front.get("status") not in STATUSES:
        page.fault("front matter", f"status: one of {', '.join(STATUSES)}")
    elif front["status"] == "active" and _NOT_ACTIVE.search(str(record["status"])):
        page.fault("front matter", f"a status other than active (facts: {record['status']})")
    as_of = front.get("as_of")
    if not isinstance(as_of, str) or not as_of or not str(record["as_of"]).startswith(as_of):
        page.fault("front matter", f'as_of as a quoted string as in the facts: "{record["as_of"]}"')
    name = front.get("name")
    if not isinstance(name, str) or not name.strip():
        page.fault("front matter", "name: the scheme's full name")
    elif page.title != name:
        page.fault("body", f"the first line '# {name}'")
    _check_aliases(page)
    _check_sources(page, fact_text(record))


def _check_aliases(page: Page) -> None:
    aliases = page.front.get("aliases")
    if not isinstance(aliases, list) or len(aliases) < 3 or not all(isinstance(a, str) and a.strip() for a in aliases):
        page.fault("front matter", "aliases: a list of at least three spellings (quote numbers)")
        return
    if len({alias.casefold() for alias in aliases}) != len(aliases):
        page.fault("front matter", "each alias once")
    if page.path.parent.name == "hi" and not all(re.search("[\u0900-\u097f]", alias) for alias in aliases):
        page.fault("front matter", "aliases of a Hindi file in Devanagari (Latin spellings go to the English file)")


def _check_sources(page: Page, facts: str) -> None:
    sources = page.front.get("sources")
    if not isinstance(sources, list) or not sources:
        page.fault("front matter", "sources: at least one title with url")
        return
    known = {atom for atom in atoms_of(facts) if atom.kind == "link"}
    for source in sources:
        if not isinstance(source, dict) or set(source) != {"title", "url"} or not source["title"]:
            page.fault("front matter", "each source with title and url (null when there is none)")
            continue
        url = source["url"]
        if url is not None and (not str(url).startswith("http") or normal_link(url) not in {a.value for a in known}):
            page.fault("front matter", f"a source url that the facts name, not {url}")


def check_sections(page: Page, record: Mapping[str, Any]) -> None:
    """Check keys, order, length and form of the sections."""
    keys = list(page.sections)
    for key in keys:
        if key not in SECTIONS:
            page.fault(key, f"a section key out of {', '.join(SECTIONS)}")
    legal = [key for key in keys if key in SECTIONS]
    if legal != sorted(legal, key=SECTIONS.index):
        page.fault("body", f"sections in the order {', '.join(SECTIONS)}")
    for key in ("what", "status"):
        if key not in keys:
            page.fault(key, "this section (always written)")
    for key, fact in NEEDS_FACT.items():
        if key not in keys or record.get(fact) not in (None, "", [], ["-"]):
            continue
        # A cost or a duration may stand under the benefits; then the section must state it.
        if key not in {"fees", "time"} or not atoms_of(page.sections[key]):
            page.fault(key, f"no such section: the facts have no {fact}")
    for key, text in page.sections.items():
        _check_form(page, key, text)


def _check_form(page: Page, key: str, text: str) -> None:
    words = len(text.split())
    if not 5 <= words <= LONGEST_SECTION:
        page.fault(key, f"5 to {LONGEST_SECTION} words, found {words}")
    if re.search(r"^\s*\|", text, re.MULTILINE):
        page.fault(key, "no table")
    if re.search("[\u0966-\u096f]", text):
        page.fault(key, "ASCII digits")
    if re.search(r"unsourced|from[ _]memory", text, re.IGNORECASE):
        page.fault(key, "nothing that the facts mark as unsourced")
    if page.path.parent.name == "hi" and len(re.findall("[\u0900-\u097f]", text)) < len(text) / 3:
        page.fault(key, "Hindi in Devanagari")


def _said(page: Page) -> dict[str, str]:
    front = "\n".join(
        str(source.get("title")) for source in page.front.get("sources") or [] if isinstance(source, dict)
    )
    bodies = {key: f"{page.headings[key]}\n{text}" for key, text in page.sections.items()}
    return {"front matter": f"{page.title}\n{front}", **bodies}


def check_against_facts(page: Page, record: Mapping[str, Any]) -> None:
    """Report every number, date, link or telephone number that the scheme's facts do not carry."""
    facts = atoms_of(fact_text(record), facts=True)
    memory = atoms_of("\n".join(_strings(record.get("from_memory_unsourced") or [])), facts=True)
    for key, text in _said(page).items():
        for atom in sorted(atoms_of(text)):
            if supported(atom, facts):
                continue
            if supported(atom, memory):
                page.fault(key, f"no {atom}: the facts have it only in from_memory_unsourced")
            else:
                page.fault(key, f"no {atom}: the facts do not have it")


def _has_acronym(word: str, hindi: str, latin: set[str]) -> bool:
    if word in latin:
        return True
    spoken = "".join(_LETTERS.get(letter, letter) for letter in word)
    others = _HINDI_OF.get(word, "").split("|")
    bare = hindi.replace("\u093c", "").replace("ड़", "ड")
    spellings = [spoken, *filter(None, others)]
    return any(spelling.replace("\u093c", "").replace("ड़", "ड") in bare for spelling in spellings)


def compare_languages(english: Page, hindi: Page) -> None:
    """Report what one language says and the other does not."""
    for key in ("scheme", "category", "status", "as_of"):
        if english.front.get(key) != hindi.front.get(key):
            hindi.fault("front matter", f"{key} as in the English file: {english.front.get(key)}")
    if _urls(english) != _urls(hindi):
        hindi.fault("front matter", "the same source urls in the same order as the English file")
    for key in [key for key in english.sections if key not in hindi.sections]:
        hindi.fault(key, "this section, the English file has it")
    for key in [key for key in hindi.sections if key not in english.sections]:
        english.fault(key, "this section, the Hindi file has it")
    for key in [key for key in english.sections if key in hindi.sections]:
        _compare_section(key, english, hindi)


def check_names(page: Page, names: list[str]) -> None:
    """Report the sections that do not name the scheme by one of these names."""
    spoken = [name.casefold() for name in names if name]
    for key, text in page.sections.items():
        if not any(name in text.casefold() for name in spoken):
            page.fault(key, "the scheme's name or one of its aliases in the text")


def _urls(page: Page) -> list[Any]:
    return [source.get("url") for source in page.front.get("sources") or [] if isinstance(source, dict)]


def _compare_section(key: str, english: Page, hindi: Page) -> None:
    texts = _said(english)[key], _said(hindi)[key]
    in_english, in_hindi = atoms_of(texts[0]), atoms_of(texts[1])
    for atom in sorted(in_english - in_hindi):
        hindi.fault(key, f"{atom}, the English file has it")
    for atom in sorted(in_hindi - in_english):
        english.fault(key, f"{atom}, the Hindi file has it")
    latin = latin_words(texts[1])
    for word in sorted(latin - latin_words(texts[0])):
        english.fault(key, f"the name {word}, the Hindi file has it in Latin letters")
    for word in sorted(acronyms(texts[0])):
        if not _has_acronym(word, texts[1], latin):
            hindi.fault(key, f"the name {word}, the English file has it")


def check_scheme(corpus: Path, scheme: str, facts: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    """Check both files of one scheme."""
    pages: list[Page] = []
    faults: list[Fault] = []
    for language in LANGUAGES:
        path = corpus / language / f"{scheme}.md"
        if not path.is_file():
            faults.append(Fault(path, "file", "this file, both languages are needed"))
            continue
        page = read_page(path)
        pages.append(page)
        if scheme not in facts:
            page.fault("file", "a file name that is a scheme id of the facts")
        elif page.front:
            check_front(page, facts[scheme])
            check_sections(page, facts[scheme])
            check_against_facts(page, facts[scheme])
    if len(pages) == len(LANGUAGES):
        compare_languages(*pages)
        for page, names in zip(pages, (pages[0].names, pages[0].names + pages[1].names), strict=True):
            check_names(page, names)
    return faults + [fault for page in pages for fault in page.faults]


def load_facts(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read the facts, by scheme id."""
    return {record["id"]: record for record in json.loads(path.read_text(encoding="utf-8"))}


def _schemes(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    found: dict[tuple[Path, str], None] = {}
    for path in paths:
        files = sorted(path.rglob("*.md")) if path.is_dir() else [path.resolve()]
        for file in files:
            if file.parent.name in LANGUAGES:
                found[file.parent.parent, file.stem] = None
    return list(found)


def main(arguments: list[str] | None = None) -> int:
    """Check the named files or folders and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[CORPUS], help="corpus files or folders")
    parser.add_argument("--facts", type=Path, default=FACTS, help="the facts (JSON)")
    parser.add_argument("--complete", action="store_true", help="every scheme of the facts must be there")
    options = parser.parse_args(arguments)
    facts = load_facts(options.facts)
    schemes = _schemes(options.paths)
    faults = [fault for corpus, scheme in schemes for fault in check_scheme(corpus, scheme, facts)]
    if options.complete:
        missing = set(facts) - {scheme for _, scheme in schemes}
        faults += [
            Fault(CORPUS / "en" / f"{scheme}.md", "file", "a page for this scheme") for scheme in sorted(missing)
        ]
    for fault in faults:
        print(fault)
    print(f"{len(schemes)} schemes checked, {len(faults)} violations", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
