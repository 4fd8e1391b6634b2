"""What the page's script calls: send, read, listen, rate."""

import json
import re
from dataclasses import dataclass

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import JsonValue

from core.messages import Inbound, Kind, storable
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from store import people, transcript
from web.errors import Refused
from web.frame import Frame, frame_of
from web.render import transcript_view
from web.stream import events
from web.visitor import CSRF_HEADER, is_secure, keep_visitor, same_origin

LONGEST_TEXT = 4_000
LONGEST_PAYLOAD = 64  # bytes, as on every channel
LARGEST_BODY = 64_000
HISTORY = 200
CLIENT_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
NOT_SENT = msgid("This message could not be sent.")
TOO_LONG = msgid("This message is too long. Please send at most {count} characters at a time.")
TOO_MANY = msgid("Too many messages at once. Please wait {seconds} seconds.")

log = structlog.get_logger()
router = APIRouter(prefix="/api")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the page sent it: `id` is made there, so that sending again is harmless."""

    id: str
    text: str
    payload: str


@router.get("/session")
async def session(request: Request) -> Response:
    """A fresh token for a page whose cookie is gone; cross-site scripts cannot read the answer."""
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies) or frame.visitors.new()
    response = JSONResponse({"token": frame.visitors.token(visitor)})
    settings = frame.doors.settings
    keep_visitor(
        response,
        frame.visitors.signed(visitor),
        framed=request.query_params.get("framed") == "1",
        secure=is_secure(request, settings),
        days=settings.retention_days,
    )
    return response


@router.post("/messages", status_code=202)
async def send(request: Request) -> Response:
    frame = frame_of(request)
    visitor = writer(request, frame)
    sent = parse_sent(await _body(request))
    seconds = frame.limits.wait(visitor, request.client.host if request.client else "")
    if seconds:
        raise Refused(
            429,
            "too-many",
            TOO_MANY,
            headers={"Retry-After": str(seconds)},
            seconds=seconds,
        )
    inbound = to_inbound(sent, visitor, frame, request)
    conversation = await frame.doors.accept(inbound)
    log.info("message received", channel="web", kind=inbound.kind.value, conversation=conversation)
    if conversation is not None:
        await frame.channel.received(visitor, sent.id)
    return JSONResponse({"id": sent.id, "at": inbound.received_at.isoformat()}, status_code=202)


@router.get("/messages")
async def read(request: Request, after: int = 0) -> Response:
    """The conversation so far, or what came after one reply."""
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies)
    if visitor is None:
        return JSONResponse({"messages": []})
    async with frame.doors.sessions() as session:
        if after:
            messages = await transcript.since(session, "web", visitor, after=after, limit=HISTORY)
        else:
            messages = await transcript.history(session, "web", visitor, limit=HISTORY)
    return JSONResponse({"messages": transcript_view(messages, await _labels(frame, request))})


@router.get("/stream")
async def stream(request: Request, after: int = 0) -> Response:
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies)
    if visitor is None:
        raise Refused(403, "unknown-visitor", NOT_SENT)
    last = request.headers.get("last-event-id", "")
    seen = int(last) if last.isdecimal() else after
    return StreamingResponse(
        events(frame.doors.sessions, frame.hub, visitor, after=min(seen, 2**62), stands=frame.doors.standing),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.post("/rating", status_code=204)
async def rate(request: Request) -> Response:
    """Thumbs on an answer of the visitor's own; pressing again changes the earlier one."""
    frame = frame_of(request)
    visitor = writer(request, frame)
    body = await _body(request)
    reply_id, value = body.get("reply"), body.get("value")
    if not isinstance(reply_id, int) or value not in (1, -1) or not 0 < reply_id < 2**62:
        raise Refused(400, "not-a-rating", NOT_SENT)
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        value = 1 if value == 1 else -1
        if not await people.rate(connection, "web", visitor, reply_id, value, now=frame.doors.now()):
            raise Refused(404, "no-such-answer", NOT_SENT)
    return Response(status_code=204)


def parse_sent(body: dict[str, JsonValue]) -> Sent:
    """A message out of the page's JSON; Refused with a sentence for the person if it is none."""
    id_, text, payload = body.get("id"), body.get("text", ""), body.get("payload", "")
    if not (isinstance(id_, str) and CLIENT_ID.fullmatch(id_) and isinstance(text, str) and isinstance(payload, str)):
        raise Refused(400, "not-a-message", NOT_SENT)
    text = storable(text)
    if len(text) > LONGEST_TEXT:
        raise Refused(413, "too-long", TOO_LONG, count=LONGEST_TEXT)
    payload = storable(payload)
    if len(payload.encode()) > LONGEST_PAYLOAD or bool(text) == bool(payload):
        raise Refused(400, "empty" if not payload else "not-a-message", NOT_SENT)
    return Sent(id_, text, payload)


def to_inbound(sent: Sent, visitor: str, frame: Frame, request: Request) -> Inbound:
    kind, text = Kind.TEXT, sent.text
    if sent.payload:
        kind = Kind.BUTTON
    elif re.fullmatch(r"/\w+", text):
        kind, text = Kind.COMMAND, text[1:]
    return Inbound(
        channel="web",
        address=visitor,
        update_id=f"{visitor}:{sent.id}",
        kind=kind,
        received_at=frame.doors.now(),
        text=text,
        payload=sent.payload,
        language_hint=frame.language(request),
    )


def writer(request: Request, frame: Frame) -> str:
    """The visitor, if this request comes from our own page opened with their cookie."""
    visitor = frame.visitors.known(request.cookies)
    public_url = frame.doors.settings.public_url
    if not same_origin(request.headers.get("origin"), request.headers.get("host", ""), public_url):
        raise Refused(403, "other-origin", NOT_SENT)
    if visitor is None or not frame.visitors.token_fits(visitor, request.headers.get(CSRF_HEADER, "")):
        raise Refused(403, "token", NOT_SENT)
    return visitor


async def _body(request: Request) -> dict[str, JsonValue]:
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY:
            raise Refused(413, "too-long", TOO_LONG, count=LONGEST_TEXT)
    try:
        body = json.loads(received)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not-json", NOT_SENT) from error
    if not isinstance(body, dict):
        raise Refused(400, "not-json", NOT_SENT)
    return body


async def _labels(frame: Frame, request: Request) -> dict[str, str]:
    """What the page's own buttons say: the suggestions and the menu."""
    gettext = frame.translator(request).gettext
    welcome = await frame.doors.welcome(frame.language(request))
    own = {"mydata": gettext("Download my data"), "forget": gettext("Delete my data")}
    own["invited:"] = gettext("I was invited")
    own |= {f"language:{each.code}": each.own_name for each in LANGUAGES.values()}
    return own | {button.payload: button.label for button in welcome.buttons if button.payload}
