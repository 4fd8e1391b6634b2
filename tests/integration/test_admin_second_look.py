"""What a second look at editing, export and import found: each of it must hold from now on."""

import difflib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.services import Services
from i18n.languages import LANGUAGES
from knowledge.files import READERS, Entry, read_folder, write_folder, write_over
from knowledge.publish import Outcome, export_folder, import_folder
from knowledge.render import REFERENCE
from knowledge.shelf import Shelf
from store import database, editing
from store import knowledge as stored
from store.editing import Data, Name
from tests.support.editors import Editors, Form, editors_of, fills, sends

REAL = Path(__file__).parents[2] / "knowledge"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TAX_CARD: Name = ("text", "tax-card", "en")

type Sessions = async_sessionmaker[AsyncSession]


# --- files and pages --------------------------------------------------------------------------------------------------


class Files:
    """A folder under version control, a database that was filled from it, and editors at work in it."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self.sessions, self.folder, self.now = sessions, folder, NOW

    async def imports(self) -> Outcome:
        self.now += HOUR
        async with self.sessions.begin() as session:
            return await import_folder(session, self.folder, now=self.now)

    async def exports(self) -> set[str]:
        """The files that are others now, or are gone."""
        before = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        async with self.sessions() as session:
            await export_folder(session, self.folder)
        after = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        return {str(path.relative_to(self.folder)) for path in changed}

    async def publishes(self, changes: dict[Name, Data | None]) -> None:
        self.now += HOUR
        async with self.sessions.begin() as session:
            await editing.publish(await session.connection(), changes, staff_id=None, now=self.now)

    async def edits(self, name: Name, **fields: Any) -> None:
        await self.publishes({name: {**(await self.says(name) or {}), **fields}})

    async def says(self, name: Name) -> Data | None:
        async with self.sessions() as session:
            found = await editing.published(await session.connection(), name)
        return found.data if found else None

    def rewrites(self, name: str, was: str, now: str) -> None:
        path = self.folder / name
        assert was in path.read_text(encoding="utf-8")
        path.write_text(path.read_text(encoding="utf-8").replace(was, now), encoding="utf-8")


@pytest.fixture(scope="module")
def own_database(postgres: str) -> Iterator[str]:
    server = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("create database second_look"))
    url = make_url(postgres).set(database="second_look").render_as_string(hide_password=False)
    database.migrate(url)
    yield url
    with server.connect() as connection:
        connection.execute(text("drop database second_look with (force)"))
    server.dispose()


@cache
def some_entries() -> list[Entry]:
    """A few of each kind, which lead nowhere else."""
    real = read_folder(REAL).entries
    tasks = [each.key for each in real if each.kind == "task" and each.key.startswith("r-")][:9]
    documents = sorted({each.key for each in real if each.kind == "document"})[:2]
    alone: dict[str, Data] = {
        "topic": {"related": [], "near": []},
        "text": {"near": {}},
        "task": {"topic": None, "prerequisites": [], "bring": []},
    }
    kept = {
        "topic": ["tax-card", "buy-car"], "text": ["tax-card", "buy-car"], "task": tasks, "task_text": tasks,
        "document": documents, "municipality": ["odense"], "danger": ["rules"], "desk": ["hours"],
        "term": [each.key for each in real if each.kind == "term"][:3],
        "reply": ["answer_found", "correction", "hello"], "canned": [each.key for each in real if each.kind == "canned"][:2],
    }  # fmt: skip
    some = [
        replace(each, data={**each.data, **alone.get(each.kind, {})})
        for each in real
        if each.key in kept.get(each.kind, [])
    ]
    for each in some:
        if each.kind == "municipality":
            each.data["lines"] = [{**line, "topics": ["tax-card"]} for line in each.data["lines"]]
    used = {match[1] for each in some for match in REFERENCE.finditer(str(each.data))}
    return [*some, *(each for each in real if each.kind == "figure" and each.key in used | {"tax-card-wait"})]


@pytest.fixture
async def files(own_database: str, tmp_path: Path) -> AsyncIterator[Files]:
    write_folder(tmp_path / "files", some_entries())
    engine = database.connect(own_database)
    sessions = database.sessions(engine)
    async with sessions.begin() as session:
        for table in ("drafts", "knowledge", "revisions"):
            await session.execute(text(f"delete from {table}"))
    made = Files(sessions, tmp_path / "files")
    assert (await made.imports()).problems == []
    yield made
    await engine.dispose()


async def test_what_was_merged_once_is_still_ours_when_the_file_changes_again(files: Files) -> None:
    await files.edits(TAX_CARD, title="As the editor wrote it")
    files.rewrites("topics/tax-card/en.md", "## Questions", "A change in the file.\n\n## Questions")
    assert (await files.imports()).merged == [TAX_CARD]
    files.rewrites("topics/tax-card/en.md", "A change in the file.", "Another one.")

    assert (await files.imports()).merged == [TAX_CARD]

    now = await files.says(TAX_CARD)
    assert now is not None
    assert now["title"] == "As the editor wrote it"
    assert now["body"].endswith("Another one.")


async def test_what_was_exported_and_then_taken_back_is_not_brought_back_by_the_file(files: Files) -> None:
    before = await files.says(TAX_CARD)
    assert before is not None
    await files.edits(TAX_CARD, title="A mistake")
    assert await files.exports() == {"topics/tax-card/en.md"}
    assert await files.imports() == Outcome()
    await files.edits(TAX_CARD, title=before["title"])
    files.rewrites("topics/tax-card/en.md", "## Questions", "A change in the file.\n\n## Questions")

    assert (await files.imports()).merged == [TAX_CARD]

    now = await files.says(TAX_CARD)
    assert now is not None
    assert now["title"] == before["title"]


async def test_what_was_exported_is_what_both_began_from(files: Files) -> None:
    await files.edits(TAX_CARD, title="A first time")
    await files.exports()
    await files.imports()
    await files.edits(TAX_CARD, title="A second time")
    files.rewrites("topics/tax-card/en.md", "## Questions", "A change in the file.\n\n## Questions")

    outcome = await files.imports()

    assert (outcome.merged, outcome.conflicts) == ([TAX_CARD], []), "only one of them changed the title"


async def test_what_was_taken_away_after_an_export_is_no_conflict(files: Files) -> None:
    polish: Name = ("text", "tax-card", "pl")
    await files.edits(polish, title="Karta")
    await files.exports()
    await files.imports()
    await files.publishes({polish: None})

    assert await files.imports() == Outcome(kept=[polish])


NEW_FIGURE = """
  - id: only-here
    meaning: Something new
    values:
      - value: 7
        unit: DKK
        valid_from: null
        valid_to: null
        source_name: A
        source_url: https://example.org
        confidence: high
    next_review: 2027-05-01
