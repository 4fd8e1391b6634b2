"""What the pages about figures show, and what their forms say: from plain values to plain values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from i18n import format as local
from i18n.languages import LANGUAGES, fold
from i18n.translator import msgid
from knowledge import figures, uses
from knowledge.library import Library
from knowledge.models import Figure
from knowledge.render import fill
from store.editing import Data, Draft
from web.admin.room import Unfit
from web.bodies import Form, one

VALUE_FIELDS = ("value", "unit", "valid_from", "valid_to", "source_name", "source_url", "confidence")
CONFIDENCES = ("high", "medium", "low")
MOST_VALUES = 40
LONGEST = 500

CONFIDENCE = {"high": msgid("sure"), "medium": msgid("fairly sure"), "low": msgid("not sure")}
PIECES = {
    "text": msgid("Topic"),
    "task_text": msgid("Task"),
    "reply": msgid("The bot's sentence"),
    "canned": msgid("Ready reply"),
    "municipality": msgid("Municipality"),
    "danger": msgid("Help in danger"),
    "document": msgid("Document"),
}
SHOWN = {
    "": msgid("all"),
    "due": msgid("due for review"),
    "today": msgid("no value for today"),
    "next": msgid("next year is missing"),
    "unused": msgid("not used anywhere"),
    "draft": msgid("draft or in review"),
}
SORTED = {"review": msgid("next review"), "name": msgid("meaning"), "used": msgid("where it is used")}

NO_VALUE = msgid("Write the value, or tick that this value is taken away.")
NO_VALUES = msgid("A figure needs at least one value.")
NO_UNIT = msgid("Choose a unit. Without one nobody knows what the number counts.")
NO_SOURCE = msgid("Say where this stands, so that everybody can check it.")
NO_ADDRESS = msgid("The address of a source begins with https://, and has no spaces in it.")
NO_MEANING = msgid("Say in a few words what this figure is.")
NO_REVIEW = msgid("Say when somebody should look at this again.")
NO_DATE = msgid("Write the day as 2027-01-31.")
REVIEW_PAST = msgid("This day is past. Choose one to come.")
TOO_LONG = msgid("This is longer than {most} characters.")
TOO_MANY = msgid("These are too many values at once.")


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. value: as it is told today, once it is `told`; today, next_year: whether there is one then. state: of
    its draft, if any.
    """

    key: str
    meaning: str
    value: str
    valid_from: date | None
    valid_to: date | None
    source_name: str
    source_url: str
    next_review: date | None
    used: int
    today: bool = True
    next_year: bool = True
    state: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    words: str = ""
    show: str = ""
    theme: str = ""
    sort: str = ""

    def address(self) -> dict[str, str]:
        """As it stands in the address; what filters nothing is left out."""
        named = {"q": self.words, "show": self.show, "theme": self.theme, "sort": self.sort}
        return {name: value for name, value in named.items() if value}


def rows(library: Library, drafts: Sequence[Draft], filters: Filters, *, language: str, today: date) -> list[Row]:
    """The figures that fit, those whose review is nearest first; without their values, unless those are searched."""
    states = {draft.name[1]: draft.state for draft in drafts}
    used, themes = uses.pieces(library), uses.themes(library)
    found = [
        _row(figure, len(used.get(key, ())), states.get(key, ""), today)
        for key, figure in library.figures.items()
        if not filters.theme or filters.theme in themes.get(key, ())
    ]
    found += [_drafted(draft) for draft in drafts if draft.name[1] not in library.figures and not filters.theme]
    fitting = [row for row in found if _shown(row, filters.show, today)]
    if filters.words:
        fitting = [row for row in told(fitting, library, language=language, today=today) if _named(row, filters.words)]
    return sorted(fitting, key=lambda row: _order(row, filters.sort))


def told(rows: Sequence[Row], library: Library, *, language: str, today: date) -> list[Row]:
    """With their values, as somebody is told today."""
    return [
        replace(row, value=fill(f"{{{row.key}}}", library.figures, language=language, day=today).text)
        if row.key in library.figures
        else row
        for row in rows
    ]


def _row(figure: Figure, used: int, state: str, today: date) -> Row:
    value, valid = figure.on(today)
    yearly = valid and value.valid_to is not None and not figure.on(date(today.year + 1, 1, 1))[1]
    return Row(
        figure.id,
        figure.meaning,
        "",
        value.valid_from,
        value.valid_to,
        value.source_name,
        value.source_url,
        figure.next_review,
        used,
        today=valid,
        next_year=not yearly,
        state=state,
    )


