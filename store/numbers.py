"""The numbers: how often what happened, by day. Nothing here leads to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day

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
    select what, case when grouping(day) = 0 then 'day' when grouping(language) = 0 then 'language'
                      when grouping(theme) = 0 then 'theme' else 'topic' end,
           coalesce(day::text, language, theme, topic), sum(number)::int
    from (
        select day, what, language, theme, topic, number from counts
        where day between :since and :until and what not like 'reminder%'
        union all
        select day, what, language, theme, topic, number from tallies where day between :since and :until
    ) n
    group by grouping sets ((what, day), (what, language), (what, theme), (what, topic)) order by 2, 1, 3
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


REMINDED = text("""
    select what, topic, sum(number)::int from counts
    where day between :since and :until and what in ('reminder', 'reminder_skipped', 'reminder_done') group by 1, 2
""")


async def reminded(connection: AsyncConnection, *, since: date, until: date) -> Reminded:
    """Of the reminders that were planned for these days, as `keep_reminders` has counted them last."""
    found: dict[str, dict[str, int]] = {"reminder": {}, "reminder_skipped": {}, "reminder_done": {}}
    for what, which, number in await connection.execute(REMINDED, {"since": since, "until": until}):
        found[what][which] = number
    return Reminded(found["reminder"], found["reminder_skipped"], found["reminder_done"].get("", 0))


FORGET_REMINDERS = text("delete from counts where day >= :since and what like 'reminder%'")
# The ledger is read whole: an index for this alone would make each sending dearer (docs/decisions/0004).
KEEP_REMINDERS = text("""
    with r as (
        select id, recruit_id, about_id, kind, task, occurrence, status, coalesce(reason, '') as reason, settled_at,
               (planned_for at time zone 'Europe/Copenhagen')::date as day
        from reminders where kind in ('task', 'own') and planned_for >= :begin and planned_for < :end
    ), done as (
        select distinct r.id, r.day from r join task_changes t
            on t.recruit_id = coalesce(r.about_id, r.recruit_id) and t.task = r.task
            and t.status = 'done' and t.created_at between r.settled_at and r.settled_at + interval '7 days'
        where r.kind = 'task' and r.status = 'sent'
    )
    insert into counts (day, what, topic, number)
    select day, 'reminder', status, count(*) from r group by 1, 3
    union all
    select day, 'reminder_skipped', case when reason like 'waits for%' then 'waits' else reason end, count(*)
    from r where status = 'skipped' group by 1, 3
    union all
    select day, 'reminder_done', '', count(*) from done group by 1
""")


async def keep_reminders(connection: AsyncConnection, *, since: datetime, until: datetime) -> None:
    """Count anew what became of the reminders planned for that time, as days go by and things get done."""
    await connection.execute(text("select pg_advisory_xact_lock(8, 1)"))
    await connection.execute(FORGET_REMINDERS, {"since": danish_day(since)})
    await connection.execute(KEEP_REMINDERS, {"begin": since, "end": until})


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
