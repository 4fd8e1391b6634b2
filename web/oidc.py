"""Signing in at the municipality's own place: sending somebody there, and letting in who comes back.

Known by the subject that the provider gives them; the first time, by a confirmed address that has an account here.
What an attempt must come back with is kept sealed in a cookie of the browser that began it, so that no attempt of
anybody else's can be finished there.
"""

import hmac
import json
import secrets
from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.settings import Settings
from i18n.translator import msgid
from store import staff as colleagues
from store.staff import Colleague
from web.errors import Refused
from web.frame import Frame, frame_of
from web.provider import Attempt, Known, Provider, ProviderError
from web.seal import sealed, unsealed
from web.staff import TOO_OFTEN, enter, login_page, note, safe_next
from web.visitor import is_secure

COOKIE, PATH = "velkommen_oidc", "/staff/oidc"
SECONDS = 600
SEALED = "oidc attempt"
NOT_HERE = msgid("Page not found")
NOT_NOW = msgid("Signing in with your organisation does not work at the moment. Use your password, or try again later.")
NOT_BEGUN = msgid("This attempt to sign in was not begun in this browser, or too long ago. Please try once more.")
NOT_DONE = msgid("You did not sign in with your organisation. Please try once more, or use your password.")
NO_ACCOUNT = msgid(
    "Your organisation knows you, but there is no account here for you, or it is switched off. "
    "Ask a supervisor or an administrator for one with your work e-mail address."
)

log = structlog.get_logger()
router = APIRouter(prefix=PATH)


@router.get("")
async def leave(request: Request) -> Response:
    frame, provider = _provider(request)
    wanted, now = safe_next(request.query_params.get("next", "")), frame.doors.now()
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    network = request.client.host if request.client else ""
    if seconds := frame.sign_ins.wait(f"oidc {attempt.state}", network):
        return login_page(request, 429, TOO_OFTEN, next_=wanted, seconds=seconds)
    try:
        address = await provider.address(attempt, _back(frame.doors.settings), now=now)
    except ProviderError as error:
        return _failed(request, error, wanted)
    kept = json.dumps([attempt.state, attempt.nonce, attempt.verifier, wanted])
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE, sealed(frame.doors.settings.secret_key, SEALED, kept, now=now), max_age=SECONDS, httponly=True,
        secure=is_secure(request, frame.doors.settings), samesite="lax", path=PATH,
    )  # fmt: skip
    return response


@router.get("/back")
async def come_back(request: Request) -> Response:
    frame, provider = _provider(request)
    response = await _came_back(request, frame, provider)
    response.delete_cookie(COOKIE, path=PATH)
    return response


async def _came_back(request: Request, frame: Frame, provider: Provider) -> Response:
    now, asked = frame.doors.now(), request.query_params
    begun = _begun(request, frame, now)
    if begun is None:
        return login_page(request, 403, NOT_BEGUN)
    attempt, wanted = begun
    if not hmac.compare_digest(asked.get("state", "").encode("utf-8", "replace"), attempt.state.encode()):
        return login_page(request, 403, NOT_BEGUN, next_=wanted)
    if "error" in asked or not asked.get("code"):
        log.info("sign-in refused", how="oidc", reason="not done")
        return login_page(request, 401, NOT_DONE, next_=wanted)
    try:
        known = await provider.known(asked["code"], attempt, _back(frame.doors.settings), now=now)
    except ProviderError as error:
        return _failed(request, error, wanted)
    async with frame.doors.sessions.begin() as session:
        who = await _account(await session.connection(), frame, known)
    if who is None:
        log.info("sign-in refused", how="oidc", reason="no account")
        return login_page(request, 403, NO_ACCOUNT, next_=wanted)
    return await enter(request, who, wanted, how="oidc", second=known.second)


async def _account(connection: AsyncConnection, frame: Frame, known: Known) -> Colleague | None:
    """Whose account it is; at the first time, the one with their confirmed address is linked to them."""
    who = await colleagues.by_subject(connection, known.subject)
    if who is not None:
        return who if who.active else None
    who = await colleagues.by_email(connection, known.email) if known.email else None
    if who is None or not await colleagues.link_subject(connection, who.id, known.subject):
        return None
    await note(connection, frame, who, "oidc.linked")
    return who


def _begun(request: Request, frame: Frame, now: datetime) -> tuple[Attempt, str] | None:
    """The attempt that this browser has begun, and where it wanted to go."""
    kept, key = request.cookies.get(COOKIE, ""), frame.doors.settings.secret_key
    found = unsealed(key, SEALED, kept, now=now, seconds=SECONDS)
    if found is None:
        return None
    state, nonce, verifier, wanted = json.loads(found)
    return Attempt(state, nonce, verifier), safe_next(wanted)


def _failed(request: Request, error: ProviderError, wanted: str) -> Response:
    log.warning("sign-in with the organisation failed", error=str(error))
    return login_page(request, 502, NOT_NOW, next_=wanted)


def _provider(request: Request) -> tuple[Frame, Provider]:
    frame = frame_of(request)
    if frame.provider is None:
        raise Refused(404, "unknown", NOT_HERE)
    return frame, frame.provider


def _back(settings: Settings) -> str:
    """Where the provider sends them back to; it must know this very address."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}{PATH}/back"
