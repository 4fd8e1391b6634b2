"""How fast we may send: Telegram takes about 30 messages a second from a bot, and one a second in each chat."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from core.errors import ChannelError
from store import limits
from store.limits import Limit

# At most 5 + 25 in any one second; in a chat three at once, then one a second.
ALL_CHATS = Limit("telegram", every=timedelta(seconds=1 / 25), burst=5)
CHAT_EVERY, CHAT_BURST = timedelta(seconds=1), 3
SHARDS = 4096


class Pace(Protocol):
    async def wait(self, address: str, *, patience: float) -> None:
        """Return when a message may go to this chat; ChannelError with `retry_after` if that takes too long."""
        ...

    async def close(self) -> None: ...


class Unpaced:
    """One process, few people: Telegram's own 429 is enough."""

    async def wait(self, address: str, *, patience: float) -> None:
        return None

    async def close(self) -> None:
        return None


class SharedPace:
    """One pace for all workers, kept in PostgreSQL.

    It has two connections of its own: whoever sends holds one of the pool's already, and if all of them waited here
    for a second one, none would go on.
    """

    def __init__(self, database_url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        url = make_url(database_url).set(drivername="postgresql+psycopg")
        self._database = create_async_engine(url, pool_size=2, max_overflow=0)
        self._now = now

    async def wait(self, address: str, *, patience: float) -> None:
        async with self._database.begin() as connection:
            both = (chat_limit(address), ALL_CHATS)
            seconds = await limits.reserve(connection, both, patience=patience, now=self._now())
        if seconds > patience:
            raise ChannelError(f"Sending is {seconds:.0f} seconds behind.", retry_after=seconds - patience / 2)
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._database.dispose()


def chat_limit(address: str) -> Limit:
    # A shard instead of the chat's id: the table holds nobody's address and cannot grow, there is nothing to forget
    # in it, and two chats in one shard merely share a second.
    shard = int.from_bytes(hashlib.blake2b(address.encode(), digest_size=4).digest()) % SHARDS
    return Limit(f"telegram:{shard}", every=CHAT_EVERY, burst=CHAT_BURST)
