"""Where updates go once they are read: into a turn. Apart from the rest, because turns themselves know channels."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot import turns
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.direct import Direct
from bot.channels.telegram.forum import Forum
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.mentors import Mentors
from bot.channels.telegram.polling import poll
from bot.channels.telegram.rooms import Rooms
from bot.channels.telegram.webhook import webhook_of
from bot.services import Services
from core.errors import ChannelError
from core.messages import Inbound
from i18n.translator import translator
from store import conversations

log = structlog.get_logger()
DROP_AGAIN = 1800.0  # seconds


def intake_of(services: Services) -> Intake:
    async def receive(inbound: Inbound) -> None:
        await turns.receive_and_answer(services, inbound)

    async def set_reachable(address: str, since: datetime | None) -> None:
        async with services.database.begin() as connection:
            await conversations.set_reachable(connection, "telegram", address, since=since)

    channel = services.channels.get("telegram")
    mentors = Mentors(services, channel).take if isinstance(channel, TelegramChannel) else None
    return Intake(receive, set_reachable, services.now, mentors)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a worker tells mentors in Telegram. Each gives the seconds after which it is to be asked again, or None."""

    mirror: Callable[[int], Awaitable[float | None]]
    tell: Callable[[int, int, str], Awaitable[float | None]]
    drop: Callable[[int, int], Awaitable[float | None]]


def telling_of(services: Services) -> Telling | None:
    """None where there is no bot in Telegram. Without a group, mentors get what is theirs in their own chats."""
    channel = services.channels.get("telegram")
    if not isinstance(channel, TelegramChannel):
        return None
    rooms = Rooms(channel)
    direct = Direct(services, rooms)
    group = services.settings.mentor_group
    mirror = Forum(services, rooms, int(group)).mirror if group else direct.mirror

    async def drop(chat_id: int, number: int) -> float | None:
        try:
            await rooms.delete(chat_id, number)
        except ChannelError as error:
            if not error.permanent:
                log.warning("not deleted yet", error=str(error)[:200])
                return error.retry_after or DROP_AGAIN
            log.error("not deleted in Telegram", chat=chat_id, number=number, error=str(error)[:200])
        return None

    return Telling(mirror, direct.tell, drop)


async def serve(services: Services) -> None:
    """Set the bot up and fetch updates for ever; with a webhook, the web role receives them and this one only waits."""
    channel = services.channels["telegram"]
    assert isinstance(channel, TelegramChannel)
    webhook = webhook_of(services.settings)
    try:
        await channel.setup(translator, webhook)
        await Mentors(services, channel).prepare()
        if webhook is None:
            await poll(channel.bot, intake_of(services).take)
        await asyncio.Event().wait()
    finally:
        await channel.close()