def _drafted(draft: Draft) -> Row:
    """One that nobody is told yet."""
    return Row(draft.name[1], str(draft.data.get("meaning", "")), "", None, None, "", "", None, 0, state=draft.state)


def _shown(row: Row, show: str, today: date) -> bool:
    match show:
        case "due":
            return row.next_review is not None and row.next_review <= today
        case "today":
            return not row.today
        case "next":
            return not row.next_year
        case "unused":
            return not row.used
        case "draft":
            return bool(row.state)
        case _:
            return True


def _named(row: Row, words: str) -> bool:
    whole = fold(f"{row.key} {row.meaning} {row.value} {row.source_name}").replace(local.NBSP, " ")
    return all(word in whole for word in fold(words).split())


def _order(row: Row, sort: str) -> tuple[Any, ...]:
    last = (row.next_review or date.max, row.meaning.casefold())
    return {"name": (row.meaning.casefold(),), "used": (-row.used, *last)}.get(sort, last)


# --- the form ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it is shown: rows of values as text. new: the place from which rows stand open for more."""

    meaning: str = ""
    next_review: str = ""
    note: str = ""
    values: Sequence[Mapping[str, str]] = ()
    new: int = 0


def typed_of(data: Data, *, today: date) -> Typed:
    """What is kept, as a form shows it, with a row for the period that comes next."""
    kept = [{name: figures.as_typed(value.get(name)) for name in VALUE_FIELDS} for value in data.get("values", [])]
    return Typed(
        str(data.get("meaning", "")),
        _text(data.get("next_review")),
        _text(data.get("note")),
        [*kept, next_row(kept, today=today)],
        new=len(kept),
    )


def next_row(values: Sequence[Mapping[str, str]], *, today: date) -> dict[str, str]:
    """The row for the next value: after the last period and as long, from the same source."""
    if not values:
        return {**dict.fromkeys(VALUE_FIELDS, ""), "confidence": "high"}
    last = max(values, key=lambda value: value["valid_from"])
    first, end = _day(last["valid_from"]), _day(last["valid_to"])
    begins = end + timedelta(days=1) if end and end < date.max else None
    yearly = first and end and (first.month, first.day, end.month, end.day) == (1, 1, 12, 31)
    ends = date(begins.year, 12, 31) if begins and yearly else None
    return {**last, "value": "", "valid_from": _text(begins), "valid_to": _text(ends), "confidence": "high"}


def typed_in(form: Form) -> Typed:
    """A form as it was sent, to be shown again."""
    values = [{name: one(form, f"values.{place}.{name}") for name in VALUE_FIELDS} for place in _places(form)]
    new = sum(not one(form, f"values.{place}.new") for place in _places(form))
    return Typed(one(form, "meaning"), one(form, "next_review"), one(form, "note"), values, new=new)


def read(form: Form, key: str, *, today: date) -> Data:
    """The figure that a form says; Unfit with the first field that does not fit."""
    values, places = [], []
    for place in _places(form):
        given = {name: one(form, f"values.{place}.{name}") for name in VALUE_FIELDS}
        if one(form, f"values.{place}.gone") or (one(form, f"values.{place}.new") and not given["value"]):
            continue
        values.append(_value(given, f"values.{place}"))
        places.append(place)
    if not values:
        raise Unfit(NO_VALUES, "values.0.value")
    periods = [(_day(value["valid_from"]), _day(value["valid_to"])) for value in values]
    for fault in figures.period_faults(periods, today=today)[:1]:
        named = {name: day.isoformat() for name, day in fault.named.items()}
        raise Unfit(fault.sentence, f"values.{places[fault.place]}.{fault.field}", **named)
    order = sorted(range(len(values)), key=lambda place: periods[place][0] or date.min)
    return {
        "id": key,
        "meaning": _needed(one(form, "meaning"), "meaning", NO_MEANING),
        "values": [values[place] for place in order],
        "next_review": _needed(_iso(one(form, "next_review"), "next_review"), "next_review", NO_REVIEW),
        "note": _short(one(form, "note"), "note") or None,
    }


