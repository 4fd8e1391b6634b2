"""Puts a process's services together from the settings."""

import logging
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from procrastinate import App
from sqlalchemy.ext.asyncio import AsyncSession

from actions import perform
from actions.turn import Turn
from bot import turns
from bot.background import Background
from bot.channels import Channel, open_channels
from bot.channels.web.standing import recruit_typing, standing
from bot.engine.rasa import RasaEngine
from bot.handing import MentorDesk
from bot.jobs import deliver_later, drop_topic_soon, make_queue, mirror_soon, tell_soon
from bot.services import Services
from bot.think import FEATURED
from core.messages import Reply
from core.settings import Settings
from i18n.translator import translator
from knowledge.shelf import Shelf
from store import database, people
from web.doors import Doors
from web.mylist import private_address

ROOT = Path(__file__).resolve().parent.parent
KNOWLEDGE = ROOT / "knowledge"


def set_up_logs(level: str) -> None:
    """One JSON line an event on standard error; ids and durations, never what a person wrote."""
    logging.basicConfig(level=logging.WARNING)
    for noisy in ("httpx", "httpcore", "telegram", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


@asynccontextmanager
async def open_services(
    settings: Settings, *, channels: dict[str, Channel] | None = None, queue: bool = True
) -> AsyncIterator[tuple[Services, App | None]]:
    """Services over the database and engine that the settings name; closed at the end, after what runs is done."""
    engine = database.connect(settings.database_url)
    sessions = database.sessions(engine)
    rasa = RasaEngine(settings.rasa_url)
    services = Services(
        settings=settings,
        database=engine,
        sessions=sessions,
        shelf=Shelf(sessions),
        engine=rasa,
        channels=channels if channels is not None else open_channels(settings, sessions, names=("web", "telegram")),
        background=Background(),
        private_address=partial(private_address, settings),
    )
    app = make_queue(database.queue_connector(settings.database_url)) if queue else None
    try:
        if app is None:
            yield services, None
        else:
            async with app.open_async():
                services.retry = _retry(app)
                if settings.telegram_bot_token:
                    services.mirror, services.tell = partial(mirror_soon, app), partial(tell_soon, app)
                    services.drop_topic = partial(drop_topic_soon, app)
                yield services, app
        await services.background.drain()
    finally:
        await rasa.close()
        await engine.dispose()


def _retry(app: App) -> Callable[[int, datetime], Awaitable[None]]:
    async def retry(conversation_id: int, at: datetime) -> None:
        await deliver_later(app, conversation_id, at)

    return retry


async def _telegram_name(services: Services) -> str:
    channel = services.channels.get("telegram")
    if channel is None:
        return ""
    from bot.channels.telegram.channel import TelegramChannel  # brings the whole of Telegram's library with it

    return await channel.username() if isinstance(channel, TelegramChannel) else ""


def web_doors(services: Services) -> Doors:
    """What the pages may reach."""

    async def welcome(language: str) -> Reply:
        turn = Turn("", language, translator(language), await services.shelf.library(), services.now().date())
        return perform.welcome(turn, FEATURED).replies[0]

    async def export(session: AsyncSession, recruit_id: uuid.UUID) -> Mapping[str, Any]:
        return await people.export(await session.connection(), recruit_id)

    return Doors(
        settings=services.settings,
        sessions=services.sessions,
        now=services.now,
        translator=translator,
        accept=partial(turns.receive_and_answer, services),
        standing=partial(standing, services.sessions, services.shelf.library, services.now),
        recruit_typing=partial(recruit_typing, services.sessions),
        welcome=welcome,
        export=export,
        engine_ready=services.engine.ready,
        library=services.shelf.library,
        desk=MentorDesk(services),
        telegram_name=partial(_telegram_name, services),
        drop_topic=services.drop_topic,
    )
