"""Training: what the model in use has learnt, a new one tried beside it, and which of them answers."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi.responses import JSONResponse, Response

from i18n.languages import LANGUAGES
from i18n.translator import msgid
from knowledge.library import Library
from knowledge.training import Digest, digest_of
from store import trainings
from store.trainings import Row
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form
from web.doors import Translator

HOME = "/admin/training"
A_PAGE = 50
LATE = timedelta(seconds=30)  # after which somebody who waits is told that nobody has begun
BUSY = msgid("A training is running already. Wait for it, or stop it.")
NOT_NOW = msgid("This model cannot be put to use now: its file is gone, it is in use, or a training is running.")
OTHER_CODE = msgid("This model was made for another version of Velkommen and cannot be used any more. Train again.")
TOO_LATE = msgid("It is over already; there is nothing to stop.")
STATUSES = {
    "waiting": msgid("waiting"),
    "training": msgid("learning"),
    "evaluating": msgid("being tried"),
    "ready": msgid("ready"),
    "refused": msgid("refused"),
    "failed": msgid("failed"),
    "activating": msgid("being put to use"),
    "active": msgid("in use"),
    "retired": msgid("was in use"),
}
STEPS = {
    "waiting": msgid("It waits to be begun."),
    "training": msgid("It learns the example questions."),
    "evaluating": msgid("It answers the evaluation questions."),
    "comparing": msgid("The model in use answers the same questions, to compare."),
    "activating": msgid("It is put to use. Nobody notices: whoever writes now is answered by one of the two."),
}
# In the order of the report. The third: how many hundredths more are better.
MEASURES: tuple[tuple[str, str, int], ...] = (
    ("first", msgid("The first answer is right"), 1),
    ("in_sight", msgid("The right answer is in sight"), 1),
    ("wrong", msgid("Wrong, and the right answer nowhere in sight"), -1),
    ("asked_back", msgid("Asked back"), 0),
    ("multi", msgid("Several questions at once: all answered"), 1),
    ("multi_in_sight", msgid("Several questions at once: all in sight"), 1),
    ("out_of_scope", msgid("Out of scope: no topic answered"), 1),
    ("smalltalk", msgid("Small talk: no topic answered"), 1),
    ("mentor", msgid("Needs a person: one is offered"), 1),
    ("danger", msgid("Danger: the warning comes"), 1),
    ("act", msgid("Commands: the right one"), 1),
    ("no_act", msgid("Questions that look like a command: answered"), 1),
)
REASONS = (
    msgid("It was stopped."),
    msgid("The process that trained ended in the middle, twice. Its log says why."),
    msgid("It was trained with another version of Velkommen, which reads messages differently. Train again."),
    msgid("The file of this model is gone. Train again."),
    msgid("Rasa could not load the model. The one in use stays; Rasa's log says why."),
    msgid(
        "Rasa did not change over to the model in time. The one in use stays. Is Rasa started with models/active.tar.gz?"
    ),
    msgid("The model gave no answer to some of the evaluation questions. The log candidate.log says why."),
    msgid("Something went wrong; the log of the process that trains says what."),
)
KINDS = {
    "ask_back": msgid("asks back: {topics}"),
    "fallback": msgid("did not understand; offers: {topics}"),
    "danger": msgid("warns of a danger"),
    "smalltalk": msgid("small talk"),
    "refused": msgid("declines"),
    "act": msgid("does: {act}"),
}
says("training", msgid("The training was asked for. It begins within seconds."))
says("stopping", msgid("It is being stopped. Nothing of it is kept."))
says("activating", msgid("The model is being put to use; nobody's message is lost meanwhile."))

rooms = Rooms(prefix=HOME)


@rooms.see("", "training.read")
async def overview(room: Room) -> Response:
    return await _overview(room)


@rooms.do("/run", "training.run")
async def run(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        number = await trainings.ask(connection, staff_id=room.me.id, now=room.now)
        if number is not None:
            await room.audit(connection, "training.run", about=f"training:{number}")
    if number is None:
        return await _overview(room, Unfit(BUSY))
    return room.back(HOME, said="training")


@rooms.see("/progress", "training.read", json=True)
async def progress(room: Room) -> Response:
    """For the page's script: what runs; null when nothing does any more."""
    async with room.reading() as connection:
        row = await trainings.running(connection)
    return JSONResponse({"running": _progress(row, room) if row is not None else None})


@rooms.see("/{number}", "training.read")
async def one(room: Room) -> Response:
    return await _one(room)


