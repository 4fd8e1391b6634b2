"""The inbox over HTTP: its page, its lists, one conversation, each step with it, and the stream of changes.

What a colleague may do is decided in `bot/handing.py`; here a request becomes typed values, and values become JSON.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import SQLAlchemyError

from bot.handing import HandingError, MentorDesk, case_of, staff_of
from bot.mentor_words import OUTCOMES
from core.days import COPENHAGEN
from core.messages import storable
from handover import access
from i18n.languages import LANGUAGES
from knowledge.models import Theme
from store import staff as colleagues
from store.handovers import Row, Said
from store.staff import Colleague
from web.bodies import invalid, json_of
from web.errors import Refused
from web.frame import Frame, frame_of
from web.inbox_errors import NOT_YOURS, SENTENCES
from web.inbox_stream import events
from web.inbox_versions import earlier_versions
from web.inbox_views import (
    IMAGES,
    THEMES,
    Rights,
    Versions,
    Words,
    choices,
    looks_view,
    message_view,
    messages_view,
    person_view,
    rights,
    row_view,
    task_view,
)
from web.inbox_words import inbox_texts
from web.staff import ADMIN_HOME, SignedIn, look_up, only_ours, only_with, paced, signed_in
from web.visitor import CSRF_HEADER

BOXES = ("queue", "mine", "others", "snoozed", "resolved")
FURTHEST = 2**62
LONGEST_QUERY = 200
MORNING = time(9)
MONDAY = 0
FILES = "default-src 'none'; sandbox"
SHOWN_AS = IMAGES | {"application/pdf"}

router = APIRouter(prefix="/inbox")

Number = Annotated[int, Field(ge=0, le=FURTHEST)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
Language = Annotated[str, StringConstraints(pattern=f"^({'|'.join(LANGUAGES)})$")]


class Body(BaseModel):
    """What the page sends along; how long a text may be is said by the desk, in a sentence."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class Nothing(Body):
    pass


class Noted(Body):
    note: str = ""


class PassedOn(Noted):
    to: Number


class Invited(Body):
    who: Number


class Written(Body):
    id: Id
    text: str


class TopicSent(Body):
    id: Id
    slug: str


class Corrected(Body):
    message: Number
    text: str


class Snoozed(Body):
    until: AwareDatetime | None = None
    preset: Literal["1h", "tomorrow", "monday"] | None = None


class Resolved(Body):
    outcome: Literal["solved", "referred", "no_answer", "not_ours"]
    theme: Theme | Literal[""] | None = None
    seen: Number | None = None


class Text(Body):
    text: str


class Muted(Body):
    hours: Annotated[int, Field(ge=0, le=24 * 30)]


class Reported(Body):
    reason: str


class Here(Body):
    gone: bool = False


class Themed(Body):
    theme: Theme | Literal[""] | None


class Translated(Body):
    text: str
    target: Language
    source: Language | None = None


class Suggested(Body):
    kind: Literal["answer", "example"]
    topic: str | None = None
    language: Language
    question: str = ""
    text: str = ""


