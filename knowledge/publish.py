"""From files into the database and back. Import is idempotent; with what was edited there it is merged, never put over it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import KnowledgeError
from knowledge.files import Entry, Reading, read_folder, write_folder
from knowledge.pages import read_pages
from knowledge.render import REFERENCE
from store import knowledge as stored
from store.tables import Entry as Row

Name = tuple[str, str, str]
Data = dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What an import did. kept: edited (or taken away) in the database, and not changed in the file since. merged: both
    changed, in different fields, and both hold now. conflicts: both changed the same fields (named behind the entry); what
    was edited goes on.
    """

    added: list[Name] = field(default_factory=list)
    changed: list[Name] = field(default_factory=list)
    removed: list[Name] = field(default_factory=list)
    kept: list[Name] = field(default_factory=list)
    merged: list[Name] = field(default_factory=list)
    conflicts: list[tuple[Name, str]] = field(default_factory=list)
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
    gone = await stored.taken_away(session)
    outcome = Outcome(problems=reading.problems)
    for entry in reading.entries:
        row = before.get(entry.name)
        if row is not None and row.origin not in (origin, "edited"):
            outcome.problems.append(
                KnowledgeError(f"{entry.kind} {entry.key}", "exists already from elsewhere.", "Rename the page.")
            )
        elif row is not None and row.origin == "edited":
            await _merge(session, entry, row, outcome, now, origin)
        elif row is None and entry.name in gone:
            await _leave_away(session, entry, outcome)
        elif row is None or row.file_hash != entry.hash:
            (outcome.added if row is None else outcome.changed).append(entry.name)
            await stored.put_file_entry(session, entry.name, entry.data, file_hash=entry.hash, now=now, origin=origin)
    read = {entry.name for entry in reading.entries}
    outcome.removed = [
        name
        for name, row in before.items()
        if name not in read and row.origin == origin and not _unreadable(name, reading)
    ]
    outcome.removed = _not_needed(outcome.removed, before.values(), reading)
    await stored.remove(session, outcome.removed, now=now, origin=origin)
    return outcome


async def _merge(session: AsyncSession, entry: Entry, row: Row, outcome: Outcome, now: datetime, origin: str) -> None:
    """An entry that was edited here, and its file. Base is what the file said when it was last looked at and agreed with."""
    if row.data == entry.data:
        await stored.same_as_file(session, entry.name, file_hash=entry.hash)
        return
    if row.file_hash == entry.hash:
        outcome.kept.append(entry.name)
        return
    data, fields = merged(await _base(session, row), row.data, entry.data)
    if fields:
        outcome.conflicts.append((entry.name, ", ".join(fields)))
        return
    outcome.merged.append(entry.name)
    await stored.note_file(session, entry.name, entry.data, now=now, origin=origin)
    await stored.put_file_entry(
        session, entry.name, data, file_hash=entry.hash, now=now, origin="edited", note=stored.MERGED
    )


async def _base(session: AsyncSession, row: Row) -> Data:
    """What the file said that this row goes back to: whatever of its history has that file's hash, from wherever it came."""
    name = (row.kind, row.key, row.language)
    said = await stored.said_so_far(session, name)
    same = (data for data, _ in said if Entry(*name, data).hash == row.file_hash)
    return next(same, None) or next((data for data, from_file in said if from_file), {})


async def _leave_away(session: AsyncSession, entry: Entry, outcome: Outcome) -> None:
    """An entry that an editor has taken away stays away; a file that says something new since is a conflict."""
    if any(data == entry.data for data, _ in await stored.said_so_far(session, entry.name)):
        outcome.kept.append(entry.name)
    else:
        outcome.conflicts.append((entry.name, "taken away here"))


LISTS = ("questions", "called", "related", "near", "sources", "values")  # merged item by item
NUMBERS = ("revision", "from_revision")


def merged(base: Data, ours: Data, theirs: Data) -> tuple[Data, list[str]]:
    """Both sides' changes since the base in one; and the fields that both changed, each in another way.

    A source text that both sides changed is a revision of its own, newer than both; a translation was made from the
    older of the two.
    """
    data, fields = {}, []
    for name in dict.fromkeys((*ours, *theirs)):
        was, here, there = base.get(name), ours.get(name), theirs.get(name)
        if here == there or there == was:
            data[name] = here
        elif here == was:
            data[name] = there
        elif name in NUMBERS and here is not None and there is not None:
            data[name] = max(here, there) if name == "revision" else min(here, there)
        elif name in LISTS and isinstance(here, list) and isinstance(there, list):
            data[name] = _merged_list(was or [], here, there)
        else:
            fields.append(name)
    if data.get("revision") and _says_something_new(base, ours) and _says_something_new(base, theirs):
        data["revision"] = max(ours["revision"], theirs["revision"]) + 1
    return data, fields


def _says_something_new(base: Data, side: Data) -> bool:
    """Whether translations would have to follow."""
    return any(side.get(name) != base.get(name) for name in side if name not in ("questions", *NUMBERS))


def _merged_list(was: list[Any], here: list[Any], there: list[Any]) -> list[Any]:
    left = [item for item in here if item in there or item not in was]
    return left + [item for item in there if item not in was and item not in here]


def _unreadable(name: Name, reading: Reading) -> bool:
    """Whether an entry is missing only because its file could not be read: the old one goes on being served."""
    kind, key, _ = name
    return kind in reading.unread or (kind in ("topic", "text") and key in reading.broken)


def _not_needed(removed: list[Name], before: Iterable[Row], reading: Reading) -> list[Name]:
    """What may go: nothing of a topic or task of which something was edited here, as no part of it stands alone; and
    no figure that anything left still speaks of, be it edited here or left because its file is broken.
    """
    rows = list(before)
    edited = {_whole(row.kind, row.key) for row in rows if row.origin == "edited"}
    removed = [name for name in removed if _whole(*name[:2]) not in edited]
    written = {entry.name: entry.data for entry in reading.entries}
    left = [row for row in rows if (row.kind, row.key, row.language) not in removed]
    served = [
        row.data if row.origin == "edited" else written.get((row.kind, row.key, row.language), row.data) for row in left
    ]
    needed = {match[1] for data in served for match in REFERENCE.finditer("\n".join(_texts(data)))}
    return [name for name in removed if not (name[0] == "figure" and name[1] in needed)]


def _whole(kind: str, key: str) -> tuple[str, str]:
    return {"text": "topic", "task_text": "task"}.get(kind, kind), key


def _texts(data: Any) -> Iterator[str]:
    """All that is written in a piece, wherever it stands in it."""
    if isinstance(data, str):
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _texts(part)


async def export_folder(session: AsyncSession, folder: Path) -> int:
    """Write everything published as files, but imported pages, which have files of their own; the number of entries.

    What was taken away goes from the folder, too, so that the folder's history shows each edit and nothing else. What
    somebody has written there and not imported yet is left to them.
    """
    rows = await stored.all_entries(session)
    entries = [Entry(row.kind, row.key, row.language, row.data) for row in rows if row.origin != "pages"]
    known = {entry.name for entry in entries} | await stored.ever_told(session)
    new = [entry for entry in read_folder(folder).entries if entry.name not in known]
    write_folder(folder, [*entries, *new])
    return len(entries)
