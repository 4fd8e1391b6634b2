"""The chat page as people use it, in a real browser against the real web application."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from core.messages import Reply
from tests.support.person import Person
from tests.support.scripted_web import GREETING, Scripted

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
ZOOMED = {"viewport": {"width": 320, "height": 400}}  # a desk of 640 × 800 at 200 %


async def test_a_question_gets_its_answer(person: Person) -> None:
    await person.opens()
    await person.says("How do I get a tax card?")

    await person.sees("You get your tax card")
    await expect(person.page.get_by_role("link", name="+45 72 22 18 18")).to_have_attribute("href", "tel:+4572221818")
    assert person.complaints == []


async def test_a_reload_keeps_the_conversation(person: Person) -> None:
    await person.opens()
    await person.says("hello")
    await person.sees("You wrote: hello")
    await person.opens()

    await person.sees("You wrote: hello")
    assert await person.count("hello") == 1
    await expect(person.page.locator("#suggestions")).to_be_hidden()


async def test_suggestions_greet_the_newcomer_and_can_be_tapped(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.get_by_role("button", name="How do I get a tax card?").click()
    await person.sees("You get your tax card")
    await person.opens()

    own = person.page.locator(".own .bubble")
    await expect(own).to_have_text(["How do I get a tax card?"])
    assert GREETING.title in await person.page.locator("#welcome").inner_text()


async def test_everything_works_from_the_keyboard(person: Person) -> None:
    await person.opens()
    keyboard, focused = person.page.keyboard, person.page.locator(":focus")

    async def go_back_to(name: str) -> None:
        for _ in range(20):
            await keyboard.press("Shift+Tab")
            if await focused.inner_text() == name:
                return
        raise AssertionError(f"{name} cannot be reached by keyboard")

    await expect(focused).to_have_attribute("id", "question")
    await go_back_to("Skip to the chat")
    await keyboard.press("Enter")
    await expect(focused).to_have_attribute("id", "question")
    await keyboard.type("tax")
    await keyboard.press("Enter")
    await person.sees("You get your tax card")
    await go_back_to("Which deductions can I get?")
    await keyboard.press("Enter")

    await person.sees("You get your tax card")
    await expect(person.page.locator(".own .bubble").last).to_have_text("Which deductions can I get?")


async def test_the_data_menu_opens_and_closes_from_the_keyboard(person: Person) -> None:
    await person.opens()
    button = person.page.get_by_role("button", name="Your data")
    await button.focus()
    await person.page.keyboard.press("Enter")
    await expect(person.page.get_by_role("button", name="Delete my data")).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(person.page.get_by_role("button", name="Delete my data")).to_be_hidden()
    await expect(button).to_be_focused()

    await person.page.keyboard.press("Enter")
    await person.page.get_by_role("button", name="Download my data").click()
    await person.sees("Here is all that is kept about you.")
    link = person.page.get_by_role("log").get_by_role("link", name="Download my data")
    async with person.page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "velkommen-my-data.json"


@pytest.mark.parametrize("person", [PHONE, ZOOMED], indirect=True, ids=["360px", "zoomed"])
@pytest.mark.parametrize("language", ["en", "uk", "hi", "de"])
async def test_nothing_scrolls_sideways(person: Person, language: str) -> None:
    await person.opens(f"/?lang={language}")
    await person.page.get_by_role("textbox").fill("tax " + "Kontanthjælpsansøgningsskema" * 4)
    await person.page.locator(".send").click()
    await person.sees("You get your tax card")

    widths = "[document.documentElement.scrollWidth, document.getElementById('scroll').scrollWidth]"
    assert max(await person.page.evaluate(widths)) <= await person.page.evaluate("innerWidth")
    small = await person.page.evaluate(
        """[...document.querySelectorAll("button, select, .answers a")].filter((each) => each.checkVisibility())
           .map((each) => [each.getBoundingClientRect(), each.getAttribute("aria-label") ?? each.textContent.trim()])
           .filter(([box]) => box.height < 44 || box.width < 44 || box.right > innerWidth).map(([, name]) => name)"""
    )
    assert small == []


@pytest.mark.parametrize("person", [PHONE], indirect=True)
async def test_on_touch_enter_makes_a_new_line(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("first")

    assert await person.page.get_by_role("textbox").input_value() == "first\n"
    assert chat.received == 0


async def test_picking_a_language_changes_the_page(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.get_by_label("Language").select_option("da")
    await expect(person.page.locator("html")).to_have_attribute("lang", "da")
    assert chat.received == 0
    await person.opens()
    await expect(person.page.locator("html")).to_have_attribute("lang", "da")

    await person.says("hej")
    await person.sees("You wrote: hej")
    await person.page.locator("#language").select_option("pl")
    await expect(person.page.locator("html")).to_have_attribute("lang", "pl")
    await person.sees("You wrote: language:pl")
    await expect(person.page.locator(".own .bubble").last).to_have_text("Polski")


async def test_a_reply_missed_while_the_server_was_away_comes_once(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("hello")
    await person.sees("You wrote: hello")
    chat.stop()
    await chat.speak_up(Reply("Your mentor will call at 15:00.", "en"), announced=False)
    chat.start()

    await person.sees("Your mentor will call at 15:00.")
    await person.says("thanks")
    await person.sees("You wrote: thanks")
    assert await person.count("Your mentor will call at 15:00.") == 1
    assert await person.count("You wrote: hello") == 1


async def test_a_lost_connection_is_told_and_so_is_its_return(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("hello")
    await person.sees("You wrote: hello")
    chat.stop()
    await expect(person.page.locator("#band")).to_have_text("Connection lost. Trying again …", timeout=4_500)
    chat.start()

    await expect(person.page.locator("#band")).to_have_text("Connected again.", timeout=10_000)


async def test_a_message_written_while_the_server_was_away_is_sent_once(person: Person, chat: Scripted) -> None:
    await person.opens()
    chat.stop()
    await person.says("am I lost?")
    await expect(person.page.locator(".own .state")).to_contain_text("Waiting to be sent")
    await expect(person.page.locator("#band")).to_contain_text("Your message is kept")
    chat.start()

    await person.sees("You wrote: am I lost?")
    await expect(person.page.locator(".own .state")).to_be_empty()
    assert chat.received == 1


async def test_an_unsent_message_survives_closing_the_page(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.route("**/api/messages?*", lambda route: route.abort())
    await person.says("keep me")
    await expect(person.page.locator(".own .state")).to_contain_text("Waiting to be sent")
    await person.page.unroute("**/api/messages?*")
    await person.opens()

    await person.sees("You wrote: keep me")
    assert chat.received == 1
    assert await person.count("keep me") == 1


async def test_a_lost_answer_does_not_send_twice(person: Person, chat: Scripted) -> None:
    await person.opens()
    lost = 0

    async def lose_the_first_answer(route):  # type: ignore[no-untyped-def]
        nonlocal lost
        if lost == 0 and route.request.method == "POST":
            lost += 1
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await person.page.route("**/api/messages?*", lose_the_first_answer)
    await person.says("only once")
    await person.sees("You wrote: only once")
    await expect(person.page.locator(".own .state")).to_be_empty()

    assert chat.received == 1
    assert await person.count("You wrote: only once") == 1


async def test_what_the_server_refuses_can_be_tried_again(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.route("**/api/messages?*", lambda route: route.fulfill(status=400, json={"message": "No."}))
    await person.says("please")
    await expect(person.page.locator(".own .state")).to_contain_text("No.")
    await person.page.unroute("**/api/messages?*")
    await person.page.get_by_role("button", name="Try again").click()

    await person.sees("You wrote: please")


async def test_a_lost_cookie_is_replaced_and_the_message_still_sent(person: Person) -> None:
    await person.opens()
    await person.page.context.clear_cookies()
    await person.says("hello")
    await person.page.reload()

    await person.sees("You wrote: hello")


async def test_texts_that_were_not_kept_are_shown_only_where_they_were_written(person: Person, chat: Scripted) -> None:
    chat.keep_texts = False
    await person.opens()
    await person.says("my secret")
    await person.sees("You wrote: my secret")
    await person.opens()
    assert await person.count("my secret") == 1

    other = await person.page.context.new_page()
    await other.goto(chat.url)
    await expect(other.locator(".own .bubble")).to_have_text(["(not kept)"])


async def test_after_deleting_everything_only_the_farewell_is_left(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("my secret")
    await person.sees("You wrote: my secret")
    await person.says("forget me")
    await person.page.get_by_role("button", name="Delete everything").click()

    await person.sees("Everything is deleted.")
    await expect(person.page.locator("article")).to_have_count(1)
    assert "my secret" not in await person.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


async def test_thumbs_are_kept(person: Person) -> None:
    await person.opens()
    await person.says("tax")
    await person.page.get_by_role("button", name="Helpful", exact=True).click()
    await person.sees("Thank you for telling us.")
    await person.opens()

    pressed = person.page.get_by_role("button", name="Helpful", exact=True)
    await expect(pressed).to_have_attribute("aria-pressed", "true")


async def test_two_open_pages_show_the_same(person: Person, chat: Scripted) -> None:
    await person.opens()
    other = Person(await person.page.context.new_page(), chat.url)
    await other.opens()
    await other.says("from the other page")

    await person.sees("You wrote: from the other page")
    await expect(person.page.locator(".own .bubble")).to_have_text(["from the other page"])


async def test_a_message_that_is_too_long_is_said_and_kept_in_the_input(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("x" * 4001)

    await expect(person.page.locator("#band")).to_contain_text("at most 4000 characters")
    assert len(await person.page.get_by_role("textbox").input_value()) == 4001
    assert chat.received == 0


async def test_days_are_told_apart(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.says("yesterday's question")
    await person.sees("You wrote: yesterday's question")
    await chat.age(timedelta(days=1))
    await person.opens()
    await person.says("today's question")

    await person.sees("You wrote: today's question")
    await expect(person.page.locator(".day")).to_have_text(["Yesterday", "Today"])


async def test_what_is_written_is_never_taken_for_markup(person: Person) -> None:
    await person.opens()
    await person.says("<img src=x onerror=alert(1)> <b>tax-free</b>?".replace("tax-", ""))

    await expect(person.page.locator(".own .bubble")).to_have_text(["<img src=x onerror=alert(1)> <b>free</b>?"])
    assert await person.page.locator("#log img, #log b").count() == 0
    assert person.complaints == []


async def test_when_the_history_fails_nothing_is_lost(person: Person) -> None:
    await person.page.route("**/api/messages?*", lambda route: route.fulfill(status=500, body="{}"))
    await person.opens()
    await expect(person.page.get_by_role("alert")).to_contain_text("Nothing was lost")
    await person.page.unroute("**/api/messages?*")
    await person.page.get_by_role("button", name="Try again").click()

    await person.says("hello")
    await person.sees("You wrote: hello")
