"""Tasks of the checklists in the admin backend: rules, texts, what a change means, and that everybody's dates follow."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot import journeys
from bot.services import Services
from core.settings import Settings
from i18n.languages import LANGUAGES
from knowledge.library import Library
from operations.assemble import web_doors
from store import editing
from tests.support.inbox import Browser, add, signed_in
from tests.support.talk import Chat
from web.admin import tasks_views as views
from web.app import create_app
from web.limits import Limits

HOME = "/admin/checklists"
TASK = "r-bank-nemkonto"
RULE = f"{HOME}/{TASK}/rule"
ARRIVAL = date(2026, 12, 20)


@pytest.fixture(autouse=True)
async def as_it_was(services: Services) -> AsyncIterator[None]:
    """What a test publishes is taken back."""
    async with services.database.begin() as connection:
        await connection.execute(text("delete from drafts"))
        before = {
            each.name: each.data
            for kind in ("task", "task_text")
            for each in await editing.published_all(connection, kind)
        }
    yield
    async with services.database.begin() as connection:
        after = {
            each.name: each.data
            for kind in ("task", "task_text")
            for each in await editing.published_all(connection, kind)
        }
        changed = {name: before.get(name) for name in {*before, *after} if before.get(name) != after.get(name)}
        await editing.publish(connection, changed, staff_id=None, now=services.now())
        await connection.execute(text("delete from drafts"))


@pytest.fixture
def app(services: Services) -> FastAPI:
    made = create_app(web_doors(services))
    made.state.frame = replace(made.state.frame, steps=Limits(100_000))
    return made


@pytest.fixture
async def editor(services: Services, app: FastAPI) -> Browser:
    return await signed_in(services, app, await add(services, "Edith", "editor"))


class Fields(HTMLParser):
    """What a browser would send of the form `edit`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._in, self._area, self._select = False, "", ""
        self._chosen: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._in = own.get("id") == "edit"
        elif not self._in:
            return
        elif tag == "input" and own.get("name") and (own.get("type") != "checkbox" or "checked" in own):
            self.found.setdefault(own["name"], []).append(own.get("value", ""))
        elif tag == "textarea":
            self._area = own["name"]
            self.found.setdefault(self._area, []).append("")
        elif tag == "select":
            self._select, self._chosen = own["name"], None
        elif tag == "option" and ("selected" in own or self._chosen is None):
            self._chosen = own.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.found[self._area][-1] = self.found[self._area][-1].removeprefix("\n")
            self._area = ""
        elif tag == "select" and self._select:
            self.found.setdefault(self._select, []).append(self._chosen or "")
            self._select = ""
        elif tag == "form":
            self._in = False


async def form_of(browser: Browser, address: str) -> dict[str, list[str]]:
    page = await browser.get(address)
    assert page.status_code == 200, page.text
    return Fields(page.text).found


async def published(services: Services, *name: str) -> dict[str, Any]:
    async with services.database.connect() as connection:
        found = await editing.published(connection, (name[0], name[1], name[2] if len(name) > 2 else ""))
    return found.data if found else {}


async def drafted(services: Services, *name: str) -> editing.Draft | None:
    async with services.database.connect() as connection:
        return await editing.draft(connection, (name[0], name[1], name[2] if len(name) > 2 else ""))


async def somebody(services: Services, **profile: str) -> uuid.UUID:
    number = uuid.uuid4()
    async with services.database.begin() as connection:
        await connection.execute(
            text("""insert into recruits (id, created_at, seen_at, language, consent, profile)
                    values (:id, :now, :now, 'en', 'given', cast(:profile as jsonb))"""),
            {"id": number, "now": services.now(), "profile": json.dumps({"arrival": str(ARRIVAL), **profile})},
        )
        await journeys.replan(services, connection, number)
    return number


async def planned(services: Services, whose: uuid.UUID) -> set[str]:
    async with services.database.connect() as connection:
        query = text("select occurrence from reminders where recruit_id = :id and task = :task and status = 'planned'")
        return {row[0][:10] for row in await connection.execute(query, {"id": whose, "task": TASK})}


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_the_list_shows_every_task_with_its_texts(editor: Browser, library: Library) -> None:
    first, second = (await editor.get(HOME)).text, (await editor.get(HOME, page=2)).text
    for task in library.tasks:
        assert f"{HOME}/{task.id}/rule" in first + second, task.id
    assert f"{len(library.tasks)} tasks" in first


