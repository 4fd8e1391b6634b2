"""Drafts, publishing and history of the knowledge. Nothing is overwritten unseen, nothing published is ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import cast, delete, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from core.errors import VelkommenError
from store.tables import Draft as DraftRow
from store.tables import Entry, Staff
from store.tables import Revision as RevisionRow

Name = tuple[str, str, str]
Data = dict[str, Any]
FILE_ONLY = "what its file said, before both were merged"  # a revision that nobody was told


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody is told now."""

    name: Name
    data: Data
    revision: int
    at: datetime
    origin: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor is writing. base: the revision that it was begun from; None: there was nothing."""

    name: Name
    data: Data
    base: int | None
    version: int
    state: str
    minor: bool
    staff_id: int | None
    staff_name: str | None
    updated_at: datetime
    note: str
    writers: tuple[int, ...] = ()

    def wrote(self, staff_id: int) -> bool:
        """Whether somebody had a hand in it, so that another must approve it."""
        return staff_id in (self.staff_id, *self.writers)


@dataclass(frozen=True, slots=True)
class Revision:
    """What was published once; data None: from then on there was nothing."""

    id: int
    name: Name
    data: Data | None
    origin: str
    at: datetime
    staff_name: str | None
    writer_name: str | None
    minor: bool
    note: str


class Collision(VelkommenError):
    """Somebody else saved or published the same piece meanwhile: mine (as wanted) and theirs (None: taken away)."""

    def __init__(self, name: Name, mine: Data | None, theirs: Draft | Published | None) -> None:
        super().__init__(f"{' '.join(name).strip()} was changed by somebody else meanwhile")
        self.name, self.mine, self.theirs = name, mine, theirs


# --- what is published ------------------------------------------------------------------------------------------------

ENTRY = (Entry.kind, Entry.key, Entry.language, Entry.data, Entry.revision_id, Entry.updated_at, Entry.origin)


async def published(connection: AsyncConnection, name: Name) -> Published | None:
    row = (await connection.execute(select(*ENTRY).where(_is(Entry, name)))).one_or_none()
    return _published(row) if row else None


async def published_all(connection: AsyncConnection, kind: str, key: str | None = None) -> list[Published]:
    """All of a kind, or of one key in all languages."""
    found = select(*ENTRY).where(Entry.kind == kind).order_by(Entry.key, Entry.language)
    rows = await connection.execute(found if key is None else found.where(Entry.key == key))
    return [_published(row) for row in rows]


async def publish(
    connection: AsyncConnection,
    changes: Mapping[Name, Data | None],
    *,
    staff_id: int | None,
    writer_id: int | None = None,
    minor: bool = False,
    note: str = "",
    now: datetime,
    expect: Mapping[Name, int | None] | None = None,
    origin: str = "edited",
) -> dict[Name, int]:
    """Have everybody told this from now on, all of it or nothing; None takes a piece away. The new revisions by name.

    expect: the revision that each was begun from; Collision where another is published by now. Their drafts go.
    """
    await lock(connection)
    numbers: dict[Name, int] = {}
    for name, data in changes.items():
        current = await published(connection, name)
        if expect is not None and name in expect and expect[name] != (current.revision if current else None):
            raise Collision(name, data, current)
        if data is None and current is None:
            continue
        about = {"staff_id": staff_id, "writer_id": writer_id, "minor": minor, "note": note, "origin": origin}
        numbers[name] = await add_revision(connection, name, data, at=now, **about)
        if data is None:
            await connection.execute(delete(Entry).where(_is(Entry, name)))
        else:
            await _put(connection, name, data, numbers[name], origin=origin, now=now)
        await connection.execute(delete(DraftRow).where(_is(DraftRow, name)))
    return numbers


async def lock(connection: AsyncConnection) -> None:
    """One publication or import at a time, so that a higher number is always the later one to be seen."""
    await connection.execute(text("select pg_advisory_xact_lock(hashtext('velkommen import'))"))


async def add_revision(
    connection: AsyncConnection, name: Name, data: Data | None, *, at: datetime, **about: Any
) -> int:
    """A row of the history. Only under `lock`."""
    kind, key, language = name
    row = insert(RevisionRow).values(kind=kind, key=key, language=language, data=data, at=at, **about)
    number: int = (await connection.execute(row.returning(RevisionRow.id))).scalar_one()
    return number


async def _put(
    connection: AsyncConnection, name: Name, data: Data, revision: int, *, origin: str, now: datetime
) -> None:
    kind, key, language = name
    values = {"data": data, "origin": origin, "updated_at": now, "revision_id": revision}
    row = upsert(Entry).values(kind=kind, key=key, language=language, **values)
    await connection.execute(row.on_conflict_do_update(index_elements=["kind", "key", "language"], set_=values))


# --- drafts -----------------------------------------------------------------------------------------------------------

DRAFT = (
    DraftRow.kind, DraftRow.key, DraftRow.language, DraftRow.data, DraftRow.base_id, DraftRow.version, DraftRow.state,
    DraftRow.minor, DraftRow.staff_id, Staff.name, DraftRow.updated_at, DraftRow.note, DraftRow.writers,
)  # fmt: skip


async def draft(connection: AsyncConnection, name: Name) -> Draft | None:
    found = select(*DRAFT).outerjoin(Staff, Staff.id == DraftRow.staff_id).where(_is(DraftRow, name))
    row = (await connection.execute(found)).one_or_none()
    return _draft(row) if row else None


async def drafts(connection: AsyncConnection, kind: str | None = None, key: str | None = None) -> list[Draft]:
    """Those that were changed last come first."""
    found = select(*DRAFT).outerjoin(Staff, Staff.id == DraftRow.staff_id).order_by(DraftRow.updated_at.desc())
    if kind is not None:
        found = found.where(DraftRow.kind == kind)
    if key is not None:
        found = found.where(DraftRow.key == key)
    return [_draft(row) for row in await connection.execute(found)]


async def save_draft(
    connection: AsyncConnection,
    name: Name,
    data: Data,
    *,
    version: int,
    staff_id: int | None,
    minor: bool = False,
    note: str = "",
    now: datetime,
    base: int | None = None,
) -> Draft:
    """Keep what was written; it is a draft again, even if it waited for review.

    version: of the draft that the editor saw (0: none). Collision where somebody saved meanwhile. base: the revision
    that a first draft was begun from; where it isn't given, the one that is published now.
    """
    kind, key, language = name
    by = [] if staff_id is None else [staff_id]
    values = {"data": data, "state": "draft", "minor": minor, "staff_id": staff_id, "updated_at": now, "note": note}
    if version == 0:
        current = await published(connection, name)
        begun = base if base is not None else (current.revision if current else None)
        first = {"kind": kind, "key": key, "language": language, "base_id": begun, "writers": by}
        row = upsert(DraftRow).values(**first, **values)
        kept_now = (await connection.execute(row.on_conflict_do_nothing().returning(DraftRow.version))).all()
    else:
        changed = update(DraftRow).where(_is(DraftRow, name), DraftRow.version == version)
        rebased = {} if base is None else {"base_id": base}
        writers = DraftRow.writers.op("||")(cast(by, JSONB))
        again = changed.values(version=version + 1, writers=writers, **values, **rebased).returning(DraftRow.version)
        kept_now = (await connection.execute(again)).all()
    kept = await draft(connection, name)
    if not kept_now:
        raise Collision(name, data, kept or await published(connection, name))
    assert kept is not None
    return kept


async def submit(
    connection: AsyncConnection, name: Name, *, version: int, staff_id: int | None, note: str = "", now: datetime
) -> Draft:
    """Have somebody else look at a draft before it is published."""
    return await _turn(connection, name, version, "in_review", note, now)


async def send_back(
    connection: AsyncConnection, name: Name, *, version: int, staff_id: int | None, note: str = "", now: datetime
) -> Draft:
    """To its writer, with what to do about it; staff_id of the draft stays the writer's."""
    return await _turn(connection, name, version, "draft", note, now)


