"""Where people's lists stand, for lists of many people: a copy of what the plan says, which can be made anew at any time."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Progress


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has come; see `Progress` in store/tables.py."""

    phase: str
    done: int
    total: int
    next_due: date | None
    next_legal: date | None
    late: list[list[str]]


async def keep(connection: AsyncConnection, places: Mapping[uuid.UUID, Place], *, now: datetime) -> None:
    """Keep where these people stand now, unless somebody has kept a newer place meanwhile."""
    if not places:
        return
    # In order, so that two who keep several at once do not wait for each other.
    rows = [{"recruit_id": who, **asdict(places[who]), "computed_at": now} for who in sorted(places)]
    adding = upsert(Progress).values(rows)
    newer = {name: adding.excluded[name] for name in (*rows[0],) if name != "recruit_id"}
    replacing = adding.on_conflict_do_update(
        index_elements=["recruit_id"], set_=newer, where=Progress.computed_at <= adding.excluded.computed_at
    )
    await connection.execute(replacing)


async def drop(connection: AsyncConnection, recruit_id: object) -> None:
    await connection.execute(delete(Progress).where(Progress.recruit_id == recruit_id))


BEHIND = sql("""
    select r.id from recruits r left join progress p on p.recruit_id = r.id
    where r.consent = 'given' and coalesce(r.profile ->> 'audience', '') <> 'employer' and r.id > :after
      and (p.recruit_id is null or p.computed_at < :since) order by r.id limit :most
""")
OVER = sql("""
    delete from progress p using recruits r where r.id = p.recruit_id
      and (r.consent <> 'given' or coalesce(r.profile ->> 'audience', '') = 'employer')
""")


async def behind(connection: AsyncConnection, *, since: datetime, after: uuid.UUID, most: int) -> list[uuid.UUID]:
    """Whose place was not looked at since then, or is missing."""
    found = await connection.execute(BEHIND, {"since": since, "after": after, "most": most})
    return list(found.scalars())


async def drop_over(connection: AsyncConnection) -> None:
    """Drop the places of those who have no list any more."""
    await connection.execute(OVER)
