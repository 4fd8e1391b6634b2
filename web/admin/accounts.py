"""The accounts of colleagues: who they are, what they may, their links, sessions and second factors.

Of administrators and auditors only an administrator may change the account; nobody takes their own away.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core import rights
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from knowledge.models import Occupation, Theme
from store import staff
from store.staff import Colleague
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.inbox_views import THEMES
from web.staff import PASSWORD, invitation, tell_pages

PREFIX = "/admin/settings"
PER_PAGE = 50
ROLES = {
    "mentor": msgid("Mentor"),
    "supervisor": msgid("Supervisor"),
    "admin": msgid("Administrator"),
    "editor": msgid("Editor"),
    "reviewer": msgid("Reviewer"),
    "auditor": msgid("Auditor"),
}
# What a role is there for, beside its name where one is chosen.
ABOUT_ROLES = {
    "mentor": msgid("answers people in the inbox"),
    "supervisor": msgid("leads the mentors: rota, colleagues, announcements"),
    "admin": msgid("everything, with a second factor"),
    "editor": msgid("writes answers, figures and checklists"),
    "reviewer": msgid("reads what editors wrote, and publishes it"),
    "auditor": msgid("sees everything, changes nothing"),
}
KEPT_FOR_ADMINS = ("admin", "auditor", "editor", "reviewer")  # nobody makes themselves the second reader
LISTS = ("languages", "kommuner", "themes", "occupations")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
LONGEST_EMAIL, LONGEST_NAME, MOST_OF_A_KIND = 254, 100, 60
MOST_AT_ONCE = 100
ODD_EMAIL = msgid("Please write an e-mail address, such as maria@example.org.")
ODD_NAME = msgid("Please write a name of at most {count} characters.")
ODD_CAPACITY = msgid("Please write a whole number from 1 to {count}.")
ODD_LIST = msgid("We do not know all of these. Please take out what is misspelt, and keep commas between them.")
KNOWN_ALREADY = msgid("There is an account with this address already.")
NOT_YOURSELF = msgid("You cannot switch off your own account, or change your own role.")
NOT_YOUR_SECOND = msgid("Change your own second factor under My account.")
ROLE_NOT_YOURS = msgid("Only an administrator may give this role.")
says("account_on", msgid("The account is switched on. Make a new password link if it is needed."))
says("account_off", msgid("The account is switched off: signed out everywhere, and no longer linked to Telegram."))
says("second_reset", msgid("The second factor is gone. They are signed out everywhere and can set up a new one."))
says("sessions_ended", msgid("Signed out everywhere."))
says("unlinked", msgid("Unlinked. The next time they sign in with the organisation, they are known by their address."))

rooms = router = Rooms(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague as a form describes them."""

    name: str
    role: str
    languages: tuple[str, ...]
    kommuner: tuple[str, ...]
    themes: tuple[str, ...]
    occupations: tuple[str, ...]
    capacity: int

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


# --- pages ------------------------------------------------------------------------------------------------------------


@rooms.see("", "staff.read")
async def everybody(room: Room) -> Response:
    asked = {"q": room.query("q"), "role": room.query("role"), "active": room.query("active")}
    async with room.reading() as connection:
        some = await staff.everybody(connection, also_inactive=True)
    found = narrowed(some, **asked)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(room.page_number(), pages)
    return room.page(
        "admin/settings.html",
        found=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        some=bool(some),
        roles=_labels(room, ROLES),
        asked=asked,
        address=f"{PREFIX}?{urlencode({name: value for name, value in asked.items() if value})}",
        page=page,
        pages=pages,
    )


@rooms.see("/new", "staff.edit")
async def new(room: Room) -> Response:
    return _form(room)


@rooms.do("/new", "staff.edit")
async def add(room: Room, form: Form) -> Response:
    """A new account, and the link to choose its password, shown this once."""
    try:
        email, person = read_email(form), read_person(form, (await room.library()).municipalities)
        _may_give(room, person.role)
        async with room.writing() as connection:
            number = await staff.add(connection, email=email, now=room.now, **person.columns())
            token = await staff.make_link(connection, number, PASSWORD, now=room.now)
            await room.audit(connection, "staff.add", f"staff:{number}", role=person.role)
    except IntegrityError:
        return _form(room, Unfit(KNOWN_ALREADY, "email"))
    except Unfit as error:
        return _form(room, error)
    return await _shown(room, number, link=invitation(room.frame.doors.settings, token))