async def _turn(connection: AsyncConnection, name: Name, version: int, state: str, note: str, now: datetime) -> Draft:
    changed = update(DraftRow).where(_is(DraftRow, name), DraftRow.version == version)
    done = await connection.execute(changed.values(version=version + 1, state=state, note=note, updated_at=now))
    kept = await draft(connection, name)
    if not done.rowcount:
        raise Collision(name, None, kept or await published(connection, name))
    assert kept is not None
    return kept


async def discard(connection: AsyncConnection, name: Name, *, version: int) -> None:
    """Throw a draft away. Collision where somebody saved meanwhile."""
    done = await connection.execute(delete(DraftRow).where(_is(DraftRow, name), DraftRow.version == version))
    if not done.rowcount and (theirs := await draft(connection, name)) is not None:
        raise Collision(name, None, theirs)


# --- history ----------------------------------------------------------------------------------------------------------

WRITER = aliased(Staff)
REVISION = (
    RevisionRow.id, RevisionRow.kind, RevisionRow.key, RevisionRow.language, RevisionRow.data, RevisionRow.origin,
    RevisionRow.at, Staff.name, WRITER.name, RevisionRow.minor, RevisionRow.note,
)  # fmt: skip


async def history(connection: AsyncConnection, name: Name, most: int = 50) -> list[Revision]:
    """The newest first."""
    found = _revisions().where(_is(RevisionRow, name)).order_by(RevisionRow.id.desc()).limit(most)
    return [_revision(row) for row in await connection.execute(found)]