@pytest.mark.parametrize(
    "asked",
    [
        {"list": "e"}, {"phase": "arrival-week"}, {"who": "municipality"}, {"origin": "nordic"}, {"occupation": "other"},
        {"household": "single"}, {"state": "published"}, {"topic": "none"}, {"q": "tax card"},
        {"language": "pl", "state": "missing"},
    ],
)  # fmt: skip
async def test_the_list_is_filtered(editor: Browser, library: Library, asked: dict[str, str]) -> None:
    wanted = [row.id for row in views.matching(views.rows(library, [], language="en"), views.Filters(**asked), library)]
    page = (await editor.get(HOME, **asked)).text
    found = list(dict.fromkeys(re.findall(rf'href="{HOME}/([re]-[a-z0-9-]+)/rule"', page)))
    assert found == wanted[:50]
    assert len(wanted) < len(library.tasks) or asked == {"state": "published"}


# --- the rule ---------------------------------------------------------------------------------------------------------


async def test_a_form_that_nobody_touched_says_what_is_published(editor: Browser, library: Library) -> None:
    for task in library.tasks[::7]:
        sent = await form_of(editor, f"{HOME}/{task.id}/rule")
        assert views.rule_in(sent, task.id, library, before=task.model_dump(mode="json")) == task.model_dump(
            mode="json"
        )


async def test_every_rule_survives_its_form(library: Library) -> None:
    for task in library.tasks:
        data = task.model_dump(mode="json")
        assert views.rule_in(views.form_of_rule(data, library), task.id, library, before=data) == data


async def test_a_rule_is_drafted_looked_at_published_and_everybody_follows(
    services: Services, editor: Browser, library: Library
) -> None:
    task = library.by_id[TASK]
    whose = await somebody(services, origin="non-eu", occupation="nurse", household="single")
    sent = await form_of(editor, RULE)
    sent |= {"due_days": ["40", "", ""], "due_months": ["", "", ""], "due_working_days": ["", "", ""]}
    sent |= {
        "due_anchor": ["arrival", "", ""],
        "due_side": ["after", "after", "after"],
        "remind_before": ["3"],
        "remind_after": [""],
    }
    sent |= {"legal_anchor": [""], "legal_days": [""]}

    looked = await editor.send(f"{RULE}/show", **sent)
    assert looked.status_code == 200
    assert "changed" in looked.text
    assert "1 person has it to do now." in looked.text
    assert re.search(r"<strong>1</strong> get another day", looked.text)
    assert await drafted(services, "task", TASK) is None

    assert (await editor.send(f"{RULE}/save", **sent)).status_code == 303
    assert (await published(services, "task", TASK))["due"] == task.model_dump(mode="json")["due"]
    before = await planned(services, whose)
    sent = await form_of(editor, RULE)
    assert (await editor.send(f"{RULE}/publish", **sent)).headers["location"] == f"{RULE}?said=rule_published"
    assert (await published(services, "task", TASK))["due"] == [
        {"anchor": "arrival", "days": 40, "working_days": 0, "months": 0}
    ]
    assert await drafted(services, "task", TASK) is None
    await journeys.follow_tasks(services)
    assert await planned(services, whose) == {"2027-01-29"} != before
    async with services.database.connect() as connection:
        noted = await connection.execute(text("select what from audit where about = :about"), {"about": f"task:{TASK}"})
        assert [row[0] for row in noted][-2:] == ["checklists.draft", "checklists.publish"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"due_days": ["x"]}, "Write a whole number"),
        ({"due_days": ["9999"]}, "Write a whole number"),
        ({"due_anchor": [""], "due_days": ["3"]}, "Choose from which day it is counted."),
        ({"remind_before": ["7; soon"]}, "Write days with commas"),
        ({"prerequisites": ["r-nothing"]}, "There is no task “r-nothing”."),
        ({"topic": ["Nothing at all"]}, "There is no topic “Nothing at all”."),
        ({"bring": ["A crocodile"]}, "There is no document “A crocodile”."),
        ({"phase": ["some day"]}, "Choose one of these."),
        ({"link": ["www.example.org"]}, "link"),
        ({"due_anchor": ["", "", ""], "due_days": ["", "", ""]}, "due"),
    ],
)
async def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(
    services: Services, editor: Browser, fields: dict[str, list[str]], sentence: str
) -> None:
    sent = {**await form_of(editor, RULE), "facts": ["my own note"], **fields}
    page = await editor.send(f"{RULE}/publish", **sent)
    assert page.status_code == 422
    assert sentence in page.text
    assert "my own note" in page.text
    assert await drafted(services, "task", TASK) is None