@rooms.see("/{number}", "staff.read")
async def one_colleague(room: Room) -> Response:
    return await _shown(room, room.number("number"))


@rooms.do("/{number}/save", "staff.edit")
async def save(room: Room, form: Form) -> Response:
    try:
        person = read_person(form, (await room.library()).municipalities)
        async with room.writing() as connection:
            whose = await _colleague(room, connection)
            _may_give(room, person.role)
            if whose.id == room.me.id and person.role != whose.role:
                raise Unfit(NOT_YOURSELF, "role")
            await staff.change(connection, whose.id, **person.columns())
            await tell_pages(connection, whose.id)
            await _note_change(room, connection, whose, person)
    except Unfit as error:
        return await _shown(room, room.number("number"), error=error)
    return _back(room, "saved")


@rooms.do("/{number}/switch", "staff.edit")
async def switch(room: Room, form: Form) -> Response:
    """On or off; off ends every session and every open page at once."""
    active = one(form, "active") == "1"
    async with room.writing() as connection:
        whose = await _colleague(room, connection)
        if whose.id != room.me.id:
            await staff.switch(connection, whose.id, active=active)
            await tell_pages(connection, whose.id)
            await room.audit(connection, "staff.on" if active else "staff.off", f"staff:{whose.id}")
    if whose.id == room.me.id:
        return await _shown(room, whose.id, error=Unfit(NOT_YOURSELF))
    return _back(room, "account_on" if active else "account_off")


