"""The desk of supervisors: opening hours, the rota, what was reported; and what is measured.

Plain forms: what does not fit is said on the page, with everything as it was typed. Accounts are in the admin backend
(`web/admin/accounts.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import structlog
from babel.dates import get_day_names
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.handing import staff_of
from core.days import COPENHAGEN, danish_day
from handover import access
from handover.access import Role
from handover.hours import Hours, read_hours
from i18n import format as local
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from store import audit
from store import staff as colleagues
from store.measures import Measures
from store.measures import measures as measured
from web.admin.room import Unfit
from web.bodies import FIELD, Form, form_of, one
from web.errors import Refused
from web.frame import Frame, frame_of
from web.inbox_errors import GONE, NOT_YOURS
from web.inbox_views import Words, reason_label, theme_label
from web.staff import SignedIn, only_ours, only_with, paced, signed_in

KINDS = ("duty", "on_call")
MEASURED_DAYS, MOST_DAYS = 30, 731
NO_SUCH = msgid("There is no such colleague any more.")
ONE_OF_TWO = msgid("Choose either a day of the week or a date.")
NAMES = {
    "staff_id": msgid("Colleague"),
    "kind": msgid("Kind"),
    "weekday": msgid("Each week on"),
    "day": msgid("or on a date"),
    "start": msgid("From"),
    "end": msgid("To"),
    "valid_from": msgid("Valid from"),
    "valid_to": msgid("Valid to"),
}

log = structlog.get_logger()
router = APIRouter(prefix="/inbox")


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift as a form describes it."""

    staff_id: int
    kind: str
    start: time
    end: time
    weekday: int | None
    day: date | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A form that was refused: the field that is wrong, why, and all that was typed."""

    field: str
    sentence: str
    typed: Mapping[str, Any]


# --- the page ---------------------------------------------------------------------------------------------------------


@router.get("/desk")
async def desk(request: Request) -> Response:
    who = await _manager(request)
    return await _page(request, who, saved="saved" in request.query_params)


@router.post("/desk/shifts")
async def add_shift(request: Request) -> Response:
    frame, who, form = await _told(request)
    try:
        planned = read_shift(form)
    except Unfit as error:
        return await _refuse(request, who, form, error)
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        whose = await colleagues.by_id(connection, planned.staff_id)
        if whose is not None and whose.active:
            await colleagues.add_shift(
                connection, planned.staff_id, planned.kind, planned.start, planned.end, weekday=planned.weekday,
                day=planned.day, valid_from=planned.valid_from, valid_to=planned.valid_to,
            )  # fmt: skip
            await _note(connection, frame, who, "rota.add", planned.staff_id)
            return _saved()
    return await _refuse(request, who, form, Unfit(NO_SUCH, "staff_id"))


@router.post("/desk/shifts/{number}/remove")
async def remove_shift(request: Request) -> Response:
    """Removing what is gone already is as good."""
    frame, who, _ = await _told(request)
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        whose = next((each.staff_id for each in await colleagues.shifts(connection) if each.id == _number(request)), 0)
        if await colleagues.remove_shift(connection, _number(request)):
            await _note(connection, frame, who, "rota.remove", whose)
    return _saved()


@router.post("/desk/reports/{number}/close")
async def close_report(request: Request) -> Response:
    """Looked after; of two who close it at once, one is told that it is gone."""
    frame, who, _ = await _told(request)
    if frame.doors.desk is None:
        raise Refused(404, "unknown", GONE)
    await frame.doors.desk.close_report(who.colleague, _number(request))
    log.info("report closed", report=_number(request), by=who.colleague.id)
    return _saved()


async def _page(
    request: Request,
    who: SignedIn,
    *,
    status: int = 200,
    refused: NotTaken | None = None,
    saved: bool = False,
) -> Response:
    frame = frame_of(request)
    words = await frame.inbox_words(frame.language(request), {})
    async with frame.doors.sessions() as session:
        connection = await session.connection()
        everybody = await colleagues.everybody(connection)
        shifts = await colleagues.shifts(connection)
    hours = read_hours(dict((await frame.doors.library()).desk))
    return frame.page(
        request,
        "desk.html",
        status=status,
        colleagues=everybody,
        shifts=shifts,
        hours=hours_view(hours, words, danish_day(frame.doors.now())),
        days=list(_days(words).items()),
        csrf=who.csrf,
        saved=saved,
        refused=refused,
        reports=await _reports(frame, who),
    )


async def _reports(frame: Frame, who: SignedIn) -> list[dict[str, Any]]:
    """What was reported and is still open; nothing for whoever does not look after it."""
    if frame.doors.desk is None or who.colleague.role != Role.SUPERVISOR.value:
        return []
    found = await frame.doors.desk.reports(who.colleague)
    return [
        {
            "id": each.id,
            "conversation": each.conversation_id,
            "at": each.at.astimezone(COPENHAGEN),
            "by": each.by,
            "reason": each.reason,
        }
        for each in found
    ]


async def _refuse(request: Request, who: SignedIn, form: Form, problem: Unfit) -> Response:
    """The page once more, with that form open as it was typed, and what is wrong beside the field."""
    gettext = frame_of(request).translator(request).gettext
    named = {"field": gettext(NAMES[problem.field])} if problem.field else {}
    beside = "weekday" if problem.sentence == ONE_OF_TWO else problem.field
    refused = NotTaken(beside, gettext(problem.sentence, **named), as_typed(form))
    return await _page(request, who, status=422, refused=refused)


# --- what a form says -------------------------------------------------------------------------------------------------


def read_shift(form: Form) -> Planned:
    kind, weekday = one(form, "kind"), one(form, "weekday")
    if kind not in KINDS:
        raise Unfit(FIELD, "kind")
    if weekday and weekday not in "0123456":
        raise Unfit(FIELD, "weekday")
    day = _day(form, "day")
    if (day is None) == (weekday == ""):
        raise Unfit(ONE_OF_TWO, "")
    start, end = _time(form, "start"), _time(form, "end")
    if start == end:
        raise Unfit(FIELD, "end")
    valid_from, valid_to = _day(form, "valid_from"), _day(form, "valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        raise Unfit(FIELD, "valid_to")
    number = _whole(one(form, "staff_id"))
    if not number:
        raise Unfit(FIELD, "staff_id")
    return Planned(number, kind, start, end, int(weekday) if weekday else None, day, valid_from, valid_to)


def as_typed(form: Form) -> dict[str, Any]:
    """The fields as the page shows them once more."""
    return {name: one(form, name) for name in NAMES if name in form}


def _day(form: Form, name: str) -> date | None:
    written = one(form, name)
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Unfit(FIELD, name) from None


def _time(form: Form, name: str) -> time:
    try:
        return datetime.strptime(one(form, name)[:5], "%H:%M").time()
    except ValueError:
        raise Unfit(FIELD, name) from None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


# --- who may ----------------------------------------------------------------------------------------------------------


async def _manager(request: Request) -> SignedIn:
    who = await signed_in(request)
    if not access.access_staff(staff_of(who.colleague)):
        raise Refused(403, "not_yours", NOT_YOURS)
    return who


async def _told(request: Request) -> tuple[Frame, SignedIn, Form]:
    """A form of our own page, sent by somebody who may, and not too often."""
    who = await _manager(request)
    frame = frame_of(request)
    only_ours(request)
    form = await form_of(request)
    only_with(one(form, "csrf"), who)
    paced(frame.steps, who)
    return frame, who, form


async def _note(connection: AsyncConnection, frame: Frame, who: SignedIn, what: str, whose: int) -> None:
    me, about, now = who.colleague, f"staff:{whose}", frame.doors.now()
    await audit.add(connection, staff_id=me.id, who=me.name, what=what, about=about, now=now)


def _number(request: Request) -> int:
    return _whole(request.path_params["number"])


def _saved() -> Response:
    return RedirectResponse("/inbox/desk?saved=1", 303)


# --- hours ------------------------------------------------------------------------------------------------------------


def hours_view(hours: Hours, words: Words, today: date) -> list[tuple[str, str]]:
    """The week, then the days to come that are special."""
    week = [(name, _spans(hours.weekly.get(number, ()))) for number, name in _days(words).items()]
    special = [
        (local.day(day, words.language), _spans(spans)) for day, spans in sorted(hours.special.items()) if day >= today
    ]
    return week + special


def _spans(spans: Iterable[tuple[time, time]]) -> str:
    return ", ".join(f"{start:%H:%M}–{'24:00' if end == time(0) else f'{end:%H:%M}'}" for start, end in spans)


def _days(words: Words) -> dict[int, str]:
    names = get_day_names("wide", context="stand-alone", locale=LANGUAGES[words.language].locale)
    return {number: str(names[number]) for number in range(7)}


# --- measures ---------------------------------------------------------------------------------------------------------


@router.get("/measures")
async def measures(request: Request) -> Response:
    """How long people wait, whether promises are kept, whether it helps; over some days, in groups."""
    frame = frame_of(request)
    who = await signed_in(request)
    if not access.access_measures(staff_of(who.colleague)):
        raise Refused(403, "not_yours", NOT_YOURS)
    today = danish_day(frame.doors.now())
    since, until = period(request.query_params.get("since", ""), request.query_params.get("until", ""), today)
    first, last = _midnight(since), _midnight(until + timedelta(days=1))
    async with frame.doors.sessions() as session:
        found = await measured(await session.connection(), since=first, until=last, now=frame.doors.now())
    words = await frame.inbox_words(frame.language(request), {})
    shown = measures_view(found, words)
    return frame.page(request, "measures.html", measures=shown, since=since.isoformat(), until=until.isoformat())


def period(since: str, until: str, today: date) -> tuple[date, date]:
    """The days asked for; the last thirty where that is none, and never more than two years."""
    last = min(_read_day(until) or today, today)
    first = _read_day(since) or last - timedelta(days=MEASURED_DAYS)
    return (min(max(first, last - timedelta(days=MOST_DAYS)), last), last)


def measures_view(found: Measures, words: Words) -> dict[str, Any]:
    """The groups with their labels, the largest first."""

    def language(code: str | None) -> str:
        return local.language(code, words.language) if code else "–"

    def theme(name: str | None) -> str:
        return theme_label(name, words) or "–"

    def reason(code: str | None) -> str:
        return reason_label(code or "", words)

    return {
        "total": found.total,
        "by_language": [{**row, "label": language(row["label"])} for row in found.by_language],
        "by_theme": [{**row, "label": theme(row["label"])} for row in found.by_theme],
        "by_reason": [{**row, "label": reason(row["label"])} for row in found.by_reason],
    }


def _read_day(written: str) -> date | None:
    try:
        return max(date.fromisoformat(written), date(2000, 1, 1))
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), COPENHAGEN).astimezone(UTC)