class Named(Body):
    who: Number
    kind: Literal["mentor", "buddy"] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a colleague who may use the inbox."""

    frame: Frame
    desk: MentorDesk
    who: SignedIn
    language: str

    @property
    def me(self) -> Colleague:
        return self.who.colleague

    @property
    def may_translate(self) -> bool:
        """Where a translator is there, and this colleague has it switched on."""
        return self.desk.can_translate and self.me.translate

    async def words(self, *, people: bool = False) -> Words:
        """`people`: with the names of all colleagues, which the steps of a handover speak of."""
        names = {}
        if people:
            async with self.frame.doors.sessions() as session:
                found = await colleagues.everybody(await session.connection(), also_inactive=True)
            names = {each.id: each.name for each in found}
        return await self.frame.inbox_words(self.language, names)

    def shown(self, row: Row, words: Words) -> dict[str, Any]:
        return row_view(row, rights(staff_of(self.me), case_of(row)), words)


async def asked_by(request: Request, *, active: bool = True) -> Asked:
    frame = frame_of(request)
    who = await signed_in(request, active=active)
    if not access.access_inbox(staff_of(who.colleague)) or frame.doors.desk is None:
        raise Refused(403, "not_yours", NOT_YOURS)
    return Asked(frame, frame.doors.desk, who, frame.language(request))


async def told_by[Shape: Body](request: Request, shape: type[Shape], *, active: bool = True) -> tuple[Asked, Shape]:
    """A request that changes something: from our own page, not too often, with a body that fits."""
    asked = await asked_by(request, active=active)
    only_ours(request)
    only_with(request.headers.get(CSRF_HEADER, ""), asked.who)
    paced(asked.frame.steps, asked.who)
    return asked, await json_of(request, shape)


# --- the page and its lists -------------------------------------------------------------------------------------------


@router.get("")
async def page(request: Request) -> Response:
    frame = frame_of(request)
    me = staff_of((await signed_in(request)).colleague)
    if not access.access_inbox(me):
        return RedirectResponse(ADMIN_HOME, 303)
    return frame.page(request, "inbox.html", start=await _start(await asked_by(request)))


@router.get("/api/start")
async def start(request: Request) -> Response:
    return JSONResponse(await _start(await asked_by(request)))


async def _start(asked: Asked) -> dict[str, Any]:
    me, words = asked.me, await asked.words()
    there = await asked.desk.colleagues(me)
    return {
        "me": {
            "id": me.id,
            "name": me.name,
            "role": me.role,
            "languages": list(me.languages),
            "translate": me.translate,
        },
        "csrf": asked.who.csrf,
        "canTranslate": asked.may_translate,
        "colleagues": [
            {"id": each.id, "name": each.name, "role": each.role, "languages": list(each.languages), "onDuty": on_duty}
            for each, on_duty in there
        ],
        "themes": choices(THEMES, words),
        "outcomes": choices(OUTCOMES, words),
        "counts": asked.frame.inbox.counts(staff_of(me)),
        "language": asked.language,
        "texts": inbox_texts(words.t.gettext),
    }


@router.get("/api/rows")
async def rows(request: Request) -> Response:
    asked = await asked_by(request)
    box, query = request.query_params.get("box", "queue"), _query(request, "q")
    if box not in BOXES:
        raise invalid("box")
    if query:
        paced(asked.frame.searches, asked.who)
    found = await (asked.desk.search(asked.me, query) if query else asked.desk.box(asked.me, box))
    words = await asked.words()
    return JSONResponse({"rows": [asked.shown(row, words) for row in found]})


@router.get("/api/topics")
async def topics(request: Request) -> Response:
    asked = await asked_by(request)
    found = await asked.desk.topics(asked.me, _query(request, "q"), _language(request, asked))
    return JSONResponse({"topics": [{"slug": slug, "title": title} for slug, title in found]})


@router.get("/api/canned")
async def canned(request: Request) -> Response:
    asked = await asked_by(request)
    conversation = _whole(request.query_params.get("conversation", "")) or None
    found = await asked.desk.canned(asked.me, _language(request, asked), _query(request, "q"), conversation)
    return JSONResponse({"canned": [{"key": each.key, "title": each.title, "text": each.text} for each in found]})


@router.get("/api/stream")
async def stream(request: Request) -> Response:
    asked = await asked_by(request, active=False)

    async def still_in() -> bool:
        try:
            found = await look_up(asked.frame, asked.who.token, active=False)
        except SQLAlchemyError:
            return False  # the page comes back by itself
        return found is not None and not found.lacks and access.access_inbox(staff_of(found.colleague))

    session = colleagues.hashed(asked.who.token)
    return StreamingResponse(
        events(asked.frame.inbox, staff_of(asked.me), session, asked.language, still_in=still_in),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


# --- one conversation -------------------------------------------------------------------------------------------------

ONE = "/api/conversations/{conversation}"


@router.get(ONE)
async def conversation(request: Request) -> Response:
    """All at hand. The desk keeps that it was looked at."""
    asked = await asked_by(request)
    number = _conversation(request)
    package = await asked.desk.package(asked.me, number)
    words = await asked.words(people=True)
    may = rights(staff_of(asked.me), case_of(package.row))
    versions = await _versions(asked, number, package.messages, may)
    messages = messages_view(package.messages, asked.me.id, may, words, versions=versions)
    looks = await asked.desk.looks(asked.me, number) if access.access_looks(staff_of(asked.me)) else None
    now = asked.frame.doors.now()
    return JSONResponse(
        {
            "row": row_view(package.row, may, words),
            "person": person_view(package.row, package.profile, package.mentors, package.zone, words, now),
            "tasks": None if package.tasks is None else [task_view(task) for task in package.tasks],
            "earlier": [asked.shown(row, words) for row in package.earlier],
            "messages": messages,
            "notes": [each for each in messages if each["kind"] == "note"],
            "viewers": asked.frame.inbox.viewers(number, without=asked.me.id),
            "looks": None if looks is None else looks_view(looks, words),
        }
    )


@router.get(f"{ONE}/messages")
async def messages_before(request: Request) -> Response:
    asked = await asked_by(request)
    number = _conversation(request)
    try:
        before = datetime.fromisoformat(request.query_params.get("before", ""))
    except ValueError:
        raise invalid("before") from None
    if before.tzinfo is None:
        raise invalid("before")
    may = rights(staff_of(asked.me), case_of(await asked.desk.row(asked.me, number)))
    said = await asked.desk.transcript(asked.me, number, before=before) if may.transcript else []
    return JSONResponse({"messages": await _messages(asked, number, said)})


@router.get(f"{ONE}/since")
async def messages_since(request: Request) -> Response:
    asked = await asked_by(request)
    number = _conversation(request)
    after = {name: _whole(request.query_params.get(name, "")) for name in ("inbound", "outbound", "event", "note")}
    said = await asked.desk.since(asked.me, number, **after)
    return JSONResponse({"messages": await _messages(asked, number, said)})


@router.get(f"{ONE}/suggestion")
async def suggestion(request: Request) -> Response:
    asked = await asked_by(request)
    draft = await asked.desk.suggestion(asked.me, _conversation(request))
    said = {"language": draft.language, "question": draft.question, "text": draft.text}
    return JSONResponse({**said, "removed": list(draft.removed)})


async def _messages(asked: Asked, number: int, said: list[Said]) -> list[dict[str, Any]]:
    """With the words of buttons that were shown longer ago than these messages."""
    may = rights(staff_of(asked.me), case_of(await asked.desk.row(asked.me, number)))
    shown = {payload for each in said for payload, _ in each.buttons}
    labels: dict[str, str] = {}
    if any(each.kind == "recruit" and each.payload and each.payload not in shown for each in said):
        before = await asked.desk.transcript(asked.me, number)
        labels = {payload: label for each in before for payload, label in each.buttons}
    versions = await _versions(asked, number, said, may)
    return messages_view(said, asked.me.id, may, await asked.words(people=True), labels, versions)


async def _versions(asked: Asked, number: int, said: Iterable[Said], may: Rights) -> Versions:
    """Of messages that the person has corrected, the versions that are not among these."""
    if not may.transcript:
        return {}
    async with asked.frame.doors.sessions() as session:
        return await earlier_versions(await session.connection(), number, said)


# --- steps ------------------------------------------------------------------------------------------------------------


@router.post(f"{ONE}/claim")
async def claim(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    return await _row(asked, request, await asked.desk.claim(asked.me, _conversation(request)))


@router.post(f"{ONE}/decline")
async def decline(request: Request) -> Response:
    asked, body = await told_by(request, Noted)
    await asked.desk.decline(asked.me, _conversation(request), body.note)
    return await _row(asked, request)


@router.post(f"{ONE}/pass")
async def pass_on(request: Request) -> Response:
    asked, body = await told_by(request, PassedOn)
    await asked.desk.pass_on(asked.me, _conversation(request), body.to, body.note)
    return await _row(asked, request)


@router.post(f"{ONE}/invite")
async def invite(request: Request) -> Response:
    asked, body = await told_by(request, Invited)
    await asked.desk.invite(asked.me, _conversation(request), body.who)
    return await _row(asked, request)


@router.post(f"{ONE}/join")
async def join(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    return await _row(asked, request, await asked.desk.join(asked.me, _conversation(request)))


@router.post(f"{ONE}/leave")
async def leave(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    await asked.desk.leave(asked.me, _conversation(request))
    return await _row(asked, request)


@router.post(f"{ONE}/snooze")
async def snooze(request: Request) -> Response:
    asked, body = await told_by(request, Snoozed)
    until = body.until or snoozed_until(body.preset, asked.frame.doors.now())
    if until is None:
        raise invalid("until")
    try:
        until = until.astimezone(UTC)
    except OverflowError:
        raise HandingError("until") from None
    return await _row(asked, request, await asked.desk.snooze(asked.me, _conversation(request), until))


@router.post(f"{ONE}/wake")
async def wake(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    return await _row(asked, request, await asked.desk.wake(asked.me, _conversation(request)))


@router.post(f"{ONE}/resolve")
async def resolve(request: Request) -> Response:
    asked, body = await told_by(request, Resolved)
    number, theme = _conversation(request), body.theme or None
    row = await asked.desk.resolve(asked.me, number, outcome=body.outcome, theme=theme, seen=body.seen)
    return await _row(asked, request, row)


@router.post(f"{ONE}/theme")
async def theme(request: Request) -> Response:
    asked, body = await told_by(request, Themed)
    return await _row(asked, request, await asked.desk.set_theme(asked.me, _conversation(request), body.theme or None))


@router.post(f"{ONE}/mute")
async def mute(request: Request) -> Response:
    """For so many hours; 0: not any more."""
    asked, body = await told_by(request, Muted)
    until = asked.frame.doors.now() + timedelta(hours=body.hours) if body.hours else None
    await asked.desk.mute(asked.me, _conversation(request), until)
    return await _row(asked, request)


@router.post(f"{ONE}/report")
async def report(request: Request) -> Response:
    asked, body = await told_by(request, Reported)
    await asked.desk.report(asked.me, _conversation(request), body.reason)
    return await _row(asked, request)


@router.post(f"{ONE}/mentor")
async def name_mentor(request: Request) -> Response:
    """Name somebody as the person's mentor or buddy; None: no longer."""
    asked, body = await told_by(request, Named)
    await asked.desk.set_mentorship(asked.me, _conversation(request), body.who, body.kind)
    return await _row(asked, request)


