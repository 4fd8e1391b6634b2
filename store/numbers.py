"""The numbers: how often what happened, by day. Nothing here leads to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROLL_UP = text("""
    with gone as (
        delete from tallies where id in (select id from tallies order by id limit 20000 for update skip locked)
        returning day, what, language, theme, topic, number
    )
    insert into counts (day, what, language, theme, topic, number)
    select day, what, language, theme, topic, sum(number) from gone
    group by day, what, language, theme, topic order by day, what, language, theme, topic
    on conflict (day, what, language, theme, topic) do update set number = counts.number + excluded.number
""")


async def roll_up(connection: AsyncConnection) -> None:
    """Add to the counts what was tallied since, each row once."""
    await connection.execute(ROLL_UP)


@dataclass(frozen=True, slots=True)
class Counted:
    """How often `what` happened, by one of: day, language, theme, topic."""

    what: str
    label: str
    number: int


BY = ("day", "language", "theme", "topic")
COUNTED = text("""
    with n as materialized (
        select day, what, language, theme, topic, sum(number) as number from (
            select day, what, language, theme, topic, number from counts
            union all select day, what, language, theme, topic, number from tallies) both_
        where day between :since and :until group by 1, 2, 3, 4, 5
    )
    select what, case when grouping(day) = 0 then 'day' when grouping(language) = 0 then 'language'
                      when grouping(theme) = 0 then 'theme' else 'topic' end,
           coalesce(day::text, language, theme, topic), sum(number)::int
    from n group by grouping sets ((what, day), (what, language), (what, theme), (what, topic)) order by 2, 1, 3
""")


async def counted(connection: AsyncConnection, *, since: date, until: date) -> dict[str, list[Counted]]:
    """From one day to the other, both included; by day (ISO), by language, by theme and by topic."""
    found: dict[str, list[Counted]] = {by: [] for by in BY}
    for what, by, label, number in await connection.execute(COUNTED, {"since": since, "until": until}):
        found[by].append(Counted(what, label, number))
    return found


@dataclass(frozen=True, slots=True)
class Reminded:
    """What became of reminders of tasks and own ones: by status, and why not; done: of those sent, within a week."""

    by_status: Mapping[str, int]
    skipped: Mapping[str, int]
    done: int


LEDGER = text("""
    select status, case when status in ('skipped', 'failed') then coalesce(reason, '') else '' end, count(*)::int
    from reminders where kind in ('task', 'own') and planned_for >= :since and planned_for < :until
    group by 1, 2 order by 1, 2
""")
DONE = text("""
    select count(*)::int from (
        select distinct r.recruit_id, r.task, r.occurrence from reminders r
        join task_changes t on t.recruit_id = coalesce(r.about_id, r.recruit_id) and t.task = r.task
            and t.status = 'done' and t.created_at between r.settled_at and r.settled_at + interval '7 days'
        where r.kind = 'task' and r.status = 'sent' and r.planned_for >= :since and r.planned_for < :until
    ) d
""")


async def reminded(connection: AsyncConnection, *, since: datetime, until: datetime) -> Reminded:
    """Of the reminders that were planned for that time."""
    span = {"since": since, "until": until}
    by_status: dict[str, int] = {}
    skipped: dict[str, int] = {}
    for status, reason, number in await connection.execute(LEDGER, span):
        by_status[status] = by_status.get(status, 0) + number
        if status == "skipped":
            skipped[reason] = skipped.get(reason, 0) + number
    done: int = (await connection.execute(DONE, span)).scalar_one()
    return Reminded(by_status, skipped, done)


@dataclass(frozen=True, slots=True)
class InPhase:
    """Where the lists of the people in a phase stand: how many people, tasks done, tasks, people with a limit passed."""

    phase: str
    people: int
    done: int
    total: int
    late: int


PHASES = text("""
    select p.phase, count(*)::int, coalesce(sum(p.done), 0)::int, coalesce(sum(p.total), 0)::int,
           count(*) filter (where p.next_legal < :today)::int
    from progress p join recruits r on r.id = p.recruit_id where r.consent = 'given' group by 1 order by 1
""")


async def phases(connection: AsyncConnection, *, today: date) -> list[InPhase]:
    return [InPhase(*row) for row in await connection.execute(PHASES, {"today": today})]
