"""Training from the admin pages: what is asked for, done, handed over when a process ends, put to use and brought back.

Learning, Rasa and its answers are fakes here; tests/slow/test_training_from_admin.py does it for real.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels.bulk import BulkChannel
from bot.services import Services
from core.acts import AnswerTopics
from core.errors import VelkommenError
from knowledge.library import Library
from knowledge.training import digest_of
from operations import candidates, training
from operations.ask import answer, consider
from operations.assemble import web_doors
from operations.candidates import Doing, Trainer
from operations.evaluate import Line, Pair
from store import knowledge as stored
from store import trainings
from store.trainings import Row
from tests.emulators.waiting import until
from tests.support.inbox import Browser, add, signed_in
from web.app import create_app

QUESTIONS = [
    {"id": f"{language}-{topic}", "text": f"what about {topic}", "language": language, "kind": "topic", "topics": [topic],
     "acceptable": [], "act": "", "mixed": False}
    for language in ("en", "pl") for topic in ("tax-card", "cycling")
]  # fmt: skip


class FakeTrainer(Trainer):
    """Learns at once, knows by model which questions it gets right, and a Rasa that follows unless told otherwise."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.wrong: dict[str, set[str]] = {}
        self.next_wrong: set[str] = set()
        self.learnt: list[str] = []
        self.slow = asyncio.Event()
        self.slow.set()
        self.answering: Mapping[str, str] | None = None
        self.fails: Exception | None = None

    async def learn(self, folder: Path, model: Path) -> None:
        await self.slow.wait()
        if self.fails is not None:
            raise self.fails
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text("a model")
        self.learnt.append(model.name)

    async def ask(
        self, model: Path, library: Library, topics: Sequence[str], questions: list[Line], doing: Doing
    ) -> list[Pair]:
        wrong = self.wrong.setdefault(model.name, self.next_wrong)
        return [(question, answered(question, question["id"] not in wrong)) for question in questions]

    async def told(self) -> Mapping[str, str]:
        if self.answering is not None:
            return self.answering
        return {"status": "ok", "model": training.in_use(self.settings.data_dir)}


def answered(question: Line, right: bool) -> Line:
    topics = question["topics"] if right else ["bank-account"]
    return {"id": question["id"], "kind": "answer", "topics": topics, "alternatives": [], "act": "answer_topics",
            "offers_mentor": False, "language": question["language"]}  # fmt: skip


@pytest.fixture
async def trainer(services: Services, tmp_path: Path) -> AsyncIterator[FakeTrainer]:
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "test.jsonl").write_text("\n".join(json.dumps(question) for question in QUESTIONS))
    (kit / "floors.yml").write_text("at_least: {first: 0.5}\nat_most: {wrong: 0.5}\n")
    services.settings = replace(services.settings, evaluation=str(kit), rasa_url="http://rasa.test")
    async with services.database.begin() as connection:
        await connection.execute(text("delete from trainings"))
        before = (await connection.execute(text("select topics from trained_topics"))).scalar()
    yield FakeTrainer(services)
    async with services.database.begin() as connection:
        await connection.execute(text("delete from trainings"))
        await connection.execute(text("delete from trained_topics"))
    if before is not None:
        async with services.sessions.begin() as session:
            await stored.note_trained(session, before, now=services.now())


@pytest.fixture
async def editor(trainer: FakeTrainer, services: Services) -> Browser:
    return await joins(services, "Ed", "editor")


async def joins(services: Services, name: str, role: str) -> Browser:
    return await signed_in(services, create_app(web_doors(services)), await add(services, name, role))


async def rows(services: Services) -> list[Row]:
    async with services.database.connect() as connection:
        return list(reversed(await trainings.newest(connection, most=50)))


async def newest(services: Services) -> Row:
    return (await rows(services))[-1]


async def asked(services: Services, **how: Any) -> int:
    async with services.database.begin() as connection:
        number = await trainings.ask(connection, staff_id=None, now=services.now(), **how)
    assert number is not None
    return number


async def made(trainer: FakeTrainer, *, wrong: set[str] | None = None) -> Row:
    """A candidate, trained and tried; another model than the one before, as if something had changed."""
    number = await asked(trainer.services)
    trainer.next_wrong = wrong or set()
    await trainer.look()
    await as_another_model(trainer, number)
    return await newest(trainer.services)


