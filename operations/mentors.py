"""`velkommen mentor …`: accounts of colleagues, their links, and the rota."""

from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import VelkommenError
from core.settings import Settings
from knowledge.shelf import Shelf
from operations.admins import note
from store import database, staff
from store.staff import Colleague, Duties
from web.admin.accounts import ROLES, read_email, read_person
from web.admin.room import Unfit
from web.inbox_desk import read_shift
from web.staff import PASSWORD, invitation, tell_pages

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as operations/cli.py takes them
TELEGRAM, TELEGRAM_START = "telegram", "mentor-"  # as bot/channels/telegram/mentors.py reads it
UNREACHABLE = "Not reachable at night: no Telegram linked."
EXAMPLES = {
    "email": "maria@example.org",
    "name": '--name "Maria"',
    "role": f"--role mentor, or one of {', '.join(ROLES)}",
    "languages": "--languages da,fil",
    "kommuner": "--kommuner aarhus,odense",
    "themes": "--themes housing,tax",
    "occupations": "--occupations nurse,sosu",
    "capacity": "--capacity 15",
    "weekday": "--weekday mon",
    "day": "--day 2026-12-24",
    "start": "--from 09:00",
    "end": "--to 15:00",
    "valid_from": "--valid-from 2026-12-01",
    "valid_to": "--valid-to 2026-12-31",
}


async def main(settings: Settings, arguments: Namespace, *, now: datetime) -> None:
    engine = database.connect(settings.database_url)
    try:
        print(await answer(engine, settings, arguments, now))
    finally:
        await engine.dispose()


async def answer(engine: AsyncEngine, settings: Settings, arguments: Namespace, now: datetime) -> str:
    match arguments.action:
        case "add":
            return await add(engine, settings, vars(arguments), now=now)
        case "list":
            return await every(engine)
        case "off" | "on":
            return await switch(engine, arguments.email, active=arguments.action == "on", now=now)
        case "link":
            return await new_link(engine, settings, arguments.email, now=now)
        case "telegram":
            return await telegram_code(engine, arguments.email, now=now)
        case _:
            if arguments.remove is not None:
                return await remove_shift(engine, arguments.email, arguments.remove)
            return await add_shift(engine, arguments.email, vars(arguments))


async def add(engine: AsyncEngine, settings: Settings, told: Mapping[str, str], *, now: datetime) -> str:
    """Keep an account, as the page for supervisors would; the link is printed this once."""
    library = await Shelf(database.sessions(engine)).library()
    form = {name: [str(value)] for name, value in told.items() if value is not None}
    try:
        email, person = read_email(form), read_person(form, library.municipalities)
    except Unfit as error:
        raise _said(error, told) from error
    try:
        async with engine.begin() as connection:
            number = await staff.add(connection, email=email, now=now, **person.columns())
            token = await staff.make_link(connection, number, PASSWORD, now=now)
            await note(connection, "staff.add", number, now=now, role=person.role)
    except IntegrityError as error:
        raise VelkommenError(
            f"{email} has an account already; `velkommen mentor link {email}` makes a link."
        ) from error
    return f"{person.name} has an account.\n{_link(settings, token)}"


async def every(engine: AsyncEngine) -> str:
    """All accounts, a line each, and the shifts of each below it."""
    async with engine.connect() as connection:
        everybody = await staff.everybody(connection, also_inactive=True)
        shifts = await staff.shifts(connection)
    if not everybody:
        return "Nobody has an account. `velkommen mentor add EMAIL --name NAME` makes one."
    width = max(len(who.email) for who in everybody)
    lines = []
    for who in everybody:
        lines.append(f"{who.email:{width}}  {_described(who)}")
        lines += [f"{'':{width}}  {_shift(each)}" for each in shifts if each.staff_id == who.id]
    return "\n".join(lines)


async def switch(engine: AsyncEngine, email: str, *, active: bool, now: datetime) -> str:
    async with engine.begin() as connection:
        who = await _colleague(connection, email)
        await staff.switch(connection, who.id, active=active)
        await tell_pages(connection, who.id)
        await note(connection, "staff.on" if active else "staff.off", who.id, now=now)
    if active:
        return f"{who.name}'s account is on. `velkommen mentor link {who.email}` makes a link for a new password."
    return f"{who.name}'s account is off: signed out everywhere, and no longer linked to Telegram."


