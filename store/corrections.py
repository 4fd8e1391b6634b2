"""Who was told something that was wrong: found by the revisions that each answer was made of; never by its words."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store import announcements
from store.announcements import Kept

KIND = "correction"


@dataclass(frozen=True, slots=True)
class Told:
    """One person who got an answer made of a revision: over which channels, from when to when, in answers to which topics."""

    id: uuid.UUID
    language: str | None
    consent: str
    profile: dict[str, str]
    reachable: bool
    channels: Sequence[str]
    first_at: datetime
    last_at: datetime
    topics: Sequence[str]


# One look at the index a revision. What is unknown may have been read.
TOLD = sql("""
    select r.id, r.language, r.consent, r.profile,
           exists (select from addresses b where b.recruit_id = r.id and b.unreachable_at is null),
           array_agg(distinct a.channel), min(got.at), max(got.at),
           array_remove(array_agg(distinct nullif(got.about, '')), null)
    from (
        select o.conversation_id, coalesce(o.sent_at, o.attempted_at, o.created_at) as at, o.body ->> 'about' as about
        from unnest(cast(:revisions as bigint[])) as wrong(id)
        join outbound o on jsonb_exists(o.body, 'revisions') and o.body -> 'revisions' @> jsonb_build_array(wrong.id)
        where o.status in ('sent', 'unknown')
    ) got
    join conversations c on c.id = got.conversation_id
    join addresses a on a.id = c.address_id
    join recruits r on r.id = a.recruit_id
    group by r.id order by r.id
""")


async def told(connection: AsyncConnection, revisions: Sequence[int]) -> list[Told]:
    """Everybody who got an answer made of one of these revisions, each once."""
    return [Told(*row) for row in await connection.execute(TOLD, {"revisions": list(revisions)})]


# Of a correction that was stopped those count who had got it; of any other all whom it names.
CORRECTED = sql("""
    select n.recruit_id, max(a.scheduled_at) from announcements a join announcement_people n on n.announcement_id = a.id
    where a.kind = 'correction' and a.id <> :besides and a.status <> 'draft'
      and exists (select from jsonb_array_elements_text(a.about -> 'revisions') e
                  where cast(e as bigint) = any(cast(:revisions as bigint[])))
      and (a.status <> 'stopped' or exists (
          select from reminders r where r.kind = 'announcement' and r.task = cast(a.id as text)
            and r.recruit_id = n.recruit_id and r.status in ('sending', 'sent')))
    group by n.recruit_id
""")


async def uncorrected(connection: AsyncConnection, revisions: Sequence[int], *, besides: int = 0) -> list[Told]:
    """Those told one of these revisions who have not got a correction since, and are not about to; `besides`: a
    correction that doesn't count. Who is told the same wrong thing again after a correction is to hear of it again.
    """
    values = {"revisions": list(revisions), "besides": besides}
    done = {row[0]: row[1] for row in await connection.execute(CORRECTED, values)}
    people = await told(connection, revisions)
    return [each for each in people if each.id not in done or (done[each.id] and each.last_at > done[each.id])]


ABOUT = sql("""
    select a.id, a.status from announcements a
    where a.kind = 'correction' and exists (
        select from jsonb_array_elements_text(a.about -> 'revisions') e
        where cast(e as bigint) = any(cast(:revisions as bigint[])))
    order by a.id desc
""")


async def about(connection: AsyncConnection, revisions: Sequence[int]) -> list[tuple[int, str]]:
    """The corrections of any of these revisions, the newest first: number and status."""
    return [(row[0], row[1]) for row in await connection.execute(ABOUT, {"revisions": list(revisions)})]


LOCK = sql("select pg_advisory_xact_lock(hashtext('velkommen correction'))")
ONLY = sql("""
    delete from announcement_people where announcement_id = :id and recruit_id <> all(cast(:people as uuid[]))
""")


async def keep(
    connection: AsyncConnection,
    revisions: Sequence[int],
    *,
    texts: dict[str, str],
    about_: dict[str, Any],
    staff_id: int | None,
    now: datetime,
) -> int:
    """A draft for everybody who was told one of these revisions; its number. Pressed twice it is the same draft."""
    await connection.execute(LOCK)
    earlier = await about(connection, revisions)
    if open_ := next((number for number, status in earlier if status == "draft"), None):
        return open_
    return await announcements.keep_for(
        connection,
        name=f"correction-{min(revisions)}-{len(earlier) + 1}",
        kind=KIND,
        people=await _people(connection, revisions),
        texts=texts,
        about={**about_, "revisions": list(revisions)},
        staff_id=staff_id,
        now=now,
    )


async def hold(connection: AsyncConnection, number: int) -> Kept | None:
    """A correction, alone with it until the transaction ends. A draft then names whoever is to get it as of now."""
    await connection.execute(LOCK)
    kept = await announcements.numbered(connection, number)
    if kept is None or kept.kind != KIND:
        return None
    if kept.status == "draft":
        people = await _people(connection, kept.about["revisions"], besides=number)
        await connection.execute(ONLY, {"id": number, "people": people})
        await announcements.add_people(connection, number, people)
    return kept


async def _people(connection: AsyncConnection, revisions: Sequence[int], *, besides: int = 0) -> list[uuid.UUID]:
    return [person.id for person in await uncorrected(connection, revisions, besides=besides)]


async def reword(connection: AsyncConnection, number: int, texts: dict[str, str]) -> bool:
    """Other words for a draft; False where it is one no more."""
    changed = await connection.execute(REWORD, {"id": number, "texts": json.dumps(texts)})
    return changed.rowcount == 1


REWORD = sql("""
    update announcements set texts = cast(:texts as jsonb) where id = :id and kind = 'correction' and status = 'draft'
""")
DISCARD = sql("delete from announcements where id = :id and kind = 'correction' and status = 'draft'")


async def discard(connection: AsyncConnection, number: int) -> bool:
    """Throw a draft away; False where it is one no more."""
    return (await connection.execute(DISCARD, {"id": number})).rowcount == 1
