"""What the pages need from the rest of Velkommen, handed in: nothing in `web/` reaches past these doors."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.channels.web.standing import Standing
from bot.handing import MentorDesk
from core.messages import Inbound, Reply
from core.settings import Settings
from knowledge.library import Library


class Translator(Protocol):
    def gettext(self, msgid: str, /, **named: object) -> str: ...

    def ngettext(self, one: str, many: str, n: int, /, **named: object) -> str: ...


class Accept(Protocol):
    def __call__(self, inbound: Inbound, content: bytes | None = None, /) -> Awaitable[int | None]: ...


class Stands(Protocol):
    def __call__(self, visitor: str, language: str | None = None, /) -> Awaitable[Standing]: ...


async def no_telegram() -> str:
    return ""


async def nothing_to_drop(chat_id: int, number: int) -> None:
    """Without mentors in Telegram there is nothing to delete there."""


@dataclass(frozen=True, slots=True)
class Doors:
    """
    accept: stores a message, with the content of its file, and has it answered in the background; None when it was
    seen before.
    standing: who speaks with a visitor now; what is promised, in that language or else in theirs.
    recruit_typing: shows mentors that a visitor is writing to them.
    welcome: the greeting with suggestions, in a language, before a person has written anything.
    export: everything kept about one person.
    engine_ready: whether the dialogue engine answers.
    library: what is published now.
    desk: what mentors do with conversations; without it there is no inbox.
    telegram_name: the name of our bot there, for links to it; empty without one.
    drop_topic: has what stands of a person in a mentors' chat deleted, by chat and number.
    """

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    now: Callable[[], datetime]
    translator: Callable[[str], Translator]
    accept: Accept
    standing: Stands
    recruit_typing: Callable[[str], Awaitable[None]]
    welcome: Callable[[str], Awaitable[Reply]]
    export: Callable[[AsyncSession, uuid.UUID], Awaitable[Mapping[str, Any]]]
    engine_ready: Callable[[], Awaitable[bool]]
    library: Callable[[], Awaitable[Library]]
    desk: MentorDesk | None = None
    telegram_name: Callable[[], Awaitable[str]] = no_telegram
    drop_topic: Callable[[int, int], Awaitable[None]] = nothing_to_drop
