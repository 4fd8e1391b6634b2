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

# Never more than 30 in any one second: 29.2 evenly, and a fifth of a message of room to catch up with what was held up for a
# moment; in a chat three at once, then one a second.
ALL_CHATS = Limit("telegram", every=timedelta(seconds=1 / 29.2), burst=1.2)
CHAT_EVERY, CHAT_BURST = timedelta(seconds=1), 3
# A group takes 20 messages a minute from a bot, however many topics it has.
GROUP_EVERY, GROUP_BURST = timedelta(seconds=3.6), 3
SHARDS = 4096
# Seconds: what is not urgent takes a token only when it is there, so that a live reply waits for one message at most.
AT_HAND, LOOK_AGAIN = 0.003, 0.5
HOLD_ALL = 2.0  # seconds of silence to everybody after a 429


class Pace(Protocol):
    async def wait(self, address: str, *, patience: float, bulk: bool = False) -> None:
        """Return when a message may go to this chat; ChannelError with `retry_after` if that takes too long.

        bulk: goes after whatever somebody waits for.
        """
        ...

    async def hold(self, address: str, seconds: float) -> None:
        """Telegram asks to wait: nothing goes to this chat for so long, and to nobody for a moment."""
        ...

    async def close(self) -> None: ...


class Unpaced:
    """One process, few people: Telegram's own 429 is enough."""

    async def wait(self, address: str, *, patience: float, bulk: bool = False) -> None:
        return None

    async def hold(self, address: str, seconds: float) -> None:
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
        self._bulk = asyncio.Lock()

    async def wait(self, address: str, *, patience: float, bulk: bool = False) -> None:
        seconds = await (self._wait_for_room(address, patience) if bulk else self._reserve(address, patience))
        if seconds > patience:
            raise ChannelError(f"Sending is {seconds:.0f} seconds behind.", retry_after=seconds - patience / 2)
        await asyncio.sleep(seconds)

    async def hold(self, address: str, seconds: float) -> None:
        # Telegram does not say whether it means the chat or the bot.
        now = self._now()
        async with self._database.begin() as connection:
            await limits.hold(connection, chat_limit(address), until=now + timedelta(seconds=seconds))
            await limits.hold(connection, ALL_CHATS, until=now + timedelta(seconds=min(seconds, HOLD_ALL)))

    async def _wait_for_room(self, address: str, patience: float) -> float:
        """Look again until there is room, up to `patience` seconds. Whoever waits for a moment waits in front of the
        others; whoever's chat is to be left alone for longer steps aside.
        """
        waited = 0.0
        while True:
            async with self._bulk:
                seconds = await self._reserve(address, AT_HAND)
                if seconds <= AT_HAND or waited + seconds > patience:
                    return seconds if seconds <= AT_HAND else patience + seconds
                if in_front := seconds <= LOOK_AGAIN:
                    await asyncio.sleep(seconds)
            if not in_front:
                await asyncio.sleep(LOOK_AGAIN)
            waited += min(seconds, LOOK_AGAIN)

    async def _reserve(self, address: str, patience: float) -> float:
        async with self._database.begin() as connection:
            both = (chat_limit(address), ALL_CHATS)
            return await limits.reserve(connection, both, patience=patience, now=self._now())

    async def close(self) -> None:
        await self._database.dispose()


def chat_limit(address: str) -> Limit:
    # A shard instead of the chat's id: the table holds nobody's address and cannot grow, there is nothing to forget
    # in it, and two chats in one shard merely share a second.
    shard = int.from_bytes(hashlib.blake2b(address.encode(), digest_size=4).digest()) % SHARDS
    if address.startswith("-"):
        return Limit(f"telegram:group:{shard}", every=GROUP_EVERY, burst=GROUP_BURST)
    return Limit(f"telegram:{shard}", every=CHAT_EVERY, burst=CHAT_BURST)
