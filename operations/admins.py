"""`velkommen admin …`: the first administrator, and one whose telephone and recovery codes are gone."""

from argparse import Namespace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import VelkommenError
from core.settings import Settings
from store import audit, database, staff
from web.admin.accounts import read_email, read_person
from web.admin.room import Unfit
from web.staff import PASSWORD, invitation, tell_pages

BY = "command line"


async def main(settings: Settings, arguments: Namespace, *, now: datetime) -> None:
    engine = database.connect(settings.database_url)
    try:
        print(await answer(engine, settings, arguments, now))
    finally:
        await engine.dispose()


async def answer(engine: AsyncEngine, settings: Settings, arguments: Namespace, now: datetime) -> str:
    if arguments.action == "create":
        return await create(engine, settings, arguments.email, arguments.name, now=now)
    return await reset_second(engine, arguments.email, now=now)


async def create(engine: AsyncEngine, settings: Settings, address: str, name: str, *, now: datetime) -> str:
    """A new account of an administrator; the link is printed this once."""
    form = {"email": [address], "name": [name], "role": ["admin"], "capacity": ["15"]}
    try:
        email, person = read_email(form), read_person(form, ())
    except Unfit as error:
        value = form[error.field][0]
        raise VelkommenError(
            f'{error.field} {value!r} does not fit; for example velkommen admin create maria@example.org --name "Maria".'
        ) from error
    try:
        async with engine.begin() as connection:
            number = await staff.add(connection, email=email, now=now, **person.columns())
            token = await staff.make_link(connection, number, PASSWORD, now=now)
            await note(connection, "staff.add", number, now=now, role=person.role)
    except IntegrityError as error:
        raise VelkommenError(
            f"{email} has an account already. `velkommen mentor link {email}` makes a link for it; "
            "an administrator can change its role under Settings."
        ) from error
    return (
        f"{person.name} has an administrator's account.\n"
        f"To choose a password, once, within 48 hours: {invitation(settings, token)}\n"
        "A second factor is set up right after that, so have a telephone with an app for codes at hand."
    )


async def reset_second(engine: AsyncEngine, email: str, *, now: datetime) -> str:
    async with engine.begin() as connection:
        who = await staff.by_email(connection, email)
        if who is None:
            raise VelkommenError(f"Nobody has an account as {email}. `velkommen mentor list` shows all of them.")
        await staff.set_factor(connection, who.id, None, used=None)
        await staff.end_sessions(connection, who.id)
        await tell_pages(connection, who.id)
        await note(connection, "staff.second", who.id, now=now)
    needed = who.role in staff.NEED_SECOND
    return f"{who.name} is signed out everywhere. " + (
        "The next sign-in asks to set up a new second factor."
        if needed
        else "The next sign-in asks for the password alone."
    )


async def note(connection: AsyncConnection, what: str, number: int, *, now: datetime, **data: object) -> None:
    """Into the audit log; who typed it is not known."""
    await audit.add(connection, staff_id=None, who=BY, what=what, about=f"staff:{number}", now=now, **data)
