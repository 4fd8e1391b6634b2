"""What every command stands on: a database that is up to date and holds the knowledge, and a trained Rasa."""

import asyncio
import fcntl
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import VelkommenError
from core.settings import Settings
from knowledge.publish import Outcome, import_folder, import_pages
from knowledge.shelf import Shelf
from knowledge.training import digest_in, trained_topics, write_training
from operations import postgres
from operations.assemble import KNOWLEDGE, ROOT
from operations.children import Child
from operations.training import POLITELY, fingerprint, model_named, rasa, rasa_environment, train_or_stop, use
from store import database, trainings
from store import knowledge as stored

RASA_PATIENCE = 120.0  # seconds


@contextmanager
def open_database(settings: Settings) -> Iterator[Settings]:
    """Settings with a database in them: the one they name, or the embedded one for as long as this lasts."""
    with ExitStack() as stack:
        if not settings.database_url:
            stack.enter_context(_alone(settings.data_dir))
            url = stack.enter_context(postgres.embedded(settings.data_dir / "postgres"))
            settings = replace(settings, database_url=url)
        database.migrate(settings.database_url)
        yield settings


@contextmanager
def database_in_use(settings: Settings) -> Iterator[Settings]:
    """The database of a running Velkommen on the same data folder, else our own while this lasts."""
    running = find_running(settings)
    if running is not None:
        yield running
        return
    with open_database(settings) as ready:
        yield ready


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One user of a data folder at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VelkommenError(
                f"Another Velkommen uses {folder}. Stop it, or set VELKOMMEN_DATA_DIR to another folder, "
                "for example VELKOMMEN_DATA_DIR=var-2 (and another VELKOMMEN_PORT)."
            ) from error
        yield


async def bring_knowledge(settings: Settings, folder: Path = KNOWLEDGE) -> Outcome:
    """Import the knowledge files and write the training data from what is published."""
    engine = database.connect(settings.database_url)
    sessions = database.sessions(engine)
    try:
        async with sessions.begin() as session:
            outcome = await import_folder(session, folder, now=datetime.now(UTC))
        write_training(await Shelf(sessions).library(), settings.data_dir / "training")
    finally:
        await engine.dispose()
    return outcome


async def bring_pages(settings: Settings, folder: Path) -> Outcome:
    """Import a folder of Markdown pages; the search finds them at once, nothing is trained."""
    engine = database.connect(settings.database_url)
    try:
        async with database.sessions(engine).begin() as session:
            return await import_pages(session, folder, now=datetime.now(UTC))
    finally:
        await engine.dispose()


async def train_from(settings: Settings) -> Path:
    """A link to the model to answer with: the one that somebody has activated, as long as it is there and our code is
    what it was made with; else one for what was last exported, trained if there is none.

    Which topics it has learnt is noted where every process sees it.
    """
    engine = database.connect(settings.database_url)
    try:
        async with engine.connect() as connection:
            active = await trainings.active(connection)
        code = await asyncio.to_thread(fingerprint, None)
        if active is not None and active.chosen and active.code == code:
            model = model_named(settings.data_dir, active.model)
            if model.exists():
                return use(model)
        model, folder = await train_or_stop(settings), settings.data_dir / "training"
        topics, now = trained_topics(folder), datetime.now(UTC)
        async with database.sessions(engine).begin() as session:
            await stored.note_trained(session, topics, now=now)
            report, name = {"learnt": digest_in(folder)}, model.name.removesuffix(".tar.gz")
            await trainings.trained_at_start(
                await session.connection(), model=name, code=code, topics=topics, report=report, now=now
            )
        return use(model)
    finally:
        await engine.dispose()


def rasa_child(settings: Settings, model: Path, port: int, *, name: str = "rasa", politely: bool = False) -> Child:
    """Rasa as a child process on loopback. Started with a link, it follows it (nlu/in_use.py)."""
    command = rasa(
        "run", "--model", str(model), "--port", str(port), "--interface", "127.0.0.1",
        "--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml",
    )  # fmt: skip
    log = settings.data_dir / "logs" / f"{name}.log"
    return Child(name, [*(POLITELY if politely else ()), *command], log, rasa_environment(settings), ROOT)


@asynccontextmanager
async def open_stack(settings: Settings) -> AsyncIterator[Settings]:
    """Database and Rasa: those of a running Velkommen on the same data folder, else our own while this lasts."""
    running = find_running(settings)
    if running is not None:
        yield running
        return
    with open_database(settings) as with_database:
        await bring_knowledge(with_database)
        if with_database.rasa_url:
            yield with_database
            return
        model = await train_from(with_database)
        port = free_port()
        child = rasa_child(with_database, model, port)
        keeping = asyncio.create_task(child.keep_running())
        try:
            with_rasa = replace(with_database, rasa_url=f"http://127.0.0.1:{port}")
            await until_answers(f"{with_rasa.rasa_url}/webhooks/rest/", RASA_PATIENCE)
            yield with_rasa
        finally:
            await child.stop()
            await keeping


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_answers(url: str, patience: float) -> None:
    """Wait until the address answers 200."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if await asyncio.to_thread(answers, url):
            return
        await asyncio.sleep(0.2)
    raise VelkommenError(f"{url} did not answer within {patience:.0f} seconds; look into the logs folder.")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - loopback only
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def told_by(url: str) -> dict[str, str]:
    """What a Rasa says of the model that it answers with; nothing where none answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own Rasa
            told: dict[str, str] = json.loads(response.read())
            return told
    except (urllib.error.URLError, OSError, ValueError):
        return {}


# --- the note that a running Velkommen leaves for the other commands ------------------------------------------


def write_note(settings: Settings) -> None:
    note = {"pid": os.getpid(), "database_url": settings.database_url, "rasa_url": settings.rasa_url}
    path = note_path(settings)
    path.touch(mode=0o600)
    path.write_text(json.dumps(note))


def remove_note(settings: Settings) -> None:
    note_path(settings).unlink(missing_ok=True)


def note_path(settings: Settings) -> Path:
    return settings.data_dir / "running.json"


def find_running(settings: Settings) -> Settings | None:
    """The database and Rasa of a `velkommen run` on the same data folder, if one is alive and answering."""
    try:
        note = json.loads(note_path(settings).read_text())
        os.kill(note["pid"], 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError, ValueError, KeyError):
        return None
    found = replace(settings, database_url=note["database_url"], rasa_url=note["rasa_url"])
    return found if answers(f"{found.rasa_url}/webhooks/rest/") else None
