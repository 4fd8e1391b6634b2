"""The second factor: codes that a telephone makes anew every half minute, and recovery codes for when it is gone.

A session that lacks it may do nothing but ask for it. A code is taken once, wrong ones count as wrong passwords do. Its
secret is kept encrypted, the recovery codes as their hashes.
"""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal

import pyotp
import segno
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.settings import Settings
from i18n.translator import msgid
from store import staff as colleagues
from store.staff import NEED_SECOND, Factor
from web.admin.room import says
from web.bodies import Form, form_of, one
from web.errors import Refused
from web.frame import Frame, frame_of
from web.seal import sealed, unsealed
from web.staff import (
    CODE_PAGE,
    SET_UP_PAGE,
    TOO_OFTEN,
    SignedIn,
    enter,
    keep_session,
    known,
    note,
    note_locked,
    only_ours,
    only_with,
    open_session,
    paced,
    safe_next,
    signed_in,
    tell_pages,
    way_on,
)
from web.visitor import is_secure

STEP, DIGITS = 30, 6  # what every app for codes does when it is not told otherwise
KEPT, SETTING_UP = "second factor", "second factor being set up"  # what is sealed
SET_UP_SECONDS = 1800
RECOVERY_CODES, PARTS, PART = 10, 4, 4
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is easily taken for another
WRONG_CODE = msgid(
    "This code does not fit. Take the one shown now. After ten attempts an account is locked for 15 minutes."
)
TOO_LATE = msgid("This page was open for too long. Please scan the new picture.")
NEEDED = msgid("Your role needs a second factor: it cannot be switched off.")
says("second_off", msgid("The second factor is switched off. Your password alone signs you in."))

type Taken = Literal["", "code", "recovery"]

log = structlog.get_logger()
router = APIRouter()


# --- codes ------------------------------------------------------------------------------------------------------------


def step_of(secret: str, code: str, *, now: datetime, used: int | None) -> int | None:
    """The time step whose code that is: this one or one beside it, later than any of which a code was taken."""
    current = int(now.timestamp()) // STEP
    for step in (current - 1, current, current + 1):
        if (used is None or step > used) and hmac.compare_digest(pyotp.HOTP(secret).at(step), code):
            return step
    return None


def plain(typed: str) -> str:
    """A code as we keep it, however it was typed."""
    return "".join(each for each in typed[:100].casefold() if each.isascii() and each.isalnum())


def recovery_code() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(PART)) for _ in range(PARTS))


async def take(connection: AsyncConnection, frame: Frame, staff_id: int, typed: str) -> Taken:
    """Take a code, or a recovery code; a wrong one is counted. Nothing fits while the account is locked."""
    now, code = frame.doors.now(), plain(typed)
    factor = await colleagues.factor(connection, staff_id)
    if factor.locked_until is not None and factor.locked_until > now:
        return ""
    if code.isdecimal() and len(code) == DIGITS:
        step = _step(frame.doors.settings, factor, code, now)
        if step is not None and await colleagues.take_step(connection, staff_id, step):
            return "code"
    elif code and await colleagues.use_recovery(connection, staff_id, code, now=now):
        return "recovery"
    if await colleagues.failed_once(connection, staff_id, now=now):
        await note_locked(connection, frame, staff_id, by="code")
    log.info("code refused", staff=staff_id)
    return ""


def _step(settings: Settings, factor: Factor, code: str, now: datetime) -> int | None:
    secret = unsealed(settings.secret_key, KEPT, factor.secret or "", now=now)
    if secret is None:  # made under another secret key: only a recovery code helps, or being reset
        log.warning("second factor cannot be read")
        return None
    return step_of(secret, code, now=now, used=factor.used)


# --- after the password -----------------------------------------------------------------------------------------------


@router.get(CODE_PAGE)
async def ask(request: Request) -> Response:
    who = await known(request)
    if who is None:
        return RedirectResponse("/staff/login", 303)
    wanted = safe_next(request.query_params.get("next", ""))
    if who.lacks != "code":
        return RedirectResponse(way_on(who.colleague, who.lacks, wanted), 303)
    return _asking(request, who, wanted)


