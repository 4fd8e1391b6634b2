"""Messages to many: the file, who is meant, in which language, and what is foreseen."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.days import danish_moment
from core.errors import KnowledgeError
from i18n.languages import LANGUAGES
from knowledge.announcements import Announcement, read_announcement
from operations.employers import SECRET, readable_code
from reminders import announce
from reminders.decide import Item, Receiver, decide
from store.announcements import Recipient

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
KNOWN = {"kommune": ["odense", "aarhus", "other"], "employer": ["NORD-7K3Q"]}
GOOD = """\
name: winter-tyres
segment:
  kommune: [odense]
  phase: [first-month, first-year]
texts:
  en: Winter is coming.
  da: Vinteren kommer.
at: 2026-12-01 10:00
"""


def read(tmp_path: Path, text: str) -> Announcement:
    path = tmp_path / "announcement.yml"
    path.write_text(text, encoding="utf-8")
    return read_announcement(path, now=NOW, known=KNOWN)


# --- the file -----------------------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == Announcement(
        "winter-tyres",
        {"kommune": ["odense"], "phase": ["first-month", "first-year"]},
        {"en": "Winter is coming.", "da": "Vinteren kommer."},
        datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
    )


def test_everybody_is_written_out(tmp_path: Path) -> None:
    read_one = read(tmp_path, "name: a\nsegment: everybody\ntexts: {en: Hello}\n")
    assert read_one.segment == {}
    assert read_one.at is None


@pytest.mark.parametrize(
    "written", ["2026-12-01 10:00", "2026-12-01 10:00:00", "2026-12-01T10:00", '"2026-12-01 10:00"']
)
def test_a_time_is_danish(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, GOOD.replace("2026-12-01 10:00", written)).at == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


LONG = "x" * 1501


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("name: winter-tyres\n", "", 1, "`name`: Field required. Add it."),
        ("winter-tyres", "Winter tyres!", 1, "`name`"),
        ("winter-tyres", "010190-1234", 1, "looks like a number of one person (cpr)"),
        ("segment:\n  kommune: [odense]\n  phase: [first-month, first-year]\n", "", 1, "`segment: everybody`"),
        ("segment:\n  kommune: [odense]\n  phase: [first-month, first-year]\n", "segment: {}\n", 2, "`segment: everybody`"),
        ("segment:\n  kommune: [odense]\n  phase: [first-month, first-year]\n", "segment: all\n", 2, "nobody we know"),
        ("[odense]", "[odnese]", 3, "kommune 'odnese' does not exist. Did you mean 'odense'?"),
        ("[odense]", "odense", 3, "Write a list"),
        ("[odense]", "[]", 3, "Give at least one."),
        ("  kommune: [odense]", "  town: [odense]", 3, "`segment.town`"),
        ("  kommune: [odense]", "  employer: [NORD-1111]", 3, "employer 'NORD-1111' does not exist."),
        ("  kommune: [odense]", "  language: [sv]", 3, "language 'sv' does not exist."),
        ("first-month, first-year", "later", 4, "Write one of these."),
        ("  en: Winter is coming.\n", "", 5, "the English text is missing."),
        ("  da: Vinteren", "  sv: Vintern", 7, "'sv' is not one of our languages."),
        ("Winter is coming.", "Write 010190-1234 on it.", 6, "`texts.en` holds what looks like a number of one person (cpr)"),
        ("Vinteren kommer.", "Kort 4571 0000 0000 0001.", 7, "(card)"),
        ("Vinteren kommer.", '""', 7, "Write something here."),
        ("Winter is coming.", LONG, 6, "Make it shorter."),
        ("Winter is coming.", "It costs {cpr-fee}.", 6, "{cpr-fee} is not filled in here."),
        ("Winter is coming.", '"Dear [[name]]"', 6, "[[name]] is not filled in here."),
        ("2026-12-01 10:00", "soon", 8, "Write it as 2026-12-01 10:00."),
        ("2026-12-01 10:00", "2026-12-01", 8, "Write it as 2026-12-01 10:00."),
        ("2026-12-01 10:00", "2027-03-28 02:30", 8, "the clocks are put forward"),
        ("2026-12-01 10:00", "2026-11-22 09:59", 8, "is past; in Denmark it is 2026-11-22 10:00"),
    ],
)  # fmt: skip
def test_a_fault_names_file_line_and_remedy(tmp_path: Path, before: str, after: str, line: int, words: str) -> None:
    assert before in GOOD
    with pytest.raises(KnowledgeError) as caught:
        read(tmp_path, GOOD.replace(before, after, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'announcement.yml'}:{line}: ")
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_text_may_be_just_as_long_as_allowed(tmp_path: Path) -> None:
    assert len(read(tmp_path, GOOD.replace("Winter is coming.", LONG[1:])).texts["en"]) == 1500


def test_the_hour_that_comes_twice_is_the_first() -> None:
    assert danish_moment("2026-10-25 02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "phase"),
    [
        (-400, "before-departure"), (-1, "before-departure"), (0, "arrival-week"), (7, "arrival-week"),
        (8, "first-month"), (31, "first-month"), (32, "first-3-months"), (92, "first-3-months"),
        (93, "first-year"), (365, "first-year"), (366, "staying"), (4000, "staying"),
    ],
)  # fmt: skip
def test_the_phase_follows_the_arrival(day: int, phase: str) -> None:
    assert announce.phase_of(TODAY - timedelta(days=day), TODAY) == phase


def test_without_an_arrival_there_is_no_phase() -> None:
    assert announce.phase_of(None, TODAY) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_the_days_of_a_phase_are_its_phase(arrival: date, today: date) -> None:
    found = [
        phase
        for phase in (*announce.LAST_DAYS, announce.STAYING)
        for first, last in (announce.arrivals(phase, today),)
        if first <= arrival <= last
    ]
    assert found == [announce.phase_of(arrival, today)]


def test_employers_are_meant_only_where_it_is_said() -> None:
    assert announce.wanted({}, TODAY).audience == ("recruit",)
    assert announce.wanted({"audience": ["employer"]}, TODAY).audience == ["employer"]


# --- in which language, and what is foreseen --------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_reads_their_own_language_or_english(language: str) -> None:
    assert announce.language_of({"en": "a", language: "b"}, language) == language
    assert announce.language_of({"en": "a"}, language) == "en"


def test_who_has_not_written_anything_yet_reads_english() -> None:
    assert announce.language_of({"en": "a", "da": "b"}, None) == "en"


def somebody(language: str | None = "pl", *, reachable: bool = True, **profile: str) -> Recipient:
    return Recipient(uuid.uuid4(), language, profile, reachable)


def test_the_outlook_says_what_the_ledger_will() -> None:
    people = [
        somebody(),
        somebody("da"),
        somebody(None),
        somebody(reachable=False),
        somebody(announcements="no"),
        somebody(paused="stopped"),
        somebody(paused="2026-12-24"),
    ]
    seen = announce.foresee(people, {"en": "Hello", "da": "Hej"}, NOW)
    assert seen.people == 7
    assert seen.languages == {("pl", "en"): 5, ("da", "da"): 1, ("en", "en"): 1}
    assert seen.skipped == {"unreachable": 1, "no announcements wished": 1, "stopped by the person": 1}
    assert seen.postponed == {"paused by the person": 1}
    assert seen.reached == 4


def test_a_night_is_foreseen() -> None:
    seen = announce.foresee([somebody()], {"en": "Hello"}, NOW.replace(hour=22))
    assert seen.postponed == {"quiet hours": 1}
    assert "quiet hours" in announce.silence(NOW.replace(hour=22))
    assert announce.silence(NOW) == ""
    assert announce.silence(datetime(2026, 12, 25, 10, tzinfo=UTC)) == "a Danish holiday"


def test_whatever_a_decision_looks_at_is_told_apart() -> None:
    """`foresee` decides once for all who are alike in DECIDING."""

    class Noting(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    read: set[str] = set()
    full = {"paused": "2026-12-24", "arrival": "2027-01-01", "zone": "Asia/Manila", "quiet": "22-7"}
    for profile in ({}, full, {**full, "announcements": "no"}, {**full, "paused": "stopped"}):
        for at in (NOW, NOW.replace(hour=22), datetime(2026, 12, 25, 10, tzinfo=UTC)):
            receiver = Receiver("given", Noting(profile), "fil", True, with_mentor=False, busy=False, seen_at=at)
            decide(Item("announcement", "", at, at), receiver, now=at)
    assert read == set(announce.DECIDING)


# --- codes of employers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begins"),
    [("Nordbo Plejecenter", "NORD-"), ("Ærø Kommune", "AERO-"), ("Łódź A/S", "LODZ-"), ("3F", "F-"), ("東京", "WORK-")],
)
def test_a_code_can_be_read_aloud(name: str, begins: str) -> None:
    code = readable_code(name)
    assert code.startswith(begins)
    assert len(code) == len(begins) + 4
    assert not set(code.partition("-")[2]) & set("01ILO")


def test_a_secret_holds_no_digit_that_could_be_masked() -> None:
    assert SECRET.isalpha()