def _value(given: Mapping[str, str], at: str) -> Data:
    if not given["value"]:
        raise Unfit(NO_VALUE, f"{at}.value")
    unit = _needed(given["unit"], f"{at}.unit", NO_UNIT)
    if unit not in figures.UNITS:
        raise Unfit(NO_UNIT, f"{at}.unit")
    try:
        value = figures.value_of(_short(given["value"], f"{at}.value"), unit)
    except figures.Unreadable as error:
        raise Unfit(error.sentence, f"{at}.value", **error.named) from error
    if not re.fullmatch(r"https?://\S+", given["source_url"]):
        raise Unfit(NO_ADDRESS if given["source_url"] else NO_SOURCE, f"{at}.source_url")
    return {
        "value": value,
        "unit": unit,
        "valid_from": _iso(given["valid_from"], f"{at}.valid_from") or None,
        "valid_to": _iso(given["valid_to"], f"{at}.valid_to") or None,
        "source_name": _needed(given["source_name"], f"{at}.source_name", NO_SOURCE),
        "source_url": _short(given["source_url"], f"{at}.source_url"),
        "confidence": given["confidence"] if given["confidence"] in CONFIDENCES else "high",
    }


def review_day(typed: str, *, today: date) -> str:
    """The day on which somebody looks at it again; it must be to come."""
    day = _needed(_iso(typed, "next_review"), "next_review", NO_REVIEW)
    if date.fromisoformat(day) <= today:
        raise Unfit(REVIEW_PAST, "next_review")
    return day


def _places(form: Form) -> list[int]:
    """The rows of values that a form has, in order."""
    places = {int(name.split(".")[1]) for name in form if re.fullmatch(r"values\.[0-9]{1,4}\.[a-z_]+", name, re.ASCII)}
    if len(places) > MOST_VALUES:
        raise Unfit(TOO_MANY, "values.0.value")
    return sorted(places)


def _needed(text: str, at: str, sentence: str) -> str:
    if not text:
        raise Unfit(sentence, at)
    return _short(text, at)


def _short(text: str, at: str) -> str:
    if len(text) > LONGEST:
        raise Unfit(TOO_LONG, at, most=LONGEST)
    return text


def _iso(text: str, at: str) -> str:
    """A day as it is kept; typed as 31.1.2027 where a browser has no calendar of its own."""
    if danish := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text, re.ASCII):
        text = f"{danish[3]}-{danish[2]:0>2}-{danish[1]:0>2}"
    if text and not (re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", text, re.ASCII) and _day(text)):
        raise Unfit(NO_DATE, at)
    return text


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)


# --- where it appears -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence on a day, or from one to another. was: as it is told now, where that differs."""

    day: str
    text: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A piece in which a figure appears: by language its sentences, each on the days on which it reads differently."""

    kind: str
    key: str
    title: str
    address: str
    languages: Mapping[str, Sequence[Sequence[Reading]]]


def appearances(library: Library, after: Figure, *, language: str, today: date) -> list[Appearance]:
    """Every sentence in which the figure will be read: today, and on both sides of New Year."""
    days = sorted({today, *uses.new_year(today)})
    before = library.figures.get(after.id)
    changed = {**library.figures, after.id: after}
    found: dict[tuple[str, str], dict[str, list[list[Reading]]]] = {}
    for use in uses.uses(library, after.id):
        readings: list[Reading] = []
        for day in days:
            text = uses.reading(use.sentence, changed, language=use.language, day=day)
            was = uses.reading(use.sentence, library.figures, language=use.language, day=day) if before else ""
            shown = Reading(_day_in(day, use.language), text, was if was != text else "")
            if readings and (readings[-1].text, readings[-1].was) == (shown.text, shown.was):
                shown = replace(shown, day=f"{readings.pop().day.partition(' – ')[0]} – {shown.day}")
            readings.append(shown)
        found.setdefault((use.kind, use.key), {}).setdefault(use.language, []).append(readings)
    return [
        Appearance(kind, key, *_called(kind, key, library, language), spoken) for (kind, key), spoken in found.items()
    ]


def _day_in(day: date, language: str) -> str:
    return local.day(day, language if language in LANGUAGES else "en")


def _called(kind: str, key: str, library: Library, language: str) -> tuple[str, str]:
    """What a piece is called for a colleague, and where it is edited."""
    match kind:
        case "text":
            return library.title(key, language), f"/admin/answers/{key}"
        case "task_text":
            return library.task_text(key, language).title, f"/admin/checklists/{key}"
        case "municipality":
            return library.municipalities[key].name, f"/admin/municipalities/{key}"
        case "danger":
            return key, "/admin/danger"
        case _:
            return key, f"/admin/texts/{kind}/{key}"


def summary(data: Data | None, language: str) -> list[str]:
    """The values of a revision, a line each, for the history."""
    lines = []
    for value in (data or {}).get("values", []):
        days = [
            local.day(day, language) if (day := _day(value.get(name))) else "…" for name in ("valid_from", "valid_to")
        ]
        period = "" if days == ["…", "…"] else f" ({' – '.join(days)})"
        lines.append(f"{local.figure(value['value'], value['unit'], language)}{period}")
    return lines