async def test_tasks_that_would_wait_for_each_other_are_refused(editor: Browser, library: Library) -> None:
    waiting = next(task for task in library.tasks if task.prerequisites)
    first = waiting.prerequisites[0]
    sent = await form_of(editor, f"{HOME}/{first}/rule")
    sent["prerequisites"] = [waiting.id]
    page = await editor.send(f"{HOME}/{first}/rule/publish", **sent)
    assert page.status_code == 422
    assert "would wait for each other" in page.text


async def test_a_task_is_moved_without_changing_any_other(
    services: Services, editor: Browser, library: Library
) -> None:
    others = [task.id for task in library.tasks if task.id.startswith("r-") and task.id != TASK]
    sent = {**await form_of(editor, RULE), "after": [others[4]]}
    await editor.send(f"{RULE}/publish", **sent)
    await services.shelf.fresh()
    now = [task.id for task in (await services.shelf.library()).tasks if task.id.startswith("r-")]
    assert now == [*others[:5], TASK, *others[5:]]


async def test_the_second_of_two_editors_sees_both(services: Services, app: FastAPI, editor: Browser) -> None:
    other = await signed_in(services, app, await add(services, "Olga", "editor"))
    mine = {**await form_of(editor, RULE), "facts": ["mine"]}
    theirs = {**await form_of(other, RULE), "facts": ["theirs"]}
    assert (await other.send(f"{RULE}/save", **theirs)).status_code == 303
    page = await editor.send(f"{RULE}/save", **mine)
    assert page.status_code == 409
    assert "mine" in page.text
    assert "theirs" in page.text
    on_top = Fields(page.text).found
    assert on_top["facts"] == ["mine"]
    assert (await editor.send(f"{RULE}/save", **on_top)).status_code == 303


# --- texts ------------------------------------------------------------------------------------------------------------


async def test_english_changes_and_the_translation_follows_with_what_changed(
    services: Services, editor: Browser, library: Library
) -> None:
    english = await form_of(editor, f"{HOME}/{TASK}/en")
    english["why"] = [english["why"][0] + " Ask at the branch."]
    assert (await editor.send(f"{HOME}/{TASK}/en/publish", **english)).status_code == 303
    number = library.task_text(TASK, "en").revision or 0
    assert (await published(services, "task_text", TASK, "en"))["revision"] == number + 1
    await services.shelf.fresh()

    page = (await editor.get(f"{HOME}/{TASK}/pl")).text
    assert "The English text has changed since this one was made." in page
    assert re.search(r"<ins>.*?Ask", page, re.DOTALL)
    assert TASK in (await editor.get(HOME, language="pl", state="outdated")).text
    polish = Fields(page).found
    assert (await editor.send(f"{HOME}/{TASK}/pl/publish", **polish)).status_code == 303
    assert (await published(services, "task_text", TASK, "pl"))["from_revision"] == number + 1


async def test_a_small_correction_leaves_translations_up_to_date(
    services: Services, editor: Browser, library: Library
) -> None:
    english = await form_of(editor, f"{HOME}/{TASK}/en")
    english |= {"title": ["Open a bank account soon"], "minor": ["yes"]}
    await editor.send(f"{HOME}/{TASK}/en/publish", **english)
    data = await published(services, "task_text", TASK, "en")
    assert (data["title"], data["revision"]) == ("Open a bank account soon", library.task_text(TASK, "en").revision)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": [""]}, "title"),
        ({"called": ["one name"]}, "called"),
        ({"details": ["It costs {no-such-figure}."]}, "no-such-figure"),
        ({"legal": ["Within five days."]}, "there is none to tell"),
        ({"called": ["bank\ntax card"]}, "is what people call the task r-tax-card already"),
    ],
)
async def test_a_text_that_cannot_be_published(editor: Browser, fields: dict[str, list[str]], sentence: str) -> None:
    sent = {**await form_of(editor, f"{HOME}/{TASK}/en"), **fields}
    page = await editor.send(f"{HOME}/{TASK}/en/publish", **sent)
    assert page.status_code == 422
    assert sentence in page.text


