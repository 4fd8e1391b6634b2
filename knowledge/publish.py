"""From files into the database and back. Import is idempotent and never overwrites what was edited there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import KnowledgeError
from knowledge.files import Entry, Reading, read_folder, write_folder
from knowledge.pages import read_pages
from knowledge.render import REFERENCE
from store import knowledge as stored
from store.tables import Entry as Row

Name = tuple[str, str, str]


@dataclass(slots=True)
class Outcome:
    """What an import did; `kept` are entries edited in the database that differ from their file."""

    added: list[Name] = field(default_factory=list)
    changed: list[Name] = field(default_factory=list)
    removed: list[Name] = field(default_factory=list)
    kept: list[Name] = field(default_factory=list)
    problems: list[KnowledgeError] = field(default_factory=list)


async def import_folder(session: AsyncSession, folder: Path, *, now: datetime) -> Outcome:
    """Make the database hold what the folder holds. What is broken stays as it was; the caller commits.

    An entry imported earlier and gone from the folder is removed; an edited one never is.
    """
    return await _import(session, read_folder(folder), "file", now)


async def import_pages(session: AsyncSession, folder: Path, *, now: datetime) -> Outcome:
    """The same for a folder of Markdown pages; it leaves alone whatever did not come from pages."""
    return await _import(session, read_pages(folder), "pages", now)


async def _import(session: AsyncSession, reading: Reading, origin: str, now: datetime) -> Outcome:
    await stored.lock_for_import(session)
    before = {(row.kind, row.key, row.language): row for row in await stored.all_entries(session)}
    outcome = Outcome(problems=reading.problems)
    for entry in reading.entries:
        row = before.get(entry.name)
        if row is not None and row.origin not in (origin, "edited"):
            outcome.problems.append(
                KnowledgeError(f"{entry.kind} {entry.key}", "exists already from elsewhere.", "Rename the page.")
            )
            continue
        if row is None:
            outcome.added.append(entry.name)
        elif row.origin == "edited":
            if row.data != entry.data:
                outcome.kept.append(entry.name)
            continue
        elif row.file_hash == entry.hash:
            continue
        else:
            outcome.changed.append(entry.name)
        await stored.put_file_entry(session, entry.name, entry.data, file_hash=entry.hash, now=now, origin=origin)
    read = {entry.name for entry in reading.entries}
    outcome.removed = [
        name
        for name, row in before.items()
        if name not in read and row.origin == origin and not _unreadable(name, reading)
    ]
    outcome.removed = _not_needed(outcome.removed, before.values(), reading)
    await stored.remove(session, outcome.removed)
    return outcome


def _unreadable(name: Name, reading: Reading) -> bool:
    """Whether an entry is missing only because its file could not be read: the old one goes on being served."""
    kind, key, _ = name
    return kind in reading.unread or (kind in ("topic", "text") and key in reading.broken)


def _not_needed(removed: list[Name], before: Iterable[Row], reading: Reading) -> list[Name]:
    """What may go: not a figure that a text still speaks of, be it edited here or left because its file is broken."""
    written = {entry.name: entry.data for entry in reading.entries}
    left = [row for row in before if (row.kind, row.key, row.language) not in removed]
    served = [
        row.data if row.origin == "edited" else written.get((row.kind, row.key, row.language), row.data) for row in left
    ]
    needed = {match[1] for data in served for match in REFERENCE.finditer(f"{data.get('body')} {data.get('text')}")}
    return [name for name in removed if not (name[0] == "figure" and name[1] in needed)]


async def export_folder(session: AsyncSession, folder: Path) -> int:
    """Write everything published as files, but imported pages, which have files of their own; the number of entries."""
    rows = await stored.all_entries(session)
    entries = [Entry(row.kind, row.key, row.language, row.data) for row in rows if row.origin != "pages"]
    write_folder(folder, entries)
    return len(entries)
