"""Fixtures: the embedded PostgreSQL, services over it with fakes at the edges, and a chat to talk in."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.background import Background
from bot.services import Services
from core.settings import Settings
from knowledge.library import Library
from knowledge.publish import import_folder
from operations.postgres import embedded
from store import database
from tests.support.fakes import Clock, FakeChannel, ScriptedEngine, SharedShelf
from tests.support.talk import Chat

KNOWLEDGE = Path(__file__).parent.parent / "knowledge"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own.

    Not below pytest's folder: each run of pytest closes that one to all but its user, and as root the server is
    another user, so that a second run would end it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="velkommen-", ignore_cleanup_errors=True) as folder,
        embedded(Path(folder) / "postgres") as url,
    ):
        _without_waiting_for_the_disk(url)
        yield url


def _without_waiting_for_the_disk(url: str) -> None:
    """No test ends PostgreSQL itself, so nothing is lost, and much time is saved."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"alter system set {name} = off"))
        connection.execute(text("select pg_reload_conf()"))
    engine.dispose()


@pytest.fixture(scope="session")
def database_url(postgres: str) -> str:
    """A migrated database that holds the knowledge of this repository."""
    database.migrate(postgres)

    async def fill() -> None:
        engine = database.connect(postgres)
        async with database.sessions(engine).begin() as session:
            outcome = await import_folder(session, KNOWLEDGE, now=NOW)
        await engine.dispose()
        assert not outcome.problems, outcome.problems

    asyncio.run(fill())
    return postgres


@pytest.fixture
def no_people(database_url: str) -> None:
    """Nobody has written yet."""
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("delete from recruits"))
        connection.execute(text("delete from staff"))
    engine.dispose()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=database_url, secret_key="x" * 48, burst_seconds=0)


@pytest.fixture
async def services(settings: Settings, no_people: None) -> AsyncIterator[Services]:
    async with services_over(settings) as made:
        yield made


@asynccontextmanager
async def services_over(settings: Settings) -> AsyncIterator[Services]:
    """Services over the real database, with a scripted engine, a fake channel and a clock that stands still."""
    engine = database.connect(settings.database_url)
    sessions = database.sessions(engine)
    made = Services(
        settings=settings,
        database=engine,
        sessions=sessions,
        shelf=SharedShelf(sessions),
        engine=ScriptedEngine(),
        channels={"fake": FakeChannel()},
        background=Background(),
        now=Clock(NOW),
    )
    yield made
    await made.background.drain()
    await engine.dispose()


@pytest.fixture
def chat(services: Services) -> Chat:
    return Chat(services)


@pytest.fixture
async def library(services: Services) -> Library:
    return await services.shelf.library()


@pytest.fixture
def settings_with(settings: Settings):  # type: ignore[no-untyped-def]
    return lambda **changes: replace(settings, **changes)