@rooms.do("/{number}/stop", "training.run")
async def stop(room: Room, form: Form) -> Response:
    number = room.number("number")
    async with room.writing() as connection:
        stopped = await trainings.stop(connection, number, now=room.now)
        if stopped:
            await room.audit(connection, "training.stop", about=f"training:{number}")
    return room.back(HOME, said="stopping") if stopped else await _overview(room, Unfit(TOO_LATE))


@rooms.do("/{number}/activate", "training.run")
async def activate(room: Room, form: Form) -> Response:
    """Of a new model as of one that was in use before."""
    number = room.number("number")
    async with room.writing() as connection:
        row, active = await trainings.one(connection, number), await trainings.active(connection)
        if row is None:
            room.gone()
        fits = active is None or row.code == active.code
        if fits and await trainings.ask_activation(connection, number, staff_id=room.me.id, now=room.now):
            await room.audit(connection, "training.activate", about=f"training:{number}", model=row.model)
            return room.back(HOME, said="activating")
    return await _one(room, Unfit(NOT_NOW if fits else OTHER_CODE))


# --- pages --------------------------------------------------------------------------------------------------------------


async def _overview(room: Room, error: Unfit | None = None) -> Response:
    page = room.page_number()
    async with room.reading() as connection:
        active, running = await trainings.active(connection), await trainings.running(connection)
        rows = await trainings.newest(connection, most=A_PAGE, after=(page - 1) * A_PAGE)
        count = await trainings.count(connection)
        usual = await trainings.usual_seconds(connection)
    library = await room.library()
    learnt = active.report.get("learnt") if active is not None else None
    return room.page(
        "admin/training.html",
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
        active=active,
        running=_progress(running, room) if running is not None else None,
        rows=rows,
        statuses={status: room.t.gettext(words) for status, words in STATUSES.items()},
        changes=changed(learnt, await asyncio.to_thread(digest_of, library)) if learnt is not None else None,
        title=lambda slug: library.title(slug, room.language) if slug in library.topics else slug,
        minutes=round((usual or 0) / 60) or None,
        bring_back=lambda row: row.status in trainings.CHOOSABLE and bool(row.model) and _same_code(row, active),
        page=page,
        pages=-(-count // A_PAGE),
    )


async def _one(room: Room, error: Unfit | None = None) -> Response:
    async with room.reading() as connection:
        row, active = await trainings.one(connection, room.number("number")), await trainings.active(connection)
    if row is None:
        room.gone()
    library, page = await room.library(), room.page_number()
    show, spoken = room.query("show"), room.query("language")
    found = flips(row.report.get("flips", ()), show=show, language=spoken)
    groups = sorted({name for by in row.report.get("measures", {}).values() for name in by if name != "all"})
    group = room.query("group") if room.query("group") in groups else "all"
    return room.page(
        "admin/training_one.html",
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
        row=row,
        progress=_progress(row, room) if row.running else None,
        status_words=room.t.gettext(STATUSES[row.status]),
        reason=room.t.gettext(row.reason) if row.reason in REASONS else "",
        measures=measures(row.report, group, room.t),
        by_language=[(name, each) for name in groups for each in measures(row.report, name, room.t, only="first")],
        groups=groups,
        group=group,
        group_name=lambda name: _group_name(name, room.t),
        below=[_measure_name(name, room.t) for name in row.report.get("below", ())],
        worse=[_measure_name(name, room.t) for name in row.report.get("worse", ())],
        flips=[_flip(flip, library, room) for flip in found[(page - 1) * A_PAGE : page * A_PAGE]],
        count=len(found),
        better=sum(bool(flip["better"]) for flip in row.report.get("flips", ())),
        flipped=len(row.report.get("flips", ())),
        show=show,
        spoken=spoken,
        may_activate=row.status in trainings.CHOOSABLE and bool(row.model) and _same_code(row, active),
        other_code=row.status in trainings.CHOOSABLE and not _same_code(row, active),
        active=active,
        page=page,
        pages=-(-len(found) // A_PAGE),
    )


def _same_code(row: Row, active: Row | None) -> bool:
    return active is None or row.code == active.code


def _progress(row: Row, room: Room) -> dict[str, Any]:
    step = row.progress.get("step") if row.status in ("training", "evaluating") else row.status
    return {
        "id": row.id,
        "words": room.t.gettext(STEPS.get(str(step), STEPS[row.status])),
        "share": row.progress.get("share", 0) if row.status in ("training", "evaluating") else 0,
        "minutes": _minutes(row, room),
        "can_stop": row.status in ("waiting", "training", "evaluating"),
        "stopping": bool(row.progress.get("stop")),
        "late": row.status == "waiting" and "at" not in row.progress and room.now - row.asked_at > LATE,
    }


def _minutes(row: Row, room: Room) -> str:
    seconds = int((room.now - (row.started_at or row.asked_at)).total_seconds())
    return f"{max(seconds, 0) // 60}:{max(seconds, 0) % 60:02}"


# --- what the report says ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """Topics whose example questions are not what the model in use has learnt; new ones it does not know at all."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    questions: int  # how many more there are now, or fewer

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def changed(learnt: Digest, now: Digest) -> Changed:
    return Changed(
        new=tuple(sorted(now.keys() - learnt.keys())),
        changed=tuple(sorted(slug for slug in now.keys() & learnt.keys() if list(now[slug]) != list(learnt[slug]))),
        gone=tuple(sorted(learnt.keys() - now.keys())),
        questions=sum(int(each[0]) for each in now.values()) - sum(int(each[0]) for each in learnt.values()),
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the report; shares from 0 to 1. gain: in hundredths, more is better."""

    words: str
    new: float
    used: float | None
    of: int
    floor: float | None
    at_most: bool
    missed: bool
    gain: float | None

    @property
    def difference(self) -> float | None:
        return None if self.used is None else (self.new - self.used) * 100


def measures(report: Mapping[str, Any], group: str, t: Translator, *, only: str = "") -> list[Measured]:
    """The lines of one group: over all, of a language, or of messages that mix languages."""
    floors, found = report.get("floors", {}), []
    for name, words, more in MEASURES:
        cell = report.get("measures", {}).get(name, {}).get(group)
        if cell is None or only not in ("", name):
            continue
        new, used, of = cell
        floor, at_most = _floor(floors, name, group)
        missed = floor is not None and (new > floor if at_most else new < floor)
        gain = None if used is None else (new - used) * 100 * more
        found.append(Measured(t.gettext(words), new, used, of, floor, at_most, missed, gain))
    return found


def _floor(floors: Mapping[str, Mapping[str, float]], name: str, group: str) -> tuple[float | None, bool]:
    """What the share has to be, and whether that is the most."""
    if group in LANGUAGES:
        return floors.get("each_language", {}).get(name), False
    if group != "all":
        return None, False
    return floors.get("at_least", {}).get(name, floors.get("at_most", {}).get(name)), name in floors.get("at_most", {})


def flips(found: Iterable[Mapping[str, Any]], *, show: str, language: str) -> list[Mapping[str, Any]]:
    return [
        flip
        for flip in found
        if (show not in ("better", "worse") or flip["better"] is (show == "better"))
        and (not language or flip["language"] == language)
    ]


def _flip(flip: Mapping[str, Any], library: Library, room: Room) -> dict[str, Any]:
    def titles(slugs: Iterable[str]) -> str:
        return "; ".join(library.title(slug, room.language) if slug in library.topics else slug for slug in slugs)

    def words(answer: Mapping[str, Any]) -> str:
        if answer["topics"] and answer["kind"] != "danger":
            return titles(answer["topics"])
        kind = KINDS.get(answer["kind"], "{act}")
        return room.t.gettext(kind, topics=titles(answer["alternatives"]) or "–", act=answer["act"] or "–")

    spoken = LANGUAGES.get(flip["language"])
    return {
        "id": flip["id"], "text": flip["text"], "code": flip["language"], "better": flip["better"],
        "direction": spoken.text_direction if spoken else "auto", "language": _group_name(flip["language"], room.t),
        "wanted": titles(flip["wanted"]), "before": words(flip["before"]), "after": words(flip["after"]),
    }  # fmt: skip


def _measure_name(name: str, t: Translator) -> str:
    """A measure of the floors; with the language, where it is one language's: `first (pl)`."""
    measure, _, rest = name.partition(" (")
    words = t.gettext(next((words for key, words, _ in MEASURES if key == measure), measure))
    return f"{words} ({_group_name(rest.removesuffix(')'), t)})" if rest else words


def _group_name(name: str, t: Translator) -> str:
    if name in LANGUAGES:
        return LANGUAGES[name].own_name
    return {"all": t.gettext("All languages"), "code-mixed": t.gettext("Mixed languages")}.get(name, name)
