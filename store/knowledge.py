"""Queries over published knowledge."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, text, tuple_, update
from sqlalchemy import insert as insert_row
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store import editing
from store.tables import Entry, Revision, TrainedTopics

Name = tuple[str, str, str]


async def version(session: AsyncSession) -> tuple[Any, ...]:
    """Changes whenever anything published changes, or what the model in use has learnt."""
    newest = select(func.max(Revision.id)).scalar_subquery()
    trained = select(func.max(TrainedTopics.trained_at)).scalar_subquery()
    return tuple((await session.execute(select(newest, trained))).one())


async def changes_since(session: AsyncSession, number: int) -> Sequence[Revision]:
    """What was published after that revision, in order; without data: it was taken away."""
    return (await session.execute(select(Revision).where(Revision.id > number).order_by(Revision.id))).scalars().all()


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


PUT = text("""
    with begun as (
        insert into revisions (kind, key, language, data, origin, at, note)
        values (:kind, :key, :language, cast(:data as jsonb), :origin, :now, :note)
        returning id
    )
    insert into knowledge (kind, key, language, data, origin, file_hash, updated_at, revision_id)
    select :kind, :key, :language, cast(:data as jsonb), :origin, :file_hash, :now, id from begun
    on conflict (kind, key, language) do update set data = excluded.data, origin = excluded.origin,
        file_hash = excluded.file_hash, updated_at = excluded.updated_at, revision_id = excluded.revision_id
""")
MERGED = "merged with its file"


async def put_file_entry(
    session: AsyncSession,
    name: Name,
    data: Mapping[str, Any],
    *,
    file_hash: str,
    now: datetime,
    origin: str = "file",
    note: str = "",
) -> None:
    """Publish an entry as imported (origin `file` or `pages`; `edited`: merged from both). Only under the import's lock."""
    kind, key, language = name
    values = {"kind": kind, "key": key, "language": language, "data": json.dumps(data, ensure_ascii=False)}
    await session.execute(PUT, {**values, "origin": origin, "file_hash": file_hash, "now": now, "note": note})


async def put_edited(session: AsyncSession, name: Name, data: Mapping[str, Any], *, now: datetime) -> None:
    """Publish what an editor wrote; from now on an import merges, and never overwrites it."""
    await editing.publish(await session.connection(), {name: dict(data)}, staff_id=None, now=now)


async def same_as_file(session: AsyncSession, name: Name, *, file_hash: str) -> None:
    """What was edited here stands in the file by now, so that both go on together."""
    values = {"origin": "file", "file_hash": file_hash}
    await session.execute(update(Entry).where(_is(Entry, name)).values(**values))


async def seen_in_file(session: AsyncSession, name: Name, *, file_hash: str) -> None:
    """The file says what an earlier one said, or what is here; nothing to do about it again."""
    await session.execute(update(Entry).where(_is(Entry, name)).values(file_hash=file_hash))


async def said_so_far(session: AsyncSession, name: Name) -> list[tuple[dict[str, Any], bool]]:
    """What a piece has been, the newest first, each with whether it came from a file."""
    from_file = or_(Revision.origin.in_(("file", "pages")), Revision.note == MERGED)
    found = select(Revision.data, from_file).where(_is(Revision, name), Revision.data.is_not(None))
    return [(row[0] or {}, row[1]) for row in await session.execute(found.order_by(Revision.id.desc()))]


async def note_file(
    session: AsyncSession, name: Name, data: Mapping[str, Any], *, now: datetime, origin: str = "file"
) -> None:
    """Keep what a file says beside what is told: the base of the next merge. Only under the import's lock."""
    kind, key, language = name
    row = {"kind": kind, "key": key, "language": language, "data": dict(data), "origin": origin, "at": now}
    await session.execute(insert_row(Revision).values(**row, note=editing.FILE_ONLY, minor=True))


async def ever_told(session: AsyncSession) -> set[Name]:
    """All that is published, or has been."""
    found = await session.execute(select(Revision.kind, Revision.key, Revision.language).distinct())
    return {(row[0], row[1], row[2]) for row in found}


async def taken_away(session: AsyncSession) -> set[Name]:
    """What an editor has taken away, and nobody has brought back since."""
    newest = select(func.max(Revision.id)).group_by(Revision.kind, Revision.key, Revision.language)
    gone = select(Revision.kind, Revision.key, Revision.language).where(
        Revision.id.in_(newest), Revision.data.is_(None), Revision.origin == "edited"
    )
    return {(row[0], row[1], row[2]) for row in await session.execute(gone)}


async def remove(session: AsyncSession, names: Sequence[Name], *, now: datetime, origin: str = "file") -> None:
    """Take entries away. Only under the import's lock."""
    for kind, key, language in names:
        row = {"kind": kind, "key": key, "language": language, "data": None, "origin": origin, "at": now}
        await session.execute(insert_row(Revision).values(**row))
    if names:
        await session.execute(delete(Entry).where(tuple_(Entry.kind, Entry.key, Entry.language).in_(names)))


def _is(table: Any, name: Name) -> Any:
    return tuple_(table.kind, table.key, table.language) == tuple_(*name)