async def test_an_editor_keeps_to_their_languages(services: Services, app: FastAPI) -> None:
    polish = await signed_in(services, app, await add(services, "Piotr", "editor", languages=("pl",)))
    sent = await form_of(polish, f"{HOME}/{TASK}/pl")
    assert (await polish.send(f"{HOME}/{TASK}/pl/save", **sent)).status_code == 303
    page = await polish.get(f"{HOME}/{TASK}/ro")
    assert "Your account keeps to other languages" in page.text
    assert (await polish.send(f"{HOME}/{TASK}/ro/save", **sent)).status_code == 422


# --- review -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(settings: Settings, app: FastAPI) -> FastAPI:
    """Where what one person wrote is published by another."""
    doors = app.state.frame.doors
    app.state.frame = replace(app.state.frame, doors=replace(doors, settings=replace(settings, review=True)))
    return app


async def test_a_second_person_publishes_or_sends_back(services: Services, reviewed: FastAPI, editor: Browser) -> None:
    reviewer = await signed_in(services, reviewed, await add(services, "Rita", "reviewer"))
    sent = {**await form_of(editor, RULE), "facts": ["new fact"]}
    refused = await editor.send(f"{RULE}/publish", **sent)
    assert refused.status_code == 422
    assert "Send it to review" in refused.text
    assert (await editor.send(f"{RULE}/submit", **sent, note="look")).status_code == 303
    assert "Waits for review" in (await reviewer.get(HOME)).text
    draft = await drafted(services, "task", TASK)
    assert draft is not None
    back = await reviewer.send(f"{RULE}/send-back", version=draft.version, note="which source?")
    assert back.status_code == 303
    assert "which source?" in (await editor.get(RULE)).text
    await editor.send(f"{RULE}/submit", **await form_of(editor, RULE))
    draft = await drafted(services, "task", TASK)
    assert draft is not None
    assert (await editor.send(f"{RULE}/approve", version=draft.version)).status_code == 403
    assert (await reviewer.send(f"{RULE}/approve", version=draft.version - 1)).status_code == 422
    assert (await reviewer.send(f"{RULE}/approve", version=draft.version)).status_code == 303
    assert (await published(services, "task", TASK))["facts"] == ["new fact"]


# --- new, taken away, brought back ------------------------------------------------------------------------------------

NEW = {
    "list": "r",
    "title": "Get a library card",
    "details": "Go to the library with your yellow card.",
    "why": "You can borrow books for free.",
    "called": "library card\nbooks",
}
LIBRARY = "r-get-a-library-card"


async def new_task(editor: Browser) -> None:
    made = await editor.send(f"{HOME}/new", **NEW)
    assert made.headers["location"] == f"{HOME}/{LIBRARY}/rule?said=task_drafted"
    sent = {**await form_of(editor, f"{HOME}/{LIBRARY}/rule"), "link": ["https://bibliotek.dk/"]}
    assert (await editor.send(f"{HOME}/{LIBRARY}/rule/publish", **sent)).status_code == 303


async def test_a_new_task_stands_on_lists_once_it_is_published(services: Services, editor: Browser, chat: Chat) -> None:
    await editor.send(f"{HOME}/new", **NEW)
    assert "on no list yet" in (await editor.get(HOME, q="library card")).text
    assert LIBRARY not in (await services.shelf.fresh()).by_id
    text_alone = await form_of(editor, f"{HOME}/{LIBRARY}/en")
    assert (await editor.send(f"{HOME}/{LIBRARY}/en/publish", **text_alone)).status_code == 422
    await editor.send(f"{HOME}/{LIBRARY}/rule/discard", word="DELETE", version=1)
    assert (await editor.get(f"{HOME}/{LIBRARY}/rule")).status_code == 404
    await new_task(editor)
    library = await services.shelf.fresh()
    assert library.by_id[LIBRARY].link == "https://bibliotek.dk/"
    assert library.task_text(LIBRARY, "pl").title == "Get a library card"
    again = await editor.send(f"{HOME}/new", **NEW)
    assert again.status_code == 422
    assert "There is a task of this name already." in again.text


