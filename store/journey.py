"""A person's checklist: what became of its tasks, the employer behind it, the private address of it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Employer, MentorNote, PrivateLink, Reminder, TaskChange


@dataclass(frozen=True, slots=True)
class Change:
    """One task's new status: done, skipped (not for me) or open (not done after all); the day on which it was done."""

    task: str
    status: str
    day: date


@dataclass(frozen=True, slots=True)
class OwnReminder:
    """A reminder that the person asked for, still to come."""

    id: int
    text: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person's journey holds besides the profile. last: what was said last, for taking it back."""

    tasks: Mapping[str, Change]
    last: tuple[Change, ...] = ()
    reminders: tuple[OwnReminder, ...] = ()

    @property
    def done(self) -> dict[str, date]:
        return {name: change.day for name, change in self.tasks.items() if change.status == "done"}

    @property
    def skipped(self) -> frozenset[str]:
        return frozenset(name for name, change in self.tasks.items() if change.status == "skipped")

    @property
    def reopened(self) -> frozenset[str]:
        return frozenset(name for name, change in self.tasks.items() if change.status == "open")


NOTHING = Mine({})

STANDING = sql("""
    select distinct on (task) task, status, day from task_changes where recruit_id = :recruit order by task, id desc
""")
LAST = sql("""
    select task, status, day from task_changes where batch = (
        select batch from task_changes where recruit_id = :recruit and said_by = 'recruit' order by id desc limit 1
    ) and recruit_id = :recruit order by id
""")


async def mine(connection: AsyncConnection, recruit_id: uuid.UUID) -> Mine:
    tasks = [Change(*row) for row in await connection.execute(STANDING, {"recruit": recruit_id})]
    last = tuple(Change(*row) for row in await connection.execute(LAST, {"recruit": recruit_id}))
    own = select(Reminder.id, Reminder.text, Reminder.due_at).where(
        Reminder.recruit_id == recruit_id, Reminder.kind == "own", Reminder.status.in_(("planned", "postponed"))
    )
    reminders = tuple(
        OwnReminder(row[0], row[1] or "", row[2]) for row in await connection.execute(own.order_by(Reminder.due_at))
    )
    return Mine({change.task: change for change in tasks}, last, reminders)


async def change_tasks(
    connection: AsyncConnection, recruit_id: uuid.UUID, changes: Iterable[Change], *, said_by: str, now: datetime
) -> None:
    """Note what became of tasks; what is noted together is taken back together."""
    batch = uuid.uuid4()
    rows = [
        {
            "recruit_id": recruit_id,
            "task": change.task,
            "status": change.status,
            "day": change.day,
            "said_by": said_by,
            "batch": batch,
            "created_at": now,
        }
        for change in changes
    ]
    if rows:
        await connection.execute(insert(TaskChange), rows)


UNDO = sql("""
    delete from task_changes where recruit_id = :recruit and batch = (
        select batch from task_changes where recruit_id = :recruit and said_by = 'recruit' order by id desc limit 1
    )
""")


async def take_back(connection: AsyncConnection, recruit_id: uuid.UUID) -> int:
    """Take back what the person said last about tasks; the number of tasks that this concerns."""
    return (await connection.execute(UNDO, {"recruit": recruit_id})).rowcount


# --- employers ----------------------------------------------------------------------------------------------------


async def add_employer(connection: AsyncConnection, name: str, *, code: str, contact_code: str, now: datetime) -> None:
    await connection.execute(insert(Employer).values(name=name, code=code, contact_code=contact_code, created_at=now))


async def employers(connection: AsyncConnection) -> list[Any]:
    """All employers: name, code, contact code, whether a contact has come, number of recruits."""
    query = sql("""
        select e.name, e.code, e.contact_code, e.contact_id is not null as contact,
               (select count(*) from recruits r where r.profile ->> 'employer' = e.code) as recruits
        from employers e order by e.name
    """)
    return list(await connection.execute(query))


async def employer_named(connection: AsyncConnection, code: str) -> str | None:
    """The name of the employer with that code, if there is one."""
    return (await connection.execute(select(Employer.name).where(func.lower(Employer.code) == code.lower()))).scalar()


async def join_as_contact(connection: AsyncConnection, recruit_id: uuid.UUID, contact_code: str) -> str | None:
    """Make a person the contact of the employer with that contact code; the employer's name, or None."""
    found = update(Employer).where(Employer.contact_code == contact_code).values(contact_id=recruit_id)
    return (await connection.execute(found.returning(Employer.name))).scalar()


async def recruits_given(connection: AsyncConnection, contact_code: str) -> list[uuid.UUID]:
    """Everybody who gave the code of the employer with that contact code."""
    query = sql("""
        select r.id from recruits r join employers e on e.code = r.profile ->> 'employer' where e.contact_code = :code
    """)
    return list((await connection.execute(query, {"code": contact_code})).scalars())


async def employer_of_contact(connection: AsyncConnection, contact_code: str) -> str | None:
    """The name of the employer with that contact code, if there is one."""
    return (await connection.execute(select(Employer.name).where(Employer.contact_code == contact_code))).scalar()