"""


@pytest.mark.parametrize("kind", ["municipality", "task_text", "danger", "reply"])
async def test_a_figure_that_an_edited_piece_speaks_of_is_not_taken_away(files: Files, kind: str) -> None:
    path = files.folder / "figures.yml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.rstrip("\n") + NEW_FIGURE, encoding="utf-8")
    assert ("figure", "only-here", "") in (await files.imports()).added
    match kind:
        case "municipality":
            lines = (await files.says((kind, "odense", "")) or {})["lines"]
            lines[0]["text"]["en"] += " It costs {only-here}."
            await files.edits((kind, "odense", ""), lines=lines)
        case "task_text":
            key = next(entry.key for entry in some_entries() if entry.kind == kind)
            await files.edits((kind, key, "en"), details="It costs {only-here}.")
        case "danger":
            rules = (await files.says((kind, "rules", "")) or {})["yaml"]
            await files.edits((kind, "rules", ""), yaml=rules.replace("{emergency-number}", "{only-here}"))
        case _:
            await files.edits((kind, "answer_found", "en"), text="It costs {only-here}.")
    path.write_text(before, encoding="utf-8")

    assert (await files.imports()).removed == []


@pytest.mark.parametrize("edited", [("topic", "buy-car", ""), ("text", "buy-car", "pl"), ("text", "buy-car", "en")])
async def test_a_topic_of_which_something_was_edited_stays_whole_without_its_files(files: Files, edited: Name) -> None:
    """Without its English text every page that names it would break; without the topic nobody could find the text."""
    change = {"caution": "Mind the step."} if edited[0] == "topic" else {"title": "Edited"}
    await files.edits(edited, **change)
    shutil.rmtree(files.folder / "topics/buy-car")

    assert (await files.imports()).removed == []

    library = await Shelf(files.sessions).library()
    assert {slug for slug, _ in library.texts} == library.topics.keys()
    assert library.title("buy-car", "ro")
    await files.exports()
    assert read_folder(files.folder).problems == []


async def test_a_task_that_was_edited_keeps_its_texts_without_its_files(files: Files) -> None:
    key = (await Shelf(files.sessions).library()).tasks[0].id
    await files.edits(("task", key, ""), optional=True)
    for path in (files.folder / "checklists").glob("*.yml"):
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(listed["tasks"], list):
            listed["tasks"] = [task for task in listed["tasks"] if task["id"] != key]
        else:
            del listed["tasks"][key]
        path.write_text(yaml.safe_dump(listed, allow_unicode=True, sort_keys=False), encoding="utf-8")

    assert (await files.imports()).removed == []

    library = await Shelf(files.sessions).library()
    assert library.task_text(key, "pl").title


async def test_what_is_new_in_the_folder_and_not_imported_yet_stays_there(files: Files) -> None:
    shutil.copytree(files.folder / "topics/buy-car", files.folder / "topics/brand-new")
    path = files.folder / "figures.yml"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + NEW_FIGURE, encoding="utf-8")
    await files.edits(("figure", "tax-card-wait", ""), meaning="Other words")

    assert await files.exports() == {"figures.yml"}

    outcome = await files.imports()
    assert {name[1] for name in outcome.added} == {"brand-new", "only-here"}
    assert outcome.problems == []


async def test_a_task_that_was_moved_is_moved_in_the_file(files: Files) -> None:
    tasks = (await Shelf(files.sessions).library()).tasks
    await files.edits(("task", tasks[7].id, ""), place=2.5)

    assert await files.exports() == {"checklists/recruit.yml"}
    assert await files.imports() == Outcome()
    read = [entry.key for entry in read_folder(files.folder).entries if entry.kind == "task"]
    assert read.index(tasks[7].id) == 3
    written = (files.folder / "checklists/recruit.yml").read_text(encoding="utf-8")
    assert written.count("place:") == 2, "where it stands, and where it stood"


async def test_a_task_that_was_taken_away_changes_no_other(files: Files) -> None:
    gone = (await Shelf(files.sessions).library()).tasks[3].id
    await files.publishes({("task", gone, ""): None, **{("task_text", gone, code): None for code in LANGUAGES}})

    assert len(await files.exports()) == 1 + len(LANGUAGES)
    assert await files.imports() == Outcome()


async def test_each_kind_of_edit_goes_out_and_in_again(files: Files) -> None:
    first = {entry.kind: entry for entry in reversed(some_entries()) if entry.language in ("", "pl")}
    rules = first["danger"].data["yaml"]
    cases: list[tuple[str, Data, str]] = [
        ("topic", {"caution": "Be careful: it's new"}, "topics/{key}/topic.yml"),
        ("text", {"title": "नया: शीर्षक", "questions": ["- a?", "#b", "yes"]}, "topics/{key}/pl.md"),
        ("figure", {"meaning": "Other words: so"}, "figures.yml"),
        ("reply", {"text": "Nu: “{tax-card-wait}” [[title]]\n\n- ja\n- nej"}, "replies/pl.yml"),
        ("term", {"explain": "Something: else"}, "glossary.yml"),
        ("municipality", {"called": ["Odense", "yes", "12"]}, "municipalities/odense.yml"),
        ("task", {"sources": [{"name": "A: b", "url": "https://example.org/a"}]}, "checklists/recruit.yml"),
        ("task_text", {"why": "so: that", "called": ["yes", "12"]}, "checklists/pl.yml"),
        ("desk", {"closed": ["12-24"], "special": {"2026-12-23": ["09:00-12:00"], "2026-12-27": []}}, "desk.yml"),
        ("danger", {"yaml": rules + "\n# A remark.\n"}, "danger.yml"),
        ("document", {"text": "yes"}, "checklists/pl.yml"),
        ("canned", {"title": "no: yes", "text": "A\n\nB: # c"}, "canned/pl.yml"),
    ]
    for kind, change, file in cases:
        name = first[kind].name
        await files.edits(name, **change)
        assert await files.exports() == {file.format(key=name[1])}, name
        assert read_folder(files.folder).problems == []
        assert await files.imports() == Outcome(), name


KIND_OF = {
    "figures.yml": "figure", "glossary.yml": "term", "checklists/recruit.yml": "task", "checklists/pl.yml": "task_text",
    "replies/pl.yml": "reply", "canned/pl.yml": "canned",
}  # fmt: skip


@pytest.mark.parametrize("name", KIND_OF)
def test_one_edit_in_a_file_of_many_changes_its_own_lines_only(tmp_path: Path, name: str) -> None:
    """As they are written by hand, with remarks and a lay-out of their own; so that somebody can review it."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    shutil.copy(REAL / name, tmp_path / name)
    entries = READERS[KIND_OF[name]](tmp_path / name)
    before = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    changed = entries[4]
    field = {"figures.yml": "meaning", "glossary.yml": "explain", "checklists/recruit.yml": "facts"}.get(name, "")
    field = field or next(each for each in ("details", "text") if each in changed.data)
    changed.data[field] = ["Edited."] if field == "facts" else "Edited."

    write_over(tmp_path / name, READERS[KIND_OF[name]](tmp_path / name), entries)

    after = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    assert len(before) * 0.9 < len(after)
    other = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert 0 < len(other) < 40, other
    assert READERS[KIND_OF[name]](tmp_path / name) == entries


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def office(services: Services) -> AsyncIterator[Editors]:
    async with editors_of(services) as office:
        yield office


