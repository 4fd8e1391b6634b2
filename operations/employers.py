"""`velkommen employer …` and `velkommen notes`: employers and their codes, and what mentors should hear of."""

import re
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.journeys import CONTACT
from core.days import COPENHAGEN
from core.errors import VelkommenError
from core.settings import Settings
from knowledge.shelf import Shelf
from store import database
from store import journey as lists

READABLE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is mistaken for something else
# Letters only: digits in a row might be taken for somebody's number and masked on their way in.
SECRET, SECRET_LENGTH = "bcdfghjkmnpqrstvwxz", 20
SPELT = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ł": "l"})
KINDS = {"legal_limit_passed": "legal limit passed", "reminders_ignored": "reminders ignored"}


async def employer(settings: Settings, action: str, name: str, *, now: datetime) -> None:
    engine = database.connect(settings.database_url)
    try:
        print(await add(engine, name, now=now) if action == "add" else await every(engine))
    finally:
        await engine.dispose()


async def notes(settings: Settings, close: int | None, *, now: datetime) -> None:
    engine = database.connect(settings.database_url)
    try:
        print(await open_notes(engine) if close is None else await close_note(engine, close, now=now))
    finally:
        await engine.dispose()


async def add(engine: AsyncEngine, name: str, *, now: datetime) -> str:
    """Keep an employer, under a code that recruits can type and one that only its contact gets."""
    name = " ".join(name.split())
    if not name:
        raise VelkommenError('An employer needs a name, such as `velkommen employer add "Nordbo Plejecenter"`.')
    contact_code = "".join(secrets.choice(SECRET) for _ in range(SECRET_LENGTH))
    async with engine.begin() as connection:
        there = await lists.employers(connection)
        for known in there:
            if known.name.casefold() == name.casefold():
                raise VelkommenError(f"{known.name} is there already; its code is {known.code}.")
        code = readable_code(name)
        while code in {known.code for known in there}:
            code = readable_code(name)
        await lists.add_employer(connection, name, code=code, contact_code=contact_code, now=now)
    return "\n".join(
        [
            f"{name} is kept.",
            f"Code for its recruits: {code}",
            f"For its contact only, to be sent to the bot as it stands: /start {CONTACT}{contact_code}",
            f"On Telegram as a link: https://t.me/<name of the bot>?start={CONTACT}{contact_code}",
        ]
    )


def readable_code(name: str) -> str:
    """The beginning of the name and four signs by chance: "NORD-7K3Q"."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(SPELT))
    letters = re.sub("[^a-z]", "", plain)[:4].upper() or "WORK"
    return f"{letters}-{''.join(secrets.choice(READABLE) for _ in range(4))}"


async def every(engine: AsyncEngine) -> str:
    """All employers, a line each."""
    async with engine.connect() as connection:
        rows = await lists.employers(connection)
    if not rows:
        return "There is no employer. `velkommen employer add NAME` keeps one."
    width = max(len(row.name) for row in rows)
    return "\n".join(
        f"{row.name:{width}}  {row.code}  {'1 recruit' if row.recruits == 1 else f'{row.recruits} recruits'}; "
        + ("its contact is here" if row.contact else f"no contact yet: /start {CONTACT}{row.contact_code}")
        for row in rows
    )


async def open_notes(engine: AsyncEngine) -> str:
    """What mentors should hear of, a line each: number, since when, what, task in Danish, who."""
    library = await Shelf(database.sessions(engine)).library()
    async with engine.connect() as connection:
        rows = await lists.open_notes(connection)
    lines = []
    for row in rows:
        title = library.task_text(row.task, "da").title if row.task in library.by_id else row.task
        what = f"{KINDS[row.kind]}: {title}" if title else KINDS[row.kind]
        who = f"{row.name} ({row.recruit_id})" if row.name else str(row.recruit_id)
        lines.append(f"{row.id:4}  {row.created_at.astimezone(COPENHAGEN):%Y-%m-%d %H:%M}  {what}  {who}")
    if not lines:
        return "There is no open note."
    return "\n".join([*lines, "`velkommen notes --close N` closes one."])


async def close_note(engine: AsyncEngine, number: int, *, now: datetime) -> str:
    async with engine.begin() as connection:
        if not await lists.close_note(connection, number, now=now):
            raise VelkommenError(f"There is no open note {number}. `velkommen notes` shows them.")
    return f"Note {number} is closed."
