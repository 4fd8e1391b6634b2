"""An editor changes an answer in a browser: sees it as people will, puts a figure in by keyboard, publishes it.

Pictures go to VELKOMMEN_PICTURES, where that is set.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.services import Services
from knowledge.publish import import_folder
from knowledge.shelf import Shelf
from operations.assemble import web_doors
from store import database, staff
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_browser_inbox import STYLED, complaints_of
from tests.browser.test_browser_look import LOW_CONTRAST, NAMELESS, REPEATED_IDS
from tests.conftest import KNOWLEDGE, NOW
from tests.support.inbox import add
from tests.support.scripted_web import free_port
from web.app import create_app
from web.staff import COOKIE

pytestmark = pytest.mark.browser

TABLET = {"width": 800, "height": 1100}
EDITOR = "/admin/answers/tax-card/en"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def database_url(postgres: str) -> str:
    """A database of these tests' own."""
    return with_knowledge(postgres, "editing")


def with_knowledge(postgres: str, name: str) -> str:
    """A new database with the knowledge of this repository."""
    server = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"drop database if exists {name} with (force)"))
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    database.migrate(url)

    async def fill() -> None:
        own = database.connect(url)
        async with database.sessions(own).begin() as session:
            await import_folder(session, KNOWLEDGE, now=NOW)
        await own.dispose()

    asyncio.run(fill())
    return url


@pytest.fixture
async def office(services: Services) -> AsyncIterator[str]:
    """The real server, over the real knowledge; its address."""
    services.shelf = Shelf(services.sessions)
    async with services.database.begin() as connection:
        await connection.execute(text("delete from drafts"))
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app := create_app(web_doors(services)), port=port, log_level="warning", ws="none")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    app.state.frame.close()
    server.should_exit = True
    await task


class Desk:
    """Editors in front of their browsers."""

    def __init__(self, browser: Browser, office: str, services: Services) -> None:
        self.browser, self.office, self.services = browser, office, services
        self.contexts: list[BrowserContext] = []

    async def signs_in(self, name: str = "Ed", role: str = "editor", **options: Any) -> Page:
        async with self.services.database.connect() as connection:
            who = await staff.by_email(connection, f"{name.lower()}@example.org")
        who = who or await add(self.services, name, role)
        async with self.services.database.begin() as connection:
            token, _ = await staff.open_session(connection, who.id, now=self.services.now(), second=True)
        context = await self.browser.new_context(**{"viewport": DESK, "locale": "en-GB", **options})
        context.set_default_timeout(10_000)
        await context.add_cookies([{"name": COOKIE, "value": token, "url": self.office}])
        self.contexts.append(context)
        return await context.new_page()


@pytest.fixture
async def desk(browser: Browser, office: str, services: Services) -> AsyncIterator[Desk]:
    desk = Desk(browser, office, services)
    yield desk
    for context in desk.contexts:
        await context.close()


async def picture(page: Page, name: str, *, whole: bool = True) -> None:
    if folder := os.environ.get("VELKOMMEN_PICTURES"):
        await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
        await page.screenshot(path=Path(folder) / f"editor-{name}.png", full_page=whole)


async def serious(page: Page) -> list[str]:
    found = await Axe().run(page)
    violations = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in violations]


async def test_an_answer_is_changed_seen_and_published_by_keyboard_alone(desk: Desk, services: Services) -> None:
    page = await desk.signs_in()
    complaints = complaints_of(page)
    await page.goto(desk.office + EDITOR)
    body = page.get_by_label("Answer", exact=True)
    preview = page.locator("#preview")
    await expect(preview.get_by_text("You make it online.").first).to_be_visible()

    await body.fill("You make it **online**, and it takes ")
    await expect(preview.locator(".card strong", has_text="online")).to_be_visible()
    await expect(preview.locator(".telegram-text b", has_text="online")).to_be_visible()

    await body.press("End")
    await page.get_by_role("combobox", name="Insert a figure").focus()
    await page.keyboard.type("normal wait tax card")
    option = page.get_by_role("listbox", name="Insert a figure").get_by_role("option").first
    await expect(option).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(option).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(body).to_be_focused()
    await expect(body).to_have_value("You make it **online**, and it takes {tax-card-wait}")
    await expect(preview.locator(".card")).not_to_contain_text("{")
    await page.keyboard.type(". {no-such-figure}")
    await expect(page.locator("#fault-body")).to_contain_text("no figure {no-such-figure}")
    await expect(body).to_have_attribute("aria-invalid", "true")
    for _ in " {no-such-figure}":
        await page.keyboard.press("Backspace")
    await expect(page.locator("#fault-body")).to_be_empty()

    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("status")).to_contain_text("Saved.")
    await picture(page, "draft")
    await page.get_by_role("button", name="Publish", exact=True).press("Enter")
    await expect(page.get_by_role("heading", name="Has the meaning changed?")).to_be_visible()
    await picture(page, "asks", whole=False)
    await page.get_by_role("button", name="Yes: publish it").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Published.")

    library = await Shelf(services.sessions).library()
    assert library.texts["tax-card", "en"].body == "You make it **online**, and it takes {tax-card-wait}."
    assert complaints == []


