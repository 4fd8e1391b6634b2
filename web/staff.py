"""Colleagues sign in and out: the form, the cookie of a session, the one-time link to choose a password; and who asks.

The cookie holds a secret of which the database keeps the hash only. Whether an address is known never shows: neither in
what is said nor in how long it takes.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy.ext.asyncio import AsyncConnection

from core.settings import Settings
from i18n.translator import msgid
from store import audit, handovers
from store import staff as colleagues
from store.staff import Colleague, Lacks
from web.bodies import Form, form_of, one
from web.chat import TOO_MANY
from web.errors import Refused, SignedOut, asks_for_json, refused
from web.frame import Frame, frame_of
from web.limits import Limits
from web.passwords import LONGEST, SHORTEST
from web.visitor import CSRF_HEADER, is_secure, same_origin

COOKIE = "velkommen_staff"
FORM_COOKIE = "velkommen_sign_in"
FORM_SECONDS = 3600
HOME = "/inbox"
ADMIN_HOME = "/admin"
IN_THE_INBOX = frozenset({"mentor", "supervisor"})
CODE_PAGE, SET_UP_PAGE = "/staff/second", "/admin/me/second"
LONGEST_EMAIL = 254
LONGEST_NEXT = 300
PASSWORD = "password"  # noqa: S105 - the purpose of a link
WRONG = msgid("This address and password do not fit. After ten attempts an account is locked for 15 minutes.")
TOO_OFTEN = msgid("Too many attempts. Please wait {seconds} seconds.")
TOO_OLD = msgid("This page was open for too long. Please try once more.")
NOT_OURS = msgid("This did not come from our own page. Please open it again and try once more.")
LINK_OVER = msgid("This link was used already, or it is too old. Ask a supervisor for a new one.")
TOO_SHORT = msgid("A password needs at least {count} characters. Several words in a row are easy to remember.")
TOO_LONG = msgid("This password is too long. Please take at most {count} characters.")
NOT_ALIKE = msgid("The two passwords are not alike.")
SECOND_FIRST = msgid("You are not signed in completely: the code of your second factor is missing.")
TOO_PLAIN = msgid("This password is too easy to guess. Please take another one.")

log = structlog.get_logger()
router = APIRouter(prefix="/staff")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks. token: the session's secret; csrf: what our own page sends along; session: its number in lists;
    second: signed in with a second factor; lacks: what of it is still to be done before anything else.
    """

    colleague: Colleague
    csrf: str
    token: str
    session: int
    second: bool
    lacks: Lacks


class HalfSignedIn(SignedOut):
    """The second factor is still to come, or still to be set up."""

    def __init__(self, lacks: Lacks) -> None:
        super().__init__()
        self.code, self.msgid, self.lacks = "second", SECOND_FIRST, lacks


# --- who asks ---------------------------------------------------------------------------------------------------------


async def signed_in(request: Request, *, active: bool = True) -> SignedIn:
    """Whose session the cookie names; SignedOut when there is none. `active`: somebody works, so it lasts on."""
    who = await known(request, active=active)
    if who is None:
        raise SignedOut()
    if who.lacks:
        raise HalfSignedIn(who.lacks)
    return who


async def known(request: Request, *, active: bool = True) -> SignedIn | None:
    """Whose session it is, even if it lacks its second factor."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    found = await look_up(frame_of(request), token, active=active)
    return SignedIn(found.colleague, found.csrf, token, found.number, found.second, found.lacks) if found else None


async def look_up(frame: Frame, token: str, *, active: bool) -> colleagues.Session | None:
    """The session with that secret. Only looked at, it doesn't last any longer: an open page alone keeps nobody in."""
    async with frame.doors.sessions() as session:
        found = await colleagues.session(await session.connection(), token, now=frame.doors.now())
        if active:
            await session.commit()
    return found


def only_ours(request: Request) -> None:
    """Refused unless a browser sent this from a page of ours.

    A page that gives no referrer gives no origin either; then the browser itself says where it came from.
    """
    settings = frame_of(request).doors.settings
    origin = request.headers.get("origin")
    if origin == "null" and request.headers.get("sec-fetch-site") == "same-origin":
        return
    if not same_origin(origin, request.headers.get("host", ""), settings.public_url):
        raise Refused(403, "other-origin", NOT_OURS)


