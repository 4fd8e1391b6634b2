"""Every page of the admin backend in a real browser: by keyboard, with a screen reader's eyes, on a small phone, in the dark."""

import pytest
from playwright.async_api import Page, expect

from bot.services import Services
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_browser_editor import (  # noqa: F401 - fixtures
    OVERFLOW,
    Desk,
    database_url,
    desk,
    office,
    picture,
    serious,
)
from tests.browser.test_browser_inbox import complaints_of
from tests.support.rooms import address, fill, routes

pytestmark = pytest.mark.browser

DOWNLOADS = (".csv", "/csv", ".xlsx", "/export", "/progress", "/inserts", ".json", ".svg")
PAGES = [route.path for route in routes() if not route.path.endswith(DOWNLOADS)]
FIRST_ADMIN = "ada@example.org"


async def opens(page: Page, url: str) -> int:
    answer = await page.goto(url)
    assert answer is not None
    return answer.status


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone in the dark"])
async def test_every_page_can_be_read_by_everybody(
    desk: Desk,  # noqa: F811
    services: Services,
    width: dict[str, int],
    scheme: str,
) -> None:
    page = await desk.signs_in("Ada", "admin", viewport=width, color_scheme=scheme)
    complaints = complaints_of(page)
    filled = await fill(services, await number_of(services, FIRST_ADMIN))
    wrong: list[str] = []
    for path in PAGES:
        there = address(path, filled)
        status = await opens(page, f"{desk.office}{there}")
        if status != 200:
            wrong.append(f"{there}: {status}")
            continue
        wrong += [f"{there}: {finding}" for finding in await serious(page)]
        if await page.locator("h1").count() != 1:
            wrong.append(f"{there}: {await page.locator('h1').count()} headings of the first order")
        if (wide := await page.evaluate(OVERFLOW)) > 0:
            wrong.append(f"{there}: {wide} px wider than the screen")
        await picture(page, f"{scheme}-{there.strip('/').replace('/', '-').partition('?')[0]}")
    assert wrong == []
    assert [each for each in complaints if "favicon" not in each] == []


async def test_the_keyboard_alone_reaches_the_page_and_each_room(desk: Desk, services: Services) -> None:  # noqa: F811
    page = await desk.signs_in("Ada", "admin")
    await opens(page, f"{desk.office}/admin/answers")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"

    names = await page.locator(".rail a").all_inner_texts()
    assert names == ["Answers", "Figures", "Gaps", "Checklists", "People", "Announcements", "Numbers", "Settings"]
    for name in names:
        await page.locator(".rail").get_by_role("link", name=name).press("Enter")
        await expect(page.locator(".rail [aria-current]")).to_have_text(name)


async def number_of(services: Services, email: str) -> int:
    from store import staff

    async with services.database.connect() as connection:
        who = await staff.by_email(connection, email)
    assert who is not None
    return who.id
