"""What a turn needs, put together once a process and handed in; nothing here is global."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.background import Background
from bot.channels import Channel
from bot.engine import Engine
from core.settings import Settings
from knowledge.danger import DangerRules
from knowledge.shelf import Shelf

TURNS_AT_ONCE = 20


def utc_now() -> datetime:
    return datetime.now(UTC)


def no_step(name: str) -> None:
    """Between two steps of a turn nothing happens; a test may end the process here."""


async def no_retry(conversation_id: int, at: datetime) -> None:
    """Without a queue nothing is scheduled; the sweep finds what is due."""


@dataclass(slots=True)
class Services:
    """`retry` asks the queue to deliver a conversation's replies at a later moment; `private_address` makes the
    address of somebody's list from the number of their link.
    """

    settings: Settings
    database: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    shelf: Shelf
    engine: Engine
    channels: Mapping[str, Channel]
    danger: DangerRules
    background: Background
    retry: Callable[[int, datetime], Awaitable[None]] = no_retry
    private_address: Callable[[UUID], str] | None = None
    now: Callable[[], datetime] = utc_now
    step: Callable[[str], None] = no_step
    # Each turn holds a connection; those that it needs besides must be left in the pool (store/database.py).
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS_AT_ONCE))
