"""Messages to many: written and looked at by editors, sent, stopped and reported on by supervisors.

Corrections and answers to questions have a page of their own (`web/admin/corrections.py`).
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import nh3
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.profile import ELSEWHERE
from actions.profile import LABELS as GROUPS
from bot import preview
from core.days import COPENHAGEN, danish_day
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.announcements import LONGEST, Fault, faults
from knowledge.library import Library
from knowledge.models import Household, Occupation, Origin, Phase
from reminders import announce
from reminders.announce import Outlook
from reminders.compose import Line, compose
from store import announcement_drafts, announcements
from store import journey as lists
from store.announcements import SEGMENT, Kept, Progress
from web.admin.answers_views import proposed_slug
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.listed import PHASES
from web.render import html

PREFIX = "/admin/announcements"
PER_PAGE = 50
MANY = 100  # people; to send to more than these, its name is typed
FURTHEST = timedelta(days=366)
LONGEST_NAME = 48
STATUSES = {
    "draft": msgid("draft"),
    "scheduled": msgid("scheduled"),
    "sending": msgid("being sent"),
    "done": msgid("sent"),
    "stopped": msgid("stopped"),
}
# How one person's message stands, in the words of a report.
ENDINGS = {
    "sent": msgid("got it"),
    "sending": msgid("are being sent it now"),
    "claimed": msgid("are being sent it now"),
    "planned": msgid("get it next"),
    "postponed": msgid("get it later"),
    "skipped": msgid("do not get it"),
    "failed": msgid("could not be reached"),
}
REASONS = {
    "consent withdrawn": msgid("They have taken back their consent."),
    "stopped by the person": msgid("They have asked us not to write by ourselves."),
    "no announcements wished": msgid("They want no announcements."),
    "unreachable": msgid("They cannot be reached: the chat is closed or blocked."),
    "too late to be useful": msgid("It would have come more than four days late."),
    "paused by the person": msgid("They have asked for a pause."),
    "talking to a mentor": msgid("They are talking to a mentor."),
    "in the middle of our questions": msgid("They are answering our questions."),
    "in the middle of a turn": msgid("They were writing at that moment."),
    "quiet hours": msgid("It is in their quiet hours; they get it in the morning."),
    "a Danish holiday": msgid("It is a Danish holiday; they get it the day after."),
    announcements.STOPPED: msgid("The announcement was stopped."),
    "somebody else was speaking": msgid("A mentor had begun to speak."),
    "an error of ours; see the log": msgid("An error of ours. Ask whoever runs Velkommen to look at the log."),
    "its message was deleted": msgid("The message was deleted."),
}
OTHER_REASON = msgid("The channel did not take it: {reason}")
TWICE = msgid("They may have got it twice: the channel broke off.")
DIMENSIONS = {
    "language": msgid("Language"),
    "kommune": msgid("Municipality"),
    "origin": msgid("Citizenship"),
    "occupation": msgid("Work"),
    "household": msgid("Household"),
    "phase": msgid("How far they have come"),
    "employer": msgid("Employer"),
    "audience": msgid("Employees or employers"),
}
TELEGRAM_TAGS = {"b", "i", "code", "pre", "a"}
AUDIENCES = ("recruit", "employer")
GROUP_OF = {"sosu": "care", "other": "other-job"}  # an occupation as `actions.profile` calls it
ELSEWHERE_LABEL = msgid("Another municipality")

NAME_MISSING = msgid("Give it a name, such as “Winter tyres”. Only colleagues see it.")
NAME_TAKEN = msgid("There is an announcement of this name already. Choose another one.")
ENGLISH_MISSING = msgid("The English text is missing. Whoever reads a language without a text gets the English one.")
TOO_LONG = msgid("This is longer than {most} characters.")
NOBODY_MEANT = msgid("Tick for whom it is, or tick “Everybody”.")
BOTH_MEANT = msgid("Either everybody, or those whom you tick. Take one of the two away.")
NO_DRAFT = msgid("This is no draft any more, so it stays as it is. Make a new one from it.")
CHANGED = msgid("Somebody has changed this meanwhile. Yours stands here as you typed it; theirs stands below.")
LOOK_AGAIN = msgid("Somebody has changed this meanwhile. Look at it again before you send it.")
ALREADY = msgid("It is scheduled already. It is sent once.")
NO_TIME = msgid("Write the day and the time as 2026-12-01 10:00.")
PAST = msgid("This time is past. In Denmark it is {now}.")
TOO_FAR = msgid("This is more than a year ahead.")
SKIPPED_HOUR = msgid("This hour does not exist: the clocks are put forward then. Choose a time before or after it.")
DOUBLED_HOUR = msgid("This hour comes twice: the clocks are put back then. Choose a time before or after it.")
TYPE_NAME = msgid("It goes to {count} people. Type its name, {name}, to say that you mean it.")
NOBODY = msgid("Nobody is meant by this at the moment, so it is not sent.")
says("scheduled", msgid("It is scheduled. Until then, and while it is being sent, it can be stopped."))
says("stopped", msgid("It is stopped. Whoever has not got it yet does not get it any more."))

rooms = Rooms(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Written:
    """What a form says. name: only where it is new."""

    segment: dict[str, list[str]]
    texts: dict[str, str]


# --- pages ------------------------------------------------------------------------------------------------------------


@rooms.see("", "announcements.read")
async def announced(room: Room) -> Response:
    status, words = room.query("status"), room.query("q").casefold()
    async with room.reading() as connection:
        found = await announcements.every(connection, SEGMENT)
        makers = await announcement_drafts.makers(connection)
    fitting = [
        each
        for each in found
        if (not status or each.status == status)
        and all(word in f"{each.name} {' '.join(each.texts.values())}".casefold() for word in words.split())
    ]
    pages = max(1, -(-len(fitting) // PER_PAGE))
    page = min(room.page_number(), pages)
    return room.page(
        "admin/announcements.html",
        found=fitting[(page - 1) * PER_PAGE : page * PER_PAGE],
        makers=makers,
        statuses=_said(room, STATUSES),
        chosen=status,
        q=room.query("q"),
        page=page,
        pages=pages,
        some=bool(found),
    )


@rooms.see("/new", "announcements.write")
async def new(room: Room) -> Response:
    """An empty form, or one that begins as another announcement (`?from=`)."""
    async with room.reading() as connection:
        model = await announcements.named(connection, room.query("from"))
    written = Written(model.segment, model.texts) if model and model.kind == SEGMENT else Written({}, {})
    return await _form(room, None, written)


@rooms.do("/new", "announcements.write")
async def make(room: Room, form: Form) -> Response:
    try:
        title = one(form, "name")
        name = proposed_slug(title)[:LONGEST_NAME].strip("-")
        if not name or name == "new":
            raise Unfit(NAME_MISSING, "name")
        written = await _written(room, form, name)
        try:
            async with room.writing() as connection:
                if await announcements.named(connection, name) is not None:
                    raise Unfit(NAME_TAKEN, "name")
                await _keep(room, connection, name, written, None)
        except IntegrityError as error:  # somebody else gave the same name at the same moment
            raise Unfit(NAME_TAKEN, "name") from error
    except Unfit as error:
        return await _form(room, None, _typed(form), error, status=422)
    return _after(room, name, form)


@rooms.see("/{name}", "announcements.read")
async def announcement(room: Room) -> Response:
    """A draft to write in, or what became of it."""
    kept, progress = await _found(room, room.param("name"))
    if kept.status == "draft":
        return await _form(room, kept, Written(kept.segment, kept.texts))
    return room.page(
        "admin/announcement.html",
        mode="report",
        kept=kept,
        progress=progress,
        previews=await _previews(room, kept.texts),
        meant=await _meant(room, kept.segment),
        report=_report(room, progress),
        statuses=_said(room, STATUSES),
        endings=_said(room, ENDINGS),
    )


@rooms.do("/{name}/save", "announcements.write")
async def save(room: Room, form: Form) -> Response:
    name = room.param("name")
    kept, _ = await _found(room, name)
    try:
        written = await _written(room, form, name)
        async with room.writing() as connection:
            now = await announcement_drafts.hold(connection, name)
            if now is None:
                room.gone()
            if now.status != "draft":
                raise Unfit(NO_DRAFT)
            if one(form, "seen") != seen(now):
                return await _form(room, now, written, Unfit(CHANGED), theirs=now, status=409)
            await _keep(room, connection, name, written, now.scheduled_at)
    except Unfit as error:
        return await _form(room, kept, _typed(form), error, status=422)
    return _after(room, name, form)


@rooms.see("/{name}/check", "announcements.read")
async def check(room: Room) -> Response:
    """How it will look, who would get it; and from here it is sent."""
    kept, _ = await _found(room, room.param("name"))
    return await _check(room, kept, {"at": [room.query("at")]})


@rooms.do("/{name}/schedule", "announcements.send")
async def schedule(room: Room, form: Form) -> Response:
    name = room.param("name")
    kept, _ = await _found(room, name)
    try:
        at = moment(one(form, "at"), room.now) if one(form, "at") else room.now
        async with room.writing() as connection:
            held = await announcement_drafts.hold(connection, name)  # two at once: the second sees what the first did
            if held is None:
                room.gone()
            if held.status != "draft":
                raise Unfit(ALREADY)
            if one(form, "seen") != seen(held):
                raise Unfit(LOOK_AGAIN)
            people = len(await announcements.recipients(connection, announce.wanted(held.segment, danish_day(at))))
            if not people:
                raise Unfit(NOBODY)
            if people > MANY and one(form, "typed") != name:
                raise Unfit(TYPE_NAME, "typed", count=people, name=name)
            await announcements.schedule(connection, name, at)
            await room.audit(connection, "announcements.send", f"announcement:{name}", at=at.isoformat(), people=people)
    except Unfit as error:
        kept, _ = await _found(room, name)
        return await _check(room, kept, form, error, status=409 if error.sentence in (ALREADY, LOOK_AGAIN) else 422)
    return room.back(f"{PREFIX}/{name}", "scheduled")


@rooms.do("/{name}/stop", "announcements.send")
async def stop(room: Room, form: Form) -> Response:
    name = room.param("name")
    await _found(room, name)
    async with room.writing() as connection:
        spared = await announcements.stop(connection, name, now=room.now)
        if spared is not None:
            await room.audit(connection, "announcements.stop", f"announcement:{name}", spared=spared)
    return room.back(f"{PREFIX}/{name}", "stopped")


# --- what a form says ---------------------------------------------------------------------------------------------


def seen(kept: Kept) -> str:
    """A mark of what a draft says, so that nobody overwrites or sends what they have not seen."""
    whole = json.dumps([kept.segment, kept.texts], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def moment(text: str, now: datetime) -> datetime:
    """A Danish wall clock as a moment to come; Unfit where it is none, or not one."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit(NO_TIME, "at") from None
    if local.tzinfo is not None or len(text) <= len("2026-12-01") or not 2000 <= local.year < 2200:
        raise Unfit(NO_TIME, "at")
    first, second = (local.replace(tzinfo=COPENHAGEN, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:  # in spring the two readings stand the wrong way round
        raise Unfit(SKIPPED_HOUR, "at")
    if first < second:
        raise Unfit(DOUBLED_HOUR, "at")
    if first <= now:
        raise Unfit(PAST, "at", now=f"{now.astimezone(COPENHAGEN):%Y-%m-%d %H:%M}")
    if first > now + FURTHEST:
        raise Unfit(TOO_FAR, "at")
    return first


def _typed(form: Form) -> Written:
    """What was typed, as far as it can be shown again."""
    texts = {language: text for language in LANGUAGES if (text := one(form, f"text-{language}"))}
    segment = {name: list(dict.fromkeys(form.get(name, []))) for name in DIMENSIONS if form.get(name)}
    return Written(segment, texts)


async def _written(room: Room, form: Form, name: str) -> Written:
    """What a form says, if it can be taken."""
    written = _typed(form)
    if DEFAULT not in written.texts:
        raise Unfit(ENGLISH_MISSING, f"text-{DEFAULT}")
    for language, text in written.texts.items():
        if len(text) > LONGEST:
            raise Unfit(TOO_LONG, f"text-{language}", most=LONGEST)
    everybody = bool(one(form, "everybody"))
    if everybody == bool(written.segment):
        raise Unfit(BOTH_MEANT if everybody else NOBODY_MEANT, "everybody")
    known = {dimension: dict(values) for dimension, values in (await _choices(room)).items()}
    for fault in faults(name, written.segment, written.texts, known):
        at = fault.at[:2]
        field = f"text-{at[1]}" if at[0] == "texts" else "name" if at[0] == "name" else str(at[1])
        raise _unfit(room, fault, field)
    return written


def _unfit(room: Room, fault: Fault, field: str) -> Unfit:
    """Two sentences of the knowledge layer as one of ours."""
    sentences = (room.t.gettext(sentence, **fault.named) for sentence in (fault.problem, fault.remedy))
    return Unfit("{told}", field, told=" ".join(sentences))


async def _keep(room: Room, connection: AsyncConnection, name: str, written: Written, at: datetime | None) -> None:
    """Write a draft, and note who did."""
    kept = await announcements.keep_draft(
        connection, name, segment=written.segment, texts=written.texts, at=at, now=room.now
    )
    if not kept:
        raise Unfit(NO_DRAFT)
    await announcement_drafts.sign(connection, name, room.me.id)
    about = f"announcement:{name}"
    await room.audit(connection, "announcements.write", about, languages=list(written.texts), segment=written.segment)


def _after(room: Room, name: str, form: Form) -> Response:
    return room.back(f"{PREFIX}/{name}/check" if one(form, "check") else f"{PREFIX}/{name}", "saved")


# --- what a page shows --------------------------------------------------------------------------------------------


async def _found(room: Room, name: str) -> tuple[Kept, Progress]:
    async with room.reading() as connection:
        kept = await announcements.named(connection, name)
        if kept is None or kept.kind != SEGMENT:
            room.gone()
        return kept, await announcements.progress(connection, kept.id)


async def _form(
    room: Room,
    kept: Kept | None,
    written: Written,
    error: Unfit | None = None,
    *,
    theirs: Kept | None = None,
    status: int = 200,
) -> Response:
    return room.page(
        "admin/announcement.html",
        mode="form",
        status=status,
        kept=kept,
        written=written,
        everybody=bool(one(room.typed, "everybody")) if room.typed else kept is not None and not written.segment,
        seen=seen(kept) if kept else "",
        choices=await _choices(room),
        dimensions=_said(room, DIMENSIONS),
        theirs=theirs,
        longest=LONGEST,
        may_write=room.may("announcements.write"),
        refused=room.refused(error) if error else None,
        statuses=_said(room, STATUSES),
    )


async def _check(room: Room, kept: Kept, form: Form, error: Unfit | None = None, *, status: int = 200) -> Response:
    at = room.now
    if one(form, "at"):
        try:
            at = moment(one(form, "at"), room.now)
        except Unfit as unfit:
            error, status = error or unfit, max(status, 422)
    async with room.reading() as connection:
        people = await announcements.recipients(connection, announce.wanted(kept.segment, danish_day(at)))
    outlook = await asyncio.to_thread(announce.foresee, people, kept.texts, at)
    return room.page(
        "admin/announcement.html",
        mode="check",
        status=status,
        kept=kept,
        previews=await _previews(room, kept.texts),
        meant=await _meant(room, kept.segment),
        outlook=_outlook(room, outlook),
        at=one(form, "at"),
        at_moment=at,
        silence=announce.silence(at),
        many=outlook.people > MANY,
        seen=seen(kept),
        refused=room.refused(error, form) if error else None,
        statuses=_said(room, STATUSES),
    )


async def _choices(room: Room) -> dict[str, list[tuple[str, str]]]:
    """What can be ticked: for each dimension its values, with their names."""
    library = await room.library()
    async with room.reading() as connection:
        employers = [(str(each.code), str(each.name)) for each in await lists.employers(connection)]
    places = sorted(((key, place.name) for key, place in library.municipalities.items()), key=lambda each: each[1])

    def groups(values: Sequence[str]) -> list[tuple[str, str]]:
        return [(value, room.t.gettext(GROUPS[GROUP_OF.get(value, value)])) for value in values]

    return {
        "language": [(code, language.own_name) for code, language in LANGUAGES.items()],
        "kommune": [*places, (ELSEWHERE, room.t.gettext(ELSEWHERE_LABEL))],
        "origin": groups(get_args(Origin)),
        "occupation": groups(get_args(Occupation)),
        "household": groups(get_args(Household)),
        "phase": [(phase, room.t.gettext(PHASES[phase])) for phase in get_args(Phase)],
        "employer": employers,
        "audience": groups(AUDIENCES),
    }


async def _meant(room: Room, segment: Mapping[str, Sequence[str]]) -> list[tuple[str, list[str]]]:
    """A segment in words; nothing for everybody."""
    choices = {dimension: dict(values) for dimension, values in (await _choices(room)).items()}
    return [
        (room.t.gettext(DIMENSIONS[dimension]), [choices[dimension].get(value, value) for value in values])
        for dimension, values in segment.items()
        if dimension in DIMENSIONS
    ]


async def _previews(room: Room, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """As the web chat and as Telegram will show it, by language."""
    library, day = await room.library(), danish_day(room.now)
    return [
        {"language": LANGUAGES[code], **shown(texts[code], code, library, day)} for code in LANGUAGES if code in texts
    ]


def shown(text: str, language: str, library: Library, day: date) -> dict[str, Any]:
    """A text in its message, with what stands below each announcement."""
    reply = compose([Line(0, "announcement", "", text, None)], library, language, day, late=False)
    parts = [nh3.clean(message.html, tags=TELEGRAM_TAGS) for message in preview.in_telegram(reply)]
    return {"web": Markup(html(reply.text)), "telegram": [Markup(part) for part in parts]}  # noqa: S704 - safe by nh3


def _outlook(room: Room, outlook: Outlook) -> dict[str, Any]:
    return {
        "people": outlook.people,
        "reached": outlook.reached,
        "languages": [
            (LANGUAGES[language], LANGUAGES[text], number)
            for (language, text), number in sorted(outlook.languages.items(), key=lambda item: (-item[1], item[0]))
        ],
        "skipped": [(reason_in_words(room, reason), number) for reason, number in sorted(outlook.skipped.items())],
        "postponed": [(reason_in_words(room, reason), number) for reason, number in sorted(outlook.postponed.items())],
    }


def _report(room: Room, progress: Progress) -> dict[str, Any]:
    """What became of it: by status with reasons, and by language."""
    return {
        "people": progress.people,
        "by_status": [
            (
                room.t.gettext(ENDINGS[status]) if status in ENDINGS else status,
                number,
                [(reason_in_words(room, each), count) for each, count in progress.reasons.get(status, {}).items()],
            )
            for status, number in progress.by_status.items()
        ],
        "by_language": [
            (LANGUAGES[code].own_name if code in LANGUAGES else code, sum(found.values()), found.get("sent", 0))
            for code, found in progress.by_language.items()
        ],
    }


def reason_in_words(room: Room, reason: str) -> str:
    """A reason of the ledger as a colleague reads it."""
    if reason in REASONS:
        return room.t.gettext(REASONS[reason])
    if reason.startswith("maybe sent twice"):
        return room.t.gettext(TWICE)
    return room.t.gettext(OTHER_REASON, reason=reason)


def _said(room: Room, words: Mapping[str, str]) -> dict[str, str]:
    return {name: room.t.gettext(word) for name, word in words.items()}
