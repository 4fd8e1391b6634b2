"""Queries over published knowledge."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store.tables import Entry

Name = tuple[str, str, str]


async def version(session: AsyncSession) -> tuple[Any, ...]:
    """Changes whenever anything published changes."""
    # The sum, too: an import that waited for its lock writes moments older than the newest.
    moments = func.sum(func.extract("epoch", Entry.updated_at))
    row = (await session.execute(select(func.count(), func.max(Entry.updated_at), moments))).one()
    return tuple(row)


async def all_entries(session: AsyncSession) -> Sequence[Entry]:
    order = (Entry.kind, Entry.key, Entry.language)
    return (await session.execute(select(Entry).order_by(*order))).scalars().all()


async def lock_for_import(session: AsyncSession) -> None:
    """One import at a time; held to the end of the transaction."""
    await session.execute(text("select pg_advisory_xact_lock(hashtext('velkommen import'))"))


async def put_file_entry(
    session: AsyncSession, name: Name, data: Mapping[str, Any], *, file_hash: str, now: datetime
) -> None:
    """Store an entry as imported. One that was edited here is left alone."""
    kind, key, language = name
    row = insert(Entry).values(
        kind=kind, key=key, language=language, data=dict(data), file_hash=file_hash, updated_at=now
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "key", "language"],
            set_={
                "data": row.excluded.data,
                "file_hash": row.excluded.file_hash,
                "updated_at": row.excluded.updated_at,
            },
            where=Entry.origin == "file",
        )
    )


async def put_edited(session: AsyncSession, name: Name, data: Mapping[str, Any], *, now: datetime) -> None:
    """Store what an editor wrote; from now on imports leave it alone."""
    kind, key, language = name
    row = insert(Entry).values(kind=kind, key=key, language=language, data=dict(data), origin="edited", updated_at=now)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "key", "language"],
            set_={"data": row.excluded.data, "origin": "edited", "updated_at": row.excluded.updated_at},
        )
    )


async def remove(session: AsyncSession, names: Sequence[Name]) -> None:
    if names:
        await session.execute(delete(Entry).where(tuple_(Entry.kind, Entry.key, Entry.language).in_(names)))
