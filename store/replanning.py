"""Whether everybody's reminders follow the tasks that are published, and who is next.

What there is to do stands here and not in the queue: a publication from anywhere (a page, an import, a copy brought
back) is seen, and whoever ends in between is taken over where they were.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Behind:
    """The newest revision of a task, which not everybody's reminders follow yet. after: the recruit it has come to."""

    revision: int
    after: uuid.UUID | None


# A publication meanwhile begins anew: those who are done already have not heard of it.
HOLD = sql("""
    with newest as (select coalesce(max(id), 0) as revision from revisions where kind = 'task')
    select newest.revision, case when wanted = newest.revision then after end
    from replanning, newest where planned < newest.revision for update of replanning skip locked
""")
PEOPLE = sql("""
    select id from recruits where consent = 'given' and (cast(:after as uuid) is null or id > :after)
    order by id limit :most
""")


async def hold(connection: AsyncConnection) -> Behind | None:
    """What is to be done, held until the transaction ends; None: nothing, or another worker is at it."""
    row = (await connection.execute(HOLD)).one_or_none()
    return Behind(*row) if row else None


async def people(connection: AsyncConnection, after: uuid.UUID | None, *, most: int) -> Sequence[uuid.UUID]:
    """Who comes next; with consent only, as nobody else has reminders."""
    return (await connection.execute(PEOPLE, {"after": after, "most": most})).scalars().all()


async def lock_person(connection: AsyncConnection, recruit_id: uuid.UUID) -> None:
    """Have whoever changes this person's list or profile wait; and wait for whoever is doing so."""
    await connection.execute(sql("select from recruits where id = :id for update"), {"id": recruit_id})


async def come_to(connection: AsyncConnection, revision: int, after: uuid.UUID) -> None:
    values = {"revision": revision, "after": after}
    await connection.execute(sql("update replanning set wanted = :revision, after = :after"), values)


async def finish(connection: AsyncConnection, revision: int) -> None:
    done = sql("update replanning set planned = :revision, wanted = :revision, after = null")
    await connection.execute(done, {"revision": revision})
