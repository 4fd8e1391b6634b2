"""The ledger of reminders: planned → claimed → sending → sent; or skipped, postponed, failed. Nothing is deleted from it."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reminder that the plan asks for. occurrence: the due day and the offset, so that a moved day is a new one."""

    task: str
    occurrence: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row of the ledger that is being looked at."""

    id: int
    recruit_id: uuid.UUID
    about_id: uuid.UUID | None
    kind: str
    task: str
    occurrence: str
    text: str | None
    planned_for: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be reminded, at the address where they wrote last; None of it is from the moment of planning."""

    recruit_id: uuid.UUID
    language: str | None
    consent: str
    profile: dict[str, Any]
    seen_at: datetime
    conversation_id: int | None
    owner: str
    epoch: int
    state: dict[str, Any]
    channel: str
    address: str
    reachable: bool
    undelivered: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is written about one row: skipped or postponed, and why."""

    id: int
    status: str
    reason: str
    due_at: datetime | None = None


# --- planning -----------------------------------------------------------------------------------------------------

PLAN = sql("""
    with wanted as (
        select * from jsonb_to_recordset(cast(:wanted as jsonb)) as w(task text, occurrence text, due_at timestamptz)
    ), gone as (
        update reminders r set status = 'skipped', settled_at = :now,
            reason = coalesce(cast(:settled as jsonb) ->> r.task, 'the date has moved')
        where r.recruit_id = :recruit and r.about_id is not distinct from cast(:about as uuid) and r.kind = 'task'
          and r.status in ('planned', 'postponed') and r.due_at > :now
          and (r.occurrence not like 'snooze%' or jsonb_exists(cast(:settled as jsonb), r.task))
          and not exists (select from wanted w where w.task = r.task and w.occurrence = r.occurrence)
    )
    insert into reminders (recruit_id, about_id, kind, task, occurrence, planned_for, due_at, created_at)
    select :recruit, cast(:about as uuid), 'task', task, occurrence, due_at, due_at, :now from wanted
    on conflict (recruit_id, about_id, kind, task, occurrence) do update
        set status = 'planned', reason = null, settled_at = null, due_at = excluded.due_at,
            planned_for = excluded.planned_for
        where (reminders.status in ('planned', 'postponed') and reminders.planned_for <> excluded.planned_for)
           or (reminders.status = 'skipped' and reminders.outbound_id is null)
""")


async def plan(
    connection: AsyncConnection,
    recruit_id: uuid.UUID,
    wanted: Iterable[Wanted],
    *,
    settled: Mapping[str, str],
    now: datetime,
    about_id: uuid.UUID | None = None,
) -> None:
    """Make what is to come on a list what is wanted. What is due already is left to be decided on.

    settled: tasks that nobody needs to be reminded of any more, and why.
    """
    rows = [{"task": w.task, "occurrence": w.occurrence, "due_at": w.due_at.isoformat()} for w in wanted]
    await connection.execute(
        PLAN,
        {
            "recruit": recruit_id,
            "about": about_id,
            "wanted": json.dumps(rows),
            "settled": json.dumps(dict(settled)),
            "now": now,
        },
    )


ADD = sql("""
    insert into reminders (recruit_id, about_id, kind, task, occurrence, text, planned_for, due_at, created_at)
    values (:recruit, :about, :kind, :task, :occurrence, :text, :at, :at, :now)
    on conflict do nothing returning id
""")


async def add_own(connection: AsyncConnection, recruit_id: uuid.UUID, text: str, at: datetime, *, now: datetime) -> int:
    """Keep a reminder in the person's own words."""
    values = {"recruit": recruit_id, "about": None, "kind": "own", "task": "", "text": text, "at": at, "now": now}
    number: int = (await connection.execute(ADD, {**values, "occurrence": str(uuid.uuid4())})).scalar_one()
    return number


