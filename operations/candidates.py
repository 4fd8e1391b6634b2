"""Training as the admin pages ask for it: a candidate is trained beside the model in use, tried with the evaluation
questions, compared, and only then, when somebody says so, put in its place; without a message being dropped.

What there is to do stands in `trainings`; a trainer looks there every two seconds and says as often that it is alive, so
that another one goes on where a trainer has ended.
"""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import structlog

from bot.channels.bulk import BulkChannel
from bot.engine.rasa import RasaEngine
from bot.services import Services
from core.days import COPENHAGEN
from core.errors import VelkommenError
from knowledge.library import Library
from knowledge.shelf import Shelf
from knowledge.training import digest_in, digest_of, trained_topics, write_training
from operations.ask import consider
from operations.comparing import may_replace, report
from operations.evaluate import FOLDER, Line, Pair, read_floors, read_questions
from operations.stack import RASA_PATIENCE, free_port, rasa_child, told_by, until_answers
from operations.training import build, fingerprint, in_use, model_named, model_path, use
from store import audit, trainings
from store import knowledge as stored
from store.trainings import Row

log = structlog.get_logger()
EVERY = 2.0  # seconds between two looks, and two signs of life
AT_ONCE = 4
USUAL = 150.0  # seconds that a training takes, as long as there was none
IN_A_ROW = 6  # answers by which we believe that every Rasa behind the name has followed
PATIENCE = 120.0  # seconds for that
NIGHTLY = "velkommen"  # who it was, in the audit log
OTHER_CODE = "It was trained with another version of Velkommen, which reads messages differently. Train again."
FILE_GONE = "The file of this model is gone. Train again."
NOT_LOADED = "Rasa could not load the model. The one in use stays; Rasa's log says why."
NOT_FOLLOWED = (
    "Rasa did not change over to the model in time. The one in use stays. Is Rasa started with models/active.tar.gz?"
)
NOT_ANSWERED = "The model gave no answer to some of the evaluation questions. The log candidate.log says why."
BROKE = "Something went wrong; the log of the process that trains says what."


@asynccontextmanager
async def training(services: Services) -> AsyncIterator[None]:
    """Train, and put models to use, as asked for while the block runs; what is unfinished at its end is handed back."""
    task = asyncio.create_task(Trainer(services).work())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(slots=True)
class Doing:
    """How far it is: `share` of the step from 0 to 1."""

    began: datetime
    step: str
    share: float = 0.0
    usual: float = 0.0  # seconds; of a step that cannot say how far it is

    def told(self, now: datetime) -> dict[str, Any]:
        seconds = (now - self.began).total_seconds()
        share = min(seconds / self.usual, 0.95) if self.usual else self.share
        return {"step": self.step, "share": round(share, 3), "seconds": round(seconds)}