def only_with(token: str, who: SignedIn) -> None:
    """Refused unless the token that came along is the session's."""
    if not hmac.compare_digest(token.encode("utf-8", "replace"), who.csrf.encode()):
        raise Refused(403, "token", TOO_OLD)


def paced(limits: Limits, who: SignedIn) -> None:
    """Refused where a colleague does it more often than that."""
    colleague = f"colleague {who.colleague.id}"
    if seconds := limits.wait(colleague, colleague):
        raise Refused(429, "too-many", TOO_MANY, headers={"Retry-After": str(seconds)}, seconds=seconds)


# --- signing in and out -----------------------------------------------------------------------------------------------


@router.get("/login")
async def login(request: Request) -> Response:
    wanted = safe_next(request.query_params.get("next", ""))
    if who := await known(request):
        return RedirectResponse(way_on(who.colleague, who.lacks, wanted), 303)
    return login_page(request, next_=wanted)


@router.post("/login")
async def sign_in(request: Request) -> Response:
    """Open a session, under a new secret; the one that the browser had before is over."""
    frame = frame_of(request)
    only_ours(request)
    form = await form_of(request)
    email, wanted = one(form, "email")[:LONGEST_EMAIL], safe_next(one(form, "next"))
    if not token_fits(request, frame.doors.settings, form):
        return login_page(request, status=403, error=TOO_OLD, email=email, next_=wanted)
    seconds = frame.sign_ins.wait(_hidden(email), _network(request))
    if seconds:
        return _too_often(login_page(request, 429, TOO_OFTEN, email, wanted, seconds=seconds), seconds)
    who = await _fitting(frame, email, _password(form))
    if who is None:
        return login_page(request, status=401, error=WRONG, email=email, next_=wanted)
    return await enter(request, who, wanted, how="password")


async def enter(request: Request, who: Colleague, wanted: str, *, how: str, second: bool = False) -> Response:
    """Open a session, under a new secret, and lead to where they wanted to go, or to what is still lacking first.

    The one that the browser had before is over, so that nobody can leave them one of theirs.
    """
    frame = frame_of(request)
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        await colleagues.close_session(connection, request.cookies.get(COOKIE, ""))
        token = await open_session(connection, request, who.id, second=second)
        lacks = colleagues.lacking(who.role, second=second, has_code=who.has_code)
        if not lacks:
            await note(connection, frame, who, "sign_in", how=how)
    log.info("signed in", staff=who.id, how=how, lacks=lacks)
    response = RedirectResponse(way_on(who, lacks, wanted), 303)
    keep_session(response, token, secure=is_secure(request, frame.doors.settings))
    return response


async def open_session(connection: AsyncConnection, request: Request, staff_id: int, *, second: bool) -> str:
    """The secret of a new session in this browser."""
    now, agent = frame_of(request).doors.now(), request.headers.get("user-agent", "")
    agent = "".join(each for each in agent if each.isprintable())
    token, _ = await colleagues.open_session(connection, staff_id, now=now, second=second, agent=agent)
    return token


async def note(connection: AsyncConnection, frame: Frame, who: Colleague, what: str, **data: object) -> None:
    """Into the audit log: what somebody did with their own account."""
    own = f"staff:{who.id}"
    await audit.add(connection, staff_id=who.id, who=who.name, what=what, about=own, now=frame.doors.now(), **data)


async def note_locked(connection: AsyncConnection, frame: Frame, staff_id: int, *, by: str) -> None:
    """Whoever tried is not known; by: wrong passwords, or wrong codes."""
    about, now = f"staff:{staff_id}", frame.doors.now()
    await audit.add(connection, staff_id=None, who="", what="sign_in.locked", about=about, now=now, by=by)


async def _fitting(frame: Frame, email: str, password: str) -> Colleague | None:
    """Whose password it is; None whatever the reason. Nothing is kept open while the password is checked."""
    now = frame.doors.now()
    async with frame.doors.sessions() as session:
        row = await colleagues.sign_in_row(await session.connection(), email)
    kept = row.password_hash if row else None
    fits = await frame.passwords.fits(kept, password)
    locked = row is not None and row.locked_until is not None and row.locked_until > now
    anew = await frame.passwords.hashed(password) if fits and kept and frame.passwords.outdated(kept) else None
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        if row is None or not fits or locked or not row.active:
            number = row.id if row else 0
            if not locked and await colleagues.failed_once(connection, number, now=now):
                await note_locked(connection, frame, number, by="password")
            log.info("sign-in refused", staff=row.id if row else None, locked=locked)
            return None
        if anew:
            await colleagues.change(connection, row.id, password_hash=anew)
        return await colleagues.by_id(connection, row.id)


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    frame = frame_of(request)
    only_ours(request)
    form = await form_of(request)
    who = await known(request)
    if who:
        only_with(one(form, "csrf") or request.headers.get(CSRF_HEADER, ""), who)
        async with frame.doors.sessions.begin() as session:
            connection = await session.connection()
            await colleagues.close_session(connection, who.token)
            await tell_pages(connection, who.colleague.id)
    response = RedirectResponse("/staff/login", 303)
    response.delete_cookie(COOKIE)
    return response


