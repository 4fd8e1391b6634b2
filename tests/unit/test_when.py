"""Dates and times as people type them. The table is tests/payloads/when.yml; `now` is a Wednesday morning."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from i18n.languages import LANGUAGES
from i18n.when import Ambiguous, Past, When, moment, when, without_when

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MANILA = ZoneInfo("Asia/Manila")
NOW = datetime(2027, 3, 10, 10, 0, tzinfo=COPENHAGEN)
# Strings throughout: "9" and 2027-03-11 stay what they look like.
TABLE = yaml.load((Path(__file__).parents[1] / "payloads" / "when.yml").read_text("utf-8"), yaml.BaseLoader)
LOOKING: dict[str, Past] = {"ahead": False, "back": True, "nearest": None}
SAID = [
    pytest.param(language, LOOKING[looking], text, expected, id=f"{language}-{looking}-{text}")
    for language in LANGUAGES
    for looking, phrases in TABLE[language].items()
    for text, expected in phrases.items()
]
NOTHING = [
    pytest.param(language, text, id=f"{language}-{text}")
    for language, texts in TABLE["nothing"].items()
    for text in texts
]


def seen(text: str, language: str = "en", past: Past = False, now: datetime = NOW, zone: ZoneInfo = COPENHAGEN) -> str:
    """ "2027-03-11", "2027-03-11 09:00", "2027-04-03 or 2027-03-04", "nothing"."""
    match when(text, language=language, now=now, zone=zone, past=past):
        case When(day, None):
            return str(day)
        case When(day, at):
            return f"{day} {at:%H:%M}"
        case Ambiguous(first, second):
            return f"{first} or {second}"
        case _:
            return "nothing"


@pytest.mark.parametrize(("language", "past", "text", "expected"), SAID)
def test_what_people_type(language: str, past: Past, text: str, expected: str) -> None:
    assert seen(text, language, past) == expected


@pytest.mark.parametrize(("language", "text"), NOTHING)
def test_what_is_no_date(language: str, text: str) -> None:
    assert [seen(text, language, past) for past in (False, True, None)] == ["nothing"] * 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_holds_enough_of_every_language(language: str) -> None:
    assert sum(map(len, TABLE[language].values())) >= 30
    assert TABLE["nothing"][language]


# --- which of two readings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fil", "hi"])
@pytest.mark.parametrize("text", ["3/4", "on 3-4", "I arrive 03/04"])
def test_where_the_month_may_come_first_both_readings_are_given(language: str, text: str) -> None:
    assert seen(text, language) == "2027-04-03 or 2028-03-04"


@pytest.mark.parametrize("language", ["en", "fil", "hi"])
def test_both_readings_lie_where_we_look(language: str) -> None:
    assert seen("3/4", language, past=True) == "2026-04-03 or 2027-03-04"
    assert seen("3/4", language, past=None) == "2027-04-03 or 2027-03-04"
    assert seen("3/4/2027", language) == "2027-04-03"
    assert seen("3/4/2028", language) == "2028-04-03 or 2028-03-04"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["3.4.", "03.04", "3.4.2027", "2027-04-03", "4/4", "25/3"])
def test_dots_years_in_front_and_equal_numbers_leave_no_doubt(language: str, text: str) -> None:
    assert " or " not in seen(text, language)
    assert seen(text, language) != "nothing"


@pytest.mark.parametrize("language", ["da", "de", "pl", "ro", "uk"])
def test_the_rest_of_us_write_the_day_first(language: str) -> None:
    assert seen("3/4", language) == "2027-04-03"
    assert seen("3/15", language) == "nothing"


def test_of_two_dates_the_one_with_a_time_counts() -> None:
    assert seen("I start on monday, remind me friday at 9") == "2027-03-12 09:00"
    assert seen("monday or friday") == "2027-03-15"


def test_a_date_on_the_wrong_side_of_now_is_passed_over() -> None:
    assert seen("I got the letter yesterday, remind me on friday") == "2027-03-12"
    assert seen("moved in on 1 March, starting work tomorrow", past=True) == "2027-03-01"


@pytest.mark.parametrize(
    "text", ["yesterday", "3 days ago", "last monday", "2026-12-01", "today at 9am", "since friday"]
)
def test_nothing_behind_us_is_ahead(text: str) -> None:
    assert seen(text) == "nothing"


@pytest.mark.parametrize("text", ["tomorrow", "in 3 days", "next week", "2027-03-11", "next friday"])
def test_nothing_ahead_is_behind_us(text: str) -> None:
    assert seen(text, past=True) == "nothing"


# --- the calendar ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["31 February", "on 31/4", "32 march 2027", "29 february 2027", "in 40 years", "1/1/2050"]
)
def test_days_that_are_not_there_or_out_of_reach(text: str) -> None:
    assert seen(text) == "nothing"


def test_leap_day() -> None:
    assert seen("29 february") == "2028-02-29"
    assert seen("29 february", past=None) == "nothing"
    assert seen("in a year", now=datetime(2028, 2, 29, 12, tzinfo=UTC)) == "2029-02-28"
    assert seen("in a month", now=datetime(2027, 1, 31, 12, tzinfo=UTC)) == "2027-02-28"


def test_year_ends() -> None:
    new_years_eve = datetime(2027, 12, 31, 22, 0, tzinfo=COPENHAGEN)

    assert seen("tomorrow", now=new_years_eve) == "2028-01-01"
    assert seen("in 3 hours", now=new_years_eve) == "2028-01-01 01:00"
    assert seen("next month", now=new_years_eve) == "2028-01-01"
    assert seen("end of the month", now=new_years_eve) == "2027-12-31"
    assert seen("2 january", now=new_years_eve) == "2028-01-02"
    assert seen("my arrival was 30 december", now=new_years_eve, past=None) == "2027-12-30"


def test_march_is_the_coming_one() -> None:
    text = "remind me in march about tax"

    assert seen(text, now=datetime(2027, 1, 5, tzinfo=UTC)) == "2027-03-01"
    assert seen(text) == "2028-03-01"
    assert moment(When(date(2027, 3, 1), None), zone=COPENHAGEN) == datetime(2027, 3, 1, 8, tzinfo=UTC)


def test_today_is_where_the_person_is() -> None:
    late = datetime(2027, 3, 10, 20, 0, tzinfo=UTC)

    assert seen("tomorrow", now=late, zone=COPENHAGEN) == "2027-03-11"
    assert seen("tomorrow", now=late, zone=MANILA) == "2027-03-12"
    assert moment(When(date(2027, 3, 12), time(9)), zone=MANILA) == datetime(2027, 3, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("at 5", "2027-03-10 17:00"),
        ("at 5 in the morning", "2027-03-11 05:00"),
        ("at 05:30", "2027-03-11 05:30"),
        ("at 8", "2027-03-11 08:00"),
        ("today at 8", "2027-03-10 20:00"),
        ("tomorrow at 8", "2027-03-11 08:00"),
        ("12am tomorrow", "2027-03-11 00:00"),
        ("12pm tomorrow", "2027-03-11 12:00"),
    ],
)
def test_which_half_of_the_day(said: str, expected: str) -> None:
    assert seen(said) == expected


def test_tonight_may_have_begun() -> None:
    assert seen("tonight", now=datetime(2027, 3, 10, 20, 30, tzinfo=COPENHAGEN)) == "2027-03-10 22:00"


# --- the clock is changed ----------------------------------------------------------------------------------------


def test_a_time_that_the_spring_night_skips_comes_an_hour_later() -> None:
    skipped = moment(When(date(2027, 3, 28), time(2, 30)), zone=COPENHAGEN)

    assert skipped == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert skipped.astimezone(COPENHAGEN).time() == time(3, 30)


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    assert moment(When(date(2027, 10, 31), time(2, 30)), zone=COPENHAGEN) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_hours_pass_through_both_nights() -> None:
    spring = datetime(2027, 3, 28, 1, 30, tzinfo=COPENHAGEN)
    autumn = datetime(2027, 10, 31, 1, 30, tzinfo=COPENHAGEN)

    assert seen("in 2 hours", now=spring) == "2027-03-28 04:30"
    assert seen("in 2 hours", now=autumn) == "2027-10-31 02:30"


# --- what the reminder is about ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "about"),
    [
        ("en", "remind me tomorrow at 9 about the bank", "remind me about the bank"),
        ("en", "On Friday, remind me of the tax card", "remind me of the tax card"),
        ("en", "remind me at 9 about the bank tomorrow.", "remind me about the bank."),
        ("en", "remind me in march about tax", "remind me about tax"),
        ("en", "I have 3 children", "I have 3 children"),
        ("en", "I moved in yesterday, remind me on friday to register", "I moved in yesterday, remind me to register"),
        ("da", "mind mig om banken i morgen kl. 9", "mind mig om banken"),
        ("de", "erinnere mich nächsten Freitag um halb zehn an die Steuer", "erinnere mich an die Steuer"),
        ("fil", "paki remind ako bukas ng umaga tungkol sa CPR", "paki remind ako tungkol sa CPR"),
        ("hi", "kal subah 9 baje bank yaad dilana", "bank yaad dilana"),
        ("hi", "सोमवार को १० बजे बैंक याद दिलाना", "बैंक याद दिलाना"),
        ("pl", "przypomnij mi w piątek o 9 o banku", "przypomnij mi o banku"),
        ("ro", "amintește-mi vineri la 10 de bancă", "amintește-mi de bancă"),
        ("uk", "нагадай мені через два тижні про податки", "нагадай мені про податки"),
    ],
)
def test_the_words_of_time_are_cut_out(language: str, text: str, about: str) -> None:
    assert without_when(text, language=language) == about


# --- whatever is typed -------------------------------------------------------------------------------------------

TYPED = (
    "in on 3 31 99 999 2027 12:30 3/4 31.2. 2027-02-30 next last end of the month week monday tomorrow at kl um o za "
    "год через 15 मार्च baje kal sa alas am pm half to . , march may 29 february ago years minutes -1 ² ٣ १५ İ ﷺ"
)
PIECES = st.sampled_from(TYPED.split())


# No deadline: dateparser reads its locales on first use.
@settings(deadline=None, max_examples=300)
@given(
    st.text() | st.lists(PIECES, max_size=9).map(" ".join),
    st.sampled_from(list(LANGUAGES)),
    st.sampled_from([False, True, None]),
)
def test_nothing_typed_breaks_it(text: str, language: str, past: Past) -> None:
    found = when(text, language=language, now=NOW, zone=COPENHAGEN, past=past)

    days = [found.day] if isinstance(found, When) else [found.first, found.second] if found else []
    assert all(abs(day - NOW.date()) <= timedelta(days=5 * 366) for day in days)
    assert all(past is None or (day <= NOW.date() if past else day >= NOW.date()) for day in days)
    assert len(without_when(text, language=language)) <= len(text)


def test_it_is_quick() -> None:
    seen("warm up")
    started = clock.perf_counter()
    for _ in range(50):
        seen("Hi! I work 37 hours a week at a hospital, please remind me about the tax card on friday at 9")
    assert (clock.perf_counter() - started) / 50 < 0.002