async def snooze(
    connection: AsyncConnection, recruit_id: uuid.UUID, number: int, at: datetime, *, now: datetime
) -> bool:
    """Remind of the same once more at another moment; False if the row is not the person's."""
    again = sql("""
        insert into reminders (recruit_id, about_id, kind, task, occurrence, text, planned_for, due_at, created_at)
        select recruit_id, about_id, kind, task, 'snooze ' || cast(:occurrence as text), text, :at, :at, :now
        from reminders where id = :id and recruit_id = :recruit
    """)
    values = {"id": number, "recruit": recruit_id, "at": at, "now": now, "occurrence": str(uuid.uuid4())}
    return (await connection.execute(again, values)).rowcount == 1


CHANGE_OWN = sql("""
    update reminders set status = :status, reason = :reason, due_at = coalesce(:at, due_at),
        planned_for = coalesce(:at, planned_for), settled_at = :settled_at, text = coalesce(cast(:text as text), text)
    where id = :id and recruit_id = :recruit and kind = 'own' and status in ('planned', 'postponed')
""")


async def cancel_own(connection: AsyncConnection, recruit_id: uuid.UUID, number: int, *, now: datetime) -> bool:
    """Cancel one of the person's own reminders; False if it is not theirs or is past."""
    values = {"status": "skipped", "reason": "cancelled by the person", "at": None, "settled_at": now, "text": None}
    return (await connection.execute(CHANGE_OWN, {**values, "id": number, "recruit": recruit_id})).rowcount == 1


async def move_own(connection: AsyncConnection, recruit_id: uuid.UUID, number: int, at: datetime) -> bool:
    """Move one of the person's own reminders; False if it is not theirs or is past."""
    values = {"status": "planned", "reason": None, "at": at, "settled_at": None, "text": None}
    return (await connection.execute(CHANGE_OWN, {**values, "id": number, "recruit": recruit_id})).rowcount == 1


READ_ONE = sql("""
    select id, recruit_id, about_id, kind, task, occurrence, text, planned_for, due_at from reminders
    where id = :id and recruit_id = :recruit
""")


async def one_of(connection: AsyncConnection, recruit_id: uuid.UUID, number: int) -> Claimed | None:
    """One of the person's rows, whatever became of it."""
    row = (await connection.execute(READ_ONE, {"id": number, "recruit": recruit_id})).one_or_none()
    return Claimed(*row) if row else None


# --- due ----------------------------------------------------------------------------------------------------------

# One claim at a time: two that each hold some of a person's rows would wait for each other, or split what is one message.
CLAIMING = sql("select pg_advisory_xact_lock(2, 0)")
# All that is due for a person is one message, so whoever has a row among the first is claimed with all that is due.
#
# It does not wait for the disk: the log is written in order, so a claim is safe before anything of it is sent. One that
# PostgreSQL loses with its own death is claimed again.
CLAIM = sql("""
    with due as (
        select recruit_id from reminders where status in ('planned', 'postponed') and due_at <= :now
        order by due_at limit :most for update skip locked
    ), theirs as (
        select id from reminders
        where recruit_id in (select recruit_id from due) and status in ('planned', 'postponed') and due_at <= :now
        for update skip locked
    ), taken as (
        update reminders r set status = 'claimed', claimed_at = :now, batch = :batch
        from theirs, set_config('synchronous_commit', 'off', true) where r.id = theirs.id
    )
    select distinct recruit_id from due
""")


async def claim_due(connection: AsyncConnection, *, most: int, now: datetime) -> tuple[uuid.UUID, int]:
    """Claim what is due, for the people who have waited longest; the batch and the number of people in it.

    Several workers share the work: one claims after the other, and all that is due for a person at once.
    """
    batch = uuid.uuid4()
    await connection.execute(CLAIMING)
    found = await connection.execute(CLAIM, {"now": now, "batch": batch, "most": most})
    return batch, len(found.all())


AGAIN = sql("""
    update reminders set batch = :batch, claimed_at = :now where id in (
        select id from reminders where status = 'claimed' and claimed_at < :before
        order by claimed_at limit :most for update skip locked
    )
""")