class Trainer:
    """One of them works at a time: what it has taken, another leaves alone until nothing is heard of it any more.

    politely: whatever else runs on the machine, answers above all, goes before what it does.
    """

    def __init__(self, services: Services, *, politely: bool = True) -> None:
        self.services = services
        self.politely = politely
        self.settings = services.settings
        self.kit = Path(services.settings.evaluation or FOLDER)
        self.code = ""
        self.nightly_on: object = None

    async def work(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("the trainer's look failed")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Do what there is to do."""
        now = self.services.now()
        await self._ask_at_night(now)
        async with self.services.database.begin() as connection:
            await trainings.recover(connection, now=now)
            taken = await trainings.take(connection, now=now)
        if taken is not None:
            try:
                await self._do(taken)
            except asyncio.CancelledError:  # told to end
                async with self.services.database.begin() as connection:
                    await trainings.hand_back(connection, taken.id)
                raise

    async def _do(self, row: Row) -> None:
        self.code = self.code or await asyncio.to_thread(fingerprint, None)
        await (self._put_to_use(row) if row.status == "activating" else self._make(row))
        await self._tidy()

    async def _ask_at_night(self, now: datetime) -> None:
        today = now.astimezone(COPENHAGEN).date()
        if self.nightly_on == today or not night_has_come(self.settings.train_nightly, now):
            return
        self.nightly_on = today
        async with self.services.database.begin() as connection:
            last, active = await trainings.last_nightly(connection), await trainings.active(connection)
            if last is not None and last.astimezone(COPENHAGEN).date() == today:
                return
            tried = (active, await trainings.last_tried(connection))
            now_known = await asyncio.to_thread(digest_of, await self.services.shelf.library())
            if not any(row is not None and row.report.get("learnt") == now_known for row in tried):
                number = await trainings.ask(connection, staff_id=None, now=now, nightly=True)
                if number is not None:
                    await audit.add(
                        connection, staff_id=None, who=NIGHTLY, what="training.run", about=f"training:{number}", now=now
                    )

    # --- a candidate ------------------------------------------------------------------------------------------------

    async def _make(self, row: Row) -> None:
        async with self.services.database.connect() as connection:
            usual = await trainings.usual_seconds(connection)
        doing = Doing(self.services.now(), "training", usual=usual or USUAL)
        work = asyncio.create_task(self._candidate(row, doing))
        try:
            await self._beside(work, row, doing)
            if await work:
                await self._activate_by_itself(row)
        except asyncio.CancelledError:
            await _ended(work)
            if _told_to_end():
                raise
            await self._fails(row, trainings.STOPPED)
        except VelkommenError as error:
            await self._fails(row, str(error))
        except Exception:
            log.exception("training failed", training=row.id)
            await self._fails(row, BROKE)
        finally:
            await _ended(work)
            shutil.rmtree(self._folder(row), ignore_errors=True)

    async def _beside(self, work: asyncio.Task[bool], row: Row, doing: Doing) -> None:
        """Say how far it is until it is done; end it when somebody stops it."""
        while not (await asyncio.wait([work], timeout=EVERY))[0]:
            async with self.services.database.begin() as connection:
                now = self.services.now()
                if await trainings.beat(connection, row.id, doing.told(now), now=now):
                    work.cancel()

    async def _candidate(self, row: Row, doing: Doing) -> bool:
        """Train and try; whether it shall be put to use without anybody's asking for it."""
        library = await self.services.shelf.library()
        folder = self._folder(row) / "training"
        await asyncio.to_thread(write_training, library, folder)
        model = self.settings.data_dir / "models" / (await asyncio.to_thread(model_path, folder.parent)).name
        name, topics = model.name.removesuffix(".tar.gz"), trained_topics(folder)
        learnt = digest_in(folder)
        if not model.exists():
            await self.learn(folder, model)
            await self._tell(row, "training", progress={"trained": doing.told(self.services.now())["seconds"]})
        await self._tell(row, "evaluating", model=name, code=self.code, topics=topics)

        doing.step, doing.usual = "evaluating", 0.0
        questions, floors = read_questions(folder=self.kit), read_floors(self.kit)
        new = await self.ask(model, library, topics, questions, doing)
        async with self.services.database.connect() as connection:
            active = await trainings.active(connection)
        used: list[Pair] | None = None
        if active is not None and (file := model_named(self.settings.data_dir, active.model)).exists():
            doing.step, doing.share = "comparing", 0.0
            used = await self.ask(file, library, active.topics, questions, doing)
        found = {**report(new, used, floors), "learnt": learnt}
        status = "refused" if found["below"] else "ready"
        await self._tell(row, status, report=found, ended_at=self.services.now())
        log.info("trained", training=row.id, status=status, questions=len(questions), flips=len(found["flips"]))
        return row.nightly and self.settings.train_activate and may_replace(found)

    async def learn(self, folder: Path, model: Path) -> None:
        """The training runs in a thread; whatever ends the wait ends the training."""
        stop = threading.Event()
        building = asyncio.create_task(
            asyncio.to_thread(build, self.settings, folder, model, stop=stop, politely=self.politely)
        )
        try:
            await asyncio.shield(building)
        finally:
            stop.set()
            await asyncio.wait([building])
            if not building.cancelled():
                building.exception()

    async def ask(
        self, model: Path, library: Library, topics: Sequence[str], questions: list[Line], doing: Doing
    ) -> list[Pair]:
        """The answers of a model to the questions, in a Rasa of its own; of what is published as it was at the beginning."""
        port = free_port()
        child = rasa_child(self.settings, model, port, name="candidate", politely=self.politely)
        keeping = asyncio.create_task(child.keep_running())
        engine = RasaEngine(f"http://127.0.0.1:{port}")
        try:
            await until_answers(f"http://127.0.0.1:{port}/webhooks/rest/", RASA_PATIENCE)
            held = replace(library, trained=frozenset(topics))
            await asyncio.to_thread(held.ready)
            shelf = HeldShelf(self.services, held)
            services = replace(self.services, engine=engine, shelf=shelf, channels={"bulk": BulkChannel()})
            return await ask_all(services, questions, doing)
        finally:
            await engine.close()
            await child.stop()
            await keeping

    async def _tell(self, row: Row, status: str, **values: Any) -> None:
        async with self.services.database.begin() as connection:
            await trainings.becomes(connection, row.id, status, **values)

    async def _fails(self, row: Row, reason: str) -> None:
        log.warning("training failed", training=row.id)
        await self._tell(row, "failed", reason=reason, ended_at=self.services.now())

    def _folder(self, row: Row) -> Path:
        return self.settings.data_dir / "candidates" / str(row.id)

    async def _tidy(self) -> None:
        """Delete the files that nobody can want any more, and note which are gone."""
        async with self.services.database.begin() as connection:
            kept, known = await trainings.files_kept(connection), await trainings.files_known(connection)
            kept.add(in_use(self.settings.data_dir))
            for name in known - kept:
                model_named(self.settings.data_dir, name).unlink(missing_ok=True)
            gone = [name for name in known if not model_named(self.settings.data_dir, name).exists()]
            await trainings.files_gone(connection, gone)

    # --- putting to use ---------------------------------------------------------------------------------------------

    async def _activate_by_itself(self, row: Row) -> None:
        now = self.services.now()
        async with self.services.database.begin() as connection:
            if await trainings.ask_activation(connection, row.id, staff_id=None, now=now):
                about = f"training:{row.id}"
                await audit.add(connection, staff_id=None, who=NIGHTLY, what="training.activate", about=about, now=now)

    async def _put_to_use(self, row: Row) -> None:
        """Turn the link, wait until Rasa has followed, and say so; else turn it back and say why.

        Safe to begin anew at any point.
        """
        model = model_named(self.settings.data_dir, row.model)
        reason = self._obstacle(row, model)
        if not reason:
            use(model)
            reason = await self._followed(row)
        async with self.services.sessions.begin() as session:
            connection = await session.connection()
            if reason:
                former = await trainings.active(connection)
                if former is not None and model_named(self.settings.data_dir, former.model).exists():
                    use(model_named(self.settings.data_dir, former.model))
                await trainings.back_to(connection, row.id, reason=reason)
            else:
                await trainings.activated(connection, row.id, now=self.services.now())
                await stored.note_trained(session, list(row.topics), now=self.services.now())
        log.info("not activated" if reason else "activated", training=row.id, model=row.model)

    def _obstacle(self, row: Row, model: Path) -> str:
        if row.progress.get("tries", 0) > trainings.TRIES:
            return NOT_FOLLOWED
        if row.code != self.code:
            return OTHER_CODE
        return "" if model.exists() else FILE_GONE

    async def _followed(self, row: Row) -> str:
        """Empty once every Rasa has changed over, else why not. Several may stand behind one name: asked again and again."""
        loop = asyncio.get_running_loop()
        until, in_a_row = loop.time() + PATIENCE, 0
        doing = Doing(self.services.now(), "activating")
        while loop.time() < until:
            told = await self.told()
            if told.get("refused") == row.model:
                return NOT_LOADED
            in_a_row = in_a_row + 1 if told.get("model") == row.model else 0
            if in_a_row == IN_A_ROW:
                return ""
            async with self.services.database.begin() as connection:
                now = self.services.now()
                await trainings.beat(connection, row.id, doing.told(now), now=now)
            await asyncio.sleep(0.1 if in_a_row else 0.5)
        return NOT_FOLLOWED

    async def told(self) -> Mapping[str, str]:
        """What one of the Rasas says of the model that it answers with."""
        return await asyncio.to_thread(told_by, f"{self.settings.rasa_url}/webhooks/rest/")


class HeldShelf(Shelf):
    """What was published at one moment, for a model that has learnt these topics and no others."""

    def __init__(self, services: Services, library: Library) -> None:
        super().__init__(services.sessions)
        self._held = library

    async def library(self) -> Library:
        return self._held


async def ask_all(services: Services, questions: list[Line], doing: Doing) -> list[Pair]:
    """Each question beside its answer; VelkommenError if the engine leaves one unanswered twice."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, question: Line) -> Pair:
        async with gate:
            answer = await consider(services, number, question)
            if answer["act"] == "error":  # the first words of a language can take Rasa longer than a person would wait
                answer = await consider(services, number, question)
        doing.share += 1 / len(questions)
        return question, answer

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, question)) for number, question in enumerate(questions, start=1)]
    pairs = [task.result() for task in tasks]
    if any(answer["act"] == "error" for _, answer in pairs):
        raise VelkommenError(NOT_ANSWERED)
    return pairs


def night_has_come(at: str, now: datetime) -> bool:
    """Whether it is that Danish time of day, or at most an hour later; never for an empty one."""
    if not at:
        return False
    local, wanted = now.astimezone(COPENHAGEN), time.fromisoformat(at)
    return 0 <= (local.hour - wanted.hour) * 60 + local.minute - wanted.minute < 60


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _told_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