@router.post(f"{ONE}/read")
async def read(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    number = _conversation(request)
    await asked.desk.row(asked.me, number)
    await asked.desk.read(asked.me, number)
    return await _row(asked, request)


@router.post(f"{ONE}/typing")
async def typing(request: Request) -> Response:
    asked, _ = await told_by(request, Nothing)
    await asked.desk.typing(asked.me, _conversation(request))
    return JSONResponse({})


@router.post(f"{ONE}/here")
async def here(request: Request) -> Response:
    """The page says so by itself every twenty seconds, which keeps nobody signed in."""
    asked, body = await told_by(request, Here, active=False)
    await asked.desk.here(asked.me, _conversation(request), gone=body.gone)
    return JSONResponse({})


# --- writing ----------------------------------------------------------------------------------------------------------


@router.post(f"{ONE}/reply")
async def reply(request: Request) -> Response:
    asked, body = await told_by(request, Written)
    number = _conversation(request)
    sent = await asked.desk.write(asked.me, number, body.text, source=_source(asked, body.id))
    return await _message(asked, number, outbound=sent)


@router.post(f"{ONE}/topic")
async def send_topic(request: Request) -> Response:
    asked, body = await told_by(request, TopicSent)
    number = _conversation(request)
    sent = await asked.desk.send_topic(asked.me, number, body.slug, source=_source(asked, body.id))
    return await _message(asked, number, outbound=sent)


@router.post(f"{ONE}/edit")
async def edit(request: Request) -> Response:
    asked, body = await told_by(request, Corrected)
    number = _conversation(request)
    await asked.desk.row(asked.me, number)
    await asked.desk.edit(asked.me, body.message, body.text)
    return await _message(asked, number, outbound=body.message)


@router.post(f"{ONE}/note")
async def note(request: Request) -> Response:
    asked, body = await told_by(request, Text)
    number = _conversation(request)
    return await _message(asked, number, note=await asked.desk.note(asked.me, number, body.text))


@router.post(f"{ONE}/translate")
async def translate(request: Request) -> Response:
    """From the language given, else the person's, else (where that is wanted) from the colleague's own."""
    asked, body = await told_by(request, Translated)
    row = await asked.desk.row(asked.me, _conversation(request))
    if not asked.may_translate:
        raise HandingError("no_translator")
    text = storable(body.text)
    if not text:
        raise Refused(422, "empty", SENTENCES["empty"][1])
    source = body.source or (row.language if row.language != body.target else asked.language)
    return JSONResponse({"text": await asked.desk.translate(asked.me, text, source=source, target=body.target)})


@router.post(f"{ONE}/suggest")
async def suggest(request: Request) -> Response:
    asked, body = await told_by(request, Suggested)
    number = await asked.desk.suggest(
        asked.me,
        _conversation(request),
        kind=body.kind,
        topic=body.topic or None,
        language=body.language,
        question=body.question,
        text=body.text,
    )
    return JSONResponse({"id": number})


# --- files ------------------------------------------------------------------------------------------------------------


@router.get("/attachments/{number}")
async def attachment(request: Request) -> Response:
    """A file that a person sent, always as a download; an image may be shown inside our own page."""
    asked = await asked_by(request)
    try:
        number = UUID(request.path_params["number"])
    except ValueError:
        raise HandingError("unknown") from None
    file, content = await asked.desk.attachment(asked.me, number)
    inline = request.query_params.get("inline") == "1" and file.kind in IMAGES
    headers = {
        "Content-Disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": FILES,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    kind = file.kind if file.kind in SHOWN_AS else "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)


# --- inside -----------------------------------------------------------------------------------------------------------


def snoozed_until(preset: str | None, now: datetime) -> datetime | None:
    """In an hour; or nine o'clock in Denmark, tomorrow or on the Monday that comes."""
    if preset == "1h":
        return now + timedelta(hours=1)
    today = now.astimezone(COPENHAGEN).date()
    days = {"tomorrow": 1, "monday": (MONDAY - today.weekday() - 1) % 7 + 1}.get(preset or "")
    return datetime.combine(today + timedelta(days=days), MORNING, COPENHAGEN) if days else None


async def _row(asked: Asked, request: Request, row: Row | None = None) -> Response:
    """How it stands after a step; None where it is not for this colleague any more."""
    number = _conversation(request)
    try:
        row = row or await asked.desk.row(asked.me, number)
    except HandingError:
        return JSONResponse({"row": None, "gone": number})
    return JSONResponse({"row": asked.shown(row, await asked.words())})


async def _message(asked: Asked, number: int, *, outbound: int = FURTHEST, note: int = FURTHEST) -> Response:
    """What has just been written, as the page shows it."""
    after = {"outbound": outbound - 1, "note": note - 1}
    said = await asked.desk.since(asked.me, number, inbound=FURTHEST, event=FURTHEST, **after)
    may = rights(staff_of(asked.me), case_of(await asked.desk.row(asked.me, number)))
    words = await asked.words()
    own = (each for each in said if each.id == (note if each.kind == "note" else outbound))
    views = [message_view(each, asked.me.id, may, words, {}) for each in own]
    return JSONResponse({"message": views[0] if views else None})


def _source(asked: Asked, id_: str) -> str:
    return f"web:{asked.me.id}:{id_}"


def _conversation(request: Request) -> int:
    number = _whole(request.path_params["conversation"])
    if not number:
        raise HandingError("unknown")
    return number


def _whole(text: str) -> int:
    """0 for what is no number that a table could hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _query(request: Request, name: str) -> str:
    return storable(request.query_params.get(name, ""))[:LONGEST_QUERY]


def _language(request: Request, asked: Asked) -> str:
    wanted = request.query_params.get("language", "")
    return wanted if wanted in LANGUAGES else asked.language
