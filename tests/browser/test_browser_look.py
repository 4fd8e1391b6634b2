"""Contrast, names and languages of what is on the page."""

import pytest
from playwright.async_api import expect

from tests.support.person import Person

pytestmark = pytest.mark.browser

SCHEMES = [{"color_scheme": "light"}, {"color_scheme": "dark"}]
# Every text's contrast with the nearest opaque ground below it, by the formula of WCAG 2.
LOW_CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) => [red, green, blue].map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = channels(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility() &&
    !each.matches("script, template, option") &&
    ([...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || each.matches("svg.icon")));
  return texts.map((each) => {
    const [one, other] = [light(channels(getComputedStyle(each).color)), light(ground(each))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    return [ratio, each.textContent.trim() || each.outerHTML];
  }).filter(([ratio, text]) => ratio < (text.startsWith("<svg") ? 3 : 4.5));
}"""
NAMELESS = """() => [...document.querySelectorAll("button, a, select, textarea, img, iframe")].filter((each) =>
  each.matches("img") ? !each.hasAttribute("alt") : !(each.getAttribute("aria-label") || each.title ||
    each.textContent.trim() || (each.labels && each.labels.length))).map((each) => each.outerHTML)"""
REPEATED_IDS = """() => { const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  return ids.filter((id, place) => ids.indexOf(id) !== place); }"""


@pytest.mark.parametrize("person", SCHEMES, indirect=True, ids=["light", "dark"])
async def test_text_can_be_read_and_everything_has_a_name(person: Person) -> None:
    await person.opens()
    assert await person.page.evaluate(LOW_CONTRAST) == []
    await person.says("tax")
    await person.sees("You get your tax card")
    await person.page.get_by_role("button", name="Helpful", exact=True).click()
    await person.sees("Thank you for telling us.")
    await person.page.get_by_role("button", name="Your data").click()

    assert await person.page.evaluate(LOW_CONTRAST) == []
    assert await person.page.evaluate(NAMELESS) == []
    assert await person.page.evaluate(REPEATED_IDS) == []


async def test_the_theme_can_be_changed_and_stays(person: Person) -> None:
    await person.opens()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await person.page.evaluate(ground) == "rgb(251, 248, 243)"
    await person.page.get_by_role("button", name="Light or dark").click()
    await person.opens()

    assert await person.page.evaluate(ground) == "rgb(20, 25, 31)"


async def test_every_message_says_its_language(person: Person) -> None:
    await person.opens("/?lang=da")
    await person.says("tax")
    await person.sees("You get your tax card")

    await expect(person.page.locator("html")).to_have_attribute("lang", "da")
    await expect(person.page.locator("article.reply")).to_have_attribute("lang", "en")
    await expect(person.page.locator("article.reply em").first).to_have_attribute("lang", "da")
    await expect(person.page.get_by_role("log")).to_have_attribute("aria-live", "polite")


async def test_with_less_motion_nothing_moves(person: Person) -> None:
    await person.page.emulate_media(reduced_motion="reduce")
    await person.opens()
    await person.says("nothing")
    await expect(person.page.locator("#typing")).to_be_visible()

    moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
    assert await person.page.evaluate(moving) == 0


async def test_an_unknown_page_says_so_and_leads_back(person: Person) -> None:
    await person.page.goto(person.url + "/nowhere")
    await expect(person.page.get_by_role("heading")).to_have_text("Page not found")
    await person.page.get_by_role("link", name="Open chat").click()

    await expect(person.page.locator("#composer")).to_be_visible()