async def test_words_that_were_not_saved_are_kept_and_leaving_warns(desk: Desk) -> None:
    page = await desk.signs_in()
    warned: list[str] = []

    async def leave(dialog: Any) -> None:
        warned.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    await page.goto(desk.office + EDITOR)
    await page.get_by_label("Title: the question").fill("Half a tit")
    await page.goto(desk.office + "/admin/answers")
    assert warned == ["beforeunload"]

    await page.goto(desk.office + EDITOR)
    await expect(page.get_by_text("Words that were not saved were kept in this browser.")).to_be_visible()
    await page.get_by_role("button", name="Put them back").click()
    await expect(page.get_by_label("Title: the question")).to_have_value("Half a tit")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("status")).to_contain_text("Saved.")
    await page.goto(desk.office + EDITOR)
    await expect(page.get_by_label("Title: the question")).to_have_value("Half a tit")
    await expect(page.get_by_text("Words that were not saved")).to_be_hidden()


async def test_what_could_not_be_published_is_kept_too(desk: Desk) -> None:
    page = await desk.signs_in()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"{desk.office}/admin/answers/mitid-get/en")
    await page.get_by_label("Answer", exact=True).fill("@martians Stay where you are.")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.locator("#fault-body")).to_contain_text("@martians marks no readers")
    await expect(page.get_by_label("Answer", exact=True)).to_have_value("@martians Stay where you are.")

    await page.goto(f"{desk.office}/admin/answers/mitid-get/en")
    await page.get_by_role("button", name="Put them back").click()
    await expect(page.get_by_label("Answer", exact=True)).to_have_value("@martians Stay where you are.")


async def test_a_translator_works_beside_the_source_and_on_a_phone_switches(desk: Desk) -> None:
    page = await desk.signs_in()
    await page.goto(f"{desk.office}/admin/answers/cpr-registration/pl")
    sides = [await page.locator(f".{side}-side").nth(2).bounding_box() for side in ("source", "own")]
    assert sides[0]
    assert sides[1]
    assert sides[0]["x"] + sides[0]["width"] <= sides[1]["x"]
    assert abs(sides[0]["y"] - sides[1]["y"]) < 4, "the same field stands beside its source"

    await page.set_viewport_size(PHONE)
    await expect(page.locator("#body")).to_be_visible()
    await expect(page.locator(".source-side").nth(2)).to_be_hidden()
    await page.get_by_text("English now").first.click()
    await expect(page.locator(".source-side").nth(2)).to_be_visible()
    await expect(page.locator("#body")).to_be_hidden()
    await expect(page.locator("#body")).to_have_attribute("lang", "pl")


async def test_two_editors_see_both_texts(desk: Desk) -> None:
    first, second = await desk.signs_in("Ed"), await desk.signs_in("Eva")
    for page in (first, second):
        await page.goto(f"{desk.office}/admin/answers/nemkonto/en")
    await first.get_by_label("Title: the question").fill("By Ed")
    await first.keyboard.press("Control+s")
    await expect(first.get_by_role("status")).to_contain_text("Saved.")
    await second.get_by_label("Title: the question").fill("By Eva")
    await second.keyboard.press("Control+s")

    await expect(second.get_by_role("alert")).to_contain_text("Ed saved another draft while you were writing.")
    await picture(second, "conflict")
    assert await serious(second) == []
    await second.get_by_role("button", name="Save this as the draft").click()
    await expect(second.get_by_label("Title: the question")).to_have_value("By Eva")


async def test_a_new_topic_is_begun_with_a_name_made_from_its_title(desk: Desk) -> None:
    page = await desk.signs_in()
    await page.goto(f"{desk.office}/admin/answers/new")
    await page.get_by_label("Title in English").fill("Where do I return bottles (pant)?")
    await expect(page.get_by_label("Name in addresses")).to_have_value("where-do-i-return-bottles-pant")
    await page.get_by_label("Theme").select_option("community")
    await picture(page, "new")
    assert await serious(page) == []
    await page.get_by_role("button", name="Go on to the answer").click()
    await expect(page.get_by_label("Title: the question")).to_have_value("Where do I return bottles (pant)?")


PAGES = {
    "list": "/admin/answers",
    "editor": EDITOR,
    "polish": "/admin/answers/cpr-registration/pl",
    "hindi": "/admin/answers/cpr-registration/hi",
    "details": "/admin/answers/tax-card/topic",
    "history": f"{EDITOR}/history",
}
LOOKS: dict[str, dict[str, Any]] = {
    "desk": {},
    "dark": {"color_scheme": "dark"},
    "tablet": {"viewport": TABLET},
    "phone": {"viewport": PHONE},
}


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_can_be_read_and_used(desk: Desk, look: str) -> None:
    page = await desk.signs_in(**LOOKS[look])
    complaints = complaints_of(page)
    wrong: dict[str, Any] = {}
    for name, path in PAGES.items():
        await page.goto(desk.office + path)
        found = {
            "contrast": await page.evaluate(LOW_CONTRAST),
            "nameless": await page.evaluate(NAMELESS),
            "repeated": await page.evaluate(REPEATED_IDS),
            "styled": await page.evaluate(STYLED),
            "axe": await serious(page),
            "wider than the screen": await page.evaluate(OVERFLOW),
        }
        await picture(page, f"{name}-{look}")  # taking it leaves style attributes behind
        wrong |= {f"{name}: {what}": value for what, value in found.items() if value}
    assert wrong == {}
    assert complaints == []
