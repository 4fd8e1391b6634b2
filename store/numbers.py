"""The numbers: how often what happened, by day. Nothing here leads to a person."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROLL_UP = text("""
    with gone as (
        delete from tallies where id in (select id from tallies order by id limit 20000 for update skip locked)
        returning day, what, language, theme, topic, number
    )
    insert into counts (day, what, language, theme, topic, number)
    select day, what, language, theme, topic, sum(number) from gone
    group by day, what, language, theme, topic order by day, what, language, theme, topic
    on conflict (day, what, language, theme, topic) do update set number = counts.number + excluded.number
""")


async def roll_up(connection: AsyncConnection) -> None:
    """Add to the counts what was tallied since, each row once."""
    await connection.execute(ROLL_UP)
