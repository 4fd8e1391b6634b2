"""One pace for all workers: under Telegram's limits together, however many send."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import ALL_CHATS, SharedPace, chat_limit
from core.errors import ChannelError
from core.messages import Reply
from store.limits import Limit, reserve
from tests.emulators.telegram import TelegramEmulator

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHAT = Limit("telegram:17", every=timedelta(seconds=1), burst=3)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    async with made.begin() as connection:
        await connection.execute(text("delete from send_limits"))
    yield made
    await made.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.begin() as made:
        yield made


async def waits(connection: AsyncConnection, *limits: Limit, after: float = 0, patience: float = 60) -> float:
    seconds = await reserve(connection, limits, patience=patience, now=NOW + timedelta(seconds=after))
    return round(seconds, 3)


async def test_a_burst_goes_at_once_and_the_rest_waits_its_turn(connection: AsyncConnection) -> None:
    assert [await waits(connection, CHAT) for _ in range(6)] == [0, 0, 0, 1, 2, 3]


async def test_the_bucket_fills_again_and_no_further_than_full(connection: AsyncConnection) -> None:
    assert [await waits(connection, CHAT) for _ in range(3)] == [0, 0, 0]
    assert [await waits(connection, CHAT, after=1.5) for _ in range(2)] == [0, 0.5]
    assert [await waits(connection, CHAT, after=900) for _ in range(4)] == [0, 0, 0, 1]


async def test_too_long_a_wait_takes_nothing(connection: AsyncConnection) -> None:
    for _ in range(5):
        await waits(connection, CHAT)
    assert [await waits(connection, CHAT, patience=2.5) for _ in range(3)] == [3, 3, 3]
    assert await waits(connection, CHAT, patience=3) == 3


async def test_what_one_bucket_refuses_the_other_keeps(connection: AsyncConnection) -> None:
    other = Limit("telegram:18", every=timedelta(seconds=1), burst=3)
    for _ in range(5):
        await waits(connection, CHAT)
    assert await waits(connection, other, CHAT, patience=0) == 3
    assert [await waits(connection, other) for _ in range(4)] == [0, 0, 0, 1]


async def test_two_workers_never_take_the_same_token(engine: AsyncEngine) -> None:
    async def one() -> float:
        async with engine.begin() as connection:
            return await waits(connection, CHAT, ALL_CHATS)

    seconds = sorted(await asyncio.gather(*(one() for _ in range(10))))
    assert [int(s) for s in seconds] == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]


async def test_many_workers_together_stay_under_thirty_a_second(database_url: str, engine: AsyncEngine) -> None:
    async with TelegramEmulator() as telegram:
        channels = [TelegramChannel(telegram.token, telegram.url, pace=SharedPace(database_url)) for _ in range(3)]
        for chat in range(1, 61):
            telegram.chat(chat)
        sending = [channels[chat % 3].send(str(chat), chat, Reply("News", "en")) for chat in range(1, 61)]
        await asyncio.gather(*sending)
        for channel in channels:
            await channel.close()
        moments = sorted(moment for sent in telegram.sent_at.values() for moment in sent)
    assert len(moments) == 60
    # What a busy machine holds up for a moment comes closer together; the pace over all stays under thirty a second.
    assert 59 / (moments[-1] - moments[0]) <= 30


async def test_one_chat_gets_three_at_once_then_one_a_second(database_url: str, engine: AsyncEngine) -> None:
    async with TelegramEmulator() as telegram:
        telegram.chat(7)
        channel = TelegramChannel(telegram.token, telegram.url, pace=SharedPace(database_url))
        began = time.monotonic()
        for number in range(5):
            await channel.send("7", number, Reply("News", "en"))
        await channel.close()
        moments = [round(moment - began) for moment in telegram.sent_at[7]]
    assert moments == [0, 0, 0, 1, 2]


async def test_what_can_wait_never_reserves_ahead_of_a_live_reply(database_url: str, engine: AsyncEngine) -> None:
    """Bulk takes a token only when it is there, so a live reply is behind one message at most."""
    pace = SharedPace(database_url)
    bulk = [asyncio.create_task(pace.wait(str(chat), patience=60, bulk=True)) for chat in range(100, 130)]
    await asyncio.sleep(0.2)
    async with engine.begin() as connection:
        seconds = await reserve(connection, (ALL_CHATS,), patience=5, now=datetime.now(UTC))
    assert seconds < 0.15
    assert not all(task.done() for task in bulk)
    await asyncio.gather(*bulk)
    await pace.close()


async def test_after_a_429_the_chat_is_left_alone(database_url: str, engine: AsyncEngine) -> None:
    pace = SharedPace(database_url, lambda: NOW)
    await pace.hold("7", 30)
    with pytest.raises(ChannelError):
        await pace.wait("7", patience=5)
    await pace.close()


async def test_far_behind_means_later_and_not_sent(database_url: str, engine: AsyncEngine) -> None:
    pace = SharedPace(database_url, lambda: NOW)
    async with engine.begin() as connection:
        for _ in range(60):
            await reserve(connection, [chat_limit("7")], patience=1000, now=NOW)
    with pytest.raises(ChannelError) as caught:
        await pace.wait("7", patience=5)
    await pace.close()
    assert caught.value.retry_after is not None
    assert 50 < caught.value.retry_after < 60
    assert not caught.value.maybe_sent
    assert not caught.value.permanent


def test_no_address_is_kept() -> None:
    assert "6012345678" not in chat_limit("6012345678").bucket