@router.post(CODE_PAGE)
async def answer(request: Request) -> Response:
    """With the right code, a session under a new secret: who knew the half one has nothing of it."""
    only_ours(request)
    who = await known(request)
    if who is None:
        return RedirectResponse("/staff/login", 303)
    form = await form_of(request)
    only_with(one(form, "csrf"), who)
    wanted = safe_next(one(form, "next"))
    if who.lacks != "code":
        return RedirectResponse(way_on(who.colleague, who.lacks, wanted), 303)
    frame = frame_of(request)
    if seconds := _pace(request, who):
        return _asking(request, who, wanted, 429, TOO_OFTEN, seconds=seconds)
    async with frame.doors.sessions.begin() as session:
        how = await take(await session.connection(), frame, who.colleague.id, one(form, "code"))
    if not how:
        return _asking(request, who, wanted, 401, WRONG_CODE)
    return await enter(request, who.colleague, wanted, how=how, second=True)


def _asking(
    request: Request, who: SignedIn, wanted: str, status: int = 200, error: str = "", **named: object
) -> Response:
    frame = frame_of(request)
    said = frame.translator(request).gettext(error, **named) if error else ""
    values = {"csrf": who.csrf, "next": wanted, "error": said}
    return frame.page(request, "staff_second.html", status=status, **values)


def _pace(request: Request, who: SignedIn) -> int:
    network = request.client.host if request.client else ""
    return frame_of(request).sign_ins.wait(f"code {who.colleague.id}", network)


# --- setting it up, changing it, switching it off ---------------------------------------------------------------------


@router.get(SET_UP_PAGE)
async def set_up(request: Request) -> Response:
    who = await _account(request)
    if who.colleague.has_code:
        return await _on(request, who)
    return _setting_up(request, who, _new_key(request, who))


@router.post(SET_UP_PAGE)
async def confirm(request: Request) -> Response:
    """Switch it on once a code shows that the telephone has it; other sessions of this account are over."""
    who, form = await _told(request)
    frame, now = frame_of(request), frame_of(request).doors.now()
    secret = _secret_in(request, who, one(form, "key"))
    if secret is None and who.colleague.has_code:
        return RedirectResponse(SET_UP_PAGE, 303)
    if secret is None:
        return _setting_up(request, who, _new_key(request, who), 422, TOO_LATE)
    step = step_of(secret, plain(one(form, "code")), now=now, used=None)
    if step is None:
        return _setting_up(request, who, one(form, "key"), 422, WRONG_CODE)
    kept = sealed(frame.doors.settings.secret_key, KEPT, secret, now=now)
    codes = [recovery_code() for _ in range(RECOVERY_CODES)]
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        await colleagues.set_factor(connection, who.colleague.id, kept, used=step)
        await colleagues.set_recovery(connection, who.colleague.id, map(plain, codes))
        await colleagues.end_sessions(connection, who.colleague.id)
        await tell_pages(connection, who.colleague.id)
        token = await open_session(connection, request, who.colleague.id, second=True)
        await note(connection, frame, who.colleague, "second.on")
    log.info("second factor on", staff=who.colleague.id)
    response = _codes(request, codes)
    keep_session(response, token, secure=is_secure(request, frame.doors.settings))
    return response


@router.post(f"{SET_UP_PAGE}/again")
async def again(request: Request) -> Response:
    """To another telephone: the one in use shows first that it is allowed."""
    who, form = await _told(request)
    if not await _confirmed(request, who, form, "second.again"):
        return await _on(request, who, 401, WRONG_CODE, "again")
    return _setting_up(request, who, _new_key(request, who, replaces=True))


@router.post(f"{SET_UP_PAGE}/codes")
async def new_codes(request: Request) -> Response:
    who, form = await _told(request)
    codes = [recovery_code() for _ in range(RECOVERY_CODES)]
    kept = partial(colleagues.set_recovery, staff_id=who.colleague.id, codes=[plain(code) for code in codes])
    if not await _confirmed(request, who, form, "second.codes", kept):
        return await _on(request, who, 401, WRONG_CODE, "codes")
    return _codes(request, codes)


