"""Corrections: whoever was told something wrong is told once what is right. Numbers only; nobody is named here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.announcements import LONGEST, faults
from knowledge.library import Library
from reminders import announce, correct
from reminders.correct import Reach, Span
from store import announcements, corrections, editing
from store.announcements import Kept, Progress
from store.editing import Published, Revision
from web.admin import pieces
from web.admin.announcements import (
    ALREADY,
    ENDINGS,
    ENGLISH_MISSING,
    LOOK_AGAIN,
    STATUSES,
    TOO_LONG,
    moment,
    reason_in_words,
    seen,
    shown,
)
from web.admin.figures_views import PIECES, summary
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one

PREFIX = "/admin/corrections"
PER_PAGE = 50
MOST_HISTORY = 500
CHANNELS = {"web": msgid("Web chat"), "telegram": msgid("Telegram"), "terminal": msgid("Terminal")}
NO_CONSENT = msgid("They have not agreed that we keep anything, so we may not write to them.")

STILL_TOLD = msgid("This is what everybody is still told. Publish what is right first, then correct it.")
NOBODY = msgid("Nobody can be sent it, so there is nothing to send.")
TYPE_NUMBER = msgid("It goes to {count} people now. Type this number to say that you mean it.")
says("correction_sent", msgid("It is on its way. Each person gets it once; until they have it, it can be stopped."))
says("correction_stopped", msgid("It is stopped. Whoever has not got it yet does not get it any more."))

rooms = Rooms(prefix=PREFIX)
router = rooms


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was wrong: the revisions that said the same, from when to when. now: what is told instead."""

    chosen: Revision
    revisions: Sequence[Revision]
    spans: Sequence[Span]
    now: Published | None

    @property
    def current(self) -> bool:
        """Whether it still is what is told."""
        return self.now is not None and self.now.revision in self.numbers

    @property
    def numbers(self) -> list[int]:
        return [each.id for each in self.revisions]


