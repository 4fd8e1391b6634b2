"""What every page and every step of the admin backend goes through: who asks, what they may, what is noted of it.

A page is declared with the right that it needs, so that none is ever served without having been asked for.
"""

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from core import rights
from core.days import COPENHAGEN, danish_day
from core.errors import VelkommenError
from i18n.languages import DEFAULT, LANGUAGES, OFFICE
from i18n.translator import msgid
from knowledge.library import Library
from knowledge.shelf import FRESH
from store import audit
from store.staff import Colleague
from web.bodies import NOT_READABLE, TOO_LARGE, Form, one
from web.doors import Translator
from web.errors import Refused
from web.frame import Frame, frame_of
from web.staff import SignedIn, only_ours, only_with, paced, signed_in

HOME = "/admin"
LARGEST_FORM, LARGEST_FILE, MOST_FIELDS = 1_000_000, 5_000_000, 3_000
NOT_YOURS = msgid("Your role may not do this. Ask an administrator if it should.")
GONE = msgid("This is not here any more.")
UNFIT = msgid("Something is missing or does not fit here.")
SECOND = "/admin/me/second"
# The rail: noun, address, the right that opens it; and below some of them the tabs.
RAIL: tuple[tuple[str, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (msgid("Answers"), "/admin/answers", "answers.read", (
        (msgid("Topics"), "/admin/answers", "answers.read"),
        (msgid("The bot's sentences"), "/admin/texts/reply", "texts.read"),
        (msgid("Ready replies"), "/admin/texts/canned", "texts.read"),
        (msgid("Danish words"), "/admin/texts/term", "texts.read"),
        (msgid("Danger"), "/admin/danger", "texts.read"),
        (msgid("Municipalities"), "/admin/municipalities", "texts.read"),
    )),
    (msgid("Figures"), "/admin/figures", "figures.read", ()),
    (msgid("Gaps"), "/admin/gaps", "gaps.read", (
        (msgid("Questions"), "/admin/gaps", "gaps.read"),
        (msgid("Suggestions"), "/admin/gaps/suggestions", "gaps.read"),
        (msgid("Training"), "/admin/training", "training.read"),
    )),
    (msgid("Checklists"), "/admin/checklists", "checklists.read", (
        (msgid("Tasks"), "/admin/checklists", "checklists.read"),
        (msgid("Documents"), "/admin/texts/document", "texts.read"),
    )),
    (msgid("People"), "/admin/people", "people.read", (
        (msgid("Recruits"), "/admin/people", "people.read"),
        (msgid("Invitations"), "/admin/invitations", "people.invite"),
    )),
    (msgid("Announcements"), "/admin/announcements", "announcements.read", (
        (msgid("Announcements"), "/admin/announcements", "announcements.read"),
        (msgid("Corrections"), "/admin/corrections", "corrections.read"),
    )),
    (msgid("Numbers"), "/admin/numbers", "numbers.read", ()),
    (msgid("Settings"), "/admin/settings", "me", (
        (msgid("Colleagues"), "/admin/settings", "staff.read"),
        (msgid("Hours"), "/admin/hours", "hours.read"),
        (msgid("Keys of other systems"), "/admin/keys", "keys.read"),
        (msgid("Audit log"), "/admin/audit", "audit.read"),
        (msgid("My account"), "/admin/me", "me"),
    )),
)  # fmt: skip
# What a page says once after a step, by its word in the address.
SAID: dict[str, str] = {
    "saved": msgid("Saved."),
    "removed": msgid("Removed. The history keeps it."),
    "published": msgid("Published. The next answer says it."),
    "submitted": msgid("Sent to review."),
    "sent_back": msgid("Sent back to the writer."),
    "discarded": msgid("The draft is gone. What is published stays."),
    "restored": msgid("Brought back. The next answer says it."),
}

PUBLISHING = frozenset({"published", "restored", "removed"})

log = structlog.get_logger()


def says(word: str, sentence: str) -> None:
    """Have a page say a sentence (msgid) after a step: `room.back(address, said=word)`."""
    assert SAID.setdefault(word, sentence) == sentence, f"{word!r} says something else already"


class Unfit(VelkommenError):
    """A form that cannot be taken: a sentence (msgid), and the field that it is about."""

    def __init__(self, sentence: str = UNFIT, field: str = "", **named: Any) -> None:
        super().__init__(sentence)
        self.sentence, self.field, self.named = sentence, field, named


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that came with a form."""

    name: str
    content: bytes


@dataclass(slots=True)
class Room:
    """One request of somebody who may be here. settles: something was published, so that the answer waits for a moment
    until every process says it.
    """

    request: Request
    frame: Frame
    who: SignedIn
    action: str
    language: str
    t: Translator
    now: datetime
    file: Sent | None = None
    settles: bool = False
    typed: Form = field(default_factory=dict)

    @property
    def me(self) -> Colleague:
        return self.who.colleague

    def may(self, action: str) -> bool:
        return rights.may(self.me.role, action)

    def writes(self, *, language: str = "", theme: str = "") -> bool:
        """Whether an account that keeps to languages and themes keeps to this one, too."""
        return may_write(self.me, language=language, theme=theme)

    def param(self, name: str) -> str:
        """A part of the address; what the database could not look up is nowhere."""
        value = str(self.request.path_params.get(name, ""))
        return value if "\0" not in value and value.isprintable() else self.gone()

    def number(self, name: str) -> int:
        """A part of the address that is a whole number; anything else is nowhere."""
        value = self.param(name)
        if not (value.isascii() and value.isdecimal() and len(value) < 19):
            self.gone()
        return int(value)

    def query(self, name: str) -> str:
        value = self.request.query_params.get(name, "").replace("\0", "").strip()
        return value.encode("utf-8", "replace").decode()[:500]

    def page_number(self) -> int:
        """Which page of a list is asked for, from 1 on."""
        asked = self.query("page")
        return min(max(int(asked), 1), 100_000) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.frame.doors.sessions() as session:
            yield await session.connection()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, kept at the end."""
        async with self.frame.doors.sessions.begin() as session:
            yield await session.connection()

    async def audit(self, connection: AsyncConnection, what: str, about: str = "", **data: Any) -> None:
        """Note what is done, in the transaction that does it; never what a person wrote."""
        who, staff_id = self.me.name, self.me.id
        await audit.add(connection, staff_id=staff_id, who=who, what=what, about=about, now=self.now, **data)
        log.info("admin", what=what, about=about, by=staff_id)

    async def library(self) -> Library:
        return await self.frame.doors.library()

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        said = SAID.get(self.query("said"), "")
        given: dict[str, Any] = {
            "room": self, "me": self.me, "may": self.may, "csrf": self.who.csrf, "ngettext": self.t.ngettext,
            "said": self.t.gettext(said) if said else "", "rail": self._rail(), "refused": None,
            "today": danish_day(self.now), "danish": danish,
            "office": [LANGUAGES[code] for code in OFFICE], **values,
        }  # fmt: skip
        return self.frame.page(self.request, template, language=self.language, status=status, **given)

    def refused(self, error: Unfit, typed: Form | None = None) -> dict[str, Any]:
        """For a template: which field is wrong, why, and everything as it was typed."""
        sentence = self.t.gettext(error.sentence, **error.named)
        return {"field": error.field, "sentence": sentence, "typed": self.typed if typed is None else typed}

    def back(self, address: str, said: str = "") -> Response:
        if said:
            assert said in SAID, said
            self.settles = self.settles or said in PUBLISHING
            address += ("&" if "?" in address else "?") + urlencode({"said": said})
        return RedirectResponse(address, 303)

    def gone(self) -> NoReturn:
        raise Refused(404, "unknown", GONE)

    def not_yours(self) -> NoReturn:
        raise Refused(403, "not_yours", NOT_YOURS)

    def _rail(self) -> list[dict[str, Any]]:
        """What of the rail this colleague may open; where they are is marked."""
        path = self.request.url.path
        best = max((each for each in _addresses() if path == each or path.startswith(f"{each}/")), key=len, default="")
        shown = []
        for noun, address, action, tabs in RAIL:
            own = [
                {"noun": self.t.gettext(name), "address": to, "here": to == best}
                for name, to, right in tabs
                if self.may(right)
            ]
            if self.may(action) and (own or not tabs):
                here = address == best or any(to == best for _, to, _ in tabs)
                first = own[0]["address"] if own else address
                shown.append({"noun": self.t.gettext(noun), "address": first, "here": here, "tabs": own})
        return shown


@functools.cache
def _addresses() -> tuple[str, ...]:
    return tuple({address for _, own, _, tabs in RAIL for address in (own, *(tab[1] for tab in tabs))})


def may_write(colleague: Colleague, *, language: str = "", theme: str = "") -> bool:
    if colleague.role not in rights.KEPT_TO:
        return True
    fits_language = not language or not colleague.languages or language in colleague.languages
    return fits_language and (not theme or not colleague.themes or theme in colleague.themes)


def danish(moment: datetime) -> datetime:
    return moment.astimezone(COPENHAGEN)


# --- declaring pages --------------------------------------------------------------------------------------------------

type See = Callable[[Room], Awaitable[Response]]
type Do = Callable[[Room, Form], Awaitable[Response]]


class Rooms(APIRouter):
    """Pages (`see`) and steps (`do`) below one address, each with the right that it needs."""

    def see(self, path: str, action: str, *, json: bool = False) -> Callable[[See], See]:
        assert action in rights.RIGHTS, action

        def declare(page: See) -> See:
            async def endpoint(request: Request) -> Response:
                async with _answering(request, json) as answer:
                    answer.response = await page(await enter(request, action))
                return answer.response

            self._add(path, endpoint, "GET", action, page.__name__)
            return page

        return declare

    def do(self, path: str, action: str, *, json: bool = False, upload: bool = False) -> Callable[[Do], Do]:
        assert action in rights.RIGHTS, action

        def declare(step: Do) -> Do:
            async def endpoint(request: Request) -> Response:
                async with _answering(request, json) as answer:
                    only_ours(request)
                    room = await enter(request, action)
                    form = await _form(request, room, upload=upload)
                    only_with(one(form, "csrf"), room.who)
                    paced(room.frame.steps, room.who)
                    answer.response = await step(room, form)
                    if room.settles:
                        await asyncio.sleep(FRESH)
                return answer.response

            self._add(path, endpoint, "POST", action, step.__name__)
            return step

        return declare

    def _add(self, path: str, endpoint: Any, method: str, action: str, name: str) -> None:
        endpoint.action = action
        self.add_api_route(path, endpoint, methods=[method], name=name, response_model=None)


async def enter(request: Request, action: str) -> Room:
    """Whoever asks, if they are signed in and may; SignedOut or Refused otherwise."""
    who = await signed_in(request)
    frame = frame_of(request)
    if not rights.may(who.colleague.role, action):
        raise Refused(403, "not_yours", NOT_YOURS)
    language = frame.language(request)
    language = language if language in OFFICE else DEFAULT
    return Room(request, frame, who, action, language, frame.doors.translator(language), frame.doors.now())


class _Answer:
    response: Response


@asynccontextmanager
async def _answering(request: Request, json: bool) -> AsyncGenerator[_Answer]:
    """A form that doesn't fit and that its page did not show again; the page's own script gets every refusal as JSON."""
    answer = _Answer()
    try:
        yield answer
    except Unfit as error:
        refused = Refused(422, "invalid", error.sentence, **{"field": error.field, **error.named})
        if not json:
            raise refused from error
        answer.response = _as_json(request, refused)
    except Refused as error:
        if not json:
            raise
        answer.response = _as_json(request, error)


def _as_json(request: Request, error: Refused) -> Response:
    sentence = frame_of(request).translator(request).gettext(error.msgid, **error.named)
    content = {"error": error.code, "message": sentence, "field": error.named.get("field", "")}
    return JSONResponse(content, status_code=error.status, headers=error.headers)


async def _form(request: Request, room: Room, *, upload: bool) -> Form:
    body = await _body(request, LARGEST_FILE + LARGEST_FORM if upload else LARGEST_FORM)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        pairs = await _multipart(request, room, body)
    else:
        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise Refused(422, "invalid", NOT_READABLE) from None
    form: Form = {}
    for name, value in pairs:
        clean = value.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace").decode()
        form.setdefault(name, []).append(clean)
    room.typed = form
    return form


async def _multipart(request: Request, room: Room, body: bytes) -> list[tuple[str, str]]:
    async def whole() -> AsyncGenerator[bytes]:
        yield body

    limits = {"max_files": 1, "max_fields": MOST_FIELDS, "max_part_size": LARGEST_FORM}
    try:
        parts = await MultiPartParser(request.headers, whole(), **limits).parse()
    except (MultiPartException, KeyError, ValueError):
        raise Refused(422, "invalid", NOT_READABLE) from None
    pairs = []
    for name, value in parts.multi_items():
        if isinstance(value, UploadFile):
            room.file = Sent(value.filename or "", await value.read())
        else:
            pairs.append((name, value))
    return pairs


async def _body(request: Request, most: int) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise Refused(413, "too_long", TOO_LARGE)
    return bytes(received)
