"""Queries over published knowledge."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store.tables import Entry, TrainedTopics

Name = tuple[str, str, str]


async def version(session: AsyncSession) -> tuple[Any, ...]:
    """Changes whenever anything published changes."""
    # The sum, too: an import that waited for its lock writes moments older than the newest.
    moments = func.sum(func.extract("epoch", Entry.updated_at))
    trained = select(func.max(TrainedTopics.trained_at)).scalar_subquery()
    row = (await session.execute(select(func.count(), func.max(Entry.updated_at), moments, trained))).one()
    return tuple(row)


async def note_trained(session: AsyncSession, topics: Sequence[str], *, now: datetime) -> None:
    """Note which topics the model in use has learnt."""
    row = insert(TrainedTopics).values(id=1, topics=list(topics), trained_at=now)
    values = {"topics": row.excluded.topics, "trained_at": row.excluded.trained_at}
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


async def trained_topics(session: AsyncSession) -> Sequence[str] | None:
    """The topics that the model in use has learnt; None if nobody has noted them."""
    return (await session.execute(select(TrainedTopics.topics))).scalar_one_or_none()


async def all_entries(session: AsyncSession) -> Sequence[Entry]:
    order = (Entry.kind, Entry.key, Entry.language)
    return (await session.execute(select(Entry).order_by(*order))).scalars().all()


async def lock_for_import(session: AsyncSession) -> None:
    """One import at a time; held to the end of the transaction."""
    await session.execute(text("select pg_advisory_xact_lock(hashtext('velkommen import'))"))


async def put_file_entry(
    session: AsyncSession, name: Name, data: Mapping[str, Any], *, file_hash: str, now: datetime, origin: str = "file"
) -> None:
    """Store an entry as imported (origin `file` or `pages`). One that was edited here is left alone."""
    kind, key, language = name
    row = insert(Entry).values(
        kind=kind, key=key, language=language, data=dict(data), file_hash=file_hash, updated_at=now, origin=origin
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "key", "language"],
            set_={
                "data": row.excluded.data,
                "file_hash": row.excluded.file_hash,
                "updated_at": row.excluded.updated_at,
            },
            where=Entry.origin == origin,
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