@rooms.see("", "corrections.read")
async def every(room: Room) -> Response:
    status = room.query("status")
    async with room.reading() as connection:
        found = [
            each
            for each in await announcements.every(connection, corrections.KIND)
            if not status or each.status == status
        ]
        pages = max(1, -(-len(found) // PER_PAGE))
        page = min(room.page_number(), pages)
        part = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        rows = [(each, await announcements.progress(connection, each.id)) for each in part]
    library = await room.library()
    return room.page(
        "admin/corrections.html",
        rows=[(each, _subject(room, library, each.about), progress) for each, progress in rows],
        wanted=status,
        statuses=_words(room, STATUSES),
        page=page,
        pages=pages,
    )


@rooms.see("/new", "corrections.read")
async def new(room: Room) -> Response:
    """Who was told a revision, and what could be said to them; nothing is written."""
    return await _proposal(room, await _wrong(room, pieces.number_of(room.query("revision")) or room.gone()))


@rooms.do("/new", "announcements.write")
async def make(room: Room, form: Form) -> Response:
    wrong = await _wrong(room, pieces.number_of(one(form, "revision")) or room.gone())
    try:
        if wrong.current:
            raise Unfit(STILL_TOLD)
        texts = _texts(room, form)
        kind, key, language = wrong.chosen.name
        library = await room.library()
        async with room.writing() as connection:
            people = await corrections.told(connection, wrong.numbers)
            number = await corrections.keep(
                connection,
                wrong.numbers,
                texts=texts,
                about_={"name": [kind, key, language], "topics": correct.topics(people, library)},
                staff_id=room.me.id,
                now=room.now,
            )
            await room.audit(
                connection, "corrections.draft", f"correction:{number}", revisions=wrong.numbers, people=len(people)
            )
    except Unfit as error:
        return await _proposal(room, wrong, error, status=422)
    return room.back(f"{PREFIX}/{number}", "saved")


@rooms.see("/{number}", "corrections.read")
async def correction(room: Room) -> Response:
    return await _page(room)


@rooms.do("/{number}/save", "announcements.write")
async def save(room: Room, form: Form) -> Response:
    number = room.number("number")
    try:
        texts = _texts(room, form)
        async with room.writing() as connection:
            await _draft(room, connection, number, form)
            await corrections.reword(connection, number, texts)
            await room.audit(connection, "corrections.draft", f"correction:{number}", languages=list(texts))
    except Unfit as error:
        return await _page(room, error, status=409 if error.sentence in (ALREADY, LOOK_AGAIN) else 422)
    return room.back(f"{PREFIX}/{number}", "saved")


@rooms.do("/{number}/send", "corrections.send")
async def send(room: Room, form: Form) -> Response:
    """Have everybody get it who was told: once, however often this is pressed and by whomever."""
    number = room.number("number")
    try:
        at = moment(one(form, "at"), room.now) if one(form, "at") else room.now
        async with room.writing() as connection:
            kept = await _draft(room, connection, number, form)
            meant = await announcements.recipients(connection, announce.wanted_by(kept, danish_day(at)))
            reached = announce.foresee(meant, kept.texts, at).reached
            if not reached:
                raise Unfit(NOBODY)
            if one(form, "typed") != str(reached):
                raise Unfit(TYPE_NUMBER, "typed", count=reached)
            await announcements.schedule(connection, kept.name, at)
            await room.audit(connection, "corrections.send", f"correction:{number}", people=reached, at=at.isoformat())
    except Unfit as error:
        return await _page(room, error, status=409 if error.sentence in (ALREADY, LOOK_AGAIN) else 422)
    return room.back(f"{PREFIX}/{number}", "correction_sent")


@rooms.do("/{number}/stop", "corrections.send")
async def stop(room: Room, form: Form) -> Response:
    number = room.number("number")
    async with room.writing() as connection:
        kept = await corrections.hold(connection, number) or room.gone()
        spared = await announcements.stop(connection, kept.name, now=room.now)
        if spared is not None:
            await room.audit(connection, "corrections.stop", f"correction:{number}", spared=spared)
    return room.back(f"{PREFIX}/{number}", "correction_stopped")


@rooms.do("/{number}/discard", "announcements.write")
async def discard(room: Room, form: Form) -> Response:
    number = room.number("number")
    async with room.writing() as connection:
        if await corrections.discard(connection, number):
            await room.audit(connection, "corrections.discard", f"correction:{number}")
    return room.back(PREFIX, "discarded")


# --- what was wrong ---------------------------------------------------------------------------------------------------


async def _wrong(room: Room, number: int) -> Wrong:
    async with room.reading() as connection:
        chosen = await editing.revision(connection, number)
        if chosen is None or chosen.data is None:
            room.gone()
        history = await editing.history(connection, chosen.name, MOST_HISTORY)
        now = await editing.published(connection, chosen.name)
    alike = correct.same(chosen, history)
    return Wrong(chosen, alike, correct.spans(alike, history), now)


async def _draft(room: Room, connection: AsyncConnection, number: int, form: Form) -> Kept:
    """A draft as its writer saw it, alone with it."""
    kept = await corrections.hold(connection, number) or room.gone()
    if kept.status != "draft":
        raise Unfit(ALREADY)
    if one(form, "seen") != seen(kept):
        raise Unfit(LOOK_AGAIN)
    return kept


def _texts(room: Room, form: Form) -> dict[str, str]:
    """The texts by language; a language without one gets the English text."""
    texts = {language: text for language in LANGUAGES if (text := one(form, f"text-{language}"))}
    if DEFAULT not in texts:
        raise Unfit(ENGLISH_MISSING, f"text-{DEFAULT}")
    for language, text in texts.items():
        if len(text) > LONGEST:
            raise Unfit(TOO_LONG, f"text-{language}", most=LONGEST)
    for fault in faults("correction", {}, texts, {}):
        told = " ".join(room.t.gettext(sentence, **fault.named) for sentence in (fault.problem, fault.remedy))
        raise Unfit("{told}", f"text-{fault.at[1]}", told=told)
    return texts


# --- what a page shows ------------------------------------------------------------------------------------------------


async def _proposal(room: Room, wrong: Wrong, error: Unfit | None = None, *, status: int = 200) -> Response:
    library = await room.library()
    async with room.reading() as connection:
        people = await corrections.told(connection, wrong.numbers)
        earlier = await corrections.about(connection, wrong.numbers)
        left = await corrections.uncorrected(connection, wrong.numbers)
    last = max((person.last_at for person in people), default=room.now)
    slugs = correct.topics(people, library)
    texts = correct.proposed(wrong.chosen, wrong.now, library, slugs, day=danish_day(last))
    return room.page(
        "admin/correction.html",
        status=status,
        kept=None,
        wrong=wrong,
        told=_said_then(room, wrong.chosen),
        reach=_shown_reach(room, await asyncio.to_thread(correct.reach, left, texts, room.now)),
        earlier=earlier,
        subject=_subject(room, library, {"name": wrong.chosen.name}),
        texts={code: one(room.typed, f"text-{code}") for code in LANGUAGES} if room.typed else texts,
        statuses=_words(room, STATUSES),
        still=room.t.gettext(STILL_TOLD),
        refused=room.refused(error) if error else None,
    )


async def _page(room: Room, error: Unfit | None = None, *, status: int = 200) -> Response:
    number = room.number("number")
    library = await room.library()
    async with room.reading() as connection:
        kept = await announcements.numbered(connection, number)
        if kept is None or kept.kind != corrections.KIND:
            room.gone()
        progress = await announcements.progress(connection, number)
        revisions = kept.about["revisions"]
        people = await corrections.uncorrected(connection, revisions, besides=number)
    wrong = await _wrong(room, revisions[-1])
    typed = room.typed if error and f"text-{DEFAULT}" in room.typed else None
    return room.page(
        "admin/correction.html",
        status=status,
        kept=kept,
        wrong=wrong,
        told=_said_then(room, wrong.chosen),
        reach=_shown_reach(room, await asyncio.to_thread(correct.reach, people, kept.texts, room.now)),
        earlier=[],
        subject=_subject(room, library, kept.about),
        texts={code: one(typed, f"text-{code}") if typed else kept.texts.get(code, "") for code in LANGUAGES},
        preview=_preview(room, library, kept),
        progress=progress,
        report=_report(room, progress),
        seen=seen(kept),
        at=one(room.typed, "at"),
        statuses=_words(room, STATUSES),
        refused=room.refused(error) if error else None,
    )


def _said_then(room: Room, revision: Revision) -> list[str]:
    """What a revision told people, in a line or a few."""
    data = revision.data or {}
    if revision.name[0] == "figure":
        return summary(data, room.language)
    return [str(data[name]) for name in ("title", "body", "text") if data.get(name)]


def _subject(room: Room, library: Library, about: dict[str, Any]) -> dict[str, str]:
    """What a correction is about: the kind in words, what it is called, in which language."""
    kind, key, language = about["name"]
    title = key
    if kind == "figure" and key in library.figures:
        title = library.figures[key].meaning
    elif kind in ("text", "topic") and key in library.topics:
        title = library.title(key, room.language)
    spoken = LANGUAGES[language].own_name if language in LANGUAGES else ""
    label = msgid("Figure") if kind == "figure" else PIECES.get(kind, kind)
    history = f"/admin/figures/{key}/history" if kind == "figure" else ""
    return {"kind": room.t.gettext(label), "title": title, "language": spoken, "history": history}


def _shown_reach(room: Room, reach: Reach) -> dict[str, Any]:
    def reasons(numbers: Any) -> list[tuple[str, int]]:
        return [
            (room.t.gettext(NO_CONSENT) if reason == correct.NO_CONSENT else reason_in_words(room, reason), number)
            for reason, number in sorted(numbers.items())
        ]

    return {
        "people": reach.people,
        "reached": reach.reached,
        "first_at": reach.first_at,
        "last_at": reach.last_at,
        "languages": [
            (LANGUAGES[code], number) for code, number in sorted(reach.languages.items()) if code in LANGUAGES
        ],
        "channels": [
            (room.t.gettext(CHANNELS[name]) if name in CHANNELS else name, number)
            for name, number in sorted(reach.channels.items())
        ],
        "unreached": reasons(reach.unreached),
        "later": reasons(reach.later),
    }


def _preview(room: Room, library: Library, kept: Kept) -> list[dict[str, Any]]:
    day, topics = danish_day(room.now), kept.about.get("topics", ())
    return [
        {
            "language": LANGUAGES[code],
            **shown(kept.texts[code], code, library, day),
            "buttons": [library.title(slug, code) for slug in library.known(topics)],
        }
        for code in LANGUAGES
        if code in kept.texts
    ]


def _report(room: Room, progress: Progress) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """By status how many, with the reasons."""
    return [
        (
            room.t.gettext(ENDINGS[status]) if status in ENDINGS else status,
            number,
            [(reason_in_words(room, each), count) for each, count in progress.reasons.get(status, {}).items()],
        )
        for status, number in progress.by_status.items()
    ]


def _words(room: Room, words: dict[str, str]) -> dict[str, str]:
    return {name: room.t.gettext(word) for name, word in words.items()}