async def test_a_task_is_taken_away_with_a_word_and_brought_back(
    services: Services, editor: Browser, chat: Chat
) -> None:
    await new_task(editor)
    await services.shelf.fresh()
    await somebody(services)
    page = (await editor.get(f"{HOME}/{LIBRARY}/remove")).text
    assert "1 person has it to do now" in page
    base = page.partition('name="base" value="')[2].partition('"')[0]
    assert (await editor.send(f"{HOME}/{LIBRARY}/remove", base=base, word="yes")).status_code == 422
    gone = await editor.send(f"{HOME}/{LIBRARY}/remove", base=base, word="DELETE")
    assert gone.headers["location"].startswith(f"{HOME}/{LIBRARY}/rule/history")
    assert LIBRARY not in (await services.shelf.fresh()).by_id
    assert await chat.presses(f"task:{LIBRARY}")  # an old button
    assert "Tasks that were taken away" in (await editor.get(HOME)).text
    history = (await editor.get(f"{HOME}/{LIBRARY}/rule/history")).text
    number = history.partition('name="revision" value="')[2].partition('"')[0]
    assert (await editor.send(f"{HOME}/{LIBRARY}/rule/restore", revision=number)).status_code == 303
    sent = await form_of(editor, f"{HOME}/{LIBRARY}/rule")
    assert (await editor.send(f"{HOME}/{LIBRARY}/rule/publish", **sent)).status_code == 303
    library = await services.shelf.fresh()
    assert LIBRARY in library.by_id
    assert library.task_text(LIBRARY, "en").title == "Get a library card"


async def test_what_others_wait_for_is_not_taken_away(editor: Browser, library: Library) -> None:
    needed = next(task.prerequisites[0] for task in library.tasks if task.prerequisites)
    assert "These tasks wait for it." in (await editor.get(f"{HOME}/{needed}/remove")).text
    page = await editor.send(f"{HOME}/{needed}/remove", word="DELETE")
    assert page.status_code == 422


async def test_an_earlier_rule_is_brought_back_as_a_draft(services: Services, editor: Browser) -> None:
    sent = {**await form_of(editor, RULE), "facts": ["later"]}
    await editor.send(f"{RULE}/publish", **sent)
    history = (await editor.get(f"{RULE}/history")).text
    assert "later" in history
    number = re.findall(r'name="revision" value="(\d+)"', history)[0]
    assert (await editor.send(f"{RULE}/restore", revision=number)).status_code == 303
    draft = await drafted(services, "task", TASK)
    assert draft is not None
    assert draft.data["facts"] != ["later"]


async def test_a_mentor_reads_and_does_not_write(services: Services, app: FastAPI) -> None:
    mentor = await signed_in(services, app, await add(services, "Maria"))
    assert (await mentor.get(RULE)).status_code == 200
    for step in ("save", "submit", "publish", "approve", "send-back", "discard", "restore"):
        assert (await mentor.send(f"{RULE}/{step}")).status_code == 403
    assert (await mentor.send(f"{HOME}/{TASK}/remove", word="DELETE")).status_code == 403


# --- anything at all ----------------------------------------------------------------------------------------------

NAMES = [
    "phase", "who", "origin", "prerequisites", "due_anchor", "due_days", "due_months", "due_side", "due_working_days",
    "legal_anchor",
    "legal_days", "legal_weekend", "remind_before", "remind_after", "link", "topic", "behind", "bring", "facts", "source_name",
    "source_url", "after", "version", "base", "note", "minor", "source", "title", "details", "why", "called", "legal", "word",
    "revision", "list", "slug",
]  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["arrival", "recruit", "r-bank-nemkonto", "eu", "DELETE", "after", "\0", "(r-x)", "{x}", "1", "-1", "٣"]
    ),
)
PARTS = st.sampled_from(["rule", *LANGUAGES, "xx", "remove", "history"])
STEPS = st.sampled_from(["save", "submit", "publish", "show", "discard", "restore"])


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, min_size=1, max_size=4)), part=PARTS, step=STEPS)
async def test_no_form_is_an_error_of_ours(editor: Browser, fields: dict[str, Any], part: str, step: str) -> None:
    sent = {**(await form_of(editor, RULE) if part == "rule" else {}), **fields}
    assert (await editor.send(f"{HOME}/{TASK}/{part}/{step}", **sent)).status_code < 500
    assert (await editor.get(f"{HOME}/{TASK}/{part}")).status_code < 500
    assert (await editor.send(f"{HOME}/new", **fields)).status_code < 500


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=VALUES, name=st.sampled_from(["q", "list", "phase", "origin", "state", "language", "page"]))
async def test_no_address_is_an_error_of_ours(editor: Browser, word: str, name: str) -> None:
    assert (await editor.get(HOME, **{name: word})).status_code < 500
    assert (await editor.get(f"{HOME}/{quote(word, safe='')}/rule")).status_code < 500
