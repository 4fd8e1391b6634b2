"""From files into the database and back: nothing is overwritten that an editor wrote, nothing broken is served."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from core.errors import KnowledgeError
from knowledge.files import Entry, read_folder, write_folder
from knowledge.publish import Name, Outcome, export_folder, import_folder, merged
from knowledge.render import REFERENCE
from knowledge.shelf import FRESH, Shelf
from store import database, editing
from store import knowledge as stored
from store.tables import Entry as Row

REAL = Path(__file__).parents[2] / "knowledge"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TAX_CARD = ("text", "tax-card", "en")

type Sessions = async_sessionmaker[AsyncSession]
type Import = Callable[..., Awaitable[Outcome]]


@pytest.fixture(scope="module")
def own_database(postgres: str) -> Iterator[str]:
    """A database of these tests' own, because they take everything out of it."""
    server = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("create database publishing"))
    url = make_url(postgres).set(database="publishing").render_as_string(hide_password=False)
    database.migrate(url)
    yield url
    with server.connect() as connection:
        connection.execute(text("drop database publishing with (force)"))
    server.dispose()


@pytest.fixture
async def sessions(own_database: str) -> AsyncIterator[Sessions]:
    """Nothing is published yet."""
    engine = database.connect(own_database)
    made = database.sessions(engine)
    async with made.begin() as session:
        await session.execute(text("delete from knowledge"))
        await session.execute(text("delete from revisions"))
    yield made
    await engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder an editor may write in: two real topics that know each other, and all that is shared."""
    write_folder(tmp_path / "files", some_entries())
    return tmp_path / "files"


@cache
def some_entries() -> list[Entry]:
    real = read_folder(REAL).entries
    neighbours = {"tax-card": "nemkonto", "nemkonto": "tax-card"}
    topics = [
        replace(entry, data={**entry.data, "related": [neighbours[entry.key]], "near": []})
        for entry in real
        if entry.kind == "topic" and entry.key in neighbours
    ]
    texts = [entry for entry in real if entry.kind == "text" and entry.key in neighbours]
    replies = [entry for entry in real if entry.kind == "reply" and entry.language in ("en", "pl")]
    used = {match[1] for entry in (*texts, *replies) for match in REFERENCE.finditer(str(entry.data))}
    figures = [entry for entry in real if entry.kind == "figure" and entry.key in used | {"nurse-quota"}]
    terms = [entry for entry in real if entry.kind == "term"][:3]
    return [*topics, *texts, *figures, *terms, *replies]


@pytest.fixture
def imported(sessions: Sessions, folder: Path) -> Import:
    """Import the folder, as `make import` does."""

    async def run(now: datetime = NOW) -> Outcome:
        async with sessions.begin() as session:
            return await import_folder(session, folder, now=now)

    return run


async def rows(sessions: Sessions) -> dict[Name, Row]:
    async with sessions() as session:
        return {(row.kind, row.key, row.language): row for row in await stored.all_entries(session)}


async def edit(sessions: Sessions, name: Name, *, now: datetime = LATER, **changes: Any) -> None:
    """An editor changes some fields of what is published."""
    data = {**(await rows(sessions))[name].data, **changes}
    async with sessions.begin() as session:
        await stored.put_edited(session, name, data, now=now)


def rewrite(path: Path, was: str, now: str) -> None:
    assert was in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(was, now), encoding="utf-8")


async def test_a_first_import_publishes_all_there_is(sessions: Sessions, imported: Import, folder: Path) -> None:
    outcome = await imported()

    assert outcome.problems == []
    published = await rows(sessions)
    assert sorted(outcome.added) == sorted(published)
    assert published.keys() == {entry.name for entry in read_folder(folder).entries}
    assert {row.origin for row in published.values()} == {"file"}


async def test_a_second_import_changes_nothing(sessions: Sessions, imported: Import) -> None:
    await imported()
    before = {name: (row.data, row.file_hash, row.updated_at) for name, row in (await rows(sessions)).items()}

    assert await imported(LATER) == Outcome()

    after = {name: (row.data, row.file_hash, row.updated_at) for name, row in (await rows(sessions)).items()}
    assert after == before


async def test_a_changed_file_is_published_and_only_it(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    rewrite(folder / "topics/tax-card/en.md", "## Questions", "It is free.\n\n## Questions")

    outcome = await imported(LATER)

    assert outcome == Outcome(changed=[TAX_CARD])
    published = await rows(sessions)
    assert published[TAX_CARD].data["body"].endswith("It is free.")
    assert [name for name, row in published.items() if row.updated_at == LATER] == [TAX_CARD]


async def test_what_was_edited_here_alone_is_kept_and_told(sessions: Sessions, imported: Import) -> None:
    await imported()
    await edit(sessions, TAX_CARD, title="As the editor wrote it")

    for _ in range(2):
        assert await imported(LATER + timedelta(hours=1)) == Outcome(kept=[TAX_CARD])

    row = (await rows(sessions))[TAX_CARD]
    assert row.data["title"] == "As the editor wrote it"
    assert (row.origin, row.updated_at) == ("edited", LATER)


async def test_two_changes_in_different_fields_are_merged_once(
    sessions: Sessions, imported: Import, folder: Path
) -> None:
    await imported()
    before = (await rows(sessions))[TAX_CARD].data
    await edit(sessions, TAX_CARD, title="As the editor wrote it", revision=before["revision"] + 1)
    path = folder / "topics/tax-card/en.md"
    rewrite(path, "## Questions\n\n", "A change in the file.\n\n## Questions\n\n- where is my card\n")
    rewrite(path, f"revision: {before['revision']}", f"revision: {before['revision'] + 1}")

    assert await imported(LATER + timedelta(hours=1)) == Outcome(merged=[TAX_CARD])
    assert await imported(LATER + timedelta(hours=2)) == Outcome(kept=[TAX_CARD])

    row = (await rows(sessions))[TAX_CARD]
    assert row.data["title"] == "As the editor wrote it"
    assert row.data["body"].endswith("A change in the file.")
    assert "where is my card" in row.data["questions"]
    assert row.data["revision"] == before["revision"] + 2, "newer than either, so that every translation must follow"
    assert row.origin == "edited"


async def test_two_changes_in_one_field_are_a_conflict_and_nothing_is_overwritten(
    sessions: Sessions, imported: Import, folder: Path
) -> None:
    await imported()
    await edit(sessions, TAX_CARD, body="As the editor wrote it", title="Edited, too")
    rewrite(folder / "topics/tax-card/en.md", "## Questions", "A change in the file.\n\n## Questions")

    for _ in range(2):
        assert await imported(LATER + timedelta(hours=1)) == Outcome(conflicts=[(TAX_CARD, "body")])

    row = (await rows(sessions))[TAX_CARD]
    assert (row.data["body"], row.data["title"]) == ("As the editor wrote it", "Edited, too")

    async with sessions() as session:
        await export_folder(session, folder)
    assert await imported(LATER + timedelta(hours=2)) == Outcome(), "whoever takes over what is here has settled it"
    assert (await rows(sessions))[TAX_CARD].origin == "file"


async def test_what_was_taken_away_here_stays_away(sessions: Sessions, imported: Import, folder: Path) -> None:
    polish = ("text", "tax-card", "pl")
    await imported()
    async with sessions.begin() as session:
        await editing.publish(await session.connection(), {polish: None}, staff_id=None, now=LATER)

    assert await imported(LATER + timedelta(hours=1)) == Outcome(kept=[polish])
    rewrite(folder / "topics/tax-card/pl.md", "## Questions", "Nowe zdanie.\n\n## Questions")
    assert await imported(LATER + timedelta(hours=2)) == Outcome(conflicts=[(polish, "taken away here")])
    assert polish not in await rows(sessions)

    async with sessions() as session:
        await export_folder(session, folder)
    assert not (folder / "topics/tax-card/pl.md").exists()
    assert await imported(LATER + timedelta(hours=3)) == Outcome()


async def test_an_export_changes_only_the_files_that_were_edited(
    sessions: Sessions, imported: Import, folder: Path
) -> None:
    (folder / "figures.yml").write_text("# A remark.\n" + (folder / "figures.yml").read_text("utf-8"), "utf-8")
    await imported()
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    await edit(sessions, TAX_CARD, title="As the editor wrote it")

    async with sessions() as session:
        await export_folder(session, folder)

    after = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert [path.name for path in after if before.get(path) != after[path]] == ["en.md"]
    assert before.keys() == after.keys()


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged_", "fields"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, []),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}, []),
        ({"a": 1}, {"a": 2}, {"a": 3}, {}, ["a"]),
        ({"revision": 3}, {"revision": 4}, {"revision": 5}, {"revision": 5}, []),
        ({"from_revision": 3}, {"from_revision": 5}, {"from_revision": 4}, {"from_revision": 4}, []),
        (
            {"questions": ["a", "b"]},
            {"questions": ["b", "c"]},
            {"questions": ["a", "d"]},
            {"questions": ["c", "d"]},
            [],
        ),
        ({}, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": None}, {"a": 1}, {"a": None}, []),
    ],
)
def test_merging(base: Any, ours: Any, theirs: Any, merged_: Any, fields: list[str]) -> None:
    assert merged(base, ours, theirs) == (merged_, fields)


async def test_what_was_edited_as_the_file_has_it_is_nothing_to_tell(sessions: Sessions, imported: Import) -> None:
    await imported()
    await edit(sessions, TAX_CARD)
    assert await imported(LATER) == Outcome()


async def test_what_is_gone_from_the_folder_is_retired(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    (folder / "topics/tax-card/pl.md").unlink()

    assert (await imported(LATER)).removed == [("text", "tax-card", "pl")]
    assert ("text", "tax-card", "pl") not in await rows(sessions)

    rewrite(folder / "topics/nemkonto/topic.yml", "related:\n  - tax-card", "related: []")
    shutil.rmtree(folder / "topics/tax-card")
    outcome = await imported(LATER)
    assert outcome.problems == []
    assert ("topic", "tax-card", "") in outcome.removed
    assert not [name for name in await rows(sessions) if name[1] == "tax-card"]


async def test_what_was_edited_stays_even_without_its_file(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    await edit(sessions, ("text", "tax-card", "pl"), title="Po polsku")
    (folder / "topics/tax-card/pl.md").unlink()

    assert (await imported(LATER)).removed == []
    assert (await rows(sessions))["text", "tax-card", "pl"].data["title"] == "Po polsku"


@pytest.mark.parametrize("name", ["topic.yml", "en.md", "fil.md"])
async def test_a_broken_topic_goes_on_being_served_as_it_was(
    sessions: Sessions, imported: Import, folder: Path, name: str
) -> None:
    await imported()
    before = await rows(sessions)
    (folder / "topics/tax-card" / name).write_text("\tnothing that can be read")
    rewrite(folder / "topics/tax-card/da.md", "## Questions", "Mere.\n\n## Questions")
    rewrite(folder / "topics/nemkonto/en.md", "## Questions", "More.\n\n## Questions")

    outcome = await imported(LATER)

    assert [problem.where.split("topics/")[1].split(":")[0] for problem in outcome.problems] == [f"tax-card/{name}"]
    assert isinstance(outcome.problems[0], KnowledgeError)
    assert outcome.changed == [("text", "nemkonto", "en")], "a topic is published whole or not at all"
    assert outcome.removed == []
    after = await rows(sessions)
    assert after.keys() == before.keys()
    assert after[TAX_CARD].data == before[TAX_CARD].data


async def test_a_broken_shared_file_takes_nothing_away(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    for name in ("figures.yml", "glossary.yml", "replies/pl.yml"):
        (folder / name).write_text("\tnothing that can be read")

    outcome = await imported(LATER)

    assert len(outcome.problems) == 3
    assert (outcome.changed, outcome.removed) == ([], [])


async def test_a_figure_that_is_still_spoken_of_is_not_taken_away(
    sessions: Sessions, imported: Import, folder: Path
) -> None:
    """Whoever renames a figure and forgets a text breaks that text; its old revision still needs the old figure."""
    await imported()
    rewrite(folder / "figures.yml", "- id: tax-card-wait", "- id: wait-for-tax-card")

    outcome = await imported(LATER)

    assert outcome.problems
    assert outcome.added == [("figure", "wait-for-tax-card", "")]
    assert outcome.removed == []
    library = await Shelf(sessions).library()
    assert library.fill(library.text("tax-card", "en")[0].body, language="en", day=NOW.date()).text

    for path in (folder / "topics/tax-card").glob("*.md"):
        path.write_text(path.read_text(encoding="utf-8").replace("{tax-card-wait", "{wait-for-tax-card"), "utf-8")
    assert (await imported(LATER)).removed == [("figure", "tax-card-wait", "")]


async def test_an_edited_text_keeps_its_figure(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    await edit(sessions, ("text", "nemkonto", "en"), body="It takes {nurse-quota}.")
    lines = (folder / "figures.yml").read_text(encoding="utf-8").split("  - id: ")
    (folder / "figures.yml").write_text("  - id: ".join(x for x in lines if not x.startswith("nurse-quota")), "utf-8")

    assert (await imported(LATER)).removed == []


async def test_the_export_holds_what_is_published(sessions: Sessions, imported: Import, tmp_path: Path) -> None:
    await imported()
    await edit(sessions, TAX_CARD, title="As the editor wrote it")

    async with sessions() as session:
        number = await export_folder(session, tmp_path / "out")

    published = await rows(sessions)
    written = read_folder(tmp_path / "out")
    assert written.problems == []
    assert number == len(published)
    assert {entry.name: entry.data for entry in written.entries} == {name: row.data for name, row in published.items()}


async def test_what_was_exported_imports_without_a_change(sessions: Sessions, imported: Import, folder: Path) -> None:
    await imported()
    async with sessions() as session:
        await export_folder(session, folder)
    assert await imported(LATER) == Outcome()


async def test_the_whole_knowledge_goes_in_and_out_again(sessions: Sessions, tmp_path: Path) -> None:
    async with sessions.begin() as session:
        assert (await import_folder(session, REAL, now=NOW)).problems == []
    async with sessions() as session:
        await export_folder(session, tmp_path)
    there, here = read_folder(tmp_path), read_folder(REAL)
    assert there.problems == []
    assert {entry.name: entry.data for entry in there.entries} == {entry.name: entry.data for entry in here.entries}


async def test_two_imports_at_once_do_not_collide(sessions: Sessions, imported: Import) -> None:
    first, second = await asyncio.gather(imported(), imported())

    assert sorted((len(first.added), len(second.added))) == [0, len(await rows(sessions))]
    assert first.problems == second.problems == []


async def test_an_import_that_fails_leaves_everything_as_it_was(
    sessions: Sessions, imported: Import, folder: Path
) -> None:
    await imported()
    before = {name: row.data for name, row in (await rows(sessions)).items()}
    rewrite(folder / "topics/tax-card/en.md", "## Questions", "Half.\n\n## Questions")

    async def interrupted() -> None:
        async with sessions.begin() as session:
            await import_folder(session, folder, now=LATER)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await interrupted()
    assert {name: row.data for name, row in (await rows(sessions)).items()} == before


class TestShelf:
    async def test_an_edit_is_seen_within_about_a_second(self, sessions: Sessions, imported: Import) -> None:
        await imported()
        shelf = Shelf(sessions)
        before = await shelf.library()

        await edit(sessions, TAX_CARD, title="Edited")

        async with asyncio.timeout(FRESH + 1):
            while (await shelf.library()).title("tax-card", "en") != "Edited":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert before.title("tax-card", "en") != "Edited", "a library in use does not change under a turn"

    async def test_nothing_is_read_again_while_nothing_changes(self, sessions: Sessions, imported: Import) -> None:
        await imported()
        shelf = Shelf(sessions)
        before = await shelf.library()
        assert await shelf.library() is before
        asked_again(shelf)
        assert await shelf.library() is before

    async def test_whatever_is_taken_away_is_seen(self, sessions: Sessions, imported: Import, folder: Path) -> None:
        await imported()
        shelf = Shelf(sessions)
        assert ("tax-card", "pl") in (await shelf.library()).texts
        (folder / "topics/tax-card/pl.md").unlink()
        await imported(LATER)
        asked_again(shelf)
        assert ("tax-card", "pl") not in (await shelf.library()).texts

    async def test_an_edit_is_seen_even_with_an_earlier_time(self, sessions: Sessions, imported: Import) -> None:
        """An import that waited for its lock writes the moment at which it began."""
        await imported(LATER)
        shelf = Shelf(sessions)
        await shelf.library()
        await edit(sessions, TAX_CARD, title="Edited", now=NOW)
        asked_again(shelf)
        assert (await shelf.library()).title("tax-card", "en") == "Edited"


def asked_again(shelf: Shelf) -> None:
    """The second passes for which the shelf does not look."""
    shelf._asked -= FRESH + 0.1