@pytest.fixture
async def careful(services: Services) -> AsyncIterator[Editors]:
    """Where what one person wrote is published by another."""
    async with editors_of(services, review=True) as office:
        yield office


async def told(office: Editors, name: Name) -> Data:
    async with office.services.database.connect() as connection:
        found = await editing.published(connection, name)
    return found.data if found else {}


async def comes_with_an_import(office: Editors, name: Name, /, **fields: Any) -> None:
    data = {**await told(office, name), **fields}
    async with office.services.sessions.begin() as session:
        await stored.lock_for_import(session)
        await stored.put_file_entry(session, name, data, file_hash="", now=office.services.now())


TASK = "/admin/checklists/r-tax-card/rule"
PLACES = [
    (("figure", "tax-card-wait", ""), "/admin/figures/tax-card-wait", "meaning", "note"),
    (("reply", "mentor_asked", "pl"), "/admin/texts/reply/mentor_asked", "pl.text", "text"),
    (("municipality", "odense", ""), "/admin/municipalities/odense", "called", "name"),
    (("task", "r-tax-card", ""), TASK, "facts", "link"),
    (("text", "tax-card", "pl"), "/admin/answers/tax-card/pl", "title", "more"),
]


@pytest.mark.parametrize(("name", "page", "field", "other"), PLACES)
async def test_a_draft_is_not_put_over_what_an_import_published_meanwhile(
    office: Editors, name: Name, page: str, field: str, other: str
) -> None:
    by_button = page.startswith(("/admin/texts", "/admin/municipalities"))
    action = page if by_button else f"{page}/save"
    mine = "Moje [[when]]" if name[0] == "reply" else "Mine"

    async def presses(step: str, shown: Any = None, **changes: Any) -> Any:
        shown = shown or await office["Ed"].get(page)
        fields = {**changes, "do": step} if by_button else changes
        return await sends(office["Ed"], shown, fields, action=action, to=page if by_button else f"{page}/{step}")

    assert (await presses("save" if not by_button else "draft", **{field: mine})).status_code == 303
    new = (
        "Z pliku [[when]]" if name[0] == "reply" else "https://example.org/new" if other == "link" else "From the file"
    )
    await comes_with_an_import(office, name, **{other: new})

    met = await presses("publish")

    assert met.status_code == 409, met.headers.get("location")
    assert (await told(office, name))[other] == new
    if name[0] != "text":  # of answers, the page for both has a form of its own
        assert (await presses("publish", met)).status_code == 303