async def as_another_model(trainer: FakeTrainer, number: int) -> None:
    """The same examples are the same model; these tests change none."""
    row = await newest(trainer.services)
    if not row.model:
        return
    file = training.model_named(trainer.settings.data_dir, row.model)
    other = training.model_named(trainer.settings.data_dir, f"{row.model}-{number}")
    file.rename(other)
    trainer.wrong[other.name] = trainer.wrong.pop(file.name)
    async with trainer.services.database.begin() as connection:
        await trainings.becomes(connection, number, row.status, model=f"{row.model}-{number}")


async def activated(trainer: FakeTrainer, number: int) -> Row:
    async with trainer.services.database.begin() as connection:
        assert await trainings.ask_activation(connection, number, staff_id=None, now=trainer.services.now())
    await trainer.look()
    async with trainer.services.database.connect() as connection:
        found = await trainings.one(connection, number)
    assert found is not None
    return found


# --- asking and training ------------------------------------------------------------------------------------------------


async def test_what_is_published_is_learnt_tried_and_waits_for_somebody_to_decide(
    trainer: FakeTrainer, services: Services, library: Library
) -> None:
    number = await asked(services)
    await trainer.look()

    row = await newest(services)
    assert (row.id, row.status, row.reason) == (number, "ready", "")
    assert set(row.topics) <= set(library.topics)
    assert trainer.learnt == [f"{row.model}.tar.gz"]
    assert not training.in_use(trainer.settings.data_dir), "nothing is put to use by itself"
    async with services.database.connect() as connection:
        full = await trainings.one(connection, number)
    assert full is not None
    assert full.report["questions"] == 4
    assert full.report["compared"] is False
    assert full.report["learnt"] == json.loads(json.dumps(digest_of(library)))
    assert not (trainer.settings.data_dir / "candidates" / str(number)).exists()


async def test_one_at_a_time(trainer: FakeTrainer, services: Services) -> None:
    await asked(services)
    async with services.database.begin() as connection:
        assert await trainings.ask(connection, staff_id=None, now=services.now()) is None


async def test_a_candidate_below_a_floor_is_refused_and_its_file_deleted(
    trainer: FakeTrainer, services: Services
) -> None:
    trainer.next_wrong = {"en-tax-card", "en-cycling", "pl-cycling"}
    number = await asked(services)
    await trainer.look()

    row = await newest(services)
    assert (row.status, row.model) == ("refused", "")
    assert list((trainer.settings.data_dir / "models").glob("*.tar.gz")) == []
    async with services.database.begin() as connection:
        full = await trainings.one(connection, number)
        assert not await trainings.ask_activation(connection, number, staff_id=None, now=services.now())
    assert full is not None
    assert full.report["below"] == ["first", "wrong"]


async def test_a_training_that_fails_says_why(trainer: FakeTrainer, services: Services) -> None:
    trainer.fails = VelkommenError("Training failed: no space left on device.")
    await asked(services)
    await trainer.look()
    row = await newest(services)
    assert (row.status, row.reason) == ("failed", "Training failed: no space left on device.")


async def test_a_training_is_stopped_while_it_learns(
    trainer: FakeTrainer, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "EVERY", 0.05)
    trainer.slow.clear()
    number = await asked(services)
    looking = asyncio.create_task(trainer.look())
    await until_status(services, "training")
    async with services.database.begin() as connection:
        assert await trainings.stop(connection, number, now=services.now())
    await looking

    row = await newest(services)
    assert (row.status, row.reason, row.model) == ("failed", trainings.STOPPED, "")


async def until_status(services: Services, status: str) -> None:
    async def there() -> bool:
        return (await newest(services)).status == status

    await until(there, within=20)


async def test_what_was_asked_for_and_not_begun_can_be_taken_back(trainer: FakeTrainer, services: Services) -> None:
    number = await asked(services)
    async with services.database.begin() as connection:
        assert await trainings.stop(connection, number, now=services.now())
        assert not await trainings.stop(connection, number, now=services.now())
    await trainer.look()
    assert (await newest(services)).status == "failed"
    assert trainer.learnt == []


