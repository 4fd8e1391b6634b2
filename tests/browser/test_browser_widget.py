"""The widget on a municipality's page with a strict content policy of its own."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, FloatRect, Page, expect

from core.messages import Reply
from tests.support.person import Person
from tests.support.scripted_web import Scripted, free_port
from tests.support.town import town as town_page

pytestmark = pytest.mark.browser


@pytest.fixture
def chat(database_url: str, no_people: None, town_port: int) -> Iterator[Scripted]:
    running = Scripted(database_url, port=free_port(), embed_origins=(f"http://127.0.0.1:{town_port}",))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def town_port() -> int:
    return free_port()


@pytest.fixture
def town(chat: Scripted, town_port: int) -> Iterator[str]:
    with town_page(chat.url, town_port) as address:
        yield address


async def test_the_widget_opens_chats_and_closes_by_keyboard(person: Person, town: str) -> None:
    page = person.page
    await page.goto(town)
    launcher = page.get_by_role("button", name="Open chat")
    await page.get_by_role("button", name="Bestil tid").focus()
    await page.keyboard.press("Tab")
    await expect(launcher).to_be_focused()
    await page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("tax")
    await page.keyboard.press("Enter")
    await frame.get_by_text("You get your tax card").wait_for()
    await page.keyboard.press("Escape")

    await expect(page.locator("iframe")).to_be_hidden()
    await expect(launcher).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(frame.get_by_text("You get your tax card")).to_be_visible()
    assert [each for each in person.complaints if "favicon" not in each] == []


async def test_a_reply_to_the_closed_chat_is_announced(person: Person, town: str, chat: Scripted) -> None:
    page = person.page
    await page.goto(town)
    await page.get_by_role("button", name="Open chat").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("textbox")).to_be_focused()
    await frame.get_by_role("textbox").fill("hello")
    await page.keyboard.press("Enter")
    await frame.get_by_text("You wrote: hello").wait_for()
    await frame.get_by_role("button", name="Close chat").click()
    await chat.speak_up(Reply("There is news.", "en"))

    await expect(page.get_by_role("button", name="New message from Velkommen")).to_be_visible()


async def test_nothing_on_the_page_moves(browser: Browser, town: str) -> None:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(town)
    before = await _heading(page)
    await page.get_by_role("button", name="Open chat").click()
    await page.frame_locator("iframe").get_by_role("textbox").wait_for()

    assert await _heading(page) == before
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.close()


@pytest.mark.parametrize("person", [{"viewport": {"width": 360, "height": 740}}], indirect=True)
async def test_on_a_phone_the_chat_covers_the_page_and_keeps_the_keyboard(person: Person, town: str) -> None:
    page = person.page
    await page.goto(town)
    await page.get_by_role("button", name="Open chat").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("textbox")).to_be_focused()
    for _ in range(25):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.tagName") == "VELKOMMEN-CHAT"

    box = await page.locator("iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
    await frame.get_by_role("button", name="Close chat").click()
    await expect(page.get_by_role("button", name="Open chat")).to_be_focused()


async def test_a_page_that_is_not_allowed_cannot_frame_the_chat(person: Person, chat: Scripted) -> None:
    await person.page.goto(chat.url + "/healthz")
    await person.page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: '/'}))")
    await person.page.wait_for_timeout(300)

    assert any("frame" in each.lower() for each in person.complaints)


async def test_the_pages_own_rules_stay_outside(person: Person, town: str) -> None:
    await person.page.goto(town)
    launcher = person.page.get_by_role("button", name="Open chat")
    look = "(it) => [getComputedStyle(it).borderTopWidth, getComputedStyle(it).paddingTop, it.offsetWidth]"

    assert await launcher.evaluate(look) == ["0px", "0px", 60]
    assert await person.page.get_by_role("button", name="Bestil tid").evaluate(look) != ["0px", "0px", 60]


async def _heading(page: Page) -> FloatRect | None:
    return await page.locator("h1").bounding_box()
