"""Messages to many: kept as drafts, scheduled, stopped; who gets one stands in the ledger of reminders."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

TEXTS = sql("""
    select cast(id as text), texts from announcements where cast(id as text) = any(:ids) and status in ('scheduled', 'sending')
""")


async def texts_of(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, Any]:
    """The texts by language of those announcements that may be sent; a draft or a stopped one is not among them."""
    wanted = list(numbers)
    if not wanted:
        return {}
    return {row[0]: row[1] for row in await connection.execute(TEXTS, {"ids": wanted})}
