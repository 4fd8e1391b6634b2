"""A person's list at its private address: on a phone, at a desk, on paper."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import insert

from store import journey
from store.journey import Change
from store.tables import Recruit
from tests.browser.test_browser_look import LOW_CONTRAST, NAMELESS, REPEATED_IDS
from tests.support.person import Person
from tests.support.scripted_web import Scripted
from web.mylist import private_address

pytestmark = pytest.mark.browser

A4 = {"width": 680, "height": 1000}  # what lies between the margins
SIZES = [
    pytest.param({"viewport": {"width": 360, "height": 740}}, id="phone"),
    pytest.param({"viewport": {"width": 1024, "height": 768}}, id="desk"),
    pytest.param({"viewport": {"width": 1024, "height": 768}, "color_scheme": "dark"}, id="dark"),
]
PATHS = ["/list", "/list?task=r-tax-card"]
TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll(".quiet, .action, a.title, .step a, label")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44).map((each) => each.outerHTML)"""
COLOURS = """() => [...document.querySelectorAll("body, body *")].filter((each) => each.checkVisibility() &&
  each.textContent.trim() && !each.matches("script")).flatMap((each) => {
    const { color, backgroundColor } = getComputedStyle(each);
    const grey = (colour) => new Set(colour.match(/[\\d.]+/g).slice(0, 3)).size === 1;
    const ground = ["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"].includes(backgroundColor);
    return grey(color) && ground ? [] : [[each.outerHTML.slice(0, 80), color, backgroundColor]];
  })"""


async def make_list(web: Scripted, language: str = "en") -> str:
    """The path of a new person's private address. Something is done, late, limited by law and waited for."""
    now, id_ = datetime.now(UTC), uuid.uuid4()
    today = now.date()
    profile = {
        "name": "Maria <Santos>",
        "origin": "non-eu",
        "occupation": "nurse",
        "household": "family",
        "contract_signed": str(today - timedelta(days=100)),
        "arrival": str(today - timedelta(days=10)),
        "moved_in": str(today - timedelta(days=10)),
        "first_working_day": str(today + timedelta(days=9)),
    }
    async with web.sessions.begin() as session:
        connection = await session.connection()
        row = {"id": id_, "created_at": now, "seen_at": now, "language": language, "consent": "given"}
        await connection.execute(insert(Recruit).values(**row, profile=profile))
        done = Change("r-register-cpr", "done", date(today.year, today.month, today.day))
        await journey.change_tasks(connection, id_, [done], said_by="recruit", now=now)
        link = await journey.private_link(connection, id_, now=now)
    return private_address(web.settings, link).removeprefix(web.url)


@pytest.mark.parametrize("person", SIZES, indirect=True)
@pytest.mark.parametrize("language", ["en", "hi", "uk"])
async def test_the_list_fits_and_can_be_read(person: Person, chat: Scripted, language: str) -> None:
    address = await make_list(chat, language)
    for path in PATHS:
        await person.page.goto(person.url + address + path)
        assert not await person.page.evaluate(TOO_WIDE)
        assert await person.page.evaluate(LOW_CONTRAST) == []
        assert await person.page.evaluate(NAMELESS) == []
        assert await person.page.evaluate(REPEATED_IDS) == []
        assert await person.page.evaluate(SMALL_TARGETS) == []
    assert person.complaints == []


async def test_how_far_somebody_is_can_be_heard(person: Person, chat: Scripted) -> None:
    await person.page.goto(person.url + await make_list(chat) + "/list")

    ring = person.page.get_by_role("img")
    shown = (await ring.text_content() or "").strip().split("/")
    await expect(ring).to_have_accessible_name(f"{shown[0]} of {shown[1]} done")
    await expect(person.page.get_by_role("region", name="Next").get_by_role("listitem")).to_have_count(3)


async def test_the_keyboard_goes_from_the_list_to_a_pack_and_back(person: Person, chat: Scripted) -> None:
    page = person.page
    await page.goto(person.url + await make_list(chat) + "/list")
    reached = []
    for _ in range(3):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.textContent"))
    assert reached[:2] == ["Print", "Add to my calendar"]
    assert reached[2].startswith("Take this along: ")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(reached[2].removeprefix("Take this along: "))
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("My list")


async def test_papers_can_be_ticked_in_the_pack(person: Person, chat: Scripted) -> None:
    await person.page.goto(person.url + await make_list(chat, "uk") + "/list?task=r-tax-card")
    box = person.page.get_by_role("checkbox", name="Ansættelseskontrakt")
    await box.focus()
    await person.page.keyboard.press("Space")

    await expect(box).to_be_checked()


@pytest.mark.parametrize("person", [{"viewport": A4, "color_scheme": "dark"}], indirect=True)
@pytest.mark.parametrize("path", PATHS)
async def test_on_paper_it_is_black_on_white_without_buttons(person: Person, chat: Scripted, path: str) -> None:
    page = person.page
    address = person.url + await make_list(chat) + path
    await page.goto(address)
    await page.emulate_media(media="print")

    assert await page.evaluate(COLOURS) == []
    assert not await page.evaluate(TOO_WIDE)
    await expect(page.get_by_role("button")).to_have_count(0)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    sheet = await page.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594" in sheet  # points: A4


async def test_the_button_prints(person: Person, chat: Scripted) -> None:
    await person.page.add_init_script("window.print = () => { window.printed = true; }")
    await person.page.goto(person.url + await make_list(chat) + "/list")
    await person.page.get_by_role("button", name="Print").click()

    assert await person.page.evaluate("window.printed")


@pytest.mark.parametrize("person", [{"java_script_enabled": False}], indirect=True)
async def test_without_scripts_there_is_no_button_that_does_nothing(person: Person, chat: Scripted) -> None:
    await person.page.goto(person.url + await make_list(chat) + "/list")

    await expect(person.page.get_by_role("heading", name="My list")).to_be_visible()
    await expect(person.page.get_by_role("button", name="Print")).to_be_hidden()