async def claim_again(
    connection: AsyncConnection, *, before: datetime, most: int, now: datetime
) -> tuple[uuid.UUID, int]:
    """Take over what another worker claimed and did not finish; the batch and the number of rows in it."""
    batch = uuid.uuid4()
    values = {"batch": batch, "before": before, "most": most, "now": now}
    return batch, (await connection.execute(AGAIN, values)).rowcount


PEOPLE = sql("""
    select r.id, r.language, r.consent, r.profile, r.seen_at, c.id, case when exists (
            select from handovers h where h.conversation_id = c.id and h.status = 'with_mentor'
        ) then 'mentor' else 'bot' end, coalesce(c.epoch, 0),
           coalesce(c.state, '{}'), coalesce(a.channel, ''), coalesce(a.external_id, ''),
           a.id is not null and a.unreachable_at is null, coalesce(waits.some, false)
    from recruits r
    left join lateral (
        select a.*, (select max(i.received_at) from conversations c join inbound i on i.conversation_id = c.id
                     where c.address_id = a.id) as written_at
        from addresses a where a.recruit_id = r.id
        order by (a.unreachable_at is null) desc, written_at desc nulls last, a.id desc limit 1
    ) a on true
    left join conversations c on c.address_id = a.id
    left join lateral (
        select true as some from outbound o where o.conversation_id = c.id and o.status in ('pending', 'sending') limit 1
    ) waits on true
    where r.id = any(:people)
""")
IN_BATCH = sql("select distinct recruit_id from reminders where batch = :batch and status = 'claimed'")
ROWS = sql("""
    select id, recruit_id, about_id, kind, task, occurrence, text, planned_for, due_at from reminders
    where recruit_id = any(:people) and status = 'claimed' order by due_at, id
""")


async def people_in(connection: AsyncConnection, batch: uuid.UUID) -> list[Person]:
    """For whom something of a batch is still claimed."""
    found = list((await connection.execute(IN_BATCH, {"batch": batch})).scalars())
    return await people_by_id(connection, found)


async def people_by_id(connection: AsyncConnection, people: Sequence[uuid.UUID]) -> list[Person]:
    return [Person(*row) for row in await connection.execute(PEOPLE, {"people": list(people)})]


async def claimed_for(connection: AsyncConnection, people: Sequence[uuid.UUID]) -> list[Claimed]:
    """All that is claimed for these people, by whichever batch."""
    return [Claimed(*row) for row in await connection.execute(ROWS, {"people": list(people)})]


TASKS_OF = sql("""
    select distinct on (recruit_id, task) recruit_id, task, status, day from task_changes
    where recruit_id = any(:people) order by recruit_id, task, id desc
""")
PROFILES_OF = sql("select id, profile from recruits where id = any(:people)")


async def lists_of(
    connection: AsyncConnection, people: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[dict[str, Any], list[Any]]]:
    """Profile and standing tasks of these people; who is gone is not in it."""
    lists: dict[uuid.UUID, tuple[dict[str, Any], list[Any]]] = {
        row[0]: (row[1], []) for row in await connection.execute(PROFILES_OF, {"people": list(people)})
    }
    for row in await connection.execute(TASKS_OF, {"people": list(people)}):
        lists[row[0]][1].append(row)
    return lists


CONTACTS_OF = sql("""
    select r.id, e.contact_id from recruits r join employers e on e.code = r.profile ->> 'employer'
    where r.id = any(:people) and r.consent = 'given'
""")


async def contacts_of(connection: AsyncConnection, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID | None]:
    """Who may be told of these people's tasks: the contact of the employer whose code they give, while they consent."""
    wanted = list(people)
    if not wanted:
        return {}
    return {row[0]: row[1] for row in await connection.execute(CONTACTS_OF, {"people": wanted})}


TRY_LOCKS = sql("""
    select id from unnest(cast(:ids as bigint[])) id where pg_try_advisory_lock(1, (id % 2147483648)::int)
""")
UNLOCK = sql("""
    select pg_advisory_unlock(1, (id % 2147483648)::int) from unnest(cast(:ids as bigint[])) id
""")