@rooms.do("/{number}/link", "staff.edit")
async def new_link(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        whose = await _colleague(room, connection)
        if not whose.active:
            room.gone()
        token = await staff.make_link(connection, whose.id, PASSWORD, now=room.now)
        await room.audit(connection, "staff.link", f"staff:{whose.id}")
    return await _shown(room, whose.id, link=invitation(room.frame.doors.settings, token))


@rooms.do("/{number}/second", "staff.edit")
async def reset_second(room: Room, form: Form) -> Response:
    """For somebody whose telephone and recovery codes are gone; whoever is signed in as them is so no longer."""
    async with room.writing() as connection:
        whose = await _colleague(room, connection)
        if whose.id != room.me.id:
            await staff.set_factor(connection, whose.id, None, used=None)
            await staff.end_sessions(connection, whose.id)
            await tell_pages(connection, whose.id)
            await room.audit(connection, "staff.second", f"staff:{whose.id}")
    if whose.id == room.me.id:
        return await _shown(room, whose.id, error=Unfit(NOT_YOUR_SECOND))
    return _back(room, "second_reset")


@rooms.do("/{number}/sessions", "staff.edit")
async def end_sessions(room: Room, form: Form) -> Response:
    """All of a colleague's; of one's own, all but this one."""
    async with room.writing() as connection:
        whose = await _colleague(room, connection)
        this = room.who.session if whose.id == room.me.id else None
        count = await staff.end_sessions(connection, whose.id, but=this)
        await tell_pages(connection, whose.id)
        await room.audit(connection, "staff.sessions", f"staff:{whose.id}", count=count)
    return _back(room, "sessions_ended")


@rooms.do("/{number}/unlink", "staff.edit")
async def unlink(room: Room, form: Form) -> Response:
    """When the organisation knows them by another subject now."""
    async with room.writing() as connection:
        whose = await _colleague(room, connection)
        await staff.change(connection, whose.id, subject=None)
        await room.audit(connection, "staff.unlink", f"staff:{whose.id}")
    return _back(room, "unlinked")


async def _shown(room: Room, number: int, *, link: str = "", error: Unfit | None = None) -> Response:
    """A colleague's page; with the form as it was typed where that was refused."""
    async with room.reading() as connection:
        whose = await staff.by_id(connection, number)
        if whose is None:
            room.gone()
        sessions = await staff.sessions_of(connection, number, now=room.now)
    return room.page(
        "admin/colleague.html",
        status=422 if error else 200,
        whose=whose,
        sessions=len(sessions),
        changeable=may_change(room.me, whose.role),
        link=link,
        refused=room.refused(error) if error else None,
        person=as_typed(room.typed) if error and "name" in room.typed else whose,
        **_choices(room),
    )


def _form(room: Room, error: Unfit | None = None) -> Response:
    return room.page(
        "admin/colleague_new.html",
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
        person=as_typed(room.typed) if error else {},
        **_choices(room),
    )


def _choices(room: Room) -> dict[str, Any]:
    given = {role: label for role, label in ROLES.items() if may_change(room.me, role)}
    return {
        "roles": _labels(room, given),
        "all_roles": _labels(room, ROLES),
        "about_roles": _labels(room, ABOUT_ROLES),
        "themes": _labels(room, {theme: THEMES.get(theme, theme) for theme in get_args(Theme)}),
    }


def _labels(room: Room, words: Mapping[str, str]) -> dict[str, str]:
    return {value: room.t.gettext(label) for value, label in words.items()}


async def _note_change(room: Room, connection: AsyncConnection, whose: Colleague, person: Person) -> None:
    """Which columns are others now; a role is noted with what it was before."""
    changed = [name for name, value in person.columns().items() if getattr(whose, name) != value]
    if "role" in changed:
        about = f"staff:{whose.id}"
        await room.audit(connection, "staff.role", about, before=whose.role, after=person.role)
    if rest := [name for name in changed if name != "role"]:
        await room.audit(connection, "staff.change", f"staff:{whose.id}", changed=rest)


async def _colleague(room: Room, connection: AsyncConnection) -> Colleague:
    """Whose account it is about; not one that is kept for administrators."""
    found = await staff.by_id(connection, room.number("number"))
    if found is None:
        room.gone()
    if not may_change(room.me, found.role):
        room.not_yours()
    return found


def _back(room: Room, said: str) -> Response:
    return room.back(f"{PREFIX}/{room.number('number')}", said)


# --- who may ----------------------------------------------------------------------------------------------------------


def may_change(me: Colleague, role: str) -> bool:
    """Whether somebody may change an account with that role, or give the role to one."""
    return rights.may(me.role, "staff.edit") and (me.role == "admin" or role not in KEPT_FOR_ADMINS)


def _may_give(room: Room, role: str) -> None:
    if not may_change(room.me, role):
        raise Unfit(ROLE_NOT_YOURS, "role")


# --- what an address or a form says -----------------------------------------------------------------------------------


def narrowed(people: Iterable[Colleague], *, q: str, role: str, active: str) -> list[Colleague]:
    """Those whom the filters ask for."""
    words = q.casefold()
    return [
        each
        for each in people
        if (not words or words in f"{each.name} {each.email}".casefold())
        and (role not in ROLES or each.role == role)
        and (active not in ("on", "off") or each.active == (active == "on"))
    ]


def read_email(form: Form) -> str:
    email = one(form, "email")
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise Unfit(ODD_EMAIL, "email")
    return email


def read_person(form: Form, kommuner: Iterable[str]) -> Person:
    """A colleague out of a form. Lists are ticked, or written with commas between; empty ones mean: any."""
    name, role, capacity = one(form, "name"), one(form, "role"), _whole(one(form, "capacity"))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Unfit(ODD_NAME, "name", count=LONGEST_NAME)
    if role not in ROLES:
        raise Unfit(field="role")
    if not 0 < capacity <= MOST_AT_ONCE:
        raise Unfit(ODD_CAPACITY, "capacity", count=MOST_AT_ONCE)
    return Person(
        name,
        role,
        _listed(form, "languages", LANGUAGES),
        _listed(form, "kommuner", kommuner),
        _listed(form, "themes", get_args(Theme)),
        _listed(form, "occupations", get_args(Occupation)),
        capacity,
    )


def as_typed(form: Form) -> dict[str, Any]:
    """The fields as the page shows them once more."""
    typed: dict[str, Any] = {name: one(form, name) for name in form if name not in LISTS}
    return typed | {name: _parts(form, name) for name in LISTS}


def _parts(form: Form, name: str) -> list[str]:
    return [part.strip() for value in form.get(name, ()) for part in value.split(",") if part.strip()]


def _listed(form: Form, name: str, known: Iterable[str]) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.casefold() for part in _parts(form, name)))
    if len(parts) > MOST_OF_A_KIND or not set(parts) <= set(known):
        raise Unfit(ODD_LIST, name)
    return parts


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
