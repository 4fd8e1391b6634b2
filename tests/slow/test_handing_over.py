"""A human when it matters, as people meet it: real processes, two browsers, Telegram's emulator, all at once.

Two web processes serve: recruits are at one, mentors at the other. Pictures go to VELKOMMEN_PICTURES, where that is set.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url

from core.settings import Settings
from operations.stack import answers, free_port
from tests.browser.conftest import DESK, PHONE, browser  # noqa: F401 - a fixture
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until
from tests.support.running import Running, a_folder, velkommen

GROUP, MARIA, JOY = -1_000_777, 900, 31
PASSWORD = "a long enough password"
WITHIN = 45_000  # milliseconds: the clock looks every fifteen seconds


@dataclass
class Town:
    """What runs, and its doors."""

    run: Running
    telegram: TelegramEmulator
    url: str
    desk: str
    database: Engine

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.database.begin() as connection:
            found = connection.execute(text(query), values)
            return list(found.all()) if found.returns_rows else []

    def mentor(self, *arguments: str) -> str:
        done = velkommen(
            self.run.folder, "mentor", *arguments, PUBLIC_URL="", VELKOMMEN_PORT=self.desk.rpartition(":")[2]
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self, chat_id: int) -> str:
        return "\n".join(json.dumps(message, ensure_ascii=False) for message in self.telegram.messages(chat_id))


@pytest.fixture(scope="module")
async def town(trained: Settings) -> AsyncIterator[Town]:
    from operations.training import train

    async with TelegramEmulator() as telegram:
        telegram.forum(GROUP)
        with a_folder(train(trained)) as folder:
            port, desk_port = free_port(), free_port()
            settings = {"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url}
            settings["VELKOMMEN_MENTOR_GROUP"] = str(GROUP)
            run = Running(folder, "run", VELKOMMEN_PORT=str(port), **settings)
            desk: Running | None = None
            try:
                await run.tells("is ready", within=120)
                where = json.loads((folder / "running.json").read_text())["database_url"]
                desk = Running(folder, "web", VELKOMMEN_PORT=str(desk_port), DATABASE_URL=where, **settings)
                await until(lambda: asyncio.to_thread(answers, f"http://127.0.0.1:{desk_port}/healthz"), within=30)
                database = create_engine(make_url(where).set(drivername="postgresql+psycopg"))
                yield Town(run, telegram, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{desk_port}", database)
                database.dispose()
            finally:
                if desk is not None:
                    desk.end()
                run.end()


async def page_of(browser: Browser, **how: Any) -> tuple[BrowserContext, Page]:  # noqa: F811
    context = await browser.new_context(**{"locale": "en-GB", **how})
    context.set_default_timeout(WITHIN)
    return context, await context.new_page()


async def picture(page: Page, name: str) -> None:
    folder = os.environ.get("VELKOMMEN_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def sees(town: Town, chat_id: int, words: str) -> None:
    await until(lambda: words in town.shown(chat_id), within=45)


async def test_a_nurse_in_telegram_and_a_mentor_in_the_inbox(town: Town, browser: Browser) -> None:  # noqa: F811
    link = re.search(r"http\S+", town.mentor("add", "maria@example.org", "--name", "Maria", "--languages", "en,da,fil"))
    assert link is not None
    context, desk = await page_of(browser, viewport=DESK)
    phone_context, phone = await page_of(browser, viewport=PHONE)

    # Maria chooses a password with the link, and signs in.
    await desk.goto(link[0])
    await desk.locator("input[type=password]").first.fill(PASSWORD)
    await desk.locator("main button, form button").last.click()
    if "/staff/login" in desk.url:
        await desk.locator("input[type=email]").fill("maria@example.org")
        await desk.locator("input[type=password]").fill(PASSWORD)
        await desk.locator("form button").last.click()
    await desk.goto(f"{town.desk}/inbox")
    await expect(desk.locator("#rows-skeleton")).to_be_hidden()
    await expect(desk.locator("#rows-nothing")).to_be_visible()

    # Joy asks for a person, in Filipino; she hears when somebody will write.
    await town.telegram.says(JOY, "pwede ba akong makausap ng totoong tao?", language_code="fil")
    await sees(town, JOY, "mentor:yes")
    await town.telegram.presses(JOY, "mentor:yes")
    await sees(town, JOY, "mentor:cancel")

    # Without a reload she is in the queue, in the other web process; Maria takes her and answers.
    row = desk.locator("#rows li").first
    await expect(row).to_be_visible()
    await picture(desk, "1-queue")
    await row.locator("a").click()
    await desk.locator("#acts").get_by_role("button", name="Take it").click()
    await sees(town, JOY, "Maria")
    await desk.locator("#text").fill("Kumusta Joy! Si Maria ito. <b>Ano</b> ang *maitutulong* ko?")
    await desk.keyboard.press("Enter")
    await sees(town, JOY, "Ano")
    await until(lambda: "&lt;b&gt;Ano" in town.shown(JOY) or "<b>Ano" in town.shown(JOY), within=5)

    # What she writes appears; the bot says nothing.
    before = len(town.telegram.messages(JOY))
    await town.telegram.says(JOY, "hindi binalik ng landlord ang deposit ko", language_code="fil")
    await expect(desk.get_by_role("log").get_by_text("hindi binalik ng landlord ang deposit ko")).to_be_visible()
    await picture(desk, "2-talk")
    assert len(town.telegram.messages(JOY)) == before

    # A reminder falls due, and waits.
    town.rows("""
        insert into reminders (recruit_id, kind, occurrence, text, planned_for, due_at, created_at)
        select r.id, 'own', 'x', 'tawagan ang bangko', now(), now(), now() from recruits r
        join addresses a on a.recruit_id = r.id where a.external_id = :joy
    """, joy=str(JOY))  # fmt: skip
    town.rows("update recruits set consent = 'given' where consent <> 'given'")
    waits = "select 1 from reminders where status = 'postponed' and reason = 'talking to a mentor'"
    await until(lambda: bool(town.rows(waits)), within=45)
    assert "tawagan ang bangko" not in town.shown(JOY)

    # On her phone, Maria resolves it; Velkommen is back, the reminder comes, and Joy says how it was.
    await phone_context.add_cookies(await context.cookies())
    ((number,),) = town.rows("select conversation_id from handovers where status = 'with_mentor'")
    await phone.goto(f"{town.desk}/inbox?box=mine&open={number}")
    await expect(phone.get_by_role("log").get_by_text("hindi binalik")).to_be_visible()
    await picture(phone, "3-phone")
    assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await desk.locator("#acts [data-act=resolve]").click()
    await desk.get_by_role("dialog").get_by_role("radio").first.check()
    await desk.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    await sees(town, JOY, "mentor:rate:5")
    await sees(town, JOY, "tawagan ang bangko")
    assert town.shown(JOY).index("mentor:rate:5") < town.shown(JOY).index("tawagan ang bangko")
    await town.telegram.presses(JOY, "mentor:rate:5")
    await until(lambda: town.rows("select rating from handovers") == [(5,)], within=20)
    await town.telegram.says(JOY, "paano kumuha ng tax card?", language_code="fil")
    await sees(town, JOY, "skattekort")
    await context.close()
    await phone_context.close()


async def test_somebody_at_the_page_and_a_mentor_in_telegram(town: Town, browser: Browser) -> None:  # noqa: F811
    code = re.search(r"/start \S+", town.mentor("telegram", "maria@example.org"))
    assert code is not None
    await town.telegram.says(MARIA, code[0])
    await sees(town, MARIA, "Maria")

    context, page = await page_of(browser, viewport=PHONE)
    await page.goto(town.url)
    await page.locator("#skeleton").wait_for(state="hidden")
    box = page.get_by_role("textbox")
    await box.fill("I want to talk to a person")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Yes, please").click()
    await expect(page.get_by_role("log").get_by_text("mentor").last).to_be_visible()
    await box.fill("my employer keeps my passport")
    await page.keyboard.press("Enter")
    await picture(page, "4-waiting")

    # A topic in the mentors' group; Maria answers there.
    def thread() -> int | None:
        topics = town.telegram.chats[GROUP].topics
        return max(topics, default=None)

    await until(lambda: thread() is not None, within=45)
    await until(
        lambda: "my employer keeps my passport" in json.dumps(town.telegram.in_topic(GROUP, thread() or 0)), within=45
    )
    by = {"id": MARIA, "first_name": "Maria", "is_bot": False}
    await town.telegram.says(GROUP, "That is not allowed. Are you safe now?", thread=thread(), by=by)
    await expect(page.get_by_role("log").get_by_text("That is not allowed. Are you safe now?")).to_be_visible()
    await expect(page.get_by_role("log").get_by_text("👤 Maria, mentor").first).to_be_visible()
    await box.fill("yes I am")
    await page.keyboard.press("Enter")
    await until(lambda: "yes I am" in json.dumps(town.telegram.in_topic(GROUP, thread() or 0)), within=45)
    await picture(page, "5-with-mentor")

    await town.telegram.says(GROUP, "/resolve solved", thread=thread(), by=by)
    await page.get_by_role("button", name="Yes, solved").click()
    await picture(page, "6-back")
    good = "select 1 from handovers where rating = 5 and outcome = 'solved' having count(*) = 2"
    await until(lambda: bool(town.rows(good)), within=20)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await context.close()