@router.post(f"{SET_UP_PAGE}/off")
async def off(request: Request) -> Response:
    who, form = await _told(request)
    if who.colleague.role in NEED_SECOND:
        raise Refused(403, "not_yours", NEEDED)
    gone = partial(colleagues.set_factor, staff_id=who.colleague.id, secret=None, used=None)
    if not await _confirmed(request, who, form, "second.off", gone):
        return await _on(request, who, 401, WRONG_CODE, "off")
    return RedirectResponse("/admin/me?said=second_off", 303)


async def _confirmed(
    request: Request,
    who: SignedIn,
    form: Form,
    what: str,
    then: Callable[[AsyncConnection], Awaitable[None]] | None = None,
) -> bool:
    """Whether the code that came along fits; what it allows is done in the same transaction."""
    frame = frame_of(request)
    if seconds := _pace(request, who):
        raise Refused(429, "too-many", TOO_OFTEN, headers={"Retry-After": str(seconds)}, seconds=seconds)
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        if not await take(connection, frame, who.colleague.id, one(form, "code")):
            return False
        if then:
            await then(connection)
        await note(connection, frame, who.colleague, what)
    return True


async def _account(request: Request) -> SignedIn:
    """Who sets up their own; one who has a code gives it first."""
    who = await known(request)
    if who is None or who.lacks == "code":
        return await signed_in(request)
    return who


async def _told(request: Request) -> tuple[SignedIn, Form]:
    only_ours(request)
    who = await _account(request)
    form = await form_of(request)
    only_with(one(form, "csrf"), who)
    paced(frame_of(request).steps, who)
    return who, form


def _new_key(request: Request, who: SignedIn, *, replaces: bool = False) -> str:
    """A new secret, as the form carries it until a code confirms it."""
    doors = frame_of(request).doors
    content = {"staff": who.colleague.id, "secret": pyotp.random_base32(), "replaces": replaces}
    return sealed(doors.settings.secret_key, SETTING_UP, json.dumps(content), now=doors.now())


def _secret_in(request: Request, who: SignedIn, key: str) -> str | None:
    """The secret of a form of ours, for this account; in place of one in use only if a code of that one allowed it."""
    doors = frame_of(request).doors
    found = unsealed(doors.settings.secret_key, SETTING_UP, key, now=doors.now(), seconds=SET_UP_SECONDS)
    content = json.loads(found) if found else {}
    if content.get("staff") != who.colleague.id or (who.colleague.has_code and not content["replaces"]):
        return None
    return str(content["secret"])


def _setting_up(request: Request, who: SignedIn, key: str, status: int = 200, error: str = "") -> Response:
    secret = _secret_in(request, who, key)
    assert secret is not None
    address = pyotp.TOTP(secret).provisioning_uri(name=who.colleague.email, issuer_name="Velkommen")
    parts = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff")
    return _page(request, who, "set_up", status, error, key=key, secret=" ".join(parts), picture=picture)


async def _on(request: Request, who: SignedIn, status: int = 200, error: str = "", wrong: str = "") -> Response:
    frame = frame_of(request)
    async with frame.doors.sessions() as session:
        left = await colleagues.recovery_left(await session.connection(), who.colleague.id)
    return _page(request, who, "on", status, error, left=left, wrong=wrong)


def _codes(request: Request, codes: Sequence[str]) -> Response:
    return frame_of(request).page(request, "staff_set_up.html", part="codes", codes=codes, error="")


def _page(request: Request, who: SignedIn, part: str, status: int, error: str, **values: object) -> Response:
    frame = frame_of(request)
    t = frame.translator(request)
    given: dict[str, Any] = {
        "part": part,
        "csrf": who.csrf,
        "me": who.colleague,
        "half": bool(who.lacks),
        "ngettext": t.ngettext,
    }
    given |= {"needed": who.colleague.role in NEED_SECOND, "error": t.gettext(error) if error else "", **values}
    return frame.page(request, "staff_set_up.html", status=status, **given)
