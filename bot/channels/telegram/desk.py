"""Where updates go once they are read: into a turn. Apart from the rest, because turns themselves know channels."""

import asyncio
from datetime import datetime

from bot import turns
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import poll
from bot.channels.telegram.webhook import webhook_of
from bot.services import Services
from core.messages import Inbound
from i18n.translator import translator
from store import conversations


def intake_of(services: Services) -> Intake:
    async def receive(inbound: Inbound) -> None:
        await turns.receive_and_answer(services, inbound)

    async def set_reachable(address: str, since: datetime | None) -> None:
        async with services.database.begin() as connection:
            await conversations.set_reachable(connection, "telegram", address, since=since)

    return Intake(receive, set_reachable, services.now)


async def serve(services: Services) -> None:
    """Set the bot up and fetch updates for ever; with a webhook, the web role receives them and this one only waits."""
    channel = services.channels["telegram"]
    assert isinstance(channel, TelegramChannel)
    webhook = webhook_of(services.settings)
    try:
        await channel.setup(translator, webhook)
        if webhook is None:
            await poll(channel.bot, intake_of(services).take)
        await asyncio.Event().wait()
    finally:
        await channel.close()
