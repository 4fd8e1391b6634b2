"""The page that an invitation's link leads to: one button, which opens the chat as the person who was invited.

Looking at the page uses nothing up: programs that only look at links, as messengers do, never press the button.
"""

import re
import secrets

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.inviting import PRESSED
from core.messages import Inbound, Kind
from core.settings import Settings
from i18n.translator import msgid
from store.invitations import LENGTH
from web.bodies import form_of, one
from web.chat import NOT_SENT, TOO_MANY
from web.errors import Refused
from web.frame import frame_of
from web.visitor import is_secure, keep_visitor, same_origin

CODE = re.compile(rf"[a-z]{{{LENGTH}}}")
# On the card that somebody is given, in their language.
CARD = msgid("Velkommen answers your questions about living and working in Denmark. Scan a code to begin.")
UNTIL = msgid("Good until {day}")
IN_BROWSER = msgid("In the browser")
NO_CODE = "-"  # opens nothing; the chat says so kindly

log = structlog.get_logger()
router = APIRouter(prefix="/i")


def address(settings: Settings, code: str) -> str:
    """The web address of an invitation."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}/i/{code}"


@router.get("/{code}")
async def invited(request: Request, code: str) -> Response:
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies) or frame.visitors.new()
    response = frame.page(request, "invited.html", token=frame.visitors.token(visitor))
    settings = frame.doors.settings
    secure, days = is_secure(request, settings), settings.retention_days
    keep_visitor(response, frame.visitors.signed(visitor), framed=False, secure=secure, days=days)
    return response


@router.post("/{code}")
async def open_chat(request: Request, code: str) -> Response:
    """The chat hears of the code as of a button that was pressed there."""
    frame = frame_of(request)
    visitor = frame.visitors.known(request.cookies)
    if not same_origin(request.headers.get("origin"), request.headers.get("host", ""), frame.doors.settings.public_url):
        raise Refused(403, "other-origin", NOT_SENT)
    token = one(await form_of(request), "token")
    if visitor is None or not frame.visitors.token_fits(visitor, token):
        return RedirectResponse(
            f"/i/{code}" if CODE.fullmatch(code.lower()) else "/", 303
        )  # without cookies, once more
    if seconds := frame.limits.wait(visitor, request.client.host if request.client else ""):
        raise Refused(429, "too-many", TOO_MANY, headers={"Retry-After": str(seconds)}, seconds=seconds)
    known = code.lower() if CODE.fullmatch(code.lower()) else NO_CODE
    pressed = Inbound(
        channel="web",
        address=visitor,
        update_id=f"{visitor}:{secrets.token_hex(8)}",
        kind=Kind.BUTTON,
        received_at=frame.doors.now(),
        payload=f"{PRESSED}{known}",
        language_hint=frame.language(request),
    )
    await frame.doors.accept(pressed)
    return RedirectResponse("/", 303)
