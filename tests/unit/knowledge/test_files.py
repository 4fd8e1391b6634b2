"""What an editor may get wrong: each slip names file, line and remedy, and spoils only its own topic."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import KnowledgeError
from knowledge.files import Entry, read_folder, write_folder

REAL = Path(__file__).parents[3] / "knowledge"

TOPIC = """\
theme: tax
audience:
  - all
related:
  - nemkonto
near:
  - nemkonto
handover: false
sources:
  - name: 'Skat: tax cards'
    url: https://skat.dk/tax-card
as_of: 2026-01-05
review_by: 2027-01-05
"""
ENGLISH = """\
---
title: How do I get a tax card?
revision: 2
near:
  nemkonto: Is it about tax, or about your account?
---
Apply online. It takes {tax-card-wait}.

- Call {tax-phone} if it takes longer.

## Questions

- tax card??
- where is my skattekort
"""
DANISH = ENGLISH.replace("revision: 2", "from_revision: 2")
FIGURES = """\
version: 1
figures:
  - id: tax-card-wait
    meaning: Wait for a tax card
    values:
      - value: 2-3
        unit: weeks
        valid_from: null
        valid_to: 2026-12-31
        source_name: Skat
        source_url: https://skat.dk/tax-card
        confidence: high
    next_review: 2026-12-15
  - id: tax-phone
    meaning: Where to call
    values:
      - value: +45 72 22 27 80
        unit: phone
        valid_from: null
        valid_to: null
        source_name: Skat
        source_url: https://skat.dk/tax-card
        confidence: high
    next_review: 2026-12-15
"""
TERMS = """\
terms:
  - term: skattekort
    say: SKAT-uh-kort
    en: tax card
    explain: What your employer needs to take the right tax.
