"""What mentors say often, and when they answer: read, refused, filled in; and what is written there now."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from core.days import COPENHAGEN
from handover.hours import is_open, read_hours
from i18n.languages import LANGUAGES
from knowledge.files import Entry, read_canned, read_desk, read_figures, read_folder, write_folder
from knowledge.library import Library
from knowledge.models import CANNED_NAMES, PLACEHOLDER, Canned
from knowledge.render import REFERENCE
from tests.unit.knowledge.test_files import by_name, small_folder

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"
WRITTEN = {code: read_canned(KNOWLEDGE / "canned" / f"{code}.yml") for code in LANGUAGES}
FIGURES = read_figures(KNOWLEDGE / "figures.yml")
LIBRARY = Library.of([*FIGURES, *(entry for entries in WRITTEN.values() for entry in entries)])
KEYS = [entry.key for entry in WRITTEN["en"]]
BOTH = [pytest.param(key, code, id=f"{key}-{code}") for key in KEYS for code in LANGUAGES]
DAY = date(2026, 11, 22)
FULL = {"name": "Amihan", "mentor": "Signe", "kommune": "Aarhus"}

CANNED = """\
greeting:
  title: Hello
  text: Hi [[name]]. What can I do?
call:
  title: Call
  text: Call {tax-phone}, [[mentor]]
"""
DESK = """\
weekly:
  mon: ["09:00-16:00"]
closed: ["12-24"]
special:
  "2026-12-23": []