async def try_locks(connection: AsyncConnection, conversations: Sequence[int]) -> set[int]:
    """Take the locks of those conversations in which nothing happens at this moment."""
    return set((await connection.execute(TRY_LOCKS, {"ids": list(conversations)})).scalars())


async def unlock(connection: AsyncConnection, conversations: Iterable[int]) -> None:
    await connection.execute(UNLOCK, {"ids": list(conversations)})


JUDGE = sql("""
    update reminders r set status = v.status, reason = v.reason, due_at = coalesce(v.due_at, r.due_at),
        settled_at = case when v.status in ('skipped', 'failed') then cast(:now as timestamptz) end
    from jsonb_to_recordset(cast(:verdicts as jsonb)) as v(id bigint, status text, reason text, due_at timestamptz)
    where r.id = v.id and r.status = 'claimed'
""")


async def judge(connection: AsyncConnection, verdicts: Iterable[Verdict], *, now: datetime) -> None:
    """Write what is skipped, postponed or failed, with its reason."""
    rows = [
        {"id": v.id, "status": v.status, "reason": v.reason, "due_at": v.due_at and v.due_at.isoformat()}
        for v in verdicts
    ]
    if rows:
        await connection.execute(JUDGE, {"verdicts": json.dumps(rows), "now": now})


SEND = sql("""
    with message as (
        select * from jsonb_to_recordset(cast(:messages as jsonb))
            as m(place int, conversation_id bigint, epoch int, body jsonb, status text, reminders bigint[])
    ), held as (
        select id from reminders where id in (select unnest(reminders) from message) and status = 'claimed' for update
    ), free as (
        select m.* from message m join conversations c on c.id = m.conversation_id and c.epoch = m.epoch for share of c
    ), whole as (
        select * from free m where not exists (select from unnest(m.reminders) n where n not in (select id from held))
    ), written as (
        insert into outbound (conversation_id, epoch, body, status, created_at, due_at, attempted_at, attempts)
        select conversation_id, epoch, body, status, :now, :now,
               case when status = 'sending' then cast(:now as timestamptz) end,
               case when status = 'sending' then 1 else 0 end
        from whole order by place
        returning id, conversation_id
    ), matched as (
        select w.id, m.place, m.reminders from written w join whole m using (conversation_id)
    ), tied as (
        select id, unnest(reminders) as reminder from matched
    ), moved as (
        update reminders r set status = 'sending', outbound_id = tied.id, reason = null from tied
        where r.id = tied.reminder and r.status = 'claimed'
    )
    select place, id from matched
""")


async def begin_sending(
    connection: AsyncConnection, messages: Sequence[Mapping[str, Any]], *, now: datetime
) -> dict[int, int]:
    """Store one message a conversation and tie its reminders to it, all or nothing; by place the message's number.

    A message: conversation_id, epoch, body, reminders (their numbers), status `sending` (the caller sends it now) or
    `pending` (something else waits in front of it). One whose conversation has changed hands since it was read, or of
    which a reminder is claimed no more, as its announcement was stopped this moment, is left out; the rest of it is
    claimed again.
    """
    rows = [{**message, "place": place} for place, message in enumerate(messages)]
    found = await connection.execute(SEND, {"messages": json.dumps(rows, ensure_ascii=False), "now": now})
    return {row[0]: row[1] for row in found}


MARK = sql("""
    update outbound o set status = m.status, sent_at = m.sent_at, due_at = coalesce(m.due_at, o.due_at),
        external_id = m.external_id, error = m.error
    from jsonb_to_recordset(cast(:marks as jsonb))
        as m(id bigint, status text, sent_at timestamptz, due_at timestamptz, external_id text, error text)
    where o.id = m.id
""")
# What another worker is settling is passed over.
SETTLE = sql("""
    with o as (
        select r.id, o.status, o.attempts, o.error from reminders r join outbound o on o.id = r.outbound_id
        where r.status = 'sending' and o.status in ('sent', 'failed', 'unknown', 'dropped') for update of r skip locked
    )
    update reminders r set
        status = case o.status when 'sent' then 'sent' when 'dropped' then 'postponed' else 'failed' end,
        reason = case o.status when 'sent' then case when o.attempts > 1 and o.error is not null
                                                     then 'maybe sent twice: ' || o.error end
                               when 'dropped' then 'somebody else was speaking' else coalesce(o.error, o.status) end,
        due_at = case o.status when 'dropped' then cast(:later as timestamptz) else r.due_at end,
        settled_at = case when o.status <> 'dropped' then cast(:now as timestamptz) end
    from o where r.id = o.id
""")
LOST = sql("""
    update reminders set status = 'failed', reason = 'its message was deleted', settled_at = :now
    where status = 'sending' and outbound_id is null
""")


