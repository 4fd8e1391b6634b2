"""Clients that hold conversations with one side, and how long each turn takes them."""

import asyncio
import itertools
import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.questions import Conversation, Said


class Side(Protocol):
    """One of those that are compared. `turn` ends when the person has the answer; no answer is an error."""

    name: str

    async def turn(self, person: str, said: Said) -> None: ...


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side: how long it took as a whole, and each turn."""

    seconds: float
    turns: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return len(self.turns) / self.seconds


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over rounds."""

    per_second: float
    p50: float  # milliseconds
    p95: float
    question: float  # the median of the questions alone; follow-ups repeat, and Rasa remembers their vectors


def speed(rounds: Sequence[Round]) -> Speed:
    return Speed(
        statistics.median(round_.per_second for round_ in rounds),
        statistics.median(percentile(round_.turns, 50) for round_ in rounds) * 1000,
        statistics.median(percentile(round_.turns, 95) for round_ in rounds) * 1000,
        statistics.median(percentile(round_.turns[::2], 50) for round_ in rounds) * 1000,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


async def hold(side: Side, held: Sequence[Conversation], *, clients: int) -> Round:
    """Hold conversations, each with a person of its own, as many at once as there are clients."""
    waiting = iter(held)
    turns: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_client(side, waiting, turns) for _ in range(clients)))
    return Round(time.perf_counter() - began, tuple(turns))


async def _client(side: Side, waiting: Iterator[Conversation], turns: list[float]) -> None:
    for conversation in waiting:
        turns.extend(await converse(side, conversation))


async def converse(side: Side, conversation: Conversation) -> list[float]:
    """One conversation, turn after turn; the seconds of each."""
    person = str(uuid.uuid4())
    return [await _timed(side, person, said) for said in conversation]


async def _timed(side: Side, person: str, said: Said) -> float:
    began = time.perf_counter()
    await side.turn(person, said)
    return time.perf_counter() - began


async def in_turns(
    sides: Sequence[Side], stock: Iterator[Conversation], *, rounds: int, held: int, clients: int
) -> dict[str, list[Round]]:
    """Rounds side by side: within a round each holds the same conversations, right after each other."""
    measured: dict[str, list[Round]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        conversations = list(itertools.islice(stock, held))
        for side in sides:
            measured[side.name].append(await hold(side, conversations, clients=clients))
    return measured


async def growth(side: Side, long: Conversation, short: Conversation) -> float:
    """How much slower the last turns of a long conversation are than those of a short one, asked in turns."""
    old, new = str(uuid.uuid4()), str(uuid.uuid4())
    ahead = len(long) - len(short)
    for said in long[:ahead]:
        await side.turn(old, said)
    await side.turn(new, long[0])  # who is new is stored and asked for consent
    pairs = [
        (await _timed(side, old, late), await _timed(side, new, early)) for late, early in zip(long[ahead:], short)
    ]
    return statistics.median(late for late, _ in pairs) / statistics.median(early for _, early in pairs)