@pytest.mark.parametrize(
    "words",
    [
        "How do I get a tax card?",
        "I want to die",
        "my employer keeps my passport",
        "👍",
        "my cpr is 010190-1234",
        "hvad?",
    ],
)
async def test_a_question_is_tried_as_a_person_would_be_answered_and_nothing_of_it_is_written(
    services: Services, words: str
) -> None:
    services.channels = {"bulk": BulkChannel()}
    for _ in range(2):
        services.engine.will(AnswerTopics(("tax-card",)))  # type: ignore[attr-defined]
    said = await answer(services, {"id": "1", "text": words})

    async def written() -> list[int]:
        async with services.database.connect() as connection:
            tables = ("recruits", "conversations", "inbound", "outbound", "handovers", "unanswered", "counts")
            return [(await connection.execute(text(f"select count(*) from {table}"))).scalar_one() for table in tables]

    before = await written()
    assert await consider(services, 1, {"id": "1", "text": words}) == said
    assert await written() == before


# --- processes that end ---------------------------------------------------------------------------------------------------


async def test_a_trainer_that_is_told_to_end_hands_back_what_it_had(trainer: FakeTrainer, services: Services) -> None:
    trainer.slow.clear()
    await asked(services)
    looking = asyncio.create_task(trainer.look())
    await until_status(services, "training")
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert (await newest(services)).status == "waiting"

    await FakeTrainer(services).look()
    assert (await newest(services)).status == "ready"


async def test_a_trainer_that_was_killed_is_replaced_once_nothing_is_heard_of_it_and_given_up_the_second_time(
    trainer: FakeTrainer, services: Services
) -> None:
    async def killed_in_the_middle() -> None:
        async with services.database.begin() as connection:
            assert await trainings.take(connection, now=services.now()) is not None

    async def look(after: timedelta) -> Row:
        async with services.database.begin() as connection:
            await trainings.recover(connection, now=services.now() + after)
        return await newest(services)

    await asked(services)
    await killed_in_the_middle()
    assert (await look(timedelta(seconds=110))).status == "training", "it may still be alive"
    assert (await look(timedelta(seconds=130))).status == "waiting"
    await killed_in_the_middle()
    row = await look(timedelta(seconds=130))
    assert (row.status, row.reason) == ("failed", trainings.ENDED_IN_THE_MIDDLE)
    await asked(services)  # and nothing hangs


async def test_two_trainers_never_take_the_same(trainer: FakeTrainer, services: Services) -> None:
    await asked(services)

    async def take() -> Row | None:
        async with services.database.begin() as connection:
            return await trainings.take(connection, now=services.now())

    taken = await asyncio.gather(*(take() for _ in range(5)))
    assert sum(each is not None for each in taken) == 1


# --- putting to use -------------------------------------------------------------------------------------------------------


async def test_a_model_is_put_to_use_and_the_one_before_can_be_brought_back(
    trainer: FakeTrainer, services: Services
) -> None:
    first = await activated(trainer, (await made(trainer)).id)
    assert first.status == "active"
    second = await activated(trainer, (await made(trainer, wrong={"pl-cycling"})).id)
    assert second.status == "active"
    assert training.in_use(trainer.settings.data_dir) == second.model
    assert [row.status for row in await rows(services)] == ["retired", "active"]
    assert [flip["id"] for flip in second.report["flips"]] == ["pl-cycling"]
    async with services.sessions() as session:
        assert await stored.trained_topics(session) == list(second.topics)

    assert (await activated(trainer, first.id)).status == "active"
    assert training.in_use(trainer.settings.data_dir) == first.model
    assert [row.status for row in await rows(services)] == ["active", "retired"]


@pytest.mark.parametrize(
    ("answering", "reason"),
    [("refused", candidates.NOT_LOADED), ("silent", candidates.NOT_FOLLOWED)],
)
async def test_a_model_that_rasa_does_not_take_leaves_the_one_in_use(
    trainer: FakeTrainer, services: Services, monkeypatch: pytest.MonkeyPatch, answering: str, reason: str
) -> None:
    first = await activated(trainer, (await made(trainer)).id)
    second = await made(trainer)
    monkeypatch.setattr(candidates, "PATIENCE", 0.3)
    refused = {"refused": second.model} if answering == "refused" else {}
    trainer.answering = {"status": "ok", "model": first.model, **refused}

    row = await activated(trainer, second.id)
    assert (row.status, row.reason) == ("ready", reason)
    assert training.in_use(trainer.settings.data_dir) == first.model


