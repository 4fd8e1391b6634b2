"""Everybody's own account: the password, the second factor, where they are signed in."""

import re
from urllib.parse import urlsplit

from fastapi.responses import Response

from i18n.languages import OFFICE
from i18n.translator import msgid
from store import staff
from web.admin.accounts import ROLES
from web.admin.room import HOME, Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.frame import PICKED_COOKIE
from web.passwords import LONGEST, SHORTEST
from web.staff import TOO_OFTEN, keep_session, note, note_locked, open_session, tell_pages, weakness
from web.visitor import is_secure

PREFIX = "/admin/me"
A_YEAR = 365 * 24 * 3600
NOT_YOURS = msgid(
    "This is not the password that you have now. After ten attempts the account is locked for 15 minutes."
)
NONE_YET = msgid(
    "This account has no password: you sign in with your organisation. Ask a supervisor for a link to choose one."
)
# How a browser names itself, and what people call it; the first that fits.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
says("password_changed", msgid("Your password is changed. You are signed out everywhere else."))
says("session_ended", msgid("That session is over."))
says("others_ended", msgid("You are signed out everywhere else."))

rooms = router = Rooms(prefix=PREFIX)


@rooms.see("", "me")
async def me(room: Room) -> Response:
    return await _page(room)


@rooms.do("/language", "me")
async def choose_language(room: Room, form: Form) -> Response:
    """In which language this browser shows the pages; back to where it was asked."""
    language = one(form, "language")
    if language not in OFFICE:
        room.gone()
    came_from = urlsplit(room.request.headers.get("referer", "")).path
    response = room.back(came_from if came_from.startswith("/admin/") else HOME)
    secure = is_secure(room.request, room.frame.doors.settings)
    response.set_cookie(PICKED_COOKIE, language, max_age=A_YEAR, secure=secure, samesite="lax")
    return response


@rooms.do("/password", "me")
async def change_password(room: Room, form: Form) -> Response:
    """A new one against the old one; every session is over, and this browser gets a new one."""
    try:
        await _old_fits(room, _raw(form, "old"))
        password = _raw(form, "password")
        problem, count = weakness(password, password, room.me)
        if problem:
            raise Unfit(problem, "password", count=count)
    except Unfit as error:
        return await _page(room, error)
    hashed = await room.frame.passwords.hashed(password)
    async with room.writing() as connection:
        await staff.set_password(connection, room.me.id, hashed)
        await tell_pages(connection, room.me.id)
        token = await open_session(connection, room.request, room.me.id, second=room.who.second)
        await note(connection, room.frame, room.me, "password.changed")
    response = room.back(PREFIX, "password_changed")
    keep_session(response, token, secure=is_secure(room.request, room.frame.doors.settings))
    return response


@rooms.do("/sessions/{number}/end", "me")
async def end_session(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        if await staff.end_session(connection, room.me.id, room.number("number")):
            await tell_pages(connection, room.me.id)
            await note(connection, room.frame, room.me, "sessions.ended", count=1)
    return room.back(PREFIX, "session_ended")


@rooms.do("/sessions/end", "me")
async def end_others(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        count = await staff.end_sessions(connection, room.me.id, but=room.who.session)
        await tell_pages(connection, room.me.id)
        await note(connection, room.frame, room.me, "sessions.ended", count=count)
    return room.back(PREFIX, "others_ended")


async def _old_fits(room: Room, old: str) -> None:
    """Unfit unless it is the password of now; wrong ones count as at signing in."""
    frame = room.frame
    own = f"colleague {room.me.id}"
    if seconds := frame.sign_ins.wait(own, own):
        raise Unfit(TOO_OFTEN, "old", seconds=seconds)
    async with room.reading() as connection:
        row = await staff.sign_in_row(connection, room.me.email)
    if row is None or row.password_hash is None:
        raise Unfit(NONE_YET, "old")
    locked = row.locked_until is not None and row.locked_until > room.now
    if await frame.passwords.fits(row.password_hash, old) and not locked:
        return
    async with room.writing() as connection:
        if not locked and await staff.failed_once(connection, room.me.id, now=room.now):
            await note_locked(connection, frame, room.me.id, by="password")
    raise Unfit(NOT_YOURS, "old")


async def _page(room: Room, error: Unfit | None = None) -> Response:
    async with room.reading() as connection:
        sessions = await staff.sessions_of(connection, room.me.id, now=room.now)
    return room.page(
        "admin/me.html",
        status=422 if error else 200,
        refused=room.refused(error, {}) if error else None,  # no password is ever shown again
        sessions=[(each, browser_name(each.agent), each.number == room.who.session) for each in sessions],
        role=room.t.gettext(ROLES[room.me.role]),
        shortest=SHORTEST,
    )


def browser_name(agent: str) -> str:
    """A browser as people call it; empty where it is none that we know."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if re.search(rf"\b{mark}\b", agent)), "")
    return ", ".join(filter(None, (browser, system)))


def _raw(form: Form, name: str) -> str:
    """As typed, spaces and all; what is far too long is as good as wrong."""
    return form.get(name, [""])[0][: LONGEST + 1]