async def new_link(engine: AsyncEngine, settings: Settings, email: str, *, now: datetime) -> str:
    async with engine.begin() as connection:
        who = await _active(connection, email)
        token = await staff.make_link(connection, who.id, PASSWORD, now=now)
        await note(connection, "staff.link", who.id, now=now)
    return _link(settings, token)


async def telegram_code(engine: AsyncEngine, email: str, *, now: datetime) -> str:
    async with engine.begin() as connection:
        who = await _active(connection, email)
        token = await staff.make_link(connection, who.id, TELEGRAM, now=now)
    return f"For {who.name} only, once, within 48 hours; to be sent to the bot as it stands: /start {TELEGRAM_START}{token}"


async def add_shift(engine: AsyncEngine, email: str, told: Mapping[str, str | None]) -> str:
    async with engine.begin() as connection:
        who = await _active(connection, email)
        weekday = told["weekday"]
        form = {name: [value] for name, value in told.items() if isinstance(value, str)}
        form |= {"staff_id": [str(who.id)], "weekday": [str(DAYS.index(weekday)) if weekday else ""]}
        try:
            planned = read_shift(form)
        except Unfit as error:
            raise _said(error, told) from error
        number = await staff.add_shift(
            connection, who.id, planned.kind, planned.start, planned.end, weekday=planned.weekday, day=planned.day,
            valid_from=planned.valid_from, valid_to=planned.valid_to,
        )  # fmt: skip
        added = next(each for each in await staff.shifts(connection) if each.id == number)
    told_of = f"{who.name}: {_shift(added)}"
    if added.kind == "on_call" and not who.telegram_id:
        return f"{told_of}\n{UNREACHABLE} `velkommen mentor telegram {who.email}` makes a code to link it."
    return told_of


async def remove_shift(engine: AsyncEngine, email: str, number: int) -> str:
    async with engine.begin() as connection:
        who = await _colleague(connection, email)
        own = {each.id for each in await staff.shifts(connection) if each.staff_id == who.id}
        if number not in own or not await staff.remove_shift(connection, number):
            raise VelkommenError(f"{who.name} has no shift {number}. `velkommen mentor list` shows the numbers.")
    return f"Shift {number} of {who.name} is removed."


def _described(who: Colleague) -> str:
    parts = [who.name, who.role, f"languages {_all(who.languages)}", f"kommuner {_all(who.kommuner)}"]
    parts += [f"themes {_all(who.themes)}", f"occupations {_all(who.occupations)}", f"at most {who.capacity}"]
    parts += ["Telegram linked"] if who.telegram_id else []
    return "; ".join([*parts, "on" if who.active else "OFF"])


def _shift(shift: Duties) -> str:
    when = DAYS[shift.weekday] if shift.weekday is not None else str(shift.day)
    kind = "on call" if shift.kind == "on_call" else "duty"
    since = f" from {shift.valid_from}" if shift.valid_from else ""
    until = f" until {shift.valid_to}" if shift.valid_to else ""
    return f"shift {shift.id}: {kind} {when} {shift.start:%H:%M}-{shift.end:%H:%M}{since}{until}"


def _all(values: tuple[str, ...]) -> str:
    return ",".join(values) or "all"


def _link(settings: Settings, token: str) -> str:
    return f"To choose a password, once, within 48 hours: {invitation(settings, token)}"


def _said(error: Unfit, told: Mapping[str, object]) -> VelkommenError:
    value = told.get(error.field) or ""
    example = EXAMPLES.get(error.field, "--weekday mon, or --day 2026-12-24")
    return VelkommenError(f"{error.field or 'day'} {str(value)!r} does not fit; for example {example}.")


async def _colleague(connection: AsyncConnection, email: str) -> Colleague:
    who = await staff.by_email(connection, email)
    if who is None:
        raise VelkommenError(f"Nobody has an account as {email}. `velkommen mentor list` shows all of them.")
    return who


async def _active(connection: AsyncConnection, email: str) -> Colleague:
    who = await _colleague(connection, email)
    if not who.active:
        raise VelkommenError(f"{who.name}'s account is off. `velkommen mentor on {who.email}` switches it on.")
    return who
