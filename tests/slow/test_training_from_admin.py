"""Training as the admin pages ask for it, for real: learnt, tried, put to use under load, and the one before brought back.

A dozen topics and two dozen questions, so that it stays short; the model in use is the one that all slow tests use.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.background import Background
from bot.channels.bulk import BulkChannel
from bot.engine.rasa import RasaEngine
from bot.services import Services
from core.settings import Settings
from knowledge.publish import import_folder
from knowledge.shelf import Shelf
from knowledge.training import digest_in, trained_topics
from operations import training
from operations.ask import consider
from operations.assemble import KNOWLEDGE
from operations.candidates import Trainer
from operations.evaluate import read_questions
from operations.stack import RASA_PATIENCE, free_port, rasa_child, told_by, until_answers
from store import database, editing, trainings
from store.trainings import Row
from tests.support.running import a_folder

TOPICS = (
    "cpr-registration", "cycling", "danish-sign-up", "daycare-types", "digital-post", "find-rental-home", "making-friends",
    "mitid-get", "open-bank-account", "phone-and-internet", "public-transport-rejsekort", "tax-card",
)  # fmt: skip
BEES = "beekeeping"
LEARNT = (
    "How do I keep bees in Denmark?",
    "Am I allowed to have beehives in my garden?",
    "Where do I register a beehive?",
    "I want to become a beekeeper",
    "Which rules are there for honey bees at home?",
    "Can I put a hive of bees on the roof?",
    "who do I ask before I get bees",
    "Do I need a permit for bees?",
)
ASKED = "may I keep two hives of bees behind the house"
A_SECOND = 20


@dataclass
class Place:
    services: Services
    trainer: Trainer
    url: str

    async def asks_for(self) -> int:
        async with self.services.database.begin() as connection:
            number = await trainings.ask(connection, staff_id=None, now=self.services.now())
        assert number is not None
        return number

    async def activates(self, number: int) -> None:
        async with self.services.database.begin() as connection:
            assert await trainings.ask_activation(connection, number, staff_id=None, now=self.services.now())
        await self.trainer.look()
        row = await self.row(number)
        assert (row.status, row.reason) == ("active", "")

    async def row(self, number: int) -> Row:
        async with self.services.database.connect() as connection:
            found = await trainings.one(connection, number)
        assert found is not None
        return found

    async def acts(self, text: str) -> list[str]:
        """What Rasa alone makes of it, without our search."""
        found = await self.services.engine.next_acts(
            sender=str(time.monotonic_ns()), text=text, language="en", pending="none", audience="recruit"
        )
        return [str(act) for act in found]


@pytest.fixture(scope="module")
async def place(trained: Settings, postgres: str) -> AsyncIterator[Place]:
    url = new_database(postgres)
    model = training.train(trained)
    with a_folder(model) as folder:
        for cache in ("encoder", "lemmas"):
            (folder / cache).symlink_to(trained.data_dir / cache)
        settings = Settings(data_dir=folder, database_url=url, evaluation=str(kit(folder)), burst_seconds=0)
        await publish_a_dozen(url)
        port = free_port()
        rasa = rasa_child(settings, training.use(folder / "models" / model.name), port)
        keeping = asyncio.create_task(rasa.keep_running())
        settings = replace(settings, rasa_url=f"http://127.0.0.1:{port}")
        await until_answers(f"{settings.rasa_url}/webhooks/rest/", RASA_PATIENCE)
        engine = database.connect(url)
        sessions = database.sessions(engine)
        services = Services(
            settings=settings,
            database=engine,
            sessions=sessions,
            shelf=Shelf(sessions),
            engine=RasaEngine(settings.rasa_url),
            channels={"bulk": BulkChannel()},
            background=Background(),
        )
        learnt = trained.data_dir / "training"
        async with engine.begin() as connection:
            await trainings.trained_at_start(
                connection, model=model.name.removesuffix(".tar.gz"), code=training.fingerprint(None),
                topics=trained_topics(learnt), report={"learnt": digest_in(learnt)}, now=services.now(),
            )  # fmt: skip
        try:
            yield Place(services, Trainer(services, politely=False), settings.rasa_url)
        finally:
            await services.engine.close()  # type: ignore[attr-defined]
            await rasa.stop()
            with suppress(asyncio.CancelledError):
                await keeping
            await engine.dispose()


def new_database(postgres: str) -> str:
    engine = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("drop database if exists training with (force)"))
        connection.execute(text("create database training"))
    engine.dispose()
    url = make_url(postgres).set(database="training").render_as_string(hide_password=False)
    database.migrate(url)
    return url


async def publish_a_dozen(url: str) -> None:
    """What this repository publishes, of its topics a dozen; and one that no model has learnt yet."""
    engine, now = database.connect(url), datetime.now(UTC)
    async with database.sessions(engine).begin() as session:
        outcome = await import_folder(session, KNOWLEDGE, now=now)
        assert not outcome.problems, outcome.problems
        connection = await session.connection()
        others = "delete from knowledge where kind in ('topic', 'text') and key <> all(:topics)"
        await connection.execute(text(others), {"topics": list(TOPICS)})
        about = await editing.published(connection, ("topic", "cycling", ""))
        words = await editing.published(connection, ("text", "cycling", "en"))
        assert about is not None
        assert words is not None
        changes = {
            ("topic", BEES, ""): about.data,
            ("text", BEES, "en"): {**words.data, "title": "Keeping bees", "questions": list(LEARNT)},
        }
        await editing.publish(connection, changes, staff_id=None, now=now)
    await engine.dispose()


def kit(folder: Path) -> Path:
    made = folder / "kit"
    made.mkdir()
    few = [line for line in read_questions("dev") if line["kind"] == "topic" and set(line["topics"]) <= set(TOPICS)][
        :20
    ]
    bees = {**few[0], "id": "bees", "text": ASKED, "language": "en", "topics": [BEES], "acceptable": [], "mixed": False}
    (made / "test.jsonl").write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in (*few, bees)))
    (made / "floors.yml").write_text("at_least: {in_sight: 0.5}\nat_most: {wrong: 0.5}\n")
    return made


@asynccontextmanager
async def people_asking(place: Place) -> AsyncIterator[list[tuple[float, Any]]]:
    """So many messages a second, whatever becomes of those before; how long each waited, and what it got."""
    found: list[tuple[float, Any]] = []
    over = asyncio.Event()

    async def one() -> None:
        began = time.perf_counter()
        try:
            got: Any = await place.acts("How do I get a tax card?")
        except Exception as error:
            got = error
        found.append((time.perf_counter() - began, got))

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            while not over.is_set():
                group.create_task(one())
                await asyncio.sleep(1 / A_SECOND)

    asking = asyncio.create_task(all_of_them())
    try:
        yield found
    finally:
        over.set()
        await asking


async def test_train_try_activate_answer_and_bring_back(place: Place) -> None:
    async with place.services.database.connect() as connection:
        before = await trainings.active(connection)
    assert before is not None
    assert BEES not in str(await place.acts(ASKED))

    number = await place.asks_for()
    await place.trainer.look()
    candidate = await place.row(number)
    assert (candidate.status, candidate.reason) == ("ready", ""), candidate.report.get("below")
    assert BEES in candidate.topics
    assert candidate.report["compared"]
    assert candidate.report["questions"] == 21
    assert told_by(f"{place.url}/webhooks/rest/")["model"] == before.model, "nothing is put to use by itself"

    async with people_asking(place) as found:
        await asyncio.sleep(1)
        await place.activates(number)
        await asyncio.sleep(1)
    lost = [got for _, got in found if isinstance(got, Exception) or not got]
    assert not lost, f"{len(lost)} of {len(found)} messages got no answer: {lost[:3]}"
    print(f"{len(found)} messages while the model was changed; the longest wait was {max(found)[0]:.2f} s")

    assert told_by(f"{place.url}/webhooks/rest/")["model"] == candidate.model
    assert BEES in str(await place.acts(ASKED))
    library = await place.services.shelf.library()
    answer = await consider(place.services, 1, {"id": "1", "text": ASKED})
    assert answer["topics"] == [BEES]
    assert BEES not in library.new

    await place.activates(before.id)
    assert told_by(f"{place.url}/webhooks/rest/")["model"] == before.model
    assert BEES not in str(await place.acts(ASKED))


async def test_a_file_that_is_no_model_leaves_the_one_in_use(place: Place) -> None:
    used = told_by(f"{place.url}/webhooks/rest/")["model"]
    async with place.services.database.begin() as connection:
        number = (
            await connection.execute(
                text(
                    "insert into trainings (status, asked_at, model, code, topics) select 'ready', now(), 'broken', code, "
                    "topics from trainings where status = 'active' returning id"
                )
            )
        ).scalar_one()
        assert await trainings.ask_activation(connection, number, staff_id=None, now=place.services.now())
    training.model_named(place.services.settings.data_dir, "broken").write_text("half a model")
    await place.trainer.look()
    row = await place.row(number)
    assert row.status == "ready"
    assert "could not load the model" in row.reason
    assert told_by(f"{place.url}/webhooks/rest/")["model"] == used
    assert await place.acts("How do I get a tax card?")
