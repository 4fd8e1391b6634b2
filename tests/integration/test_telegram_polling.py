"""Updates in by polling: none lost, none stored twice, whatever happens in between."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from telegram.error import Conflict, NetworkError, RetryAfter

from bot import turns
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.desk import intake_of
from bot.channels.telegram.polling import Take, pause_after, poll
from bot.services import Services
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until

ANNA = 7


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def channel(telegram: TelegramEmulator) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(telegram.token, telegram.url)
    yield made
    await made.close()


class Taken:
    """Takes updates, and fails on them as told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.faults: list[BaseException] = []
        self.pauses: list[float] = []

    async def __call__(self, data: Any) -> str | None:
        if self.faults:
            raise self.faults.pop(0)
        self.texts.append(data["message"]["text"])
        return None

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def until(self, count: int) -> list[str]:
        await until(lambda: len(self.texts) >= count)
        return self.texts


@asynccontextmanager
async def polling(channel: TelegramChannel, take: Take, **more: Any) -> AsyncIterator[asyncio.Task[Any]]:
    task = asyncio.create_task(poll(channel.bot, take, **more))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, BaseExceptionGroup):
            await task


async def stored(services: Services) -> list[tuple[str, str, bool]]:
    query = text("select update_id, kind, handled_at is not null from inbound order by id")
    async with services.database.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def something_stored(services: Services) -> bool:
    return bool(await stored(services))


# --- a conversation ----------------------------------------------------------------------------------------------


async def test_who_writes_on_telegram_is_answered_there(
    services: Services, telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    services.channels = {"telegram": channel}
    async with polling(channel, intake_of(services).take):
        await telegram.says(ANNA, "hello")
        (answer,) = await telegram.sees(ANNA)
        assert answer["text"]
        await services.background.drain()
    assert [kind for _, kind, _ in await stored(services)] == ["text"]


async def test_a_pressed_button_stops_blinking(
    services: Services, telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    services.channels = {"telegram": channel}
    async with polling(channel, intake_of(services).take):
        await telegram.says(ANNA, "/start")
        await telegram.sees(ANNA)
        button = telegram.messages(ANNA)[-1]["reply_markup"]["inline_keyboard"][0][0]
        await telegram.presses(ANNA, button["text"])
        await telegram.sees(ANNA, 2)
        await services.background.drain()
    assert telegram.answered == ["1"]
    assert (await stored(services))[-1][1] == "button"


async def test_who_blocks_and_comes_back_is_known(
    services: Services, telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    async def unreachable() -> bool:
        query = text("select unreachable_at is not null from addresses where external_id = '7'")
        async with services.database.connect() as connection:
            return bool((await connection.execute(query)).scalar())

    async def reachable() -> bool:
        return not await unreachable()

    async with polling(channel, intake_of(services).take):
        await telegram.says(ANNA, "hello")
        await telegram.blocks(ANNA)
        await until(unreachable)
        await telegram.unblocks(ANNA)
        await until(reachable)


# --- nothing lost, nothing twice ---------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


async def test_killed_between_storing_and_acknowledging_the_update_comes_again_and_is_stored_once(
    services: Services, telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    def kill_once_stored(step: str) -> None:
        if step == "stored":
            raise Killed

    services.channels = {"telegram": channel}
    services.step = kill_once_stored
    update = await telegram.says(ANNA, "hello")
    with pytest.raises(BaseExceptionGroup):
        await poll(channel.bot, intake_of(services).take)
    assert [known["update_id"] for known in telegram.updates] == [update["update_id"]]

    services.step = lambda step: None
    async with polling(channel, intake_of(services).take, long_poll=1):
        await until(lambda: not telegram.updates)
    assert [row[:2] for row in await stored(services)] == [(str(update["update_id"]), "text")]

    await turns.sweep(services, older=timedelta())
    assert len(await telegram.sees(ANNA)) == 1
    await services.background.drain()
    assert len(telegram.messages(ANNA)) == 1


async def test_what_cannot_be_stored_now_comes_again_in_order(
    telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    taken = Taken()
    taken.faults = [ConnectionError("database"), ConnectionError("database"), ConnectionError("database")]
    for words in ("one", "two", "three"):
        await telegram.says(ANNA, words)
    async with polling(channel, taken, sleep=taken.sleep):
        assert await taken.until(3) == ["one", "two", "three"]
    assert taken.pauses == [1, 2, 4]


async def test_an_update_of_unknown_shape_holds_nobody_up(
    services: Services, telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    await telegram.update({"message": {"message_id": 1, "text": "a secret"}})
    await telegram.update({"message": {"message_id": "one", "chat": 3, "date": "soon"}})
    await telegram.says(ANNA, "hello")
    with capture_logs() as logs:
        async with polling(channel, intake_of(services).take):
            await until(lambda: something_stored(services))
    assert len(await stored(services)) == 1
    assert [log["event"] for log in logs].count("update left out") == 2
    assert "secret" not in str(logs)
    await services.background.drain()


async def test_an_outage_of_telegram_is_waited_out(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    taken = Taken()
    telegram.fail("getUpdates", status=502, description="Bad Gateway", times=2)
    telegram.fail("getUpdates", how="drop")
    await telegram.says(ANNA, "hello")
    async with polling(channel, taken, sleep=taken.sleep):
        assert await taken.until(1) == ["hello"]
    assert taken.pauses == [1, 2, 4]


async def test_a_conflict_is_told_clearly(telegram: TelegramEmulator, channel: TelegramChannel) -> None:
    taken = Taken()
    telegram.webhook = {"url": "https://elsewhere.example", "secret_token": ""}
    paused = asyncio.Event()

    async def sleep(seconds: float) -> None:
        paused.set()
        await asyncio.sleep(60)

    with capture_logs() as logs:
        async with polling(channel, taken, sleep=sleep):
            async with asyncio.timeout(5):
                await paused.wait()
    assert "stop the other process with the same token" in logs[0]["reason"]
    assert telegram.token not in str(logs)


async def test_stops_promptly_in_the_middle_of_a_long_poll(
    telegram: TelegramEmulator, channel: TelegramChannel
) -> None:
    async with polling(channel, Taken()) as task:
        await until(lambda: bool(telegram.called("getUpdates")))
        began = time.monotonic()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("error", "failures", "seconds"),
    [
        (NetworkError("x"), 1, 1),
        (NetworkError("x"), 4, 8),
        (NetworkError("x"), 500, 60),
        (RetryAfter(42), 1, 42),
        (Conflict("x"), 1, 10),
    ],
)
def test_pause_grows_to_a_minute_unless_told(error: Exception, failures: int, seconds: float) -> None:
    assert pause_after(error, failures) == seconds
