"""Where people's lists stand, kept for lists of many people: with each change of a plan, and for everybody once a day."""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import structlog

from bot.services import Services
from core.days import COPENHAGEN, danish_day
from journey.plan import State, progress
from journey.standing import Standing, standing
from knowledge.library import Library
from reminders import announce
from store import progress as places
from store import reminders
from store.progress import Place

log = structlog.get_logger()
AT_A_TIME = 100
MOST_LIMITS = 20


def place(stand: Standing, known: Mapping[str, str], today: date) -> Place:
    """A recruit's own list in a few figures. A limit that we only guess is nobody's lateness."""
    own = [planned for planned in stand.plan if planned.task.id.startswith("r-")]
    to_do = [planned for planned in own if planned.state in (State.OPEN, State.BLOCKED)]
    due = [planned.due for planned in to_do if planned.due is not None]
    limits = sorted((p.legal, p.task.id) for p in to_do if p.legal is not None and not p.legal_estimated)
    done, total = progress(own)
    arrival = known.get("arrival")
    return Place(
        phase=announce.phase_of(date.fromisoformat(arrival) if arrival else None, today) or "",
        done=done,
        total=total,
        next_due=min(due, default=None),
        next_legal=limits[0][0] if limits else None,
        late=[[task, day.isoformat()] for day, task in limits[:MOST_LIMITS]],
    )


async def renew(services: Services) -> int:
    """Keep anew where everybody stands who was not looked at today; the number of people. Safe to call at any time."""
    since = datetime.combine(danish_day(services.now()), datetime.min.time(), COPENHAGEN)
    done, after = 0, uuid.UUID(int=0)
    async with services.database.begin() as connection:
        await places.drop_over(connection)
    while True:
        async with services.database.begin() as connection:
            found = await places.behind(connection, since=since, after=after, most=AT_A_TIME)
            if not found:
                break
            done, after = done + len(found), found[-1]
            # Read before anything else, so that what a turn keeps meanwhile is newer.
            now, lists = services.now(), await reminders.lists_of(connection, found)
            kept = _places(await services.shelf.library(), lists, danish_day(now))
            await places.keep(connection, kept, now=now)
        await asyncio.sleep(0)  # whoever is answered in this process goes first
    if done:
        log.info("places kept", people=done)
    return done


def _places(
    library: Library, lists: Mapping[uuid.UUID, tuple[Mapping[str, str], list[Any]]], today: date
) -> dict[uuid.UUID, Place]:
    kept = {}
    for who, (profile, tasks) in lists.items():
        known = {name: value for name, value in profile.items() if value}
        done = {row.task: row.day for row in tasks if row.status == "done"}
        skipped = {row.task for row in tasks if row.status == "skipped"}
        reopened = {row.task for row in tasks if row.status == "open"}
        try:
            kept[who] = place(standing(library.tasks, known, done, skipped, reopened, today=today), known, today)
        except ValueError as error:
            # One person's odd day must not hold up the others.
            log.error("no place", recruit=str(who), error=type(error).__name__)
    return kept
