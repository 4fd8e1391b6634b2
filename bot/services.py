"""What a turn needs, put together once a process and handed in; nothing here is global."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.background import Background
from bot.channels import Channel
from bot.engine import Engine
from core.settings import Settings
from knowledge.shelf import Shelf

TURNS_AT_ONCE = 20


def utc_now() -> datetime:
    return datetime.now(UTC)


def no_step(name: str) -> None:
    """Between two steps of a turn nothing happens; a test may end the process here."""


async def no_retry(conversation_id: int, at: datetime) -> None:
    """Without a queue nothing is scheduled; the sweep finds what is due."""


async def no_mirror(conversation_id: int) -> None:
    """Without a mentors' group nothing is told there."""


async def no_tell(conversation_id: int, staff_ids: Sequence[int], what: str) -> None:
    """Without another way to reach them, mentors see it in the inbox."""


async def no_drop(chat_id: int, thread_id: int) -> None:
    """Without a mentors' group there is no topic to delete."""


@dataclass(slots=True)
class Services:
    """`retry` asks the queue to deliver a conversation's replies at a later moment; `private_address` makes the
    address of somebody's list from the number of their link. `mirror` has the mentors' group told what is new in a
    conversation; `tell` reaches mentors where they are: offered, urgent, escalated, passed, invited, reported;
    `drop_topic` deletes a topic of the group, by chat and thread.
    """

    settings: Settings
    database: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    shelf: Shelf
    engine: Engine
    channels: Mapping[str, Channel]
    background: Background
    retry: Callable[[int, datetime], Awaitable[None]] = no_retry
    private_address: Callable[[UUID], str] | None = None
    mirror: Callable[[int], Awaitable[None]] = no_mirror
    tell: Callable[[int, Sequence[int], str], Awaitable[None]] = no_tell
    drop_topic: Callable[[int, int], Awaitable[None]] = no_drop
    now: Callable[[], datetime] = utc_now
    step: Callable[[str], None] = no_step
    # Each turn holds a connection; those that it needs besides must be left in the pool (store/database.py).
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS_AT_ONCE))
