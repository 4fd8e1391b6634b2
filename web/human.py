"""What the page's script calls while a human is asked for: how that stands, that the person is writing, their files."""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from core.files import IMAGES, LARGEST, kind_of, safe_name
from core.messages import FileSent, Inbound, Kind, storable
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from web.chat import CLIENT_ID, NOT_SENT, TOO_MANY, writer
from web.errors import Refused
from web.frame import frame_of
from web.stream import standing_view

LONGEST_NAME = 200  # characters, before it is made safe
MEGABYTES = LARGEST // 2**20
FILE_TOO_BIG = msgid("This file is too big. Please send at most {count} MB.")
FILE_KIND = msgid("We can't pass on this kind of file. A photo (JPEG, PNG or WebP) or a PDF works.")
NOBODY_ASKED = msgid("Files go to mentors only. Ask for a mentor first.")

log = structlog.get_logger()
router = APIRouter(prefix="/api")


@router.get("/standing")
async def standing(request: Request) -> Response:
    """Who speaks with the visitor now; a promise is in the language asked for, else in theirs."""
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies) or ""
    asked = request.query_params.get("lang")
    now = await frame.doors.standing(visitor, asked if asked in LANGUAGES else None)
    return JSONResponse(standing_view(now))


@router.post("/typing", status_code=204)
async def typing(request: Request) -> Response:
    """The person is writing to a mentor; without one nobody is told."""
    frame = frame_of(request)
    visitor = writer(request, frame)
    if not frame.signs.wait(visitor, _network(request)):
        await frame.doors.recruit_typing(visitor)
    return Response(status_code=204)


@router.post("/files", status_code=202)
async def send_file(request: Request) -> Response:
    """A photo or PDF for the mentors: the bare bytes. The same id again is the same file."""
    frame = frame_of(request)
    visitor = writer(request, frame)
    id_, name = request.query_params.get("id", ""), storable(request.query_params.get("name", ""))[:LONGEST_NAME]
    if not CLIENT_ID.fullmatch(id_):
        raise Refused(400, "not-a-message", NOT_SENT)
    if not (await frame.doors.standing(visitor)).files:
        raise Refused(409, "nobody-asked", NOBODY_ASKED)
    if seconds := frame.files.wait(visitor, _network(request)):
        raise Refused(429, "too-many", TOO_MANY, headers={"Retry-After": str(seconds)}, seconds=seconds)
    content = await _content(request)
    kind = kind_of(content)
    if kind is None:
        raise Refused(415, "kind", FILE_KIND)
    inbound = Inbound(
        channel="web",
        address=visitor,
        update_id=f"{visitor}:{id_}",
        kind=Kind.PHOTO if kind in IMAGES else Kind.FILE,
        received_at=frame.doors.now(),
        language_hint=frame.language(request),
        file=FileSent("", name, kind, len(content)),
    )
    conversation = await frame.doors.accept(inbound, content)
    log.info("file received", channel="web", kind=kind, size=len(content), conversation=conversation)
    if conversation is not None:
        await frame.channel.received(visitor, id_)
    answer = {"id": id_, "at": inbound.received_at.isoformat(), "name": safe_name(name, kind)}
    return JSONResponse(answer, status_code=202)


async def _content(request: Request) -> bytes:
    """The body, read only as far as it may be long."""
    too_big = Refused(413, "too-big", FILE_TOO_BIG, count=MEGABYTES)
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed) > LARGEST:
        raise too_big
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST:
            raise too_big
    return bytes(received)


def _network(request: Request) -> str:
    return request.client.host if request.client else ""
