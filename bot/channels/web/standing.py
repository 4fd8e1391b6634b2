"""Who speaks with a visitor of the web chat at this moment, as their page shows it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from actions import human
from actions.turn import Turn
from core.days import danish_day
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import translator
from knowledge.library import Library
from store import handovers, transcript
from store.transcript import Handed

type Sessions = async_sessionmaker[AsyncSession]

BOT = "bot"
WAITING = "waiting"
WITH_MENTOR = "with_mentor"


@dataclass(frozen=True, slots=True)
class Standing:
    """state: bot, waiting, with_mentor or snoozed. mentor: who has it. promise: by when a mentor writes, in `language`."""

    owner: str = BOT
    state: str = BOT
    mentor: str = ""
    promise: str = ""
    language: str = ""

    @property
    def files(self) -> bool:
        """Whether files are taken: while a human is asked for."""
        return self.state != BOT


async def standing(
    sessions: Sessions,
    library: Callable[[], Awaitable[Library]],
    now: Callable[[], datetime],
    visitor: str,
    language: str | None = None,
) -> Standing:
    """Without a language, the promise is in the one that the person is answered in."""
    async with sessions() as session:
        handed = await transcript.handed(session, "web", visitor)
    if handed is None or handed.state is None:
        return Standing(handed.owner) if handed else Standing()
    spoken = next((each for each in (language, handed.language) if each in LANGUAGES), DEFAULT)
    return Standing(
        owner=handed.owner,
        state=handed.state,
        mentor=(handed.mentor or "") if handed.state != WAITING else "",
        promise=await _promise(handed, spoken, library, now()),
        language=spoken,
    )


async def recruit_typing(sessions: Sessions, visitor: str) -> None:
    """Have the mentors who have the conversation see that the person is writing."""
    async with sessions.begin() as session:
        handed = await transcript.handed(session, "web", visitor)
        if handed is not None and handed.state == WITH_MENTOR:
            await handovers.announce(await session.connection(), handed.conversation_id, "typing")


async def _promise(handed: Handed, language: str, library: Callable[[], Awaitable[Library]], now: datetime) -> str:
    """One that was not kept is not repeated."""
    if handed.state != WAITING or handed.promised_at is None or handed.promised_at <= now:
        return ""
    profile = {name: value for name, value in handed.profile.items() if value}
    turn = Turn("", language, translator(language), await library(), danish_day(now), profile=profile, now=now)
    return human.when(handed.promised_at, turn)