"""


def small_folder(tmp_path: Path) -> Path:
    """Two topics, one also in Danish; two figures, a term, a reply."""
    files = {
        "topics/tax-card/topic.yml": TOPIC,
        "topics/tax-card/en.md": ENGLISH,
        "topics/tax-card/da.md": DANISH,
        "topics/nemkonto/topic.yml": TOPIC.replace("nemkonto", "tax-card"),
        "topics/nemkonto/en.md": "---\ntitle: What is a NemKonto?\nrevision: 1\n---\nYour account.\n",
        "figures.yml": FIGURES,
        "glossary.yml": TERMS,
        "replies/en.yml": "# what the bot says\nwelcome: Hello.\nurgent: |-\n  Call now:\n\n  {tax-phone}.\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_small_folder_is_right(tmp_path: Path) -> None:
    reading = read_folder(small_folder(tmp_path))

    assert reading.problems == []
    assert sorted(entry.name for entry in reading.entries) == [
        ("figure", "tax-card-wait", ""),
        ("figure", "tax-phone", ""),
        ("reply", "urgent", "en"),
        ("reply", "welcome", "en"),
        ("term", "skattekort", ""),
        ("text", "nemkonto", "en"),
        ("text", "tax-card", "da"),
        ("text", "tax-card", "en"),
        ("topic", "nemkonto", ""),
        ("topic", "tax-card", ""),
    ]
    english = next(entry for entry in reading.entries if entry.name == ("text", "tax-card", "en"))
    assert english.data["questions"] == ["tax card??", "where is my skattekort"]
    assert english.data["body"].startswith("Apply online.")
    assert "Questions" not in english.data["body"]


@dataclass(frozen=True)
class Slip:
    """One text in one file of the topic `tax-card` put in place of another; what is then told."""

    file: str
    was: str
    now: str
    where: str
    problem: str
    remedy: str


SLIPS = {
    # topic.yml
    "missing field": Slip("topic.yml", "theme: tax\n", "", "topic.yml:1", "`theme`", "Add it."),
    "unknown field": Slip("topic.yml", "handover", "hand-over", "topic.yml:1", "`handover`", "Add it."),
    "added field": Slip("topic.yml", "as_of:", "colour: red\nas_of:", "topic.yml:12", "`colour`", "Remove it"),
    "unknown theme": Slip("topic.yml", "theme: tax", "theme: taxes", "topic.yml:1", "`theme`", "one of these"),
    "no day": Slip("topic.yml", "2026-01-05", "5 January", "topic.yml:12", "`as_of`", "2026-11-21"),
    "impossible day": Slip("topic.yml", "2027-01-05", "2027-02-30", "topic.yml:13", "`review_by`", "2026-11-21"),
    "day and month swapped": Slip("topic.yml", "2027-01-05", "2027-31-12", "topic.yml:13", "`review_by`", "2026-11-21"),
    "field of a source": Slip("topic.yml", "    url:", "    link:", "topic.yml:10", "`sources.0.url`", "Add it."),
    "no link": Slip("topic.yml", "https://skat", "www.skat", "topic.yml:11", "`sources.0.url`", "https://"),
    "no truth": Slip("topic.yml", "handover: false", "handover: maybe", "topic.yml:8", "`handover`", "docs/how-to"),
    "nobody": Slip("topic.yml", "audience:\n  - all", "audience: []", "topic.yml:2", "`audience`", "at least one"),
    "too many related": Slip(
        "topic.yml",
        "  - nemkonto\nnear",
        "  - a\n  - b\n  - c\n  - d\n  - e\nnear",
        "topic.yml:4",
        "`related`",
        "fewer",
    ),
    "unknown related": Slip(
        "topic.yml", "  - nemkonto\nnear", "  - nemkont\nnear", "topic.yml", "'nemkont' does not exist", "correct it"
    ),
    "unknown near": Slip(
        "topic.yml", "  - nemkonto\nhand", "  - nemkont\nhand", "topic.yml", "'nemkont' does not exist", "correct it"
    ),
    "broken YAML": Slip("topic.yml", "'Skat: tax cards'", "Skat: tax cards", "topic.yml:10", "not valid YAML", "colon"),
    "tab": Slip("topic.yml", "    url:", "\turl:", "topic.yml:11", "not valid YAML", "indentation"),
    "not closed": Slip("topic.yml", "'Skat: tax cards'", "'Skat: tax cards", "topic.yml", "not valid YAML", "colon"),
    "field twice": Slip("topic.yml", "review_by:", "as_of:", "topic.yml:13", "`as_of` stands here twice", "Remove one"),
    "a list": Slip("topic.yml", TOPIC, "- theme\n- tax\n", "topic.yml:1", "fields are expected", "`name: value`"),
    "nothing": Slip("topic.yml", TOPIC, "", "topic.yml:1", "fields are expected", "`name: value`"),
    "braces as a name": Slip("topic.yml", "theme: tax", "{theme}: tax", "topic.yml:1", "name of a field", "quotes"),
    "yes as a name": Slip("topic.yml", "as_of:", "yes: 1\nas_of:", "topic.yml:12", "name of a field", "quotes"),
    "invisible character": Slip("topic.yml", "false", "false\x07", "topic.yml:8", "U+0007", "anew"),
    "a round": Slip("topic.yml", "audience:\n", "audience: &a\n  - *a\n", "topic.yml:1", "not valid YAML", "plain"),
    # en.md
    "no front": Slip("en.md", "---\ntitle", "title", "en.md:1", "begin with its title", "add-a-topic.md"),
    "front not closed": Slip("en.md", "---\nApply", "Apply", "en.md:1", "begin with its title", "add-a-topic.md"),
    "no title": Slip("en.md", "title: How do I get a tax card?\n", "", "en.md:2", "`title`", "Add it."),
    "title too long": Slip("en.md", "How do I", "How do I " + "really " * 12, "en.md:2", "`title`", "shorter"),
    "empty title": Slip("en.md", "How do I get a tax card?", "''", "en.md:2", "`title`", "Write something"),
    "colon in title": Slip("en.md", "How do", "Tax: how do", "en.md:2", "not valid YAML", "quotes"),
    "unknown field in front": Slip("en.md", "near:", "tags: x\nnear:", "en.md:4", "`tags`", "Remove it"),
    "no revision": Slip("en.md", "revision: 2\n", "", "en.md:2", "revision", "docs/how-to"),
    "revision zero": Slip("en.md", "revision: 2", "revision: 0", "en.md:3", "`revision`", "docs/how-to"),
    "from_revision in English": Slip("en.md", "revision:", "from_revision:", "en.md:2", "`revision`", "Rename"),
    "near is no slug": Slip("en.md", "  nemkonto:", "  Nem Konto:", "en.md:5", "`near", "lower-case"),
    "empty answer": Slip(
        "en.md", ENGLISH.split("---\n")[2].split("##")[0], "\n", "en.md:7", "`body`", "Write something"
    ),
    "unknown figure": Slip("en.md", "{tax-phone}", "{tax-fone}", "en.md:9", "{tax-fone} does not exist", "figures.yml"),
    "unknown bare figure": Slip("en.md", "{tax-phone}", "{fone|number}", "en.md:9", "{fone} does not exist", "figures"),
    "question twice": Slip("en.md", "- where is my skattekort", "- Tax card??", "en.md:14", "twice", "Remove one"),
    "question without hyphen": Slip("en.md", "- where", "where", "en.md:14", "list item", "'- '"),
    "question with a star": Slip("en.md", "- where", "* where", "en.md:14", "list item", "'- '"),
    "empty question": Slip("en.md", "- where is my skattekort", "- ", "en.md:14", "list item", "'- '"),
    "heading misspelt": Slip("en.md", "## Questions", "## Question", "en.md:11", "no headings", "`## Questions`"),
    # da.md
    "revision on a translation": Slip("da.md", "from_revision:", "revision:", "da.md:2", "`from_revision`", "Rename"),
    "figure in a translation": Slip("da.md", "{tax-card-wait}", "{wait}", "da.md:7", "{wait} does not", "figures.yml"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_with_file_line_and_remedy_and_spoils_only_its_topic(name: str, tmp_path: Path) -> None:
    slip = SLIPS[name]
    path = small_folder(tmp_path) / "topics" / "tax-card" / slip.file
    assert path.read_text(encoding="utf-8").count(slip.was) >= 1
    path.write_text(path.read_text(encoding="utf-8").replace(slip.was, slip.now, 1), encoding="utf-8")

    reading = read_folder(tmp_path)

    problem = reading.problems[0]
    assert problem.where.startswith(str(path.parent / slip.where))
    if ":" in slip.where:
        assert problem.where == str(path.parent / slip.where)
    assert slip.problem in problem.problem
    assert slip.remedy in problem.remedy
    assert len(reading.problems) == 1
    assert_only_tax_card_is_missing(tmp_path)


OTHER_SLIPS: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "no English": (lambda topic: (topic / "en.md").unlink(), "", "English text is missing", "Add en.md"),
    "no topic.yml": (lambda topic: (topic / "topic.yml").unlink(), "topic.yml", "missing", "Add it."),
    "unknown language": (
        lambda topic: (topic / "da.md").rename(topic / "dk.md"),
        "dk.md",
        "'dk' is not one of our languages",
        "da",
    ),
    "not UTF-8": (
        lambda topic: (topic / "da.md").write_bytes(DANISH.replace("Apply", "Ansøg").encode("latin-1")),
        "da.md:7",
        "not UTF-8",
        "Save it as UTF-8.",
    ),
    "UTF-16": (
        lambda topic: (topic / "topic.yml").write_bytes(TOPIC.encode("utf-16")),
        "topic.yml:1",
        "not UTF-8",
        "Save it as UTF-8.",
    ),
}


@pytest.mark.parametrize("name", OTHER_SLIPS)
def test_a_file_that_cannot_be_used_is_told_and_spoils_only_its_topic(name: str, tmp_path: Path) -> None:
    spoil, where, problem, remedy = OTHER_SLIPS[name]
    topic = small_folder(tmp_path) / "topics" / "tax-card"
    spoil(topic)

    (told,) = read_folder(tmp_path).problems

    assert told.where == (str(topic / where) if where else str(topic))
    assert problem in told.problem
    assert remedy in told.remedy
    assert_only_tax_card_is_missing(tmp_path)


def assert_only_tax_card_is_missing(folder: Path) -> None:
    reading = read_folder(folder)
    assert reading.broken == {"tax-card"}
    assert reading.unread == set()
    kept = {entry.name for entry in reading.entries}
    assert ("text", "nemkonto", "en") in kept
    assert ("figure", "tax-phone", "") in kept
    assert ("reply", "welcome", "en") in kept
    assert not {(kind, key) for kind, key, _ in kept} & {("topic", "tax-card"), ("text", "tax-card")}


SHARED_SLIPS = {
    "figure without a unit": ("figures.yml", "        unit: weeks\n", "", "figures.yml:6", "`values.0.unit`", "figure"),
    "figure twice": ("figures.yml", "id: tax-phone", "id: tax-card-wait", "figures.yml:14", "twice", "figure"),
    "figure with an impossible day": (
        "figures.yml", "2026-12-31", "2026-11-31", "figures.yml:9", "`values.0.valid_to`", "figure",
    ),
    "figure without a slug": ("figures.yml", "id: tax-phone", "id: Tax Phone", "figures.yml:14", "`id`", "figure"),
    "figures no list": ("figures.yml", FIGURES, "figures: none\n", "figures.yml:1", "must be a list", "figure"),
    "term without a meaning": ("glossary.yml", "    en: tax card\n", "", "glossary.yml:2", "`en`", "term"),
    "term twice": (
        "glossary.yml", TERMS, TERMS + TERMS.removeprefix("terms:\n"), "glossary.yml:6", "twice", "term",
    ),
    "empty reply": ("replies/en.yml", "Hello.", "''", "replies/en.yml:2", "`text`", "reply"),
    "reply twice": ("replies/en.yml", "urgent:", "welcome:", "replies/en.yml:3", "twice", "reply"),
    "reply named yes": ("replies/en.yml", "welcome:", "yes:", "replies/en.yml:2", "name of a field", "reply"),
    "figure of a reply": ("replies/en.yml", "{tax-phone}", "{fone}", "replies/en.yml:6", "{fone} does not", "reply"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHARED_SLIPS)
def test_a_slip_in_a_shared_file_is_told_and_the_topics_stay(name: str, tmp_path: Path) -> None:
    file, was, now, where, problem, kind = SHARED_SLIPS[name]
    path = small_folder(tmp_path) / file
    path.write_text(path.read_text(encoding="utf-8").replace(was, now, 1), encoding="utf-8")

    reading = read_folder(tmp_path)

    (told,) = reading.problems
    assert told.where == str(tmp_path / where)
    assert problem in told.problem
    assert told.remedy
    assert kind in reading.unread
    assert {entry.key for entry in reading.entries if entry.kind == "topic"} == {"tax-card", "nemkonto"}


@pytest.mark.parametrize("missing", ["figures.yml", "glossary.yml"])
def test_a_shared_file_that_is_missing_is_told(missing: str, tmp_path: Path) -> None:
    (small_folder(tmp_path) / missing).unlink()
    (told,) = read_folder(tmp_path).problems
    assert told.where == str(tmp_path / missing)
    assert told.remedy == "Add it."


def test_replies_in_a_language_we_do_not_speak_are_told(tmp_path: Path) -> None:
    (small_folder(tmp_path) / "replies" / "dk.yml").write_text("welcome: Hej.\n")
    (told,) = read_folder(tmp_path).problems
    assert told.where.endswith("replies/dk.yml")


def test_two_topics_may_be_wrong_and_both_are_told(tmp_path: Path) -> None:
    folder = small_folder(tmp_path)
    (folder / "topics/tax-card/da.md").write_text("nothing")
    (folder / "topics/tax-card/en.md").write_text("nothing")
    (folder / "topics/nemkonto/en.md").write_text("nothing")
    assert len(read_folder(folder).problems) == 3


def every_file(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "saved_as",
    [
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="Windows line endings"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="BOM"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), id="both"),
        pytest.param(lambda data: data.replace(b"## Questions", b"## Questions  "), id="blanks after the heading"),
        pytest.param(lambda data: data.rstrip(b"\n"), id="no last line break"),
    ],
)
def test_how_an_editor_saves_makes_no_difference(saved_as: Callable[[bytes], bytes], tmp_path: Path) -> None:
    folder = small_folder(tmp_path)
    before = by_name(read_folder(folder).entries)
    for path in every_file(folder):
        path.write_bytes(saved_as(path.read_bytes()))

    reading = read_folder(folder)

    assert reading.problems == []
    assert by_name(reading.entries) == before


def test_a_day_as_a_figure_may_stand_without_quotes(tmp_path: Path) -> None:
    path = small_folder(tmp_path) / "figures.yml"
    path.write_text(FIGURES.replace("value: 2-3", "value: 2026-03-17"))
    reading = read_folder(tmp_path)
    assert reading.problems == []
    assert by_name(reading.entries)["figure", "tax-card-wait", ""]["values"][0]["value"] == "2026-03-17"


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    before = read_folder(small_folder(tmp_path / "a")).entries
    write_folder(tmp_path / "b", before)
    after = read_folder(tmp_path / "b")
    assert after.problems == []
    assert by_name(after.entries) == by_name(before)


@pytest.mark.parametrize(
    "title",
    [
        "Tax: how?",
        "2026-01-05",
        "yes",
        "'quoted'",
        "# no comment",
        "[list]",
        "{tax-phone}?",
        "- a",
        "skat ø 税 कर",
        "x" * 80,
    ],
)
def test_titles_that_look_like_something_else_survive(title: str, tmp_path: Path) -> None:
    reading = read_folder(small_folder(tmp_path / "a"))
    entries = [
        Entry(entry.kind, entry.key, entry.language, {**entry.data, "title": title}) if entry.kind == "text" else entry
        for entry in reading.entries
    ]
    write_folder(tmp_path / "b", entries)
    after = read_folder(tmp_path / "b")
    assert after.problems == []
    assert by_name(after.entries) == by_name(entries)


def test_the_whole_knowledge_reads_the_same_after_writing(tmp_path: Path) -> None:
    before = read_folder(REAL)
    assert before.problems == []
    write_folder(tmp_path, before.entries)
    after = read_folder(tmp_path)
    assert after.problems == []
    assert by_name(after.entries) == by_name(before.entries)
    assert {entry.hash for entry in after.entries} == {entry.hash for entry in before.entries}


def test_a_problem_reads_as_one_sentence() -> None:
    problem = KnowledgeError("topics/a/en.md:3", "this is wrong.", "Mend it.")
    assert str(problem) == "topics/a/en.md:3: this is wrong. Mend it."


def by_name(entries: list[Entry]) -> dict[tuple[str, str, str], dict[str, object]]:
    assert len({entry.name for entry in entries}) == len(entries)
    return {entry.name: entry.data for entry in entries}