async def test_a_draft_on_something_older_is_told_of_it_before_it_goes_to_review(careful: Editors) -> None:
    page = "/admin/texts/reply/mentor_asked"
    name = ("reply", "mentor_asked", "pl")
    await fills(careful["Ed"], page, {"pl.text": "Moje [[when]]", "do": "draft"})
    await comes_with_an_import(careful, name, text="Z pliku [[when]]")

    met = await fills(careful["Ed"], page, {"do": "submit:pl"})
    assert met.status_code == 409
    assert (await sends(careful["Ed"], met, {"do": "submit:pl"}, to=page)).status_code == 303
    review = await careful["Rita"].get(page)
    assert (await sends(careful["Rita"], review, {"code": "pl"}, to=f"{page}/approve")).status_code == 303
    assert (await told(careful, name))["text"] == "Moje [[when]]"


async def test_a_translation_made_beside_an_older_sentence_is_shown_the_new_one_first(office: Editors) -> None:
    page = "/admin/texts/reply/mentor_asked"
    seen = await office["Eva"].get(page)
    await fills(office["Ed"], page, {"en.text": "Quite another meaning [[when]]", "do": "publish:en"})

    met = await sends(office["Eva"], seen, {"pl.text": "Stare znaczenie [[when]]", "do": "publish:pl"}, to=page)

    assert met.status_code == 409
    assert "Quite another meaning" in met.text
    assert Form(met, page)["pl.text"] == "Stare znaczenie [[when]]"
    assert (await sends(office["Eva"], met, {"do": "publish:pl"}, to=page)).status_code == 303
    assert (await told(office, ("reply", "mentor_asked", "en")))["text"] == "Quite another meaning [[when]]"


