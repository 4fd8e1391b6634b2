"""Queries over sentences that carry no revision of their own: the bot's, ready replies, documents."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Revision


async def meaning_changed(connection: AsyncConnection, kind: str, key: str | None = None) -> Mapping[str, datetime]:
    """By key, when the English text was last published with another meaning: a small correction is none."""
    english = (Revision.kind == kind, Revision.language == "en", ~Revision.minor, Revision.data.is_not(None))
    found = select(Revision.key, func.max(Revision.at)).where(*english).group_by(Revision.key)
    rows = await connection.execute(found if key is None else found.where(Revision.key == key))
    return {row.key: row[1] for row in rows}
