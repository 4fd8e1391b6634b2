"""A trained Rasa for the session: the model in the data folder of the environment's settings, trained if it is old."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.engine.rasa import RasaEngine
from bot.services import Services
from core.settings import Settings, read_settings
from operations.children import Child
from operations.stack import RASA_PATIENCE, bring_knowledge, free_port, rasa_child, until_answers
from operations.training import train


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class Rasa:
    url: str
    child: Child

    @property
    def pid(self) -> int:
        assert self.child.process is not None
        return self.child.process.pid

    @property
    def log(self) -> str:
        return self.child.log.read_text(errors="replace")


@pytest.fixture(scope="session")
def trained(database_url: str) -> Settings:
    """Settings whose data folder holds a model of the knowledge in the test database."""
    settings = replace(read_settings(os.environ), database_url=database_url, rasa_url="")
    asyncio.run(bring_knowledge(settings))
    train(settings)
    return settings


@pytest.fixture(scope="session")
async def rasa(trained: Settings) -> AsyncIterator[Rasa]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="velkommen-rasa-") as folder:
        child = rasa_child(trained, train(trained), port)
        child.log = Path(folder) / "rasa.log"
        keeping = asyncio.create_task(child.keep_running())
        try:
            await until_answers(f"{url}/webhooks/rest/", RASA_PATIENCE)
            yield Rasa(url, child)
        finally:
            await child.stop()
            with suppress(asyncio.CancelledError):
                await keeping


@pytest.fixture
async def engine(rasa: Rasa) -> AsyncIterator[RasaEngine]:
    engine = RasaEngine(rasa.url)
    yield engine
    await engine.close()


@pytest.fixture
def services(services: Services, engine: RasaEngine) -> Services:
    """As everywhere, with the real engine."""
    services.engine = engine
    return services