async def mark(connection: AsyncConnection, marks: Sequence[Mapping[str, Any]]) -> None:
    """How messages ended: id, status, sent_at, due_at (when to try again), external_id, error."""
    fields = ("id", "status", "sent_at", "due_at", "external_id", "error")
    rows = [{name: _plain(mark.get(name)) for name in fields} for mark in marks]
    await connection.execute(MARK, {"marks": json.dumps(rows)})


async def settle(connection: AsyncConnection, *, now: datetime, later: datetime) -> int:
    """Carry over to the ledger how its messages ended; the number of rows. `later`: for what has to wait."""
    return (await connection.execute(SETTLE, {"now": now, "later": later})).rowcount


async def settle_lost(connection: AsyncConnection, *, now: datetime) -> int:
    """Write off the rows whose message was deleted while it was on its way; the number of them."""
    return (await connection.execute(LOST, {"now": now})).rowcount


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many rows have which status."""
    rows = await connection.execute(sql("select status, count(*) from reminders group by status"))
    return {row[0]: row[1] for row in rows}


# --- what a mentor should hear of ------------------------------------------------------------------------------------

NOTE = sql("""
    insert into mentor_notes (recruit_id, kind, task, created_at)
    select n.recruit_id, n.kind, n.task, :now
    from jsonb_to_recordset(cast(:notes as jsonb)) as n(recruit_id uuid, kind text, task text)
    on conflict (recruit_id, kind, task) do nothing
    returning recruit_id, task
""")
IGNORED = sql("""
    insert into mentor_notes (recruit_id, kind, task, created_at)
    select r.recruit_id, 'reminders_ignored', '', :now
    from reminders r join recruits p on p.id = r.recruit_id
    where r.recruit_id = any(:people) and r.kind = 'task' and r.about_id is null and r.status = 'sent'
      and r.settled_at > p.seen_at and p.consent = 'given' and p.profile ->> 'mentor' = 'yes'
    group by r.recruit_id having count(distinct r.outbound_id) >= :most
    on conflict (recruit_id, kind, task) do update set created_at = excluded.created_at, closed_at = null
        where mentor_notes.closed_at is not null
""")


async def note(
    connection: AsyncConnection, notes: Sequence[tuple[uuid.UUID, str, str]], *, now: datetime
) -> list[tuple[uuid.UUID, str]]:
    """Keep notes for the mentors (person, kind, task), each once; person and task of those that are new."""
    rows = [{"recruit_id": str(person), "kind": kind, "task": task} for person, kind, task in notes]
    if not rows:
        return []
    found = await connection.execute(NOTE, {"notes": json.dumps(rows), "now": now})
    return [(person, task) for person, task in found]


async def note_ignored(connection: AsyncConnection, people: Sequence[uuid.UUID], *, most: int, now: datetime) -> int:
    """Note who has not reacted to `most` messages with reminders, where they agreed that a mentor may know."""
    return (await connection.execute(IGNORED, {"people": list(people), "most": most, "now": now})).rowcount


NO_LONGER_WAIT = sql("""
    update reminders set due_at = :now where recruit_id = :recruit and status = 'postponed'
      and reason = 'talking to a mentor' and due_at > :now
""")


async def no_longer_wait(connection: AsyncConnection, recruit_id: uuid.UUID, *, now: datetime) -> None:
    """What waited for the end of a talk with a mentor is looked at again."""
    await connection.execute(NO_LONGER_WAIT, {"recruit": recruit_id, "now": now})
