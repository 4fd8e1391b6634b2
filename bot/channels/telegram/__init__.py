"""Telegram: updates by polling or webhook, replies through the Bot API. Only this folder imports `telegram`."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import SharedPace
from core.settings import Settings


def open_channel(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> TelegramChannel:
    """The channel of the bot that the settings name; `close` it at the end. Opens no connection before it sends."""
    pace = SharedPace(settings.database_url)
    return TelegramChannel(settings.telegram_bot_token, settings.telegram_api_url, pace=pace)