async def test_a_model_of_another_code_is_not_put_to_use(trainer: FakeTrainer, services: Services) -> None:
    row = await made(trainer)
    async with services.database.begin() as connection:
        await trainings.becomes(connection, row.id, "ready", code="of last year")
    row = await activated(trainer, row.id)
    assert (row.status, row.reason) == ("ready", candidates.OTHER_CODE)
    assert not training.in_use(trainer.settings.data_dir)


async def test_an_activation_in_the_middle_of_which_the_process_ended_is_begun_anew(
    trainer: FakeTrainer, services: Services
) -> None:
    row = await made(trainer)
    async with services.database.begin() as connection:
        assert await trainings.ask_activation(connection, row.id, staff_id=None, now=services.now())
        assert await trainings.take(connection, now=services.now() - timedelta(minutes=3)) is not None
    await trainer.look()
    assert (await newest(services)).status == "active"


async def test_five_models_can_be_brought_back_and_older_ones_are_gone(
    trainer: FakeTrainer, services: Services
) -> None:
    for _ in range(8):
        await activated(trainer, (await made(trainer)).id)
        services.now.now += timedelta(hours=1)  # type: ignore[attr-defined]
    found = await rows(services)
    assert [bool(row.model) for row in found] == [False, False, True, True, True, True, True, True]
    there = {path.name for path in (trainer.settings.data_dir / "models").iterdir()} - {training.LINK}
    assert there == {f"{row.model}.tar.gz" for row in found if row.model}


async def test_what_a_start_trains_is_noted_once(trainer: FakeTrainer, services: Services) -> None:
    for model in ("a", "a", "b"):
        async with services.database.begin() as connection:
            await trainings.trained_at_start(
                connection, model=model, code="c", topics=["tax-card"], report={"learnt": {}}, now=services.now()
            )
    assert [(row.model, row.status, row.chosen) for row in await rows(services)] == [
        ("a", "retired", False),
        ("b", "active", False),
    ]


# --- at night -------------------------------------------------------------------------------------------------------------

NIGHT = timedelta(hours=14, minutes=35)  # from the tests' noon in UTC to 03:35 in Denmark


async def test_at_night_what_has_changed_is_learnt_and_used_only_if_asked_for_and_not_worse(
    trainer: FakeTrainer, services: Services
) -> None:
    await activated(trainer, (await made(trainer)).id)
    trainer.settings = replace(trainer.settings, train_nightly="03:30", train_activate=True)
    services.now.now += NIGHT  # type: ignore[attr-defined]
    await trainer.look()
    assert len(await rows(services)) == 1, "nothing has changed"

    await forget_what_was_learnt(services)
    services.now.now += timedelta(days=1)  # type: ignore[attr-defined]
    trainer.next_wrong = {"pl-cycling"}
    await trainer.look()
    await trainer.look()
    found = await newest(services)
    assert (found.status, found.nightly) == ("ready", True), "it is worse, so somebody has to look"

    services.now.now += timedelta(days=1)  # type: ignore[attr-defined]
    await trainer.look()
    assert len(await rows(services)) == 2, "nothing has changed since that one was tried"

    await forget_what_was_learnt(services)
    services.now.now += timedelta(days=1)  # type: ignore[attr-defined]
    trainer.wrong.pop(f"{found.model}.tar.gz")
    trainer.next_wrong = set()
    await trainer.look()
    await trainer.look()
    assert [row.status for row in await rows(services)] == ["retired", "ready", "active"]
    async with services.database.connect() as connection:
        noted = await connection.execute(text("select what, about from audit where who = 'velkommen' order by id desc"))
        assert [row.what for row in noted][:2] == ["training.activate", "training.run"]


async def forget_what_was_learnt(services: Services) -> None:
    """As if example questions had changed since."""
    async with services.database.begin() as connection:
        await connection.execute(text('update trainings set report = report || \'{"learnt": {"old": [1, "x"]}}\''))


# --- the pages ------------------------------------------------------------------------------------------------------------


