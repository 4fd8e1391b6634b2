"""Mentors for tests: colleagues with accounts, and the desk that they work at."""

import itertools
from datetime import time

from bot.handing import MentorDesk
from bot.services import Services
from store import staff
from store.staff import Colleague

SOURCES = itertools.count(1)


async def hire(
    services: Services,
    name: str,
    *,
    role: str = "mentor",
    languages: tuple[str, ...] = (),
    kommuner: tuple[str, ...] = (),
    on_call: bool = False,
    linked: bool = True,
) -> Colleague:
    """A new colleague; on call the whole week, with Telegram linked, if so wished."""
    async with services.database.begin() as connection:
        number = await staff.add(
            connection, email=f"{name}@example.org", name=name, role=role, languages=languages, kommuner=kommuner,
            now=services.now(),
        )  # fmt: skip
        if on_call:
            if linked:
                await staff.link_telegram(connection, number, f"7{number}")
            for weekday in range(7):
                await staff.add_shift(connection, number, "on_call", time(0), time(0), weekday=weekday)
        found = await staff.by_id(connection, number)
    assert found is not None
    return found


class Mentor:
    """A colleague at work on one conversation after the other; each message has a source of its own."""

    def __init__(self, services: Services, colleague: Colleague) -> None:
        self.me = colleague
        self.desk = MentorDesk(services)
        self.services = services

    async def writes(self, conversation_id: int, text: str, *, source: str | None = None) -> int:
        number = await self.desk.write(self.me, conversation_id, text, source=source or f"test:{next(SOURCES)}")
        await self.services.background.drain()
        return number

    async def claims(self, conversation_id: int) -> None:
        await self.desk.claim(self.me, conversation_id)
        await self.services.background.drain()

    async def resolves(self, conversation_id: int, outcome: str = "solved") -> None:
        await self.desk.resolve(self.me, conversation_id, outcome=outcome)
        await self.services.background.drain()