holidays: closed
"""


def folder_with(tmp_path: Path, *, canned: str = CANNED, desk: str = DESK, language: str = "en") -> Path:
    folder = small_folder(tmp_path)
    (folder / "canned").mkdir()
    (folder / "canned" / f"{language}.yml").write_text(canned, encoding="utf-8")
    (folder / "desk.yml").write_text(desk, encoding="utf-8")
    return folder


# --- reading ----------------------------------------------------------------------------------------------------------


def test_canned_replies_and_hours_are_read(tmp_path: Path) -> None:
    reading = read_folder(folder_with(tmp_path))
    assert reading.problems == []
    entries = by_name(reading.entries)
    assert entries["canned", "greeting", "en"] == {"title": "Hello", "text": "Hi [[name]]. What can I do?"}
    assert entries["desk", "hours", ""] == {
        "weekly": {"mon": ["09:00-16:00"]},
        "closed": ["12-24"],
        "special": {"2026-12-23": []},
        "holidays": "closed",
    }
    library = Library.of(reading.entries)
    assert library.canned["call", "en"].title == "Call"
    assert library.desk["closed"] == ["12-24"]


def test_without_them_there_are_none(tmp_path: Path) -> None:
    reading = read_folder(small_folder(tmp_path))
    assert reading.problems == []
    library = Library.of(reading.entries)
    assert (library.canned, library.desk) == ({}, {})


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    before = read_folder(folder_with(tmp_path / "a")).entries
    write_folder(tmp_path / "b", before)
    after = read_folder(tmp_path / "b")
    assert after.problems == []
    assert by_name(after.entries) == by_name(before)


@pytest.mark.parametrize(
    ("was", "now", "where", "problem"),
    [
        ("[[name]]", "[[nmae]]", "canned/en.yml:3", "[[nmae]] is not filled in"),
        ("  title: Hello\n", "", "canned/en.yml:1", "`title`"),
        ("  title: Hello\n", "  title: Hello\n  tilte: x\n", "canned/en.yml:3", "`tilte`"),
        ("  text: Hi [[name]]. What can I do?", '  text: ""', "canned/en.yml:3", "`text`"),
        ("title: Hello", f"title: {'x' * 61}", "canned/en.yml:2", "`title`"),
        ("call:\n", "greeting:\n", "canned/en.yml:4", "twice"),
        ("{tax-phone}", "{tax-fone}", "canned/en.yml:6", "{tax-fone} does not exist"),
    ],
)
def test_a_slip_in_a_canned_reply_is_told_and_what_was_served_stays(
    was: str, now: str, where: str, problem: str, tmp_path: Path
) -> None:
    assert was in CANNED
    reading = read_folder(folder_with(tmp_path, canned=CANNED.replace(was, now, 1)))
    (told,) = reading.problems
    assert told.where == str(tmp_path / where)
    assert problem in told.problem
    assert told.remedy
    assert reading.unread == {"canned"}
    assert "tax-card" in {entry.key for entry in reading.entries}


def test_a_canned_reply_with_an_unknown_figure_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    reading = read_folder(folder_with(tmp_path, canned=CANNED.replace("{tax-phone}", "{tax-fone}")))
    assert [entry.key for entry in reading.entries if entry.kind == "canned"] == ["greeting"]


def test_canned_replies_in_a_language_we_do_not_speak_are_told(tmp_path: Path) -> None:
    (told,) = read_folder(folder_with(tmp_path, language="dk")).problems
    assert told.where.endswith("canned/dk.yml")


@pytest.mark.parametrize(
    ("desk", "where"),
    [
        ("closed: []\n", "desk.yml:1"),
        ("weekly: {}\n", "desk.yml:1"),
        ("holidays: closed\nweekly: always\n", "desk.yml:2"),
        ("- mon\n", "desk.yml:1"),
        ("", "desk.yml:1"),
    ],
)
def test_hours_without_a_week_are_told_and_the_old_ones_stay(desk: str, where: str, tmp_path: Path) -> None:
    reading = read_folder(folder_with(tmp_path, desk=desk))
    (told,) = reading.problems
    assert told.where == str(tmp_path / where)
    assert reading.unread == {"desk"}
    assert not [entry for entry in reading.entries if entry.kind == "desk"]


def test_a_day_without_quotes_does_no_harm(tmp_path: Path) -> None:
    """YAML makes a date of it, and what is stored is JSON."""
    (tmp_path / "desk.yml").write_text("weekly: {mon: ['09:00-16:00']}\nclosed: [2026-12-24]\n")
    (entry,) = read_desk(tmp_path / "desk.yml")
    assert entry.data["closed"] == ["2026-12-24"]
    assert entry.hash


# --- filling in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named", "filled"),
    [
        ("Hi [[name]]. Now?", {"name": "Amihan"}, "Hi Amihan. Now?"),
        ("Hi [[name]]. Now?", {}, "Hi. Now?"),
        ("Thanks, [[name]]. Now?", {"name": ""}, "Thanks. Now?"),
        ("Thanks, [[name]]. Now?", {"name": "  "}, "Thanks. Now?"),
        ("Thanks, [[name]]. Now?", {"name": "Amihan"}, "Thanks, Amihan. Now?"),
        ("Best wishes, [[mentor]]", {}, "Best wishes"),
        ("[[name]], hi", {"name": "Amihan"}, "Amihan, hi"),
        ("Hi [[name]]. From [[mentor]]", {"name": "[[mentor]]", "mentor": "Signe"}, "Hi [[mentor]]. From Signe"),
        ("Hi [[name]].", {"name": r"\1 {tax-phone}"}, r"Hi \1 {tax-phone}."),
    ],
)
def test_a_name_that_is_missing_leaves_a_good_sentence(text: str, named: dict[str, str], filled: str) -> None:
    assert Canned(title="x", text=text).filled(**named).text == filled


def test_a_reply_is_filled_with_figures_and_names_and_falls_back_to_english() -> None:
    assert "112" in LIBRARY.canned_reply("emergency", "da", DAY).text
    one = Library.of(entry for entry in WRITTEN["en"] if entry.key == "greeting")
    assert one.canned_reply("greeting", "pl", DAY, name="{tax-phone}").text.startswith("Hi {tax-phone}.")


# --- what is written there now ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reply_is_there_in_every_language_in_the_same_order(language: str) -> None:
    assert [entry.key for entry in WRITTEN[language]] == KEYS
    assert 20 <= len(KEYS) <= 40


@pytest.mark.parametrize(("key", "language"), BOTH)
def test_the_same_is_filled_in_in_every_language(key: str, language: str) -> None:
    ours, english = LIBRARY.canned[key, language].text, LIBRARY.canned[key, "en"].text
    assert names(ours) == names(english)
    assert {match[1] for match in REFERENCE.finditer(ours)} == {match[1] for match in REFERENCE.finditer(english)}


@pytest.mark.parametrize(("key", "language"), BOTH)
def test_a_reply_reads_well_with_and_without_names(key: str, language: str) -> None:
    for named in (FULL, {}, dict.fromkeys(CANNED_NAMES, "")):
        text = LIBRARY.canned_reply(key, language, DAY, **named).text
        assert not set("[]{}") & set(text)
        assert not re.search(r"  | [.,;:?।]|,[.,;:?।]|[,;:]$", text), text


@pytest.mark.parametrize(("key", "language"), BOTH)
def test_a_reply_is_plain_and_calm(key: str, language: str) -> None:
    """It is shown exactly as written, so nothing in it is Markdown; numbers come from figures."""
    canned = LIBRARY.canned[key, language]
    assert not set("*_#<>!`") & set(canned.text + canned.title)
    assert not re.search(r"\d{3}|\d\d \d\d", REFERENCE.sub("", canned.text))
    assert len(canned.text) <= 500


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_reply_was_left_in_english(language: str) -> None:
    assert [key for key in KEYS if LIBRARY.canned[key, language].text == LIBRARY.canned[key, "en"].text] == []
    scripts = {"Deva": r"[\u0900-\u097f]", "Cyrl": r"[\u0400-\u04ff]", "Latn": r"[A-Za-z]"}
    letters = re.compile(scripts[LANGUAGES[language].script])
    assert all(letters.search(part) for entry in WRITTEN[language] for part in entry.data.values())


def test_the_hours_are_such_as_the_desk_understands() -> None:
    (entry,) = read_desk(KNOWLEDGE / "desk.yml")
    hours = read_hours(Library.of([entry]).desk)
    assert sorted(hours.weekly) == [0, 1, 2, 3, 4]
    assert hours.closed == {(12, 24), (12, 31), (6, 5), (5, 1)}
    assert hours.holidays_closed


@pytest.mark.parametrize(
    ("moment", "answered"),
    [
        ("2026-11-23T09:00", True),
        ("2026-11-23T08:59", False),
        ("2026-11-23T16:00", False),
        ("2026-11-27T14:59", True),
        ("2026-11-27T15:00", False),
        ("2026-11-28T12:00", False),
        ("2026-12-24T12:00", False),
        ("2026-12-25T12:00", False),
        ("2027-05-01T12:00", False),
    ],
)
def test_mentors_answer_in_these_hours(moment: str, answered: bool) -> None:
    hours = read_hours(read_desk(KNOWLEDGE / "desk.yml")[0].data)
    assert is_open(hours, datetime.fromisoformat(moment).replace(tzinfo=COPENHAGEN)) is answered


def names(text: str) -> set[str]:
    return {match["name"] for match in PLACEHOLDER.finditer(text)}


def test_entries_have_names_of_their_own() -> None:
    entries: list[Entry] = [entry for found in WRITTEN.values() for entry in found]
    assert len({entry.name for entry in entries}) == len(entries)
