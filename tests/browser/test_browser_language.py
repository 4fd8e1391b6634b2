"""The page speaks the language of the conversation."""

import pytest
from playwright.async_api import Page, expect

from tests.support.person import Person
from tests.support.scripted_web import Scripted

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
# Counts what a screen reader would take for something new in the log, from now on.
WATCH = """() => { window.added = [];
  new MutationObserver((changes) => changes.forEach(({addedNodes}) => window.added.push(
    ...[...addedNodes].map((node) => node.className ?? node.data)))).observe(
    document.getElementById("log"), {childList: true, subtree: true}); }"""


async def speaks(page: Page, language: str, placeholder: str) -> None:
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await expect(page.get_by_role("textbox")).to_have_attribute("placeholder", placeholder)
    await expect(page.locator("#language")).to_have_value(language)


async def test_the_page_follows_the_conversation_and_still_does_after_a_reload(person: Person) -> None:
    await person.opens()
    await person.says("kumusta")
    await speaks(person.page, "fil", "Isulat ang tanong mo")
    await expect(person.page.locator("#data-button")).not_to_have_attribute("aria-label", "Your data")
    await expect(person.page.locator(".small-print")).not_to_have_text("General information, not legal advice.")
    await person.opens()

    await speaks(person.page, "fil", "Isulat ang tanong mo")
    assert person.complaints == []


async def test_who_picked_a_language_by_hand_keeps_it(person: Person) -> None:
    await person.opens()
    await person.page.locator("#language").select_option("da")
    await expect(person.page.locator("html")).to_have_attribute("lang", "da")
    await person.says("kumusta")
    await person.sees("You wrote: kumusta")
    await person.says("tax")
    await person.sees("You get your tax card")

    await expect(person.page.locator("html")).to_have_attribute("lang", "da")
    await person.opens()
    await expect(person.page.locator("html")).to_have_attribute("lang", "da")


async def test_the_language_of_a_link_is_only_where_the_page_begins(person: Person) -> None:
    await person.opens("/?lang=pl")
    await expect(person.page.locator("html")).to_have_attribute("lang", "pl")
    await person.opens()
    await expect(person.page.locator("html")).to_have_attribute("lang", "pl")
    await person.says("kumusta")

    await speaks(person.page, "fil", "Isulat ang tanong mo")


async def test_what_is_being_typed_stays_and_nothing_new_is_read_out(person: Person) -> None:
    await person.opens()
    await person.says("tax")
    await person.sees("You get your tax card")
    question = person.page.get_by_role("textbox")
    await question.fill("half a sentence")
    await question.evaluate("(it) => it.setSelectionRange(4, 6)")
    await person.page.evaluate(WATCH)
    await person.page.locator("#language").select_option("hi")
    await expect(person.page.locator("html")).to_have_attribute("lang", "hi")
    await person.sees("You wrote: language:hi")

    assert await question.input_value() == "half a sentence"
    assert await question.evaluate("(it) => [it.selectionStart, it.selectionEnd]") == [4, 6]
    added = await person.page.evaluate("window.added")
    assert [each for each in added if each in ("own", "reply")] == ["own", "reply"]
    assert not {"day", "unseen", "Today"}.intersection(added)
    await expect(person.page.locator(".day")).not_to_have_text("Today")
    await expect(person.page.get_by_role("log")).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("person", [PHONE], indirect=True)
async def test_what_is_being_read_stays_where_it_is(person: Person, chat: Scripted) -> None:
    await person.opens()
    for _ in range(3):
        await person.page.get_by_role("textbox").fill("tax")
        await person.page.locator(".send").click()
    await expect(person.page.get_by_role("heading", name="How do I get a tax card?")).to_have_count(3)
    second = person.page.locator("article.reply").nth(1)
    await second.evaluate("(it) => it.scrollIntoView()")
    await person.page.wait_for_timeout(100)
    place = "(it) => Math.round(it.getBoundingClientRect().top)"
    before = await second.evaluate(place)
    other = Person(await person.page.context.new_page(), chat.url)
    await other.opens()
    await other.page.get_by_role("textbox").fill("नमस्ते")
    await other.page.locator(".send").click()
    await speaks(other.page, "hi", "अपना सवाल लिखें")
    await speaks(person.page, "hi", "अपना सवाल लिखें")

    assert abs(await second.evaluate(place) - before) <= 2


async def test_the_welcome_follows_too(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.locator("#language").select_option("pl")
    await expect(person.page.locator("#suggestions-label")).to_have_attribute("lang", "pl")
    await person.page.get_by_role("button", name="How do I get a tax card?").click()

    await person.sees("You get your tax card")
    await expect(person.page.locator("#suggestions")).to_be_hidden()
    await person.page.locator("#language").select_option("de")
    await expect(person.page.locator("#suggestions-label")).to_have_attribute("lang", "de")
    await expect(person.page.locator("#suggestions")).to_be_hidden()


async def test_a_language_that_cannot_be_loaded_is_said_and_not_shown(person: Person) -> None:
    await person.opens()
    await person.page.route("**/api/interface?*", lambda route: route.abort())
    await person.page.locator("#language").select_option("pl")

    await expect(person.page.locator("#band")).to_contain_text("Nothing was lost")
    await speaks(person.page, "en", "Write your question")


@pytest.mark.parametrize("person", [PHONE], indirect=True)
async def test_on_a_phone_the_answer_comes_first_and_the_question_about_consent_is_found(person: Person) -> None:
    await person.opens()
    await person.page.get_by_role("textbox").fill("first question")
    await person.page.locator(".send").click()
    await person.sees("May I keep what we say here?")
    title = person.page.get_by_role("heading", name="How do I get a tax card?")
    consent = person.page.get_by_text("May I keep what we say here?")
    await expect(title).to_be_in_viewport()
    await expect(consent).not_to_be_in_viewport()
    await person.page.get_by_role("button", name="New message").click()
    await expect(consent).to_be_in_viewport()

    yes, no = [await person.page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Yes", "No")]
    assert yes is not None
    assert no is not None
    assert yes["y"] == no["y"]
    assert yes["height"] >= 44
    await expect(person.page.locator("#newer")).to_be_hidden()


async def test_danger_is_marked_and_its_number_can_be_tapped(person: Person) -> None:
    await person.opens()
    await person.says("danger")
    await expect(person.page.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")

    card = person.page.locator(".reply .card")
    colour = "(it) => getComputedStyle(it).borderTopColor"
    assert await card.evaluate(colour) == "rgb(181, 13, 40)"
    await person.says("tax")
    await person.sees("You get your tax card")
    assert await card.last.evaluate(colour) != "rgb(181, 13, 40)"


async def test_around_an_english_text_the_persons_language_is_marked(person: Person) -> None:
    await person.opens("/?lang=pl")
    await person.says("library")
    await person.sees("The library is free.")

    spoken = """(words) => [...document.querySelectorAll("#log *")].findLast((it) => it.textContent.includes(words))
      .closest("[lang]").lang"""
    for words, language in (
        ("Ta odpowiedź", "pl"),
        ("is free", "en"),
        ("Źródło", "pl"),
        ("Find a library", "en"),
        ("Nie o to mi", "pl"),
    ):
        assert await person.page.evaluate(spoken, words) == language, words