async def revision(connection: AsyncConnection, number: int) -> Revision | None:
    row = (await connection.execute(_revisions().where(RevisionRow.id == number))).one_or_none()
    return _revision(row) if row else None


async def as_of(connection: AsyncConnection, name: Name, at: datetime) -> Revision | None:
    """What was published at a moment; None: nothing yet, or it had been taken away."""
    before = _revisions().where(_is(RevisionRow, name), RevisionRow.at <= at).order_by(RevisionRow.id.desc()).limit(1)
    row = (await connection.execute(before)).one_or_none()
    found = _revision(row) if row else None
    return found if found and found.data is not None else None


async def source_at(connection: AsyncConnection, kind: str, key: str, number: int) -> Data | None:
    """The newest English text of that source revision (`revision` in its data); None where it is not kept any more."""
    english = _is(RevisionRow, (kind, key, "en")) & (RevisionRow.note != FILE_ONLY)
    found = select(RevisionRow.data).where(english, RevisionRow.data["revision"].as_integer() == number)
    data: Data | None = (await connection.execute(found.order_by(RevisionRow.id.desc()).limit(1))).scalar()
    return data


async def taken_away(connection: AsyncConnection, kind: str, most: int = 20) -> list[Revision]:
    """The pieces that there are no more, those taken away last first."""
    last = (
        select(func.max(RevisionRow.id)).where(RevisionRow.kind == kind).group_by(RevisionRow.key, RevisionRow.language)
    )
    gone = _revisions().where(RevisionRow.id.in_(last), RevisionRow.data.is_(None))
    return [_revision(row) for row in await connection.execute(gone.order_by(RevisionRow.id.desc()).limit(most))]


async def newest(connection: AsyncConnection) -> int:
    number: int | None = (await connection.execute(select(func.max(RevisionRow.id)))).scalar()
    return number or 0


def _revisions() -> Any:
    found = select(*REVISION).outerjoin(Staff, Staff.id == RevisionRow.staff_id)
    return found.outerjoin(WRITER, WRITER.id == RevisionRow.writer_id)


def _is(table: Any, name: Name) -> Any:
    kind, key, language = name
    return tuple_(table.kind, table.key, table.language) == tuple_(kind, key, language)


def _published(row: Sequence[Any]) -> Published:
    kind, key, language, data, number, at, origin = row
    return Published((kind, key, language), data, number or 0, at, origin)


def _draft(row: Sequence[Any]) -> Draft:
    kind, key, language, data, base, version, state, minor, staff_id, staff_name, updated_at, note, writers = row
    saved = (staff_id, staff_name, updated_at, note, tuple(writers))
    return Draft((kind, key, language), data, base, version, state, minor, *saved)


def _revision(row: Sequence[Any]) -> Revision:
    number, kind, key, language, *rest = row
    return Revision(number, (kind, key, language), *rest)
