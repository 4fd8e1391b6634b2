"""What the pages need from the rest of Velkommen, handed in: nothing in `web/` reaches past these doors."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.handing import MentorDesk
from core.messages import Inbound, Reply
from core.settings import Settings
from knowledge.library import Library


class Translator(Protocol):
    def gettext(self, msgid: str, /, **named: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Doors:
    """
    accept: stores a message and has it answered in the background; None when it was seen before.
    welcome: the greeting with suggestions, in a language, before a person has written anything.
    export: everything kept about one person.
    engine_ready: whether the dialogue engine answers.
    library: what is published now.
    desk: what mentors do with conversations; without it there is no inbox.
    """

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    now: Callable[[], datetime]
    translator: Callable[[str], Translator]
    accept: Callable[[Inbound], Awaitable[int | None]]
    welcome: Callable[[str], Awaitable[Reply]]
    export: Callable[[AsyncSession, uuid.UUID], Awaitable[Mapping[str, Any]]]
    engine_ready: Callable[[], Awaitable[bool]]
    library: Callable[[], Awaitable[Library]]
    desk: MentorDesk | None = None
