"""Recruits as the office sees them: lists with filters, one person with everything but what was said.

Of whoever has not agreed that anything is kept, the number alone is shown, however a list is asked for.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.invitations import like
from store.tables import Employer, Recruit

SORTS = {
    "heard": "r.seen_at desc, r.id",
    "late": "p.next_legal nulls last, r.seen_at desc, r.id",
    "arrival": "(case when r.consent = 'given' then nullif(r.profile ->> 'arrival', '') end) desc nulls last, r.id",
}
EVERYBODY = 100_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which recruits; empty: any. late: a legal limit has passed. contacts: those who act for an employer, instead."""

    kommune: str = ""
    employer: str = ""
    phase: str = ""
    language: str = ""
    query: str = ""
    late: bool = False
    contacts: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; the profile, and where the list stands, of those who have agreed only."""

    id: uuid.UUID
    consent: str
    language: str | None
    created_at: datetime
    seen_at: datetime
    profile: dict[str, str]
    phase: str | None
    done: int | None
    total: int | None
    next_legal: date | None
    limits: list[list[str]] | None

    def late(self, today: date) -> list[str]:
        """The tasks whose legal limit has passed, the longest first."""
        return [task for task, day in self.limits or () if day < today.isoformat()]


GIVEN = "r.consent = 'given'"
MATCHING = {
    "kommune": f"{GIVEN} and r.profile ->> 'kommune' = :kommune",
    "employer": f"{GIVEN} and r.profile ->> 'employer' = :employer",
    "phase": f"{GIVEN} and p.phase = :phase",
    "language": "coalesce(r.language, 'en') = :language",
    "query": f"""({GIVEN} and r.profile ->> 'name' ilike :like or cast(r.id as text) like :number or {GIVEN} and exists (
        select from invitations i where i.recruit_id = r.id and (i.name ilike :like or i.reference ilike :like)))""",
    "late": f"{GIVEN} and p.next_legal < :today",
}
ROLE = "coalesce(r.profile ->> 'audience', '') {sign} 'employer'"
FROM = "from recruits r left join progress p on p.recruit_id = r.id"
COLUMNS = f"""
    r.id, r.consent, r.language, r.created_at, r.seen_at, case when {GIVEN} then r.profile else '{{}}' end,
    p.phase, p.done, p.total, p.next_legal, p.late
"""


async def page(
    connection: AsyncConnection, wanted: Filter, *, sort: str, today: date, offset: int = 0, most: int = 50
) -> tuple[list[Row], int]:
    """The recruits that match, and how many there are."""
    where, values = _where(wanted, today)
    # Only constants of this module are put together here.
    count = sql(f"select count(*) {FROM} where {where}")
    rows = sql(f"select {COLUMNS} {FROM} where {where} order by {SORTS[sort]} offset :offset limit :most")
    number = int((await connection.execute(count, values)).scalar_one())
    found = await connection.execute(rows, {**values, "offset": offset, "most": most})
    return [Row(*row) for row in found], number


def _where(wanted: Filter, today: date) -> tuple[str, dict[str, Any]]:
    asked = [name for name in MATCHING if getattr(wanted, name)]
    parts = [ROLE.format(sign="=" if wanted.contacts else "<>"), *(MATCHING[name] for name in asked)]
    query = wanted.query.strip()
    values: dict[str, Any] = {name: getattr(wanted, name) for name in asked if name not in ("query", "late")}
    if query:
        values |= {"like": like(query), "number": f"{like(query.lower())[1:]}"}
    if wanted.late:
        values["today"] = today
    return " and ".join(parts), values


async def employers(connection: AsyncConnection) -> dict[str, str]:
    """The names of all employers, by their code."""
    rows = await connection.execute(select(Employer.code, Employer.name).order_by(Employer.name))
    return {row[0]: row[1] for row in rows}


# --- one person -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """reached: each channel, and since when nobody can be reached there. talks: numbers of the conversations."""

    id: uuid.UUID
    created_at: datetime
    seen_at: datetime
    language: str | None
    consent: str
    consent_at: datetime | None
    profile: dict[str, str]
    reached: list[tuple[str, datetime | None]]
    talks: list[int]
    notes: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """A row of the ledger without the person's own words."""

    kind: str
    task: str
    due_at: datetime
    status: str
    reason: str | None
    settled_at: datetime | None


PERSON = sql("""
    select id, created_at, seen_at, language, consent, consent_at, profile,
           (select count(*) from case_notes n where n.recruit_id = r.id) as notes
    from recruits r where id = :id
""")
REACHED = sql("""
    select a.channel, a.unreachable_at, c.id from addresses a left join conversations c on c.address_id = a.id
    where a.recruit_id = :id order by a.id
""")


async def person(connection: AsyncConnection, number: uuid.UUID) -> Person | None:
    row = (await connection.execute(PERSON, {"id": number})).one_or_none()
    if row is None:
        return None
    reached = list(await connection.execute(REACHED, {"id": number}))
    return Person(
        row.id, row.created_at, row.seen_at, row.language, row.consent, row.consent_at,
        profile={name: value for name, value in row.profile.items() if value},
        reached=[(channel, since) for channel, since, _ in reached],
        talks=[talk for _, _, talk in reached if talk is not None],
        notes=row.notes,
    )  # fmt: skip


TO_COME = sql("""
    select kind, task, due_at, status, reason, settled_at from reminders
    where recruit_id = :id and status in ('planned', 'postponed', 'claimed', 'sending') order by due_at, id limit :most
""")
SETTLED = sql("""
    select kind, task, due_at, status, reason, settled_at from reminders
    where recruit_id = :id and status in ('sent', 'failed') order by settled_at desc nulls last, id desc limit :most
""")


async def reminders(
    connection: AsyncConnection, number: uuid.UUID, *, most: int = 20
) -> tuple[Sequence[Reminder], Sequence[Reminder]]:
    """What is to come, the next first; what was sent or could not be, the last first."""
    both = [
        [Reminder(*row) for row in await connection.execute(query, {"id": number, "most": most})]
        for query in (TO_COME, SETTLED)
    ]
    return both[0], both[1]


HOLD = sql("select pg_advisory_xact_lock(1, :id)")


async def delete_person(connection: AsyncConnection, one: Person) -> bool:
    """Delete a person with everything, once no turn of theirs is under way; False if they are gone already."""
    for talk in sorted(one.talks):
        await connection.execute(HOLD, {"id": talk % 2**31})  # the lock that a turn takes
    return (await connection.execute(delete(Recruit).where(Recruit.id == one.id))).rowcount == 1
