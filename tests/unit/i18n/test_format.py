from datetime import date
from pathlib import Path

import pytest
import yaml

from i18n import format as formats
from i18n.languages import LANGUAGES

FIGURES = Path(__file__).parents[3] / "knowledge" / "figures.yml"


@pytest.mark.parametrize(
    ("value", "unit", "language", "said"),
    [
        (2255, "DKK", "en", "2,255 DKK"),
        (2255, "DKK", "da", "2.255 kr."),
        (2255, "DKK", "pl", "2 255 DKK"),
        (27850.89, "DKK per month", "de", "27.850,89 DKK pro Monat"),
        (27850.5, "DKK per month", "en", "27,850.50 DKK per month"),
        (3, "months", "pl", "3 miesiące"),
        (1, "month", "da", "1 måned"),
        (1, "year", "uk", "1 рік"),
        (5, "years", "pl", "5 lat"),
        (5.5, "years", "pl", "5,5 roku"),
        (1.5, "days per week", "hi", "हफ़्ते में 1.5 दिन"),
        ("10-12", "weeks", "fil", "10–12 linggo"),
        ("2-3", "weeks", "pl", "2–3 tygodnie"),
        ("18-24", "months", "ro", "18–24 de luni"),
        (25.068, "percent", "da", "25,068 %"),
        (8, "percent", "en", "8%"),
        (10.0, "percent", "en", "10%"),
        (100, "people", "en", "100 people"),
        (4.8, "percent of monthly pay", "pl", "4,8% miesięcznej pensji"),
        (20, "square metres", "da", "20 m²"),
        ("90 in any 180", "days", "da", "90 dage i enhver periode på 180 dage"),
        ("3.5 of the last 4", "years", "uk", "3,5 з останніх 4 років"),
        ("20 or more", "years", "ro", "20 de ani sau mai mult"),
        ("21 of 22", "participants", "pl", "21 z 22 uczestników"),
        ("2026-03-17", "date", "da", "17. marts 2026"),
        (date(2026, 3, 17), "date", "fil", "Marso 17, 2026"),
        ("1 May", "date", "pl", "1 maja"),
        ("1 January; 2, 3 and 6 April", "dates", "da", "1. januar; 2., 3. og 6. april"),
        ("1 January; 2, 3 and 6 April", "dates", "en", "1 January; 2, 3 and 6 April"),
        ("+45 7020 2550", "phone", "hi", "+45 70 20 25 50"),
        ("70 11 07 07", "phone", "en", "70 11 07 07"),
        ("112", "phone", "uk", "112"),
        (3, "parrots", "pl", "3 parrots"),
    ],
)
def test_a_figure_reads_as_the_language_writes_it(value, unit, language, said):
    assert _spaced(formats.figure(value, unit, language)) == said


def test_a_number_and_its_unit_are_never_parted():
    assert formats.figure(3, "months", "pl") == "3\u00a0miesiące"
    assert formats.figure("70202550", "phone", "pl") == "70\u00a020\u00a025\u00a050"


@pytest.mark.parametrize(
    ("value", "language", "said"),
    [
        (2255, "da", "2.255"),
        ("10-12", "pl", "10–12"),
        (3.75, "da", "3,75"),
        ("90 in any 180", "en", "90"),
        ("1 May", "da", "1. maj"),
    ],
)
def test_the_bare_number_leaves_the_unit_to_the_sentence(value, language, said):
    assert _spaced(formats.number(value, language)) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "30 June 2025"),
        ("da", "30. juni 2025"),
        ("fil", "Hunyo 30, 2025"),
        ("hi", "30 जून 2025"),
        ("pl", "30 czerwca 2025"),
        ("ro", "30 iunie 2025"),
        ("uk", "30 червня 2025 р."),
        ("de", "30. Juni 2025"),
    ],
)
def test_a_day_has_its_month_in_words(language, said):
    assert _spaced(formats.day(date(2025, 6, 30), language)) == said


def test_every_figure_we_keep_can_be_said_in_every_language():
    values = [value for entry in yaml.safe_load(FIGURES.read_text())["figures"] for value in entry["values"]]
    unknown = {(value["value"], value["unit"]) for value in values if not formats.knows(value["value"], value["unit"])}

    assert unknown == set()
    for value in values:
        for language in LANGUAGES:
            assert formats.figure(value["value"], value["unit"], language)


def _spaced(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")
