"""What a turn adds to the numbers, exactly once, and how it is rolled up."""

import asyncio

from sqlalchemy import text

from bot.services import Services
from core import acts
from store import numbers
from tests.support.talk import Chat


async def rows(services: Services) -> dict[tuple[str, ...], int]:
    async with services.database.begin() as connection:
        await numbers.roll_up(connection)
        found = await connection.execute(
            text(
                "select what, language, theme, topic, sum(number) from counts group by 1, 2, 3, 4 having sum(number) <> 0"
            )
        )
        return {tuple(row[:4]): row[4] for row in found}


async def nothing_counted(services: Services) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from counts"))
        await connection.execute(text("delete from tallies"))


async def test_a_day_of_somebody_is_one_conversation_and_each_answer_counts(chat: Chat, services: Services) -> None:
    await nothing_counted(services)
    for _ in range(3):
        chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says("how do I get a tax card?")
    await chat.says("and again, the tax card?")

    assert await rows(services) == {
        ("conversation", "en", "", ""): 1,
        ("answered", "en", "tax", "tax-card"): 2,
    }
    chat.clock.pass_(days=1)
    await chat.says("tax card?")
    assert (await rows(services)) == {("conversation", "en", "", ""): 2, ("answered", "en", "tax", "tax-card"): 3}
    async with services.database.connect() as connection:
        days = (await connection.execute(text("select count(distinct day) from counts"))).scalar()
    assert days == 2


async def test_a_thumb_that_changes_its_mind_counts_once(chat: Chat, services: Services) -> None:
    await nothing_counted(services)
    for _ in range(3):
        chat.engine.will(acts.AnswerTopics(("tax-card",)))
    await chat.says("how do I get a tax card?")
    number = (await chat.rows("select max(id) as id from outbound where body ->> 'rate' = 'true'"))[0].id
    await chat.presses(f"rate:{number}:1")
    await chat.presses(f"rate:{number}:-1")
    await chat.presses(f"rate:{number}:-1")

    found = await rows(services)
    assert found["thumb_down", "en", "tax", "tax-card"] == 1
    assert ("thumb_up", "en", "tax", "tax-card") not in found


async def test_rolling_up_twice_at_once_loses_and_doubles_nothing(services: Services) -> None:
    await nothing_counted(services)
    async with services.database.begin() as connection:
        insert = "insert into tallies (day, what) select current_date, 'conversation' from generate_series(1, 5000)"
        await connection.execute(text(insert))

    async def roll() -> None:
        async with services.database.begin() as connection:
            await numbers.roll_up(connection)

    await asyncio.gather(*(roll() for _ in range(4)))
    assert sum((await rows(services)).values()) == 5000