async def tell_pages(connection: AsyncConnection, staff_id: int) -> None:
    """Something about a colleague's account has changed: their open pages ask anew who they are."""
    await handovers.announce(connection, 0, f"staff:{staff_id}")


def keep_session(response: Response, token: str, *, secure: bool) -> None:
    """Until the browser is closed; how long it is good for stands in the database."""
    response.set_cookie(COOKIE, token, httponly=True, secure=secure, samesite="lax", path="/")
    response.delete_cookie(FORM_COOKIE, path="/staff")


def safe_next(wanted: str) -> str:
    """Where to go after signing in: a page of the inbox or of the admin backend, never another site; "" is home."""
    plain = len(wanted) <= LONGEST_NEXT and wanted.isascii() and wanted.isprintable() and not set(wanted) & set("\\ ")
    inside = any(wanted.startswith((f"{home}/", f"{home}?")) for home in (HOME, ADMIN_HOME))
    return wanted if plain and inside and "/api/" not in wanted and ".." not in wanted else ""


def home_of(who: Colleague) -> str:
    return HOME if who.role in IN_THE_INBOX else ADMIN_HOME


def way_on(who: Colleague, lacks: Lacks, wanted: str) -> str:
    """Where somebody goes who has signed in: to what is still lacking first. wanted: as `safe_next` says."""
    match lacks:
        case "code":
            return f"{CODE_PAGE}{_next_part(wanted)}"
        case "set_up":
            return SET_UP_PAGE
        case _:
            return wanted or home_of(who)


def _next_part(wanted: str) -> str:
    return f"?next={quote(wanted, safe='')}" if wanted else ""


# --- the link to choose a password ------------------------------------------------------------------------------------


