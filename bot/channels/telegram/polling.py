"""Asking Telegram for updates, where it cannot call us.

python-telegram-bot's own Updater acknowledges updates before anybody has stored them. Here the offset, which is the
acknowledgement, moves past an update only after it is stored: whatever happens before that, the update comes again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Never

import structlog
from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.channels.telegram.errors import seconds_to_wait
from bot.channels.telegram.inbound import ALLOWED_UPDATES
from bot.channels.telegram.intake import UnreadableUpdateError

log = structlog.get_logger()

LONG_POLL = 30
CONFLICT_PAUSE = 10.0

type Take = Callable[[object], Awaitable[str | None]]
type Sleep = Callable[[float], Awaitable[object]]


async def poll(bot: Bot, take: Take, *, long_poll: int = LONG_POLL, sleep: Sleep = asyncio.sleep) -> Never:
    """Fetch updates for ever and hand each to `take`; ends only by being cancelled.

    An update that `take` fails on is offered again, and those behind it wait: their order counts. Only what is
    unreadable is left out.
    """
    offset: int | None = None
    failures = 0
    async with asyncio.TaskGroup() as answers:
        while True:
            try:
                for update in await _fetch(bot, offset, long_poll):
                    pressed = await _take_one(take, update)
                    offset = update["update_id"] + 1
                    if pressed is not None:
                        answers.create_task(_stop_blinking(bot, pressed))
                failures = 0
            except Exception as error:
                # The edge of this process: the network, Telegram or the database is away, and will be back.
                failures += 1
                seconds = pause_after(error, failures)
                log.warning("polling paused", seconds=seconds, reason=_reason(error))
                await sleep(seconds)


def pause_after(error: Exception, failures: int) -> float:
    """Seconds until the next attempt: as told, else 1, 2, 4 … up to a minute."""
    if isinstance(error, RetryAfter):
        return seconds_to_wait(error)
    if isinstance(error, Conflict):
        return CONFLICT_PAUSE
    return float(min(2 ** (failures - 1), 60))


async def _fetch(bot: Bot, offset: int | None, long_poll: int) -> list[dict[str, Any]]:
    # Not bot.get_updates: that reads all updates of a batch or none, so that one of an unknown shape would stop
    # everybody, and it writes the whole batch, with what people wrote, to the log. Telegram ignores the case of
    # method names; the library wants this one in lower case, or it advises to use get_updates.
    arguments = {"timeout": long_poll, "allowed_updates": ALLOWED_UPDATES}
    if offset is not None:
        arguments["offset"] = offset
    updates = await bot.do_api_request("getupdates", arguments, read_timeout=long_poll + 10)
    return [update for update in updates if isinstance(update, dict) and "update_id" in update]


async def _take_one(take: Take, update: dict[str, Any]) -> str | None:
    try:
        return await take(update)
    except UnreadableUpdateError as error:
        log.error("update left out", reason=str(error))
        return None


async def _stop_blinking(bot: Bot, callback_query_id: str) -> None:
    try:
        await bot.answer_callback_query(callback_query_id)
    except TelegramError as error:
        log.debug("button press not acknowledged", error=type(error).__name__)


def _reason(error: Exception) -> str:
    if isinstance(error, Conflict):
        return (
            "Somebody else receives the updates of this bot: stop the other process with the same token, "
            f"or start this one again so that it removes the webhook ({error})."
        )
    return f"{type(error).__name__}: {error}" if isinstance(error, TelegramError) else type(error).__name__
