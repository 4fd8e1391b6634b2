import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Playwright, async_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from store import database
from tests.support.person import Person
from tests.support.scripted_web import Scripted, free_port

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


def find_chromium(playwright: Playwright) -> str | None:
    """A Chromium that is there already: of the system, else Playwright's own; VELKOMMEN_CHROMIUM names another."""
    candidates = [os.environ.get("VELKOMMEN_CHROMIUM"), *map(shutil.which, NAMES), playwright.chromium.executable_path]
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            pytest.skip("NO BROWSER TEST WAS RUN: there is no Chromium here; `apt-get install chromium` brings one.")
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
        running = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])
        yield running
        await running.close()


@pytest.fixture(scope="session")
def database_url(postgres: str) -> str:
    """A database of the pages' own; they need no knowledge."""
    server = make_url(postgres).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create database pages"))
    engine.dispose()
    url = make_url(postgres).set(database="pages").render_as_string(hide_password=False)
    database.migrate(url)
    return url


@pytest.fixture
def chat(database_url: str, no_people: None) -> Iterator[Scripted]:
    running = Scripted(database_url, port=free_port())
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def person(browser: Browser, chat: Scripted, request: pytest.FixtureRequest) -> AsyncIterator[Person]:
    """Somebody at a desk, or as the test asks for: `@pytest.mark.parametrize("person", [{…}], indirect=True)`."""
    wanted: dict[str, Any] = {"viewport": DESK, "locale": "en-GB", **getattr(request, "param", {})}
    context = await browser.new_context(**wanted)
    context.set_default_timeout(5_000)
    yield Person(await context.new_page(), chat.url)
    await context.close()
