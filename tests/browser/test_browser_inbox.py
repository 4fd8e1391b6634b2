"""The mentors' inbox as its page behaves, over scripted conversations."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Page, Route, expect
from sqlalchemy.ext.asyncio import AsyncSession

from bot.handing import MentorDesk
from bot.services import Services
from knowledge.library import Library
from knowledge.shelf import Shelf
from operations.assemble import web_doors
from store import handovers, staff
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_browser_look import LOW_CONTRAST, NAMELESS, REPEATED_IDS
from tests.support.inbox import add, comes_over
from tests.support.scripted_inbox import MARIA, WEB, ScriptedInbox
from tests.support.scripted_web import _published as published
from tests.support.scripted_web import free_port
from tests.support.talk import Chat
from web.app import create_app
from web.inbox_words import TEXTS

pytestmark = pytest.mark.browser
log = structlog.get_logger()

MINE, WAITING, RESOLVED = 1, 2, 4  # numbers of scripted conversations
STYLED = """() => [...document.querySelectorAll("[style], style, script:not([src]):not([type='application/json'])")]
  .map((each) => each.outerHTML)"""
NAMELESS_FIELDS = """() => [...document.querySelectorAll("input:not([type=hidden])")].filter((each) =>
  !each.getAttribute("aria-label") && !each.labels?.length && !each.getAttribute("aria-labelledby"))
  .map((each) => each.outerHTML)"""
FRAMES = """() => new Promise((done) => {
  const scroll = document.getElementById("rows-scroll"), times = [];
  let last = performance.now();
  const step = (now) => {
    times.push(now - last);
    last = now;
    scroll.scrollTop += 120;
    if (times.length < 60) requestAnimationFrame(step);
    else done(times.sort((one, other) => one - other));
  };
  requestAnimationFrame(step);
})"""


def complaints_of(page: Page) -> list[str]:
    """Whatever the console complains about from now on."""
    complaints: list[str] = []

    def keep(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            complaints.append(line.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", keep)
    return complaints


class Colleague:
    """Somebody in front of the inbox."""

    def __init__(self, page: Page, inbox: ScriptedInbox) -> None:
        self.page, self.inbox = page, inbox
        self.complaints = complaints_of(page)

    async def opens(self, *, box: str = "queue", conversation: int | None = None, path: str = "") -> None:
        asked = f"&open={conversation}" if conversation else ""
        await self.page.goto(f"{self.inbox.url}{path or f'/inbox?box={box}{asked}'}")
        if path:
            return
        await expect(self.page.locator("#rows-skeleton")).to_be_hidden()
        if conversation:
            await expect(self.page.locator("#talk-skeleton")).to_be_hidden()

    async def picks(self, conversation: int) -> None:
        await self.page.locator(f"[data-conversation='{conversation}'] a").click()
        await expect(self.page.locator("#talk-skeleton")).to_be_hidden()

    async def sees(self, words: str) -> None:
        await self.page.get_by_text(words).first.wait_for()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def field(self) -> Any:
        return self.page.locator("#text")

    @property
    def log(self) -> Any:
        return self.page.get_by_role("log")

    def posted(self, part: str) -> list[dict[str, Any]]:
        return [body for said, body in self.inbox.posted if said == part]


@pytest.fixture
def inbox(request: pytest.FixtureRequest) -> Iterator[ScriptedInbox]:
    running = ScriptedInbox(port=free_port(), **getattr(request, "param", {}))
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def me(browser: Browser, inbox: ScriptedInbox, request: pytest.FixtureRequest) -> AsyncIterator[Colleague]:
    context = await browser.new_context(**{"viewport": DESK, "locale": "en-GB", **getattr(request, "param", {})})
    context.set_default_timeout(5_000)
    colleague = Colleague(await context.new_page(), inbox)
    yield colleague
    await context.close()
    assert colleague.complaints == []


def test_every_word_of_the_page_exists() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in (WEB / "static").glob("inbox*.js")]
    page = (WEB / "templates" / "inbox.html").read_text(encoding="utf-8")
    said = set(re.findall(r'\btexts\.(\w+)|\bsay\("(\w+)"', "".join(scripts)))
    used = {name for pair in said for name in pair if name} | set(re.findall(r"\bt\.(\w+)", page))
    assert used <= set(TEXTS)


async def test_a_colleague_takes_a_conversation_and_answers(me: Colleague) -> None:
    await me.opens()
    await me.picks(WAITING)
    await me.sees("You see what was said before once you have taken it.")
    await me.page.locator("#acts").get_by_role("button", name="Take it").click()

    await expect(me.page.locator("[data-box=mine]")).to_have_attribute("aria-current", "page")
    await expect(me.field).to_be_focused()
    await expect(me.log.get_by_text("A human was asked for")).to_be_visible()

    await me.field.fill("Hello, I'm here.")
    await me.page.keyboard.press("Enter")
    await expect(me.log.locator(".mine", has_text="Hello, I'm here.").locator(".state")).to_have_text("Sent")
    await expect(me.field).to_have_value("")
    assert [body["text"] for body in me.posted("reply")] == ["Hello, I'm here."]


async def test_canned_replies_and_topics_come_with_one_key(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.page.keyboard.press("r")
    await me.page.keyboard.press("/")
    await expect(me.page.get_by_role("combobox", name="Search canned replies")).to_be_focused()
    await me.page.keyboard.type("tomorrow")
    await expect(me.page.locator(".picker [role=option]")).to_have_count(1)
    await me.page.keyboard.press("Enter")
    await expect(me.field).to_have_value("I'll find out and write to you here tomorrow.")

    await me.field.fill("")
    await me.page.keyboard.press("#")
    await expect(me.page.locator(".picker [role=option]")).to_have_count(3)
    await expect(me.page.locator(".picker [role=option]").first).to_have_attribute("lang", "uk")
    await me.page.keyboard.press("ArrowDown")
    await me.page.keyboard.press("Enter")
    await expect(me.page.get_by_role("button", name="Send this topic")).to_be_focused()
    await me.page.keyboard.press("Enter")
    sent = me.log.locator(".mine", has_text="Що робить профспілка?")
    await expect(sent.locator(".state")).to_have_text("Sent")
    assert [body["slug"] for body in me.posted("topic")] == ["trade-union"]


async def test_colleagues_see_each_other(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.sees("Maria is also here")
    me.inbox.send("writing", {"conversationId": MINE, "id": MARIA, "name": "Maria"})
    await me.sees("Maria is writing an answer, too.")
    me.inbox.send("gone", {"conversationId": MINE, "id": MARIA})
    await expect(me.page.locator("#viewers")).to_be_hidden()


async def test_a_refused_answer_stays_in_the_field(me: Colleague) -> None:
    me.inbox.refuse["reply"] = (409, "stale", "This conversation has changed hands: Maria has it.")
    await me.opens(box="mine", conversation=MINE)
    await me.field.fill("A long answer")
    await me.button("Send").click()

    await expect(me.page.get_by_role("alert").filter(has_text="Maria has it.")).to_be_visible()
    await expect(me.field).to_have_value("A long answer")
    await expect(me.log.get_by_text("A long answer")).to_have_count(0)
    me.complaints.clear()  # the browser itself notes the 409


async def test_without_a_network_an_answer_waits_and_goes_once(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.page.context.set_offline(True)
    await me.field.fill("Later, then")
    await me.page.keyboard.press("Enter")
    await expect(me.log.get_by_text("No connection. It is kept and will be sent.")).to_be_visible()
    await me.page.context.set_offline(False)

    await expect(me.log.locator(".mine", has_text="Later, then").locator(".state")).to_have_text("Sent")
    assert len(me.posted("reply")) == 1
    me.complaints.clear()  # of the network


async def test_everything_goes_by_keyboard(me: Colleague) -> None:
    keys = me.page.keyboard
    await me.opens(box="mine")
    await keys.press("?")
    await expect(me.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await keys.press("Escape")
    await me.page.locator("#search-field").focus()
    await keys.type("oksana")
    await keys.press("Enter")
    await expect(me.page.locator("#rows a").first).to_be_focused()
    await keys.press("j")
    await keys.press("k")
    await keys.press("Enter")
    await expect(me.page.locator("#talk-name")).to_be_focused()
    await keys.press("n")
    await keys.type("Call her on Monday")
    await keys.press("Enter")
    await expect(me.log.locator(".note").last).to_contain_text("Call her on Monday")
    await keys.press("Escape")
    await keys.press("e")
    await expect(me.page.get_by_role("dialog", name="Resolve this conversation")).to_be_visible()
    await keys.press("Space")
    await keys.press("Enter")

    await me.sees("Resolved. Velkommen, the chat assistant, goes on.")
    assert me.posted("resolve")[0]["outcome"] == "solved"
    assert me.posted("resolve")[0]["seen"] > 0


async def test_snoozing_can_be_undone(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.page.keyboard.press("s")
    await me.page.get_by_role("radio", name="On Monday").check()
    await me.page.get_by_role("dialog").get_by_role("button", name="Snooze").click()
    await me.sees("Snoozed until")
    await me.button("Undo").click()
    await expect(me.page.locator("#talk-facts")).to_contain_text("With you")
    assert me.posted("snooze") == [{"preset": "monday"}]


async def test_what_comes_in_appears_and_nothing_moves_under_the_pointer(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.page.locator("#rows li").nth(1).hover()
    first = await me.page.locator("#rows li").first.get_attribute("data-id")
    me.inbox.say(MINE, "<b>Привіт</b>", language="uk")
    await expect(me.log.get_by_text("<b>Привіт</b>")).to_have_attribute("lang", "uk")
    me.inbox.change(3, status="with_mentor", mine=True, waitingSince="2020-01-01T00:00:00+00:00")
    await expect(me.button("The order has changed: show it")).to_be_visible()
    assert await me.page.locator("#rows li").first.get_attribute("data-id") == first

    await me.page.mouse.move(900, 300)
    await expect(me.page.locator("#rows li").first).to_have_attribute("data-conversation", "3")


async def test_a_corrected_message_stays_where_it_was_with_its_earlier_version(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    first = me.inbox.say(MINE, "I live in Odnse", language="en")
    await me.sees("I live in Odnse")
    me.inbox.say(MINE, "And my landlord, too", language="en")
    await me.sees("And my landlord, too")
    me.inbox.say(MINE, "I live in Odense", language="en", replaces=first["key"], earlier=["I live in Odnse"])
    await me.sees("I live in Odense")
    last = await me.log.locator(".from-recruit").all_inner_texts()

    assert ["Odense" in last[-2], "landlord" in last[-1]] == [True, True]
    await expect(me.log.locator(".bubble", has_text="Odnse")).to_have_count(0)
    await me.log.get_by_text("Earlier versions").last.click()
    await expect(me.log.locator(".versions li", has_text="I live in Odnse")).to_be_visible()


async def test_a_rating_and_who_looked_stand_beside_the_conversation(me: Colleague) -> None:
    me.inbox.rows[RESOLVED].update(rating=5, ratingText="Tusind tak!")
    await me.opens(box="resolved", conversation=RESOLVED)
    await expect(me.page.locator("#talk-facts")).to_contain_text("rated 5 of 5")
    await expect(me.page.locator("#talk-rating")).to_have_text("Tusind tak!")
    await expect(me.page.locator(".looks li")).to_have_count(2)
    await expect(me.page.locator(".looks")).to_contain_text("Maria · a file")
    await expect(me.page.locator(".earlier")).to_contain_text("rated 4 of 5")


async def test_too_many_searches_are_said_to_be_so(me: Colleague) -> None:
    await me.opens()

    async def too_many(route: Route) -> None:
        await route.fulfill(status=429, json={"error": "too-many", "message": "Please wait 2 seconds."})

    await me.page.route("**/inbox/api/rows?*q=tax*", too_many)
    await me.page.locator("#search-field").fill("tax")
    await me.sees("Please wait 2 seconds.")
    me.complaints.clear()  # the browser itself reports the status


@pytest.mark.parametrize("me", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True)
async def test_on_a_phone_there_is_one_pane_at_a_time(me: Colleague) -> None:
    await me.opens()
    list_, talk, person = (me.page.locator(f"#{name}") for name in ("list", "talk", "person"))
    await expect(talk).to_be_hidden()
    await me.picks(WAITING)
    await expect(list_).to_be_hidden()
    await me.page.locator("#person-button").click()
    await expect(talk).to_be_hidden()
    await me.page.go_back()
    await expect(person).to_be_hidden()
    await me.page.locator("#back").click()
    await expect(list_).to_be_visible()
    assert "open=" not in me.page.url
    assert await me.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("inbox", [{"translates": True}], indirect=True)
async def test_a_machine_translation_says_so_and_can_be_switched_off(me: Colleague) -> None:
    await me.opens(box="mine", conversation=MINE)
    await me.log.get_by_role("button", name="Translate").last.click()
    await expect(me.log.get_by_text("Machine translation")).to_be_visible()
    await expect(me.log.get_by_text("[en] Мій роботодавець")).to_have_attribute("lang", "en")
    await me.field.fill("When did you work last?")
    await me.button("Translate into Ukrainian").click()
    await me.button("Use the translation").click()
    await expect(me.field).to_have_value("[uk] When did you work last?")
    await expect(me.page.locator("#translated-draft")).to_contain_text("When did you work last?")

    await me.button("Menu and settings").click()
    await me.page.get_by_role("switch", name="Machine translation").uncheck()
    await expect(me.log.get_by_role("button", name="Translate")).to_have_count(0)


@pytest.mark.parametrize("inbox", [{"count": 900}], indirect=True)
async def test_a_long_list_scrolls_and_changes_in_place(me: Colleague) -> None:
    await me.opens()
    rows = me.page.locator("#rows li")
    assert await rows.count() > 200
    times = await me.page.evaluate(FRAMES)
    await me.page.evaluate("document.querySelector('#rows li').marked = true")
    me.inbox.change(8, lastText="Changed in place")
    await expect(rows.get_by_text("Changed in place")).to_have_count(1)
    log.info("frames of a long list", rows=await rows.count(), median=times[30], worst=times[-1])

    assert (
        await me.page.evaluate("[...document.querySelectorAll('#rows li')].filter((each) => each.marked).length") == 1
    )


@pytest.mark.parametrize(
    "me", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
async def test_all_can_be_read_has_a_name_and_no_style_of_its_own(me: Colleague) -> None:
    async def look() -> None:
        for problem in (LOW_CONTRAST, NAMELESS, NAMELESS_FIELDS, REPEATED_IDS, STYLED):
            assert await me.page.evaluate(problem) == []

    await me.opens(box="queue", conversation=MINE)
    await look()
    await me.page.locator("#canned").click()
    await expect(me.page.locator(".picker [role=option]").first).to_be_visible()
    await look()
    await me.page.keyboard.press("Escape")
    await me.page.locator("[data-act=passOn]").click()
    await look()
    for path in ("/staff/login?wrong", "/staff/invite", "/inbox/desk?saved", "/inbox/desk?refused", "/inbox/measures"):
        await me.opens(path=path)
        await look()


async def test_every_text_says_its_language(me: Colleague) -> None:
    await me.opens(path="/inbox?lang=da&box=mine&open=1")
    await expect(me.log.locator(".from-recruit").last).to_be_visible()
    await expect(me.page.locator("html")).to_have_attribute("lang", "da")
    await expect(me.log.locator(".from-recruit .bubble").last).to_have_attribute("lang", "uk")
    await expect(me.log.locator(".from-bot .bubble").first).to_have_attribute("lang", "en")
    await expect(me.field).to_have_attribute("lang", "uk")
    await expect(me.page.locator("#rows .row-last").first).to_have_attribute("lang", re.compile("^[a-z]+$"))


class OfFiles(Shelf):
    """What the files hold; the database of the pages has no knowledge."""

    async def _read(self, session: AsyncSession) -> Library:
        return published()


@pytest.fixture
async def office(services: Services) -> AsyncIterator[str]:
    """The real application over a real database; its address."""
    services.shelf = OfFiles(services.sessions)
    await services.shelf.library()
    server = uvicorn.Server(
        uvicorn.Config(app := create_app(web_doors(services)), port=free_port(), log_level="warning", ws="none")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{server.config.port}"
    app.state.frame.close()
    server.should_exit = True
    await task
    await services.background.drain()


async def test_from_the_invitation_to_the_end_of_a_conversation(
    browser: Browser, office: str, services: Services
) -> None:
    """The page and its real server understand each other."""
    sofie = await add(services, "Sofie", "supervisor", languages=("da", "en"))
    async with services.database.begin() as connection:
        token = await staff.make_link(connection, sofie.id, "password", now=services.now())
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    page = await context.new_page()
    complaints = complaints_of(page)

    await page.goto(f"{office}/staff/invite/{token}")
    await page.get_by_label("Password", exact=True).fill("three quiet green boats")
    await page.get_by_role("button", name="Save and sign in").click()
    await expect(page.get_by_text("Nobody is waiting. Nice.")).to_be_visible()

    conversation = await comes_over(services, "How do I get a tax card?", address="oksana", name="Oksana")
    async with services.database.begin() as connection:
        await handovers.announce(connection, conversation, "row")
    await page.locator("#rows a", has_text="Oksana").click()
    await page.locator("#acts").get_by_role("button", name="Take it").click()
    await expect(page.get_by_label("Write to Oksana in English")).to_be_focused()
    await page.locator("#text").fill("Hello Oksana,\nI'm here.")
    await page.locator("#send").click()
    written = page.get_by_role("log").locator(".mine", has_text="I'm here.")
    await expect(written.locator(".state")).to_have_text("Sent", timeout=10_000)

    maria = await add(services, "Maria", "supervisor")
    await MentorDesk(services).here(maria, conversation)
    await expect(page.get_by_text("Maria is also here")).to_be_visible()
    await Chat(services, address="oksana").says("Thank you, Sofie")
    await expect(page.get_by_role("log").get_by_text("Thank you, Sofie")).to_be_visible()

    await written.get_by_role("button", name="Correct").click()
    await page.get_by_role("dialog").get_by_role("textbox").fill("Hello Oksana, I'm here now.")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("log").get_by_text("Earlier versions")).to_be_visible()

    await page.locator("#talk-name").focus()
    await page.keyboard.press("n")
    await page.locator("#text").fill("She needs the form 04.063.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log").locator(".note")).to_be_visible()
    for act, option, said in (
        ("snooze", "On Monday", "Snoozed until"),
        ("resolve", "Solved", "Resolved. Velkommen, the chat assistant, goes on."),
    ):
        await page.locator(f"[data-act={act}]").click()
        await page.get_by_role("radio", name=option).check()
        await page.get_by_role("dialog").locator(".action").click()
        await expect(page.locator("#toasts")).to_contain_text(said)
    await page.goto(f"{office}/inbox/desk")
    await expect(page.get_by_role("heading", name="Rota", exact=True)).to_be_visible()
    await page.goto(f"{office}/inbox/measures")
    await expect(page.get_by_role("heading", name="Measures")).to_be_visible()
    await context.close()
    assert complaints == []
