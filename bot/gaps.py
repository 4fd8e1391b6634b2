"""The gap board's work: who was asked back and left, what means the same, and telling those who wait for an answer."""

import asyncio
from collections.abc import Iterable

import structlog

from bot.services import Services
from core.days import danish_day
from i18n.languages import LANGUAGES
from knowledge import alike
from knowledge.alike import Asked, Rarity
from store import announcements, gaps
from store.gaps import Question

log = structlog.get_logger()


async def collect_left(services: Services) -> int:
    async with services.database.begin() as connection:
        return await gaps.collect_left(connection, now=services.now())


async def group_new(services: Services) -> int:
    """Put what is new into groups; how many questions that were. May run twice: a question is put somewhere once."""
    async with services.database.connect() as connection:
        new = await gaps.new_questions(connection)
        groups = await gaps.open_groups(connection, also_by_hand=True) if new else {}
    if not new:
        return 0
    library = await services.shelf.library()
    known = {number: _asked(questions) for number, questions in groups.items()}
    joined = await asyncio.to_thread(lambda: alike.join(_asked(new), known, Rarity.of(library)))
    async with services.database.begin() as connection:
        for each in joined:
            await gaps.put(connection, each.questions, each.group, now=services.now())
    log.info("grouped", questions=len(new), groups=len(joined))
    return len(new)


async def regroup(services: Services) -> int:
    """Merge open groups that turn out to mean the same; how many are gone."""
    async with services.database.begin() as connection:
        await gaps.drop_empty(connection)
        groups = await gaps.open_groups(connection, also_by_hand=False)
    library = await services.shelf.library()
    known = {number: _asked(questions) for number, questions in groups.items()}
    into = await asyncio.to_thread(lambda: alike.merge(known, Rarity.of(library)))
    async with services.database.begin() as connection:
        for later, earlier in into.items():
            await gaps.merge(connection, later, earlier)
    return len(into)


async def settle(services: Services) -> int:
    """Whose topic is published meanwhile is answered; and those who asked to be told are, once. How many people."""
    async with services.database.begin() as connection:
        await gaps.settle_published(connection, now=services.now())
        waiting = await gaps.to_tell(connection)
    return sum([await _tell(services, each) for each in waiting])


async def _tell(services: Services, waiting: gaps.ToTell) -> int:
    library, now = await services.shelf.library(), services.now()
    if waiting.topic not in library.topics:
        return 0  # taken away again, or this process has not seen it yet
    day = danish_day(now)
    texts = {
        code: library.reply("answer_found", code, day, title=library.title(waiting.topic, code)) for code in LANGUAGES
    }
    async with services.database.begin() as connection:
        if not await gaps.told(connection, waiting.questions, now=now):
            return 0
        await announcements.keep_for(
            connection,
            name=f"answer-{waiting.gap}-{waiting.questions[0]}",
            kind="answer",
            people=waiting.people,
            texts=texts,
            about={"gap": waiting.gap, "topics": [waiting.topic]},
            staff_id=None,
            at=now,
            now=now,
        )
    log.info("told of an answer", gap=waiting.gap, people=len(waiting.people))
    return len(waiting.people)


def _asked(questions: Iterable[Question]) -> list[Asked]:
    return [Asked(each.id, each.language, each.text, each.candidates) for each in questions]