def invitation(settings: Settings, token: str) -> str:
    """The address to give to a colleague."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}/staff/invite/{token}"


@router.get("/invite/{token}")
async def invited(request: Request, token: str) -> Response:
    who = await _invited(request, token)
    return _invitation_page(request, token, who) if who else _link_over(request, token)


@router.post("/invite/{token}")
async def choose_password(request: Request, token: str) -> Response:
    """Keep the password that was chosen, once, and sign its owner in."""
    frame = frame_of(request)
    only_ours(request)
    form = await form_of(request)
    who = await _invited(request, token)
    if who is None:
        return _link_over(request, token)
    seconds = frame.sign_ins.wait(_hidden(token), _network(request))
    if seconds:
        return _too_often(_invitation_page(request, token, who, 429, TOO_OFTEN, seconds=seconds), seconds)
    if not token_fits(request, frame.doors.settings, form):
        return _invitation_page(request, token, who, 403, TOO_OLD)
    password, again = _password(form), form.get("again", form.get("password", [""]))[0]
    problem, count = weakness(password, again, who)
    if problem:
        return _invitation_page(request, token, who, 422, problem, count=count)
    hashed, now = await frame.passwords.hashed(password), frame.doors.now()
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        if await colleagues.use_link(connection, token, PASSWORD, now=now) is None:
            return _link_over(request, token)
        await colleagues.set_password(connection, who.id, hashed)
        await tell_pages(connection, who.id)
        await note(connection, frame, who, "password.chosen")
    log.info("password chosen", staff=who.id)
    return await enter(request, who, "", how="link")


def weakness(password: str, again: str, who: Colleague) -> tuple[str, int]:
    """What is wrong with a password (a msgid and its figure); empty when nothing is."""
    if len(password) < SHORTEST:
        return TOO_SHORT, SHORTEST
    if len(password) > LONGEST:
        return TOO_LONG, LONGEST
    if password != again:
        return NOT_ALIKE, 0
    own = {who.email.casefold(), who.name.casefold(), "velkommen"}
    if password.casefold() in own or len(set(password)) < SHORTEST // 3:
        return TOO_PLAIN, 0
    return "", 0


async def _invited(request: Request, token: str) -> Colleague | None:
    frame = frame_of(request)
    async with frame.doors.sessions() as session:
        connection = await session.connection()
        number = await colleagues.peek_link(connection, token, PASSWORD, now=frame.doors.now())
        return await colleagues.by_id(connection, number) if number is not None else None


# --- pages without a session ------------------------------------------------------------------------------------------
# Their token is signed and fits one cookie of this browser alone, so that no other site can send the form.


def login_page(
    request: Request, status: int = 200, error: str = "", email: str = "", next_: str = "", **named: object
) -> Response:
    frame = frame_of(request)
    said = frame.translator(request).gettext(error, **named) if error else ""
    number, token = _form_token(request, frame.doors.settings)
    values: dict[str, Any] = {"token": token, "error": said, "email": email, "next": next_}
    values["organisation"] = frame.provider is not None
    response = frame.page(request, "staff_login.html", status=status, **values)
    return _with_form_cookie(request, response, number)


def _invitation_page(
    request: Request, token: str, who: Colleague | None, status: int = 200, error: str = "", **named: object
) -> Response:
    """Without anybody: no form, only why."""
    frame = frame_of(request)
    said = frame.translator(request).gettext(error, **named) if error else ""
    number, csrf = _form_token(request, frame.doors.settings)
    person = {"name": who.name, "email": who.email} if who else {"name": "", "email": ""}
    values = {"token": token, "csrf": csrf, "error": said, **person}
    response = frame.page(request, "staff_invite.html", status=status, **values)
    return _with_form_cookie(request, response, number)


def _link_over(request: Request, token: str) -> Response:
    return _invitation_page(request, token, None, 410, LINK_OVER)


def _form_token(request: Request, settings: Settings) -> tuple[str, str]:
    """The number of this browser's forms, kept while several are open, and the token that fits it."""
    number = request.cookies.get(FORM_COOKIE, "")
    if not (20 <= len(number) <= 64 and number.isascii()):
        number = secrets.token_urlsafe(24)
    return number, _signer(settings).sign(number).decode()


def token_fits(request: Request, settings: Settings, form: Form) -> bool:
    """Whether the form was made for this browser, within the last hour."""
    try:
        number = _signer(settings).unsign(one(form, "csrf") or one(form, "token"), max_age=FORM_SECONDS)
    except BadSignature:
        return False
    return hmac.compare_digest(number, request.cookies.get(FORM_COOKIE, "").encode("utf-8", "replace"))


def _with_form_cookie(request: Request, response: Response, number: str) -> Response:
    secure = is_secure(request, frame_of(request).doors.settings)
    response.set_cookie(
        FORM_COOKIE, number, max_age=FORM_SECONDS, httponly=True, secure=secure, samesite="lax", path="/staff"
    )
    return response


def _signer(settings: Settings) -> TimestampSigner:
    return TimestampSigner(settings.secret_key, salt="velkommen.sign-in")


def _too_often(response: Response, seconds: int) -> Response:
    response.headers["Retry-After"] = str(seconds)
    return response


def _password(form: Form) -> str:
    """As typed, spaces and all; what is far too long is as good as wrong."""
    return form.get("password", [""])[0][: LONGEST + 1]


def _network(request: Request) -> str:
    return request.client.host if request.client else ""


def _hidden(text: str) -> str:
    """For the buckets of the pace, in which nobody's address shall stand."""
    return hashlib.sha256(colleagues.plain(text).encode("utf-8", "replace")).hexdigest()


async def to_sign_in(request: Request, error: Exception) -> Response:
    """The page learns that somebody must sign in; whoever opened one is led to the form, and back."""
    if asks_for_json(request):
        return await refused(request, error)
    path, query, lacks = request.url.path, request.url.query, error.lacks if isinstance(error, HalfSignedIn) else ""
    wanted = safe_next(f"{path}?{query}" if query else path) if request.method in ("GET", "HEAD") else ""
    if lacks == "set_up":
        return RedirectResponse(SET_UP_PAGE, 303)
    return RedirectResponse(f"{CODE_PAGE if lacks else '/staff/login'}{_next_part(wanted)}", 303)