async def test_the_page_says_what_is_in_use_what_has_changed_and_how_far_a_training_is(
    trainer: FakeTrainer, services: Services, editor: Browser
) -> None:
    await activated(trainer, (await made(trainer)).id)
    page = await editor.get("/admin/training")
    assert page.status_code == 200
    assert "No example question has changed since" in page.text

    async with services.database.begin() as connection:
        await connection.execute(
            text(
                "update trainings set report = jsonb_set(report #- '{learnt,tax-card}', '{learnt,cycling}', '[1, \"x\"]')"
            )
        )
    page = await editor.get("/admin/training")
    assert "2 topics have changed since." in page.text
    assert 'href="/admin/answers/tax-card"' in page.text

    assert (await editor.send("/admin/training/run")).headers["location"].startswith("/admin/training?said=training")
    page = await editor.get("/admin/training?said=training")
    assert "It waits to be begun." in page.text
    assert "<noscript>" in page.text
    found = (await editor.get("/admin/training/progress")).json()["running"]
    assert (found["share"], found["can_stop"], found["late"]) == (0, True, False)
    again = await editor.send("/admin/training/run")
    assert again.status_code == 422
    assert "is running already" in again.text

    stopped = await editor.send(f"/admin/training/{found['id']}/stop")
    assert stopped.status_code == 303
    assert (await editor.get("/admin/training/progress")).json() == {"running": None}
    assert (await editor.send(f"/admin/training/{found['id']}/stop")).status_code == 422


async def test_the_report_shows_both_models_and_what_flips_and_activates(
    trainer: FakeTrainer, services: Services, editor: Browser
) -> None:
    await activated(trainer, (await made(trainer, wrong={"en-cycling"})).id)
    row = await made(trainer, wrong={"pl-cycling"})

    page = await editor.get(f"/admin/training/{row.id}")
    assert page.status_code == 200
    assert "1 answered better than by the model in use then, 1 worse." in page.text
    assert "75.0 %" in page.text
    assert '<q lang="pl" dir="ltr">what about cycling</q>' in page.text
    only = await editor.get(f"/admin/training/{row.id}", show="better", group="pl")
    assert '<q lang="pl"' not in only.text
    assert '<q lang="en"' in only.text
    nothing = await editor.get(f"/admin/training/{row.id}", language="uk")
    assert "No question fits." in nothing.text

    assert (await editor.send(f"/admin/training/{row.id}/activate")).status_code == 303
    await trainer.look()
    assert training.in_use(trainer.settings.data_dir) == row.model
    page = await editor.get("/admin/training")
    assert "Ed" in page.text
    assert "Bring back …" in page.text
    again = await editor.send(f"/admin/training/{row.id}/activate")
    assert again.status_code == 422
    assert "cannot be put to use now" in again.text
    async with services.database.connect() as connection:
        noted = (await connection.execute(text("select what, about from audit order by id desc limit 1"))).one()
    assert tuple(noted) == ("training.activate", f"training:{row.id}")


async def test_a_refused_or_failed_one_says_why_in_words(
    trainer: FakeTrainer, services: Services, editor: Browser
) -> None:
    row = await made(trainer, wrong={"en-tax-card", "en-cycling", "pl-cycling"})
    page = await editor.get(f"/admin/training/{row.id}")
    assert "Below the floor, so that it cannot be put to use" in page.text
    assert "The first answer is right" in page.text
    assert "/activate" not in page.text
    trainer.fails = VelkommenError("Training failed: disk.")
    await asked(services)
    await trainer.look()
    failed = await editor.get(f"/admin/training/{(await newest(services)).id}")
    assert '<span lang="en">Training failed: disk.</span>' in failed.text


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", "9" * 30])
async def test_a_training_that_never_was_is_nowhere(trainer: FakeTrainer, editor: Browser, number: str) -> None:
    assert (await editor.get(f"/admin/training/{number}")).status_code == 404
    assert (await editor.send(f"/admin/training/{number}/activate")).status_code == 404


async def test_a_reviewer_reads_and_a_mentor_does_not(trainer: FakeTrainer, services: Services) -> None:
    await made(trainer)
    reviewer, mentor = await joins(services, "Rita", "reviewer"), await joins(services, "Maria", "mentor")
    page = await reviewer.get("/admin/training")
    assert page.status_code == 200
    assert "Train now" not in page.text
    assert (await reviewer.send("/admin/training/run")).status_code == 403
    assert (await mentor.get("/admin/training")).status_code == 403
