"""Messages to many: kept as drafts, scheduled, stopped; who gets one stands in the ledger of reminders.

draft → scheduled → sending → done, or stopped. Rows of the ledger are written only for one that is scheduled and due
(`expand`), and what it says is only found (`messages_of`) from then on until it has ended: a draft cannot be sent.

A correction, or the answer to a question that had none, is one for people who are named (`keep_for`); the rest is the same.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Announcement

STOPPED = "the announcement was stopped"
SEGMENT = "announcement"  # the kind that goes to a segment; the others name their people
LEFT = "('planned', 'postponed', 'claimed', 'sending')"  # statuses of rows that are not at their end


@dataclass(frozen=True, slots=True)
class Kept:
    """An announcement as it is kept. scheduled_at: of a draft, when its file wants it sent.

    about: of a correction or an answer, what it is about; `topics` in it are those to which its buttons lead.
    """

    id: int
    name: str
    segment: dict[str, list[str]]
    texts: dict[str, str]
    status: str
    scheduled_at: datetime | None
    ended_at: datetime | None
    kind: str = SEGMENT
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is meant; None: anybody. arrivals: from a day of arrival to one, several of them alternatives.

    named_by: the announcement that names its people; nobody else is meant then.
    """

    audience: Sequence[str]
    language: Sequence[str] | None = None
    kommune: Sequence[str] | None = None
    origin: Sequence[str] | None = None
    occupation: Sequence[str] | None = None
    household: Sequence[str] | None = None
    employer: Sequence[str] | None = None
    arrivals: Sequence[tuple[date, date]] | None = None
    named_by: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One of those who are meant; reachable: there is an address at which they are reached."""

    id: uuid.UUID
    language: str | None
    profile: dict[str, str]
    reachable: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What an announcement says, by language, and the topics to which its buttons lead."""

    texts: Mapping[str, str]
    topics: Sequence[str] = ()


MESSAGES = sql("""
    select cast(id as text), texts, coalesce(about -> 'topics', '[]') from announcements
    where cast(id as text) = any(:ids) and status in ('scheduled', 'sending')
""")


async def messages_of(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, Message]:
    """What those announcements say that may be sent; a draft or a stopped one is not among them."""
    wanted = list(numbers)
    if not wanted:
        return {}
    return {row[0]: Message(row[1], tuple(row[2])) for row in await connection.execute(MESSAGES, {"ids": wanted})}


# --- drafts, and when they are sent -----------------------------------------------------------------------------------

COLUMNS = (
    Announcement.id,
    Announcement.name,
    Announcement.segment,
    Announcement.texts,
    Announcement.status,
    Announcement.scheduled_at,
    Announcement.ended_at,
    Announcement.kind,
    Announcement.about,
)


async def named(connection: AsyncConnection, name: str) -> Kept | None:
    row = (await connection.execute(select(*COLUMNS).where(Announcement.name == name))).one_or_none()
    return Kept(*row) if row else None


async def numbered(connection: AsyncConnection, number: int) -> Kept | None:
    row = (await connection.execute(select(*COLUMNS).where(Announcement.id == number))).one_or_none()
    return Kept(*row) if row else None


async def every(connection: AsyncConnection, *kinds: str) -> list[Kept]:
    """All announcements, or those of some kinds; the newest first."""
    found = select(*COLUMNS).order_by(Announcement.id.desc())
    if kinds:
        found = found.where(Announcement.kind.in_(kinds))
    return [Kept(*row) for row in await connection.execute(found)]


async def keep_draft(
    connection: AsyncConnection,
    name: str,
    *,
    segment: Mapping[str, Sequence[str]],
    texts: Mapping[str, str],
    at: datetime | None,
    now: datetime,
) -> bool:
    """Make a draft, or replace the one of that name; False where that one is a draft no more."""
    values = {"segment": dict(segment), "texts": dict(texts), "scheduled_at": at, "created_at": now}
    ours = (Announcement.name == name, Announcement.status == "draft", Announcement.kind == SEGMENT)
    replacing = update(Announcement).where(*ours).values(**values)
    if (await connection.execute(replacing)).rowcount:
        return True
    if await named(connection, name) is not None:
        return False
    await connection.execute(insert(Announcement).values(name=name, status="draft", **values))
    return True


