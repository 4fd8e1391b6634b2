"""Many people with reminders due, and workers that send them over the emulated Telegram; one of them may be killed."""

import asyncio
import multiprocessing
import os
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import reminding, turns
from bot.background import Background
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import Pace
from bot.services import Services, no_step
from core.settings import Settings
from knowledge.shelf import Shelf
from store import database
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until
from tests.support.fakes import Clock, ScriptedEngine

MOST_ROUNDS = 30
ENDED = ("sent", "skipped", "failed")
TWICE = "maybe sent twice"

# Person n writes from chat n and has `each` errands; those of one person are due a minute apart, the last one now.
MANY = text("""
    with people as (
        insert into recruits (id, created_at, seen_at, language, consent, profile)
        select gen_random_uuid(), :now, :now, 'en', 'given', '{}' from generate_series(1, :people) returning id
    ), numbered as (
        select id, row_number() over () as n from people
    ), addressed as (
        insert into addresses (recruit_id, channel, external_id)
        select id, 'telegram', n::text from numbered returning id, recruit_id, external_id
    ), talks as (
        insert into conversations (address_id) select id from addressed
    )
    insert into reminders (recruit_id, kind, occurrence, text, planned_for, due_at, created_at)
    select recruit_id, 'own', 'errand ' || k, 'errand ' || k, at, at, :now
    from addressed, generate_series(1, :each) k, lateral (select :now - (:each - k) * interval '1 minute' as at) moment
""")
LEDGER = text("""
    select cast(a.external_id as int) as chat, r.status, r.reason, r.due_at, o.status as message
    from reminders r join addresses a on a.recruit_id = r.recruit_id left join outbound o on o.id = r.outbound_id
    where a.channel = 'telegram' order by r.id
""")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger, with the chat of its person and how its message stands."""

    chat: int
    status: str
    reason: str | None
    due_at: datetime
    message: str | None


async def many_due(engine: AsyncEngine, people: int, *, now: datetime, each: int = 1) -> None:
    async with engine.begin() as connection:
        await connection.execute(MANY, {"people": people, "each": each, "now": now})


async def ledger(engine: AsyncEngine) -> list[Row]:
    async with engine.connect() as connection:
        return [Row(*row) for row in await connection.execute(LEDGER)]


async def in_flight(engine: AsyncEngine) -> set[int]:
    """The chats whose message is being sent, as far as the database knows."""
    return {row.chat for row in await ledger(engine) if row.message == "sending"}


def named_twice(rows: list[Row]) -> set[int]:
    return {row.chat for row in rows if (row.reason or "").startswith(TWICE)}


def received(telegram: TelegramEmulator) -> Counter[int]:
    """How many messages each chat has got."""
    return Counter({chat: len(found) for chat in list(telegram.chats) if (found := telegram.messages(chat))})


@asynccontextmanager
async def worker(
    url: str,
    telegram_url: str,
    clock: Callable[[], datetime],
    *,
    shelf: Shelf | None = None,
    step: Callable[[str], None] = no_step,
    pace: Pace | None = None,
    read_timeout: float = 10,
) -> AsyncIterator[Services]:
    """A worker with connections of its own."""
    engine = database.connect(url)
    sessions = database.sessions(engine)
    channel = TelegramChannel(TelegramEmulator().token, telegram_url, pace=pace, read_timeout=read_timeout)
    services = Services(
        settings=Settings(database_url=url, burst_seconds=0),
        database=engine,
        sessions=sessions,
        shelf=shelf or Shelf(sessions),
        engine=ScriptedEngine(),
        channels={"telegram": channel},
        background=Background(),
        now=clock,
        step=step,
    )
    try:
        yield services
    finally:
        await services.background.drain()
        await channel.close()
        await engine.dispose()


async def claim(services: Services) -> list[uuid.UUID]:
    """Let the clock tick: the batches that it claimed."""
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await reminding.tick(services, defer)
    return batches


async def remind(services: Services) -> None:
    for batch in await claim(services):
        await reminding.send_batch(services, batch)


async def sweep(services: Services) -> None:
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    await turns.sweep(services)
    await services.background.drain()
    await reminding.sweep(services, defer)
    for batch in batches:
        await reminding.send_batch(services, batch)


async def finish(services: Services, clock: Clock, *, every: timedelta = timedelta(minutes=3)) -> None:
    """Work, minute for minute, until nothing that is due is left."""
    for _ in range(MOST_ROUNDS):
        await remind(services)
        await sweep(services)
        open_ = Counter(r.status for r in await ledger(services.database) if r.status not in ENDED)
        if not open_:
            return
        clock.now += every
    raise AssertionError(f"After {MOST_ROUNDS} rounds there is still something to do: {open_}.")


def process(url: str, telegram: TelegramEmulator, moment: datetime, step: str = "none") -> BaseProcess:
    """Start a worker as a process of its own; it works for the minute that begins at that moment.

    step: `name:n`; at its n-th time there it kills itself with SIGKILL. "none" lets it live.
    """
    made = FRESH.Process(target=run, args=(url, telegram.url, moment, step), daemon=True)
    made.start()
    return made


async def end_of(child: BaseProcess) -> int:
    """Wait until it has ended: 0, or minus the signal."""
    await until(lambda: child.exitcode is not None, within=120)
    assert child.exitcode is not None
    return child.exitcode


def run(url: str, telegram_url: str, moment: datetime, fatal: str) -> None:
    asyncio.run(_work(url, telegram_url, moment, fatal))


async def _work(url: str, telegram_url: str, moment: datetime, fatal: str) -> None:
    name, _, count = fatal.partition(":")
    left = int(count or 0)

    def step(reached: str) -> None:
        nonlocal left
        left -= reached == name
        if reached == name and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async with worker(url, telegram_url, Clock(moment), step=step) as services:
        await remind(services)
        await sweep(services)


# Forked from a process that has imported all this and nothing else: each one is fresh, and there in no time.
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload([__name__])
