"""What an editor does on a day when a rule changes, in a browser; and what people then read in the chat, at once.

Pictures go to VELKOMMEN_PICTURES, where that is set.
"""

import pytest
from playwright.async_api import expect
from sqlalchemy import text

from bot.services import Services
from i18n.languages import LANGUAGES
from tests.browser.test_browser_editor import Desk, desk, office, picture, with_knowledge
from tests.support.talk import Chat

__all__ = ["desk", "office"]
pytestmark = pytest.mark.browser

FEE = {
    "en": "6,910\u00a0DKK", "da": "6.910\u00a0kr.", "fil": "6,910\u00a0DKK", "hi": "6,910\u00a0DKK", "pl": "6\u00a0910\u00a0DKK",
    "ro": "6.910\u00a0DKK", "uk": "6\u00a0910\u00a0DKK", "de": "6.910\u00a0DKK",
}  # fmt: skip


@pytest.fixture(scope="module")
def database_url(postgres: str) -> str:
    return with_knowledge(postgres, "editors_day")


async def read(services: Services, language: str, topic: str) -> str:
    """What somebody from outside the EU is told about a topic in the next message."""
    chat = Chat(services, address=f"reader-{language}")
    await chat.commands("/start")
    async with services.database.begin() as connection:
        await connection.execute(
            text("""
                update recruits set language = :language, language_chosen = true, profile = '{"origin": "non-eu"}'
                where id = (select recruit_id from addresses where external_id = :address)
            """),
            {"language": language, "address": chat.address},
        )
    return "\n".join(reply.text for reply in await chat.presses(f"topic:{topic}"))


async def test_a_fee_is_put_right_in_one_place_and_read_in_every_language(desk: Desk, services: Services) -> None:
    page = await desk.signs_in()
    await page.goto(desk.office + "/admin")
    await page.get_by_role("link", name="Figures").click()
    await page.get_by_label("Search").fill("work permit fee")
    await page.get_by_label("Search").press("Enter")
    await page.get_by_role("link", name="SIRI fee for a work permit application").click()
    await page.get_by_label("Amount or day").filter(visible=True).first.fill("6910")
    await page.get_by_role("button", name="Show where it will be read").click()
    where = page.get_by_role("region", name="Where it is read")
    await expect(where).to_contain_text("Nothing is saved yet.")
    await expect(where.locator("ins").first).to_contain_text("6,910")
    await picture(page, "day-figure")
    assert "6,910" not in await read(services, "en", "permit-fees")

    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Published.")
    told = {code: await read(services, code, "permit-fees") for code in LANGUAGES}
    assert {code: FEE[code] in said for code, said in told.items()} == dict.fromkeys(LANGUAGES, True)


async def test_a_changed_answer_is_translated_where_it_is_outdated(desk: Desk, services: Services) -> None:
    page = await desk.signs_in()
    await page.goto(desk.office + "/admin/answers")
    await page.get_by_label("Search in titles").fill("tax card")
    await page.get_by_label("Search in titles").press("Enter")
    titles = page.get_by_role("table").get_by_role("rowheader")
    await expect(titles.first).to_contain_text("tax card")  # what says it in its title comes first
    await page.get_by_role("link", name="How do I get a tax card (skattekort)?", exact=True).click()
    await page.get_by_label("Answer", exact=True).fill("Your employer helps you with it.")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.get_by_role("button", name="Yes: publish it").click()
    await expect(page.get_by_role("status")).to_contain_text("Published.")
    texts = page.get_by_role("navigation", name="Texts of this topic")
    await expect(texts.get_by_role("link", name="Polski")).to_contain_text("outdated")
    assert "Your employer helps you with it." in await read(services, "en", "tax-card")

    await page.goto(desk.office + "/admin/answers?state=outdated&language=pl")
    await page.get_by_role("table").get_by_role("rowheader").get_by_role("link").click()
    await expect(page.locator("ins").filter(has_text="helps you").first).to_be_visible()
    await picture(page, "day-translation")
    await page.get_by_label("Answer", exact=True).fill("Pomaga w tym pracodawca.")
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Published.")
    await expect(texts.get_by_role("link", name="Polski")).to_contain_text("published")
    await expect(texts.get_by_role("link", name="Dansk")).to_contain_text("outdated")
    assert "Pomaga w tym pracodawca." in await read(services, "pl", "tax-card")