async def keep_for(
    connection: AsyncConnection,
    *,
    name: str,
    kind: str,
    people: Iterable[uuid.UUID],
    texts: Mapping[str, str],
    about: Mapping[str, Any],
    staff_id: int | None,
    at: datetime | None = None,
    now: datetime,
) -> int:
    """Keep a correction or an answer for these people, to be sent at `at` (None: a draft); its number.

    Called again under the same name it is the same one: a draft takes the new texts and these people as well, one that is
    scheduled or past stays as it is, so nobody gets it twice. Whoever was forgotten meanwhile is left out.
    """
    values = {"texts": dict(texts), "about": dict(about), "status": "scheduled" if at else "draft", "scheduled_at": at}
    row = upsert(Announcement).values(name=name, kind=kind, segment={}, staff_id=staff_id, created_at=now, **values)
    kept = row.on_conflict_do_update(index_elements=["name"], set_=values, where=Announcement.status == "draft")
    number: int | None = (await connection.execute(kept.returning(Announcement.id))).scalar()
    if number is None:
        return (await connection.execute(select(Announcement.id).where(Announcement.name == name))).scalar_one()
    await add_people(connection, number, people)
    return number


# Held, so that nobody is forgotten between being found and being written.
ADD_PEOPLE = sql("""
    with there as (select id from recruits where id = any(:people) order by id for key share)
    insert into announcement_people (announcement_id, recruit_id) select :id, id from there on conflict do nothing
""")


async def add_people(connection: AsyncConnection, number: int, people: Iterable[uuid.UUID]) -> None:
    """Name more people of a correction or an answer; whoever is named already is so once."""
    await connection.execute(ADD_PEOPLE, {"id": number, "people": list(people)})


async def schedule(connection: AsyncConnection, name: str, at: datetime) -> bool:
    """Have a draft sent at a moment; False if there is none of that name."""
    draft = update(Announcement).where(Announcement.name == name, Announcement.status == "draft")
    return (await connection.execute(draft.values(status="scheduled", scheduled_at=at))).rowcount == 1


SKIP = sql("""
    update reminders set status = 'skipped', reason = :reason, settled_at = :now
    where kind = 'announcement' and task = cast(:id as text) and status in ('planned', 'postponed', 'claimed')
""")


async def stop(connection: AsyncConnection, name: str, *, now: datetime) -> int | None:
    """Have nobody get it any more who has not got it; for how many rows that holds. None: there is nothing to stop.

    What is being sent at that moment is not called back; `progress` counts it.
    """
    running = update(Announcement).where(Announcement.name == name, Announcement.status.in_(("scheduled", "sending")))
    stopping = running.values(status="stopped", ended_at=now).returning(Announcement.id)
    number = (await connection.execute(stopping)).scalar()
    if number is None:
        return None
    return (await connection.execute(SKIP, {"id": number, "reason": STOPPED, "now": now})).rowcount


# --- who ----------------------------------------------------------------------------------------------------------

# A day of arrival is kept as ISO text, so it is compared as text; one that is not known lies in no span.
WHO = """
    r.consent = 'given'
    and case when r.profile ->> 'audience' = 'employer' then 'employer' else 'recruit' end = any(:audience)
    and (cast(:language as text[]) is null or coalesce(r.language, 'en') = any(:language))
    and (cast(:kommune as text[]) is null or r.profile ->> 'kommune' = any(:kommune))
    and (cast(:origin as text[]) is null or r.profile ->> 'origin' = any(:origin))
    and (cast(:occupation as text[]) is null or r.profile ->> 'occupation' = any(:occupation))
    and (cast(:household as text[]) is null or r.profile ->> 'household' = any(:household))
    and (cast(:employer as text[]) is null or r.profile ->> 'employer' = any(:employer)
         or exists (select from employers e where e.contact_id = r.id and e.code = any(:employer)))
    and (cast(:arrivals as jsonb) is null or exists (
        select from jsonb_to_recordset(cast(:arrivals as jsonb)) as a(first text, last text)
        where (r.profile ->> 'arrival') collate "C" between a.first and a.last and r.profile ->> 'arrival' <> ''))
    and (cast(:named_by as bigint) is null or exists (
        select from announcement_people n where n.announcement_id = :named_by and n.recruit_id = r.id))
"""
RECIPIENTS = sql(f"""
    select r.id, r.language, r.profile,
           exists (select from addresses a where a.recruit_id = r.id and a.unreachable_at is null)
    from recruits r where {WHO} order by r.id
""")  # noqa: S608 - a constant