RECRUITS_OF = sql("""
    select r.id, r.profile from recruits r join employers e on e.code = r.profile ->> 'employer'
    where e.contact_id = :contact and r.id <> :contact and r.consent = 'given' order by r.created_at limit :most
""")
MOST_RECRUITS = 20


async def recruits_of(connection: AsyncConnection, contact: uuid.UUID) -> list[tuple[uuid.UUID, dict[str, str], Mine]]:
    """The recruits who gave the code of this contact's employer: number, profile, list; nothing for anybody else."""
    rows = list(await connection.execute(RECRUITS_OF, {"contact": contact, "most": MOST_RECRUITS}))
    return [(row[0], row[1], await mine(connection, row[0])) for row in rows]


async def is_contact_of(connection: AsyncConnection, contact: uuid.UUID, recruit_id: uuid.UUID) -> bool:
    query = sql("""
        select exists (select from recruits r join employers e on e.code = r.profile ->> 'employer'
                       where r.id = :recruit and e.contact_id = :contact)
    """)
    return bool((await connection.execute(query, {"recruit": recruit_id, "contact": contact})).scalar())


# --- notes to mentors ---------------------------------------------------------------------------------------------


async def open_notes(connection: AsyncConnection) -> list[Any]:
    """What mentors should hear of and nobody has closed yet; with the name of those who still agree to that."""
    query = sql("""
        select n.id, n.recruit_id, n.kind, n.task, n.created_at,
               case when r.consent = 'given' and r.profile ->> 'mentor' = 'yes' then r.profile ->> 'name' end as name
        from mentor_notes n join recruits r on r.id = n.recruit_id where n.closed_at is null order by n.id
    """)
    return list(await connection.execute(query))


async def close_note(connection: AsyncConnection, number: int, *, now: datetime) -> bool:
    closing = update(MentorNote).where(MentorNote.id == number, MentorNote.closed_at.is_(None)).values(closed_at=now)
    return (await connection.execute(closing)).rowcount == 1


# --- the private address ------------------------------------------------------------------------------------------


async def private_link(connection: AsyncConnection, recruit_id: uuid.UUID, *, now: datetime) -> uuid.UUID:
    """The number of the person's private address that is not revoked; a new one where there is none."""
    valid = select(PrivateLink.id).where(PrivateLink.recruit_id == recruit_id, PrivateLink.revoked_at.is_(None))
    found: uuid.UUID | None = (await connection.execute(valid.order_by(PrivateLink.created_at).limit(1))).scalar()
    if found is not None:
        return found
    made = uuid.uuid4()
    await connection.execute(insert(PrivateLink).values(id=made, recruit_id=recruit_id, created_at=now))
    return made


async def revoke_links(connection: AsyncConnection, recruit_id: uuid.UUID, *, now: datetime) -> int:
    """From now on the person's private addresses show nothing; how many there were."""
    revoking = update(PrivateLink).where(PrivateLink.recruit_id == recruit_id, PrivateLink.revoked_at.is_(None))
    return (await connection.execute(revoking.values(revoked_at=now))).rowcount


LINKED = sql("""
    update private_links l set used_at = :now from recruits r
    where l.id = :id and l.revoked_at is null and r.id = l.recruit_id and r.consent = 'given'
    returning r.id, r.language, r.profile
""")


async def behind_link(connection: AsyncConnection, number: uuid.UUID, *, now: datetime) -> Any | None:
    """Whose list a private address shows: (recruit id, language, profile); None if it is revoked or unknown."""
    return (await connection.execute(LINKED, {"id": number, "now": now})).one_or_none()


# --- many lists at once -------------------------------------------------------------------------------------------

ON_LISTS = "consent = 'given' and coalesce(profile ->> 'audience', '') <> 'employer'"
# Numbers of people are random, so the first of them are a fair sample.
LISTS = sql(f"""
    select r.profile, coalesce((
        select jsonb_object_agg(t.task, jsonb_build_array(t.status, t.day)) from (
            select distinct on (task) task, status, day from task_changes
            where recruit_id = r.id and task = any(:tasks) order by task, id desc
        ) t), '{{}}')
    from recruits r where {ON_LISTS} order by r.id limit :most
""")  # noqa: S608 - a constant


async def count_lists(connection: AsyncConnection) -> int:
    """How many people have a list and agreed that we keep it."""
    number: int = (await connection.execute(sql(f"select count(*) from recruits where {ON_LISTS}"))).scalar_one()  # noqa: S608
    return number


async def some_lists(
    connection: AsyncConnection, tasks: Iterable[str], *, most: int
) -> list[tuple[dict[str, str], dict[str, Change]]]:
    """Of so many of them, whoever they are: the profile, and what became of some tasks."""
    rows = await connection.execute(LISTS, {"tasks": list(tasks), "most": most})
    return [
        (profile, {task: Change(task, status, date.fromisoformat(day)) for task, (status, day) in changes.items()})
        for profile, changes in rows
    ]
