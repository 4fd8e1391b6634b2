"""The chat page while a human is asked for, there, and gone again."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import FileChooser, FilePayload, expect

from core.files import LARGEST
from core.messages import Button, Reply
from tests.browser.test_browser_look import LOW_CONTRAST, NAMELESS, REPEATED_IDS, SCHEMES
from tests.support.person import Person
from tests.support.scripted_web import Scripted

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000
DROP = """([kind, name, bytes]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true });
  document.getElementById("question").dispatchEvent(event);
}"""


def letter(name: str = "letter.png", content: bytes = PNG, kind: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


async def comes(person: Person, chat: Scripted, state: str, path: str = "/", **stands: object) -> None:
    """Somebody has written, and their conversation stands like that."""
    await person.opens(path)
    await person.says("hello")
    await person.sees("You wrote: hello")
    await chat.stands(state, **stands)  # type: ignore[arg-type]
    await expect(person.page.locator(f"#standing.{state}")).to_be_visible()


async def test_a_line_says_who_speaks_from_asking_to_the_end(person: Person, chat: Scripted) -> None:
    line = person.page.locator("#standing")
    await person.opens()
    await person.says("hello")
    await person.sees("You wrote: hello")
    await expect(line).to_be_hidden()

    await chat.stands("waiting", promised_in=timedelta(hours=30))
    await expect(line).to_contain_text("A mentor will write to you")
    await expect(line).to_contain_text("before")
    await expect(line).to_have_attribute("role", "status")
    await chat.stands("with_mentor")
    await expect(line).to_have_text("👤 Maria, mentor, is with you")
    await chat.stands("snoozed")
    await expect(line).to_have_text("👤 Maria, mentor, will write to you again")
    await chat.stands("bot")
    await expect(line).to_have_text("Velkommen is back")
    await expect(line).to_be_hidden(timeout=10_000)
    assert person.complaints == []


async def test_the_line_is_there_from_the_first_moment_of_a_page(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    await person.page.route("**/api/stream?*", lambda route: route.abort())
    await person.opens()

    await expect(person.page.locator("#standing")).to_have_text("👤 Maria, mentor, is with you")


async def test_a_missed_promise_is_not_repeated(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "waiting", promised_in=timedelta(hours=-1))

    await expect(person.page.locator("#standing")).to_have_text("A mentor will write to you as soon as possible.")


async def test_who_calls_it_off_is_not_told_that_velkommen_is_back(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "waiting")
    await chat.stands("bot")

    await expect(person.page.locator("#standing")).to_be_hidden()
    await expect(person.page.locator("#clip")).to_be_hidden()


async def test_a_mentor_speaks_under_their_name_and_nothing_is_markup(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    text = "Hi <b>Anna</b>, *I* am [here](javascript:alert(1)).\n\nSee https://skat.dk."
    await chat.speak_up(Reply(text, "en", said_by="Maria"))
    await person.sees("See")

    said = person.page.locator("article.mentor")
    await expect(said.locator(".said")).to_have_text("👤 Maria, mentor")
    assert await said.locator(".prose").inner_text() == text
    await expect(said.locator("a:visible")).to_have_count(1)
    link = said.get_by_role("link", name="https://skat.dk")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(person.page.locator("article.reply:not(.mentor) .said").first).to_have_class("said unseen")


async def test_an_edit_takes_the_place_of_what_was_written(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    number = await chat.speak_up(Reply("Tomorrow at 9.", "en", said_by="Maria"))
    await person.sees("Tomorrow at 9.")
    assert await person.page.locator(".edited:visible").count() == 0
    await chat.edit(number, "Tomorrow at 10.")

    await person.sees("Tomorrow at 10.")
    assert await person.count("Tomorrow at 9.") == 0
    await expect(person.page.locator(".edited:visible")).to_have_text("edited")
    await person.opens()
    await person.sees("Tomorrow at 10.")
    await expect(person.page.locator(".edited:visible")).to_have_text("edited")


async def test_an_edit_missed_while_the_server_was_away_is_shown(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    number = await chat.speak_up(Reply("Tomorrow at 9.", "en", said_by="Maria"))
    await person.sees("Tomorrow at 9.")
    chat.stop()
    await chat.edit(number, "Tomorrow at 10.")
    chat.start()

    await person.page.get_by_text("Tomorrow at 10.").wait_for(timeout=10_000)


async def test_the_page_says_who_is_writing(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    await chat.types("Maria")
    await expect(person.page.locator("#typing")).to_have_text("Maria is writing …")
    await chat.speak_up(Reply("Here I am.", "en", said_by="Maria"))
    await person.sees("Here I am.")
    await expect(person.page.locator("#typing")).to_be_hidden()

    await person.says("nothing")
    await chat.types()  # only that our own message was heard
    await expect(person.page.locator("#typing")).to_be_hidden()
    await person.page.wait_for_timeout(3_100)
    await chat.types()
    await expect(person.page.locator("#typing")).to_have_text("Maria is writing …")


async def test_only_a_mentor_is_told_that_the_person_is_writing(person: Person, chat: Scripted) -> None:
    told = []
    person.page.on("request", lambda request: told.append(request.url) if "/api/typing" in request.url else None)
    await comes(person, chat, "waiting")
    await person.page.get_by_role("textbox").press_sequentially("abc")
    assert told == []

    await chat.stands("with_mentor")
    await expect(person.page.locator("#standing.with_mentor")).to_be_visible()
    await person.page.get_by_role("textbox").press_sequentially("def")
    assert len(told) == 1


async def test_a_file_is_chosen_and_sent_by_keyboard(person: Person, chat: Scripted) -> None:
    # Before anything else: a browser that has only just been told to hand choosers over may still open its own.
    choosers: asyncio.Queue[FileChooser] = asyncio.Queue()
    person.page.on("filechooser", choosers.put_nowait)
    await person.opens()
    await person.says("hello")
    await person.sees("You wrote: hello")
    clip = person.page.get_by_role("button", name="Send a photo or a PDF")
    await expect(clip).to_be_hidden()
    await chat.stands("waiting")
    await expect(clip).to_be_visible()
    await person.page.get_by_role("textbox").focus()
    await person.page.keyboard.press("Shift+Tab")
    await expect(clip).to_be_focused()
    await person.page.keyboard.press("Enter")
    chooser = await asyncio.wait_for(choosers.get(), 5)
    await chooser.set_files([letter()])

    sent = person.page.locator(".own").last
    await expect(sent.locator(".bubble")).to_have_text("📎 letter.png")
    await expect(sent.locator(".state")).to_be_empty()
    await expect(person.page.get_by_role("textbox")).to_be_focused()
    await person.opens()
    await expect(person.page.locator(".own .bubble").last).to_have_text("📎 letter.png")
    await person.sees("You wrote: hello")
    assert chat.received == 2


@pytest.mark.parametrize("way", ["paste", "drop"])
async def test_a_picture_can_be_pasted_or_dropped(person: Person, chat: Scripted, way: str) -> None:
    await comes(person, chat, "with_mentor")
    await person.page.evaluate(DROP, [way, "screen.png", list(PNG)])

    await expect(person.page.locator(".own .bubble").last).to_have_text("📎 screen.png")
    await expect(person.page.locator(".own .state").last).to_be_empty()


async def test_without_a_mentor_a_pasted_picture_goes_nowhere(person: Person, chat: Scripted) -> None:
    await person.opens()
    await person.page.evaluate(DROP, ["paste", "screen.png", list(PNG)])
    await person.page.wait_for_timeout(200)

    await expect(person.page.locator(".own")).to_have_count(0)


async def test_what_cannot_be_sent_is_said_before_it_is_sent(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    files = person.page.locator("#files")
    await files.set_input_files([letter("a.txt", b"x", "text/plain")])
    await expect(person.page.locator("#band")).to_contain_text("A photo (JPEG, PNG or WebP) or a PDF works")
    await files.set_input_files([letter(content=PNG + b"\0" * LARGEST)])
    await expect(person.page.locator("#band")).to_contain_text("at most 10 MB")

    assert chat.received == 1


async def test_a_file_that_failed_is_kept_for_another_try(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    await person.page.route("**/api/files?*", lambda route: route.fulfill(status=415, json={"message": "Not this."}))
    await person.page.locator("#files").set_input_files([letter()])
    state = person.page.locator(".own .state").last
    await expect(state).to_contain_text("Not this.")
    await person.page.unroute("**/api/files?*")
    await state.get_by_role("button", name="Try again").click()

    await expect(state).to_be_empty()
    assert chat.received == 2


async def test_a_file_sent_while_the_server_was_away_goes_out_once(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    chat.stop()
    await person.page.locator("#files").set_input_files([letter()])
    await expect(person.page.locator(".own .state").last).to_contain_text("Waiting to be sent")
    chat.start()

    await expect(person.page.locator(".own .state").last).to_be_empty(timeout=10_000)
    assert chat.received == 2


async def test_a_slow_file_shows_how_far_it_is_and_holds_up_no_message(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    cdp = await person.page.context.new_cdp_session(person.page)
    slow = {"offline": False, "latency": 50, "downloadThroughput": -1, "uploadThroughput": 400_000}
    await cdp.send("Network.emulateNetworkConditions", slow)
    await person.page.locator("#files").set_input_files([letter(content=PNG + b"\0" * 1_000_000)])
    bar = person.page.get_by_role("progressbar", name="Sending")
    await expect(bar).to_be_visible()
    await person.says("a short word")
    await person.sees("You wrote: a short word")
    await expect(bar).to_be_visible()

    await expect(bar).to_be_hidden(timeout=10_000)


async def test_a_line_about_the_mentor_is_written_at_once(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "with_mentor")
    await chat.stands("bot")
    await chat.speak_up(Reply("Thank you.", "en", buttons=(Button("Write a line", payload="mentor:line"),)))
    await person.page.get_by_role("button", name="Write a line").click()

    await expect(person.page.get_by_role("textbox")).to_be_focused()


@pytest.mark.parametrize("person", [PHONE], indirect=True)
@pytest.mark.parametrize("path", ["/", "/embed"])
@pytest.mark.parametrize("state", ["waiting", "with_mentor"])
async def test_nothing_scrolls_sideways_on_a_phone(person: Person, chat: Scripted, state: str, path: str) -> None:
    await person.opens(path)
    await person.page.get_by_role("textbox").fill("hello")
    await person.page.locator(".send").click()
    await person.sees("You wrote: hello")
    await chat.stands(state, promised_in=timedelta(days=3), mentor="Maximiliane-Friederike")
    await expect(person.page.locator(f"#standing.{state}")).to_be_visible()
    name = "Kontanthjælpsansøgningsskema" * 3
    await chat.speak_up(Reply(f"https://a.example/{name}\n{name}", "en", said_by="Maximiliane-Friederike", edited=True))
    await person.page.locator("#files").set_input_files([letter(f"{name}.png")])
    await expect(person.page.locator(".own .bubble").last).to_contain_text(name[:40])
    await chat.types("Maximiliane-Friederike")
    await expect(person.page.locator("#typing")).to_be_visible()

    widths = "[document.documentElement.scrollWidth, document.getElementById('scroll').scrollWidth]"
    assert max(await person.page.evaluate(widths)) <= await person.page.evaluate("innerWidth")
    clip = await person.page.locator("#clip").bounding_box()
    assert clip is not None
    assert min(clip["width"], clip["height"]) >= 44


@pytest.mark.parametrize("person", SCHEMES, indirect=True, ids=["light", "dark"])
async def test_all_of_it_can_be_read_and_has_a_name(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "waiting")
    assert await person.page.evaluate(LOW_CONTRAST) == []
    await chat.stands("with_mentor")
    await chat.speak_up(Reply("See https://skat.dk", "en", said_by="Maria", edited=True))
    await person.sees("See")
    await chat.types("Maria")
    await expect(person.page.locator("#typing")).to_be_visible()
    await person.page.locator("#files").set_input_files([letter()])
    assert await person.page.evaluate(LOW_CONTRAST) == []
    await chat.stands("bot")
    await expect(person.page.locator("#standing.back")).to_be_visible()

    assert await person.page.evaluate(LOW_CONTRAST) == []
    assert await person.page.evaluate(NAMELESS) == []
    assert await person.page.evaluate(REPEATED_IDS) == []


async def test_the_promise_follows_the_language_of_the_page(person: Person, chat: Scripted) -> None:
    await comes(person, chat, "waiting")
    await person.page.get_by_label("Language").select_option("da")

    await expect(person.page.locator("#standing")).to_contain_text("kl.")
    await expect(person.page.locator("#standing")).to_have_attribute("lang", "da")