async def recipients(connection: AsyncConnection, wanted: Wanted) -> list[Recipient]:
    """Everybody who is meant and has agreed that we keep anything, also those who cannot be reached."""
    return [Recipient(*row) for row in await connection.execute(RECIPIENTS, _values(wanted))]


def _values(wanted: Wanted) -> dict[str, Any]:
    spans = wanted.arrivals
    lists = ("audience", "language", "kommune", "origin", "occupation", "household", "employer")
    given = {name: getattr(wanted, name) for name in lists}
    return {
        **{name: None if values is None else list(values) for name, values in given.items()},
        "named_by": wanted.named_by,
        "arrivals": None if spans is None else json.dumps([{"first": str(a), "last": str(b)} for a, b in spans]),
    }


# --- sending ------------------------------------------------------------------------------------------------------

DUE = sql("select id from announcements where status = 'scheduled' and scheduled_at <= :now order by scheduled_at, id")
HELD = select(*COLUMNS).where(Announcement.status == "scheduled").with_for_update(skip_locked=True)


async def due(connection: AsyncConnection, *, now: datetime) -> list[int]:
    """Which scheduled announcements are due."""
    return list((await connection.execute(DUE, {"now": now})).scalars())


async def hold(connection: AsyncConnection, number: int) -> Kept | None:
    """A scheduled announcement, held until the transaction ends; None: stopped, or held elsewhere."""
    row = (await connection.execute(HELD.where(Announcement.id == number))).one_or_none()
    return Kept(*row) if row else None


EXPAND = sql(f"""
    with chosen as (
        select r.id from recruits r
        where r.id > :after and {WHO}
        order by r.id limit :most
    ), written as (
        insert into reminders (recruit_id, kind, task, planned_for, due_at, created_at)
        select chosen.id, 'announcement', cast(a.id as text), a.scheduled_at, :now, :now
        from chosen, announcements a where a.id = :id and a.status = 'scheduled' and a.scheduled_at <= :now
        on conflict do nothing returning 1
    )
    select (select id from chosen order by id desc limit 1), (select count(*) from written)
""")  # noqa: S608 - a constant


async def expand(
    connection: AsyncConnection,
    number: int,
    wanted: Wanted,
    *,
    after: uuid.UUID,
    most: int,
    now: datetime,
) -> tuple[uuid.UUID | None, int]:
    """Write the ledger's rows of the next recipients, each once however often this is called.

    The last of these recipients (None: there are no more) and how many rows are new.
    """
    values = {**_values(wanted), "id": number, "after": after, "most": most, "now": now}
    row = (await connection.execute(EXPAND, values)).one()
    return row[0], row[1]


async def all_written(connection: AsyncConnection, number: int) -> None:
    """Every recipient has a row; from now on it is sending."""
    written = update(Announcement).where(Announcement.id == number, Announcement.status == "scheduled")
    await connection.execute(written.values(status="sending"))


END = sql(f"""
    update announcements a set status = 'done', ended_at = :now where a.status = 'sending' and not exists (
        select from reminders r where r.kind = 'announcement' and r.task = cast(a.id as text) and r.status in {LEFT}
    )
""")  # noqa: S608 - a constant


async def end(connection: AsyncConnection, *, now: datetime) -> int:
    """Call those done of which no row is left to do; how many."""
    return (await connection.execute(END, {"now": now})).rowcount


# --- what became of it --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows of the ledger have which status; the same by language of the person; and which reasons."""

    by_status: Mapping[str, int]
    by_language: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, Mapping[str, int]]

    @property
    def people(self) -> int:
        return sum(self.by_status.values())


COUNTS = sql("""
    select r.status, coalesce(p.language, 'en'), r.reason, count(*)
    from reminders r join recruits p on p.id = r.recruit_id
    where r.kind = 'announcement' and r.task = cast(:id as text) group by 1, 2, 3 order by 1, 2, 3
""")


async def progress(connection: AsyncConnection, number: int) -> Progress:
    """Where the rows of an announcement stand. Who was forgotten since is in no number."""
    by_status: dict[str, int] = {}
    by_language: dict[str, dict[str, int]] = {}
    reasons: dict[str, dict[str, int]] = {}
    for status, language, reason, count in await connection.execute(COUNTS, {"id": number}):
        by_status[status] = by_status.get(status, 0) + count
        spoken = by_language.setdefault(language, {})
        spoken[status] = spoken.get(status, 0) + count
        if reason:
            told = reasons.setdefault(status, {})
            told[reason] = told.get(reason, 0) + count
    return Progress(by_status, by_language, reasons)