async def test_a_topic_brought_back_by_two_counts_its_translations_on(careful: Editors) -> None:
    """Its translations were made from revision 3, so that an English text that begins at 1 would never outdate them."""
    english: Name = ("text", "buy-car", "en")
    facts: Name = ("topic", "buy-car", "")
    names: list[Name] = [facts, *(("text", "buy-car", code) for code in LANGUAGES)]
    async with careful.services.database.begin() as connection:
        now = careful.services.now()
        before = {name: await editing.published(connection, name) for name in names}
        data = {name: found.data for name, found in before.items() if found}
        third = {
            name: {**each, "from_revision": 3} if each.get("from_revision") else each for name, each in data.items()
        }
        third[english] = {**data[english], "revision": 3}
        await editing.publish(connection, third, staff_id=None, now=now)
        await editing.publish(connection, dict.fromkeys(names), staff_id=None, now=now)
    history = await careful["Ed"].get("/admin/answers/buy-car/topic/history")
    restore = "/admin/answers/buy-car/topic/restore"
    assert (await sends(careful["Ed"], history, {}, action=restore, to=restore)).status_code == 303
    for part in ("topic", "en"):
        address = f"/admin/answers/buy-car/{part}"
        sent = await fills(careful["Ed"], address, {}, action=f"{address}/save")
        assert sent.status_code == 303
    page = await careful["Ed"].get("/admin/answers/buy-car/en")
    submit = "/admin/answers/buy-car/en/submit"
    assert (await sends(careful["Ed"], page, {}, action="/admin/answers/buy-car/en/save", to=submit)).status_code == 303
    review = await careful["Rita"].get("/admin/answers/buy-car/en")
    approve = "/admin/answers/buy-car/en/approve"
    approved = await sends(careful["Rita"], review, {}, action="/admin/answers/buy-car/en/show", to=approve)

    assert approved.status_code == 303, approved.text
    assert (await told(careful, english))["revision"] == 3


async def test_a_task_brought_back_counts_its_translations_on(office: Editors) -> None:
    key = "r-tax-card"
    names: list[Name] = [("task", key, ""), *(("task_text", key, code) for code in LANGUAGES)]
    english: Name = ("task_text", key, "en")
    async with office.services.database.begin() as connection:
        now = office.services.now()
        text_now = await told(office, english)
        await editing.publish(connection, {english: {**text_now, "revision": 3}}, staff_id=None, now=now)
        await editing.publish(connection, dict.fromkeys(names), staff_id=None, now=now)
    history = f"{TASK}/history"
    restore = f"{TASK}/restore"
    page = await office["Ed"].get(history)
    assert (await sends(office["Ed"], page, {}, action=restore, to=restore)).status_code == 303

    address = f"/admin/checklists/{key}/en"
    assert (await fills(office["Ed"], address, {}, action=f"{address}/save")).status_code == 303

    async with office.services.database.connect() as connection:
        draft = await editing.draft(connection, english)
    assert draft is not None
    assert draft.data["revision"] == 3


async def test_what_is_published_on_any_page_is_what_every_process_says_next(office: Editors) -> None:
    elsewhere = Shelf(office.services.sessions)
    before = await elsewhere.library()
    page = await office["Ed"].get(TASK)
    await elsewhere.fresh()
    sent = await sends(office["Ed"], page, {"facts": "Something new"}, action=f"{TASK}/save", to=f"{TASK}/publish")
    assert sent.status_code == 303
    assert await elsewhere.library() is not before


async def test_a_figure_is_not_taken_away_with_what_somebody_is_writing(office: Editors) -> None:
    async with office.services.database.begin() as connection:
        found = await editing.published(connection, ("figure", "tax-card-wait", ""))
        assert found is not None
        name: Name = ("figure", "brand-new", "")
        about: dict[str, Any] = {"staff_id": None, "now": office.services.now()}
        await editing.publish(connection, {name: {**found.data, "id": name[1]}}, **about)
        await editing.save_draft(connection, name, {**found.data, "id": name[1], "note": "mine"}, version=0, **about)

    refused = await office["Ed"].send("/admin/figures/brand-new/remove")

    assert refused.status_code == 422
    assert (await told(office, name))["id"] == "brand-new"
