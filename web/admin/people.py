"""Recruits: a list with filters, and one person with everything but what was said, which is read in the inbox.

Whoever looks at a person leaves a look, which the person finds in their own data, and a line in the audit log.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response

from bot.handing import case_of, staff_of
from bot.mentor_words import OUTCOMES, REASONS
from core.days import danish_day
from handover import access
from i18n import format as local
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from journey.plan import Planned, State, progress
from knowledge.library import Library
from store import forum, handovers, invitations, recruits
from store import journey as lists
from store.recruits import SORTS, Filter, Person
from web.admin import sheets
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.inbox_views import CONSENTS, LOOKS, SOMEBODY, Words, kommune_name, profile_view
from web.listed import PHASES, of_recruit, stand_of

AT_A_TIME = 50
WORD = "DELETE"
CHANNELS = {"web": msgid("Web chat"), "telegram": msgid("Telegram")}
STATES = {
    State.OPEN: msgid("to do"),
    State.BLOCKED: msgid("waits for something else"),
    State.DONE: msgid("done"),
    State.SKIPPED: msgid("not for them"),
}
KINDS = {"own": msgid("A reminder of their own"), "announcement": msgid("An announcement")}
STATUSES = {
    "planned": msgid("to come"),
    "postponed": msgid("put off"),
    "claimed": msgid("being sent"),
    "sending": msgid("being sent"),
    "sent": msgid("sent"),
    "failed": msgid("could not be sent"),
}
SORTED = {
    "heard": msgid("Last heard of"),
    "late": msgid("Longest late"),
    "arrival": msgid("Arrival, latest first"),
}
SHORT_CONSENTS = {
    "given": msgid("agreed"),
    "declined": msgid("has not agreed"),
    "asked": msgid("has not answered yet"),
    "unasked": msgid("not asked yet"),
}
TYPE_IT = msgid("Type {word} to delete this person.")
says("person_deleted", msgid("This person is deleted, with everything that was kept."))

rooms = Rooms(prefix="/admin/people")


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("", "people.read")
async def people(room: Room) -> Response:
    wanted, sort = _wanted(room), _sort(room.query("sort"))
    today, number = danish_day(room.now), room.page_number()
    library = await room.library()
    async with room.writing() as connection:
        names = await recruits.employers(connection)
        rows, count = await recruits.page(
            connection, wanted, sort=sort, today=today, offset=(number - 1) * AT_A_TIME, most=AT_A_TIME
        )
        if rows:
            await room.audit(connection, "people.list", about="people:list", people=len(rows), **_noted(wanted))
    words = _words(room, library)
    asked = {name: value for name, value in _asked(wanted, sort).items() if value}
    return room.page(
        "admin/people.html",
        rows=[_shown(row, names, library, words, today) for row in rows],
        count=count,
        page=number,
        pages=-(-count // AT_A_TIME),
        url=f"/admin/people?{urlencode(asked)}" if asked else "/admin/people",
        asked=asked,
        wanted=wanted,
        sort=sort,
        sorts=SORTED,
        kommuner=sorted(words.kommuner.items(), key=lambda item: item[1]),
        employers=names,
        phases=PHASES,
        filtered=wanted != Filter(),
    )


@rooms.do("/export", "people.export")
async def export_list(room: Room, form: Form) -> Response:
    """The list as it is filtered, as CSV."""
    wanted, sort = _filter({name: one(form, name) for name in form}), _sort(one(form, "sort"))
    today, library = danish_day(room.now), await room.library()
    words = _words(room, library)
    async with room.writing() as connection:
        names = await recruits.employers(connection)
        rows, count = await recruits.page(connection, wanted, sort=sort, today=today, most=recruits.EVERYBODY)
        await room.audit(connection, "people.export", about="people:list", people=count, **_noted(wanted))
    head = [
        msgid("Number"), msgid("Agreed"), msgid("Name"), msgid("Language"), msgid("Municipality"), msgid("Employer"),
        msgid("Phase"), msgid("Arrival"), msgid("Done"), msgid("Of"), msgid("Legal limits passed"), msgid("Last heard of"),
    ]  # fmt: skip
    shown = [_shown(row, names, library, words, today) for row in rows]
    lines = [
        [
            line.id, line.consent, line.name, line.language, line.kommune, line.employer, line.phase,
            line.arrival, line.done, line.total, "; ".join(line.late), danish_day(line.seen_at).isoformat(),
        ]
        for line in shown
    ]  # fmt: skip
    content = sheets.as_csv([[room.t.gettext(each) for each in head], *lines])
    return _file(content, "text/csv; charset=utf-8", f"velkommen-recruits-{today.isoformat()}.csv")


def _noted(wanted: Filter) -> dict[str, Any]:
    """The filters for the audit log; what was searched for may be a name."""
    return {name: value for name, value in asdict(wanted).items() if value and name != "query"}


def _wanted(room: Room) -> Filter:
    return _filter(
        {name: room.query(name) for name in ("kommune", "employer", "phase", "language", "q", "late", "who")}
    )


def _filter(asked: Mapping[str, str]) -> Filter:
    """What is asked for, as far as there is such a thing."""
    phase, language = asked.get("phase", ""), asked.get("language", "")
    return Filter(
        kommune=asked.get("kommune", "")[:80],
        employer=asked.get("employer", "")[:80],
        phase=phase if phase in PHASES else "",
        language=language if language in LANGUAGES else "",
        query=asked.get("q", "")[:80],
        late=asked.get("late") == "1",
        contacts=asked.get("who") == "contacts",
    )


def _asked(wanted: Filter, sort: str) -> dict[str, str]:
    """The same as it stands in the address."""
    return {
        "kommune": wanted.kommune,
        "employer": wanted.employer,
        "phase": wanted.phase,
        "language": wanted.language,
        "q": wanted.query,
        "late": "1" if wanted.late else "",
        "who": "contacts" if wanted.contacts else "",
        "sort": sort if sort != "heard" else "",
    }


def _sort(asked: str) -> str:
    return asked if asked in SORTS else "heard"


@dataclass(frozen=True, slots=True)
class Line:
    """A recruit in the list, in words. late: titles of the tasks whose legal limit has passed."""

    id: uuid.UUID
    agreed: bool
    consent: str
    name: str
    language: str
    kommune: str
    employer: str
    phase: str
    arrival: str
    done: int | None
    total: int | None
    late: list[str]
    seen_at: Any

    @property
    def number(self) -> str:
        return str(self.id)[:8]


def _shown(row: recruits.Row, employers: Mapping[str, str], library: Library, words: Words, today: date) -> Line:
    known, agreed = row.profile, row.consent == "given"
    code = known.get("employer", "")
    return Line(
        id=row.id,
        agreed=agreed,
        consent=words.t.gettext(SHORT_CONSENTS[row.consent]),
        name=known.get("name", ""),
        language=local.language(row.language, words.language) if row.language else "",
        kommune=kommune_name(known.get("kommune"), known.get("kommune_name", ""), words) or "",
        employer=employers.get(code, code),
        phase=words.t.gettext(PHASES[row.phase]) if row.phase in PHASES else "",
        arrival=known.get("arrival", ""),
        done=row.done if agreed else None,
        total=row.total if agreed else None,
        late=[_title(task, library, words) for task in row.late(today)] if agreed else [],
        seen_at=row.seen_at,
    )


def _title(task: str, library: Library, words: Words) -> str:
    return library.task_text(task, words.language).title if task in library.by_id else task


def _words(room: Room, library: Library) -> Words:
    return Words(room.language, room.t, {key: place.name for key, place in library.municipalities.items()})


# --- one person -------------------------------------------------------------------------------------------------------


@rooms.see("/{who}", "people.read")
async def person(room: Room) -> Response:
    """One person; the look is kept in the same transaction."""
    async with room.writing() as connection:
        found = await _found(room, connection)
        await handovers.look(connection, room.me.id, found.id, "person", now=room.now)
        await room.audit(connection, "people.read", about=f"recruit:{found.id}")
    return await _page(room, found)


@rooms.do("/{who}/export", "people.export")
async def export_person(room: Room, form: Form) -> Response:
    """Everything kept about a person, as the person would get it."""
    async with room.frame.doors.sessions.begin() as session:
        connection = await session.connection()
        found = await _found(room, connection)
        await handovers.look(connection, room.me.id, found.id, "profile", now=room.now)
        await room.audit(connection, "people.export", about=f"recruit:{found.id}")
        kept = dict(await room.frame.doors.export(session, found.id))
    content = json.dumps(kept, ensure_ascii=False, indent=2, default=str).encode()
    return _file(content, "application/json", f"velkommen-{str(found.id)[:8]}.json")


@rooms.do("/{who}/delete", "people.delete")
async def delete_person(room: Room, form: Form) -> Response:
    if one(form, "word") != WORD:
        async with room.reading() as connection:
            found = await _found(room, connection)
        refused = room.refused(Unfit(TYPE_IT, "word", word=WORD))
        return await _page(room, found, status=422, refused=refused)
    async with room.writing() as connection:
        found = await _found(room, connection)
        for chat_id, number in await forum.topics_of(connection, found.id):
            await room.frame.doors.drop_topic(chat_id, number)
        if not await recruits.delete_person(connection, found):
            room.gone()
        await room.audit(connection, "people.delete", about=f"recruit:{found.id}")
    return room.back("/admin/people", said="person_deleted")


async def _found(room: Room, connection: Any) -> Person:
    try:
        number = uuid.UUID(room.param("who"))
    except ValueError:
        room.gone()
    return await recruits.person(connection, number) or room.gone()


async def _page(room: Room, found: Person, *, status: int = 200, refused: Any = None) -> Response:
    library = await room.library()
    words, agreed = _words(room, library), found.consent == "given"
    async with room.reading() as connection:
        mine = await lists.mine(connection, found.id)
        to_come, settled = await recruits.reminders(connection, found.id)
        talks = [
            row
            for talk in found.talks
            if (newest := await handovers.row(connection, talk))
            for row in (newest, *await handovers.earlier(connection, talk))
        ]
        came_with = await invitations.of_recruit(connection, found.id, now=room.now)
        looks = await handovers.looks(connection, found.id)
        mentors = await handovers.named_mentors(connection, found.id)
        names = await recruits.employers(connection)
    profile = found.profile | ({"employer": names.get(found.profile.get("employer", ""), "")} if agreed else {})
    stand = stand_of(library, found.profile, mine, danish_day(room.now))
    listed = agreed and found.profile.get("audience") != "employer"
    tasks = [_task(planned, library, words, stand.presumed) for planned in of_recruit(stand)] if listed else []
    me = staff_of(room.me)
    return room.page(
        "admin/person.html",
        status=status,
        refused=refused,
        person=found,
        agreed=agreed,
        name=found.profile.get("name", "") if agreed else "",
        consent=words.t.gettext(CONSENTS[found.consent]),
        language_name=local.language(found.language, words.language) if found.language else "",
        facts=profile_view({name: value for name, value in profile.items() if value}, words) if agreed else [],
        reached=[(_of(CHANNELS, channel, words), since) for channel, since in found.reached],
        tasks=tasks,
        progress=progress(of_recruit(stand)),
        groups=[
            (words.t.gettext(label), [task for task in tasks if task["phase"] == phase])
            for phase, label in PHASES.items()
        ],
        to_come=[_reminder(row, library, words) for row in to_come] if agreed else [],
        settled=[_reminder(row, library, words) for row in settled] if agreed else [],
        talks=[
            {
                "row": row,
                "reason": _of(REASONS, row.reason, words),
                "outcome": _of(OUTCOMES, row.outcome, words) if row.outcome else "",
                "open": access.access_conversation(me, case_of(row)),
            }
            for row in talks
        ],
        came_with=came_with if agreed else [],
        looks=[(each.at, each.name or words.t.gettext(SOMEBODY), _of(LOOKS, each.what, words)) for each in looks],
        mentors=mentors,
        word=WORD,
    )


def _task(planned: Planned, library: Library, words: Words, presumed: frozenset[str]) -> dict[str, Any]:
    legal = None if planned.legal_estimated else planned.legal
    return {
        "title": _title(planned.task.id, library, words),
        "phase": planned.task.phase,
        "state": planned.state,
        "label": words.t.gettext(STATES[planned.state]),
        "due": planned.due,
        "legal": legal,
        "late": planned.legally_late and legal is not None,
        "presumed": planned.task.id in presumed,
    }


def _reminder(row: recruits.Reminder, library: Library, words: Words) -> dict[str, Any]:
    what = _title(row.task, library, words) if row.kind == "task" else words.t.gettext(KINDS[row.kind])
    return {"what": what, "at": row.settled_at or row.due_at, "status": words.t.gettext(STATUSES[row.status])}


def _of(labels: Mapping[str, str], value: str, words: Words) -> str:
    return words.t.gettext(labels[value]) if value in labels else value


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=kind, headers=headers)
