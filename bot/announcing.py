"""Messages to many: what is scheduled and due becomes rows of the ledger; from there `bot/reminding.py` sends it.

Kill it anywhere: an announcement stays scheduled until each of its recipients has a row, and a row is written once.
"""

import uuid

import structlog

from bot.services import Services
from core.days import danish_day
from reminders import announce
from store import announcements

log = structlog.get_logger()
CHUNK = 500  # recipients in one statement


async def expand_due(services: Services) -> int:
    """What the clock does: write the rows of all that is due, call done what is; the number of new rows."""
    async with services.database.connect() as connection:
        numbers = await announcements.due(connection, now=services.now())
    rows = sum([await _expand(services, number) for number in numbers])
    async with services.database.begin() as connection:
        await announcements.end(connection, now=services.now())
    return rows


async def _expand(services: Services, number: int) -> int:
    rows, after = 0, uuid.UUID(int=0)
    while True:
        now = services.now()
        async with services.database.begin() as connection:
            kept = await announcements.hold(connection, number)
            if kept is None:  # stopped meanwhile, or another worker is at it
                return rows
            wanted = announce.wanted_by(kept, danish_day(now))
            last, new = await announcements.expand(connection, number, wanted, after=after, most=CHUNK, now=now)
            if last is None:
                await announcements.all_written(connection, number)
        rows += new
        services.step("announcement expanding")
        if last is None:
            log.info("announcement sending", announcement=number, rows=rows)
            return rows
        after = last
