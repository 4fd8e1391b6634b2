"""When mentors answer: the week, closed days, single days; with the promise that a person would read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from babel.dates import format_skeleton, get_day_names
from fastapi.responses import Response

from actions import human
from actions.turn import Desk, Turn
from core.days import COPENHAGEN, danish_day
from handover.hours import WEEKDAYS, Hours, HoursError, Span, at, is_open, next_opening, read_hours
from handover.promise import Load, promise
from i18n.languages import LANGUAGES
from i18n.translator import msgid, translator
from knowledge.library import Library
from store import editing
from store.editing import Collision, Data, Name
from web.admin import pieces
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one

NAME: Name = ("desk", "hours", "")
HOME = "/admin/hours"
FRIDAY, FIVE = 4, time(17)
MOST_SPANS, MOST_DAYS = 6, 200
CLOSED_WORDS = ("closed", "–", "-")

SPANS = msgid("Write times such as 09:00-12:00, 13:00-16:00. Each span ends after it begins, and none overlap.")
CLOSED = msgid("Write day and month, one a line, such as 24.12.")
SPECIAL = msgid("Write one day a line, such as 23.12.2026: 09:00-12:00, or 24.12.2026: – for closed.")
TWICE = msgid("{day} stands here twice.")
NEVER = msgid("Nobody would ever be there. Write when it is open on at least one day.")
NOTHING = msgid("Nothing was changed.")
SOMEBODY = msgid("Somebody else changed this meanwhile. Both are below; nothing is lost.")
TOO_MUCH = msgid("At most {count} lines fit here.")
says("hours_published", msgid("Published. It counts from the next promise on."))
MONTH_DAY = re.compile(r"(\d{1,2})\s*[./]\s*(\d{1,2})\.?")
ONE_DAY = re.compile(r"(\d{1,2})\s*[./]\s*(\d{1,2})\s*[./]\s*(\d{4})\s*:?\s*(.*)")

rooms = Rooms(prefix=HOME)


@dataclass(frozen=True, slots=True)
class Promised:
    """What somebody who asks at that moment is told, in a language."""

    asked: str
    told: str


@rooms.see("", "hours.read")
async def hours(room: Room) -> Response:
    return await _page(room)


@rooms.do("", "hours.edit")
async def save(room: Room, form: Form) -> Response:
    """Published at once: it counts from the next promise on."""
    try:
        data = read(form)
        if one(form, "do") == "preview":
            return await _page(room, form=form, shown=data)
        async with room.writing() as connection:
            current = await editing.published(connection, NAME)
            if current and read_hours(current.data) == read_hours(data):
                raise Unfit(NOTHING)
            base = pieces.number_of(one(form, "base"))
            note = " ".join(one(form, "note").split())[:300]
            await _publish(room, connection, data, base, note)
    except Unfit as error:
        return await _page(room, form=form, error=error)
    except Collision as error:
        return await _page(room, form=form, collision=error)
    room.settles = True
    return room.back(HOME, said="hours_published")


@rooms.see("/history", "hours.read")
async def history(room: Room) -> Response:
    return await pieces.history_page(
        room,
        NAME,
        heading=room.t.gettext("Hours"),
        back=HOME,
        restore=f"{HOME}/restore" if room.may("hours.edit") else "",
    )


@rooms.do("/restore", "hours.edit")
async def restore(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        revision = await editing.revision(connection, pieces.number_of(one(form, "revision")) or 0)
        if revision is None or revision.data is None or revision.name != NAME:
            room.gone()
        current = await editing.published(connection, NAME)
        await _publish(room, connection, revision.data, current.revision if current else None, "")
    return room.back(HOME, said="restored")


async def _publish(room: Room, connection: Any, data: Data, base: int | None, note: str) -> None:
    about: dict[str, Any] = {"staff_id": room.me.id, "note": note, "now": room.now}
    numbers = await editing.publish(connection, {NAME: data}, expect={NAME: base}, **about)
    await room.audit(connection, "hours.publish", about=pieces.called(NAME), revision=numbers[NAME])


# --- what a form says -------------------------------------------------------------------------------------------------


def read(form: Form) -> Data:
    """The hours as `handover.hours` reads them; Unfit with the field that does not fit."""
    week = {day: _spans(one(form, day), day) for day in WEEKDAYS}
    data: Data = {
        "weekly": {day: spans for day, spans in week.items() if spans},
        "closed": _closed(one(form, "closed")),
        "special": _special(one(form, "special")),
        "holidays": "open" if one(form, "holidays") == "open" else "closed",
    }
    if not data["weekly"]:
        raise Unfit(NEVER, WEEKDAYS[0])
    try:
        read_hours(data)
    except HoursError as error:
        field = error.field.partition(".")[2] if error.field.startswith("weekly.") else error.field.partition(".")[0]
        raise Unfit(SPANS if field in WEEKDAYS else SPECIAL, field) from error
    return data


def _spans(written: str, field: str, sentence: str = SPANS) -> list[str]:
    """09:00-12:00 as it is stored; the rest of the rules stands in `handover.hours`."""
    parts = [part.strip() for part in re.split(r"[,;]", written) if part.strip()]
    if len(parts) > MOST_SPANS:
        raise Unfit(sentence, field)
    spans = []
    for part in parts:
        match = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?", part, re.ASCII)
        if match is None:
            raise Unfit(sentence, field)
        first, last = (f"{int(match[at]):02}:{match[at + 1] or '00'}" for at in (1, 3))
        spans.append(f"{first}-{last}")
    return sorted(spans)


def _lines(written: str, field: str) -> list[str]:
    lines = [" ".join(line.split()) for line in written.splitlines() if line.strip()]
    if len(lines) > MOST_DAYS:
        raise Unfit(TOO_MUCH, field, count=MOST_DAYS)
    return lines


def _closed(written: str) -> list[str]:
    days = []
    for line in _lines(written, "closed"):
        match = MONTH_DAY.fullmatch(line)
        # A leap year, so that 29 February is a day.
        day = _day("closed", CLOSED, match and (2028, int(match[2]), int(match[1])))
        if f"{day:%m-%d}" in days:
            raise Unfit(TWICE, "closed", day=line)
        days.append(f"{day:%m-%d}")
    return sorted(days)


def _special(written: str) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}
    for line in _lines(written, "special"):
        match = ONE_DAY.fullmatch(line)
        day = _day("special", SPECIAL, match and (int(match[3]), int(match[2]), int(match[1])))
        if day.isoformat() in days:
            raise Unfit(TWICE, "special", day=line)
        times = match[4].strip() if match else ""
        days[day.isoformat()] = [] if times.casefold() in ("", *CLOSED_WORDS) else _spans(times, "special", SPECIAL)
    return dict(sorted(days.items()))


def _day(field: str, sentence: str, numbers: tuple[int, int, int] | None) -> date:
    try:
        if numbers is None:
            raise Unfit(sentence, field)
        return date(*numbers)
    except ValueError as error:
        raise Unfit(sentence, field) from error


# --- as it is shown ---------------------------------------------------------------------------------------------------


def typed(data: Mapping[str, Any]) -> dict[str, str]:
    """The hours as they stand in the fields of the form."""
    known = read_hours(dict(data))
    week = {day: _written(known.weekly.get(number, ())) for number, day in enumerate(WEEKDAYS)}
    special = [f"{day:%d.%m.%Y}: {_written(spans) or '–'}" for day, spans in sorted(known.special.items())]
    return {
        **week,
        "closed": "\n".join(f"{day:02}.{month:02}." for month, day in sorted(known.closed)),
        "special": "\n".join(special),
        "holidays": "closed" if known.holidays_closed else "open",
    }


def _written(spans: tuple[Span, ...]) -> str:
    return ", ".join(f"{start:%H:%M}-{'24:00' if end == time(0) else f'{end:%H:%M}'}" for start, end in spans)


def promised(hours: Hours, now: datetime, library: Library, language: str) -> Promised:
    """The very words for somebody in Denmark, with nobody ahead of them."""
    desk = Desk(
        staffed=True,
        open=is_open(hours, now),
        opens=next_opening(hours, now),
        promised=promise(hours, Load(ahead=0, mentors=1), now),
    )
    turn = Turn("", language, translator(language), library, danish_day(now), now=now, desk=desk)
    told = human.ask(turn).replies[0].text.partition("\n\n")[0]
    danish = now.astimezone(COPENHAGEN)
    day = format_skeleton("EEEEdMMMM", danish, locale=LANGUAGES[language].locale)
    return Promised(f"{day}, {danish:%H:%M}", told)


def next_friday(now: datetime) -> datetime:
    today = danish_day(now)
    return at(today + timedelta(days=(FRIDAY - today.weekday()) % 7), FIVE)


async def _page(
    room: Room,
    *,
    form: Form | None = None,
    error: Unfit | None = None,
    collision: Collision | None = None,
    shown: Data | None = None,
) -> Response:
    library = await room.library()
    async with room.reading() as connection:
        current = await editing.published(connection, NAME)
    told = current.data if current else {"weekly": {"mon": []}}
    stands = typed(told)
    values = {name: one(form, name) for name in stands} if form is not None else stands
    hours = read_hours(shown or told)
    names = get_day_names("wide", context="stand-alone", locale=LANGUAGES[room.language].locale)
    trouble = Unfit(SOMEBODY) if collision else error
    return room.page(
        "admin/hours.html",
        status=409 if collision else 422 if error else 200,
        refused=room.refused(trouble) if trouble else None,
        week=[(day, str(names[number])) for number, day in enumerate(WEEKDAYS)],
        values=values,
        base=(current.revision if current else "") if form is None or collision else one(form, "base"),
        theirs=stands if collision else None,
        previewed=shown is not None,
        promises=[promised(hours, moment, library, room.language) for moment in (room.now, next_friday(room.now))],
        since=current.at if current else None,
    )
