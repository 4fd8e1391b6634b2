"""`python -m bench reminders`: planning, finding what is due, sending; each beside something run in turns with it."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bench import due, sending
from bench.due import Found
from bench.load import percentile
from bench.report import Aim, told
from core.settings import Settings
from journey.anchors import ANCHORS
from journey.standing import standing
from knowledge.library import Library
from knowledge.shelf import Shelf
from operations.stack import bring_knowledge
from store import database
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_rules import Limits

TODAY = date(2026, 11, 22)
FEW = 10_000
PLAN_MS, DUE_MS, A_SECOND, SHARE = 1.0, 10.0, 500.0, 0.97


@dataclass(frozen=True, slots=True)
class Amounts:
    """rounds: of planning and of sending; due: how many reminders are planned, and how often what is due is claimed."""

    rounds: int = 5
    due: int = 10_000_000
    times: int = 200
    people: int = 3_000
    singles: int = 1_000
    chats: int = 600


QUICK = Amounts(rounds=3, due=1_000_000, times=100, people=1_500, singles=500, chats=300)


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds a plan; claims among many and few; messages a second by way; at Telegram: a second, and refused."""

    planning: list[float]
    many: Found
    few: Found
    sending: dict[str, list[float]]
    telegram: tuple[float, int]


async def measure(settings: Settings, amounts: Amounts) -> Measured:
    """On an empty database; it is filled."""
    await bring_knowledge(settings)
    _tell("planning for everybody")
    planned = await _planning(settings, amounts.rounds)
    _tell(f"a plan: p50 {percentile(planned, 50):.2f} ms, p95 {percentile(planned, 95):.2f} ms")
    sent = await _sending(settings, amounts)
    _tell("sending into a sink, a second: " + "; ".join(f"{name} {_spread(speeds)}" for name, speeds in sent.items()))
    telegram = await _telegram(settings, amounts.chats)
    _tell(f"sending to {amounts.chats} chats: {telegram[0]:.1f} a second, {telegram[1]} refused")
    many, few = await _due(settings, amounts)
    for found in (many, few):
        _tell(f"due among {found.rows:,}: looking {found.told('look')}; claiming {found.told('claim')}")
    return Measured(planned, many, few, sent, telegram)


async def _planning(settings: Settings, rounds: int) -> list[float]:
    """Milliseconds of each plan: all profiles, all anchors known, nothing done."""
    library = await _library(settings)
    anchors: dict[str, str] = {
        name: date(2026, 1 + place % 12, 1 + place).isoformat() for place, name in enumerate(ANCHORS)
    }
    taken = []
    for number in range(rounds + 1):
        for origin, occupation, household in sending.PROFILES:
            known: dict[str, str] = {"origin": origin, "occupation": occupation, "household": household} | anchors
            began = time.perf_counter()
            standing(library.tasks, known, {}, today=TODAY)
            if number:  # the first round reads the holidays
                taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _library(settings: Settings) -> Library:
    engine = database.connect(settings.database_url)
    try:
        return await Shelf(database.sessions(engine)).library()
    finally:
        await engine.dispose()


async def _sending(settings: Settings, amounts: Amounts) -> dict[str, list[float]]:
    """Messages a second: by one worker, by two, and the same ones as single replies, in turns."""
    found: dict[str, list[float]] = {"1 worker": [], "2 workers": [], "one by one": []}
    clock = sending.morning()
    async with sending.serving(settings, clock, [sending.Sink()]) as (services, app):
        for _ in range(amounts.rounds):
            for count, name in ((1, "1 worker"), (2, "2 workers")):
                await sending.fill(services, amounts.people, "sink")
                with sending.workers(count, settings, clock):
                    seconds = await sending.send_all(services, app, amounts.people)
                found[name].append(amounts.people / seconds)
            found["one by one"].append(await sending.one_by_one(services, amounts.singles))
    return found


async def _telegram(settings: Settings, chats: int) -> tuple[float, int]:
    """Two workers write to a Telegram that refuses what is too fast: messages a second, and how many it refused."""
    limits, clock = Limits(), sending.morning()
    async with (
        TelegramEmulator(limits=limits) as telegram,
        sending.serving(settings, clock, []) as (services, app),
    ):
        for chat in range(1, chats + 1):
            telegram.chat(chat)
        await sending.fill(services, chats, "telegram")
        with sending.workers(2, settings, clock, sending.Telegram(telegram.url, telegram.token)):
            await sending.send_all(services, app, chats)
        moments = sorted(moment for sent in telegram.sent_at.values() for moment in sent)
    return (len(moments) - 1) / (moments[-1] - moments[0]), limits.refused


async def _due(settings: Settings, amounts: Amounts) -> tuple[Found, Found]:
    url = settings.database_url
    few_times = FEW // due.AT_ONCE
    few_before = await asyncio.to_thread(due.make, url, "few_before", rows=FEW)
    many = await asyncio.to_thread(due.make, url, "many_planned", rows=amounts.due)
    few_after = await asyncio.to_thread(due.make, url, "few_after", rows=FEW)
    # Few are claimed before and after, as the machine has other work, too.
    before = await due.find(few_before, rows=FEW, times=few_times)
    found = await due.find(many, rows=amounts.due, times=amounts.times)
    after = await due.find(few_after, rows=FEW, times=few_times)
    return found, Found(FEW, [*before.look, *after.look], [*before.claim, *after.claim])


def lines(measured: Measured) -> list[str]:
    return [told(aim) for aim in aims(measured)]


def aims(measured: Measured) -> list[Aim]:
    many, few = measured.many, measured.few
    two, singles = (statistics.median(measured.sending[name]) for name in ("2 workers", "one by one"))
    rate, refused = measured.telegram
    return [
        Aim("p95 of a plan, ms", percentile(measured.planning, 95), PLAN_MS, at_least=False),
        Aim(f"p95 of finding what is due among {many.rows:,}, ms", percentile(many.look, 95), DUE_MS, at_least=False),
        Aim(f"p95 of claiming it among {many.rows:,}, ms", percentile(many.claim, 95), DUE_MS, at_least=False),
        Aim(f"claiming, {many.rows:,} / {few.rows:,}", _ratio(many.claim, few.claim), 2.0, at_least=False),
        Aim("reminders a second, 2 workers", two, A_SECOND, at_least=True),
        Aim("reminders / single messages a second", two / singles, 1.0, at_least=True),
        Aim(f"share of Telegram's {Limits().in_a_second} a second", rate / Limits().in_a_second, SHARE, at_least=True),
        Aim("refused by Telegram", refused, 0, at_least=False),
    ]


def _ratio(one: Sequence[float], other: Sequence[float]) -> float:
    return percentile(one, 50) / percentile(other, 50)


def _spread(speeds: Sequence[float]) -> str:
    return f"{statistics.median(speeds):.0f} ({min(speeds):.0f} to {max(speeds):.0f})"


def _tell(doing: str) -> None:
    print(f"… {doing}", flush=True)
