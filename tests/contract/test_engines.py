"""What the scripted engine and the real one promise alike; the real one here against recorded answers of Rasa.

`tests/slow/test_real_rasa.py` checks the same promises on Rasa itself.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web as http

from bot.engine import Engine
from bot.engine.rasa import RasaEngine
from core import acts
from core.errors import EngineError
from tests.contract.engine import (
    ASK,
    Promise,
    every_language,
    every_odd_text,
    every_pending,
    every_promise,
)
from tests.support.fakes import ScriptedEngine

PAYLOADS = Path(__file__).parent.parent / "payloads" / "rasa"


class RecordedRasa:
    """Answers as Rasa did, from files; keeps what it was asked."""

    def __init__(self) -> None:
        self.body: object = []
        self.status = 200
        self.raw: str | None = None
        self.asked: list[dict[str, object]] = []

    async def health(self, request: http.Request) -> http.Response:
        return http.json_response({"status": "ok"})

    async def handle(self, request: http.Request) -> http.Response:
        self.asked.append(await request.json())
        text = self.raw if self.raw is not None else json.dumps(self.body)
        return http.Response(text=text, status=self.status, content_type="application/json")


@pytest.fixture
async def rasa() -> AsyncIterator[tuple[RecordedRasa, RasaEngine]]:
    recorded = RecordedRasa()
    app = http.Application()
    app.router.add_get("/webhooks/rest/", recorded.health)
    app.router.add_post("/webhooks/rest/webhook", recorded.handle)
    runner = http.AppRunner(app)
    await runner.setup()
    site = http.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    engine = RasaEngine(f"http://127.0.0.1:{port}", pause=0)
    yield recorded, engine
    await engine.close()
    await runner.cleanup()


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
async def test_recorded_answers_become_acts(rasa: tuple[RecordedRasa, RasaEngine], path: Path) -> None:
    recorded, engine = rasa
    recorded.body = json.loads(path.read_text())
    found = await engine.next_acts(**ASK)
    assert [acts.act_name(act) for act in found] == [message["custom"]["act"] for message in recorded.body]  # type: ignore[attr-defined]


def test_there_is_a_recording_of_every_act() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == acts.NAMES


@pytest.fixture(params=["scripted", "recorded"])
def engine(request: pytest.FixtureRequest, rasa: tuple[RecordedRasa, RasaEngine]) -> Engine:
    if request.param == "scripted":
        return ScriptedEngine()
    recorded, real = rasa
    recorded.body = json.loads((PAYLOADS / "answer_topics.json").read_text())
    return real


@every_promise
async def test_an_engine_keeps_its_promises(engine: Engine, promise: Promise) -> None:
    await promise(engine)


@every_language
@every_pending
async def test_an_engine_answers_in_every_situation(engine: Engine, language: str, pending: str) -> None:
    assert await engine.next_acts(**{**ASK, "language": language, "pending": pending})


@every_odd_text
async def test_an_engine_answers_whatever_is_written(engine: Engine, text: str) -> None:
    assert await engine.next_acts(**{**ASK, "text": text})


async def test_the_message_travels_with_what_rasa_must_know(rasa: tuple[RecordedRasa, RasaEngine]) -> None:
    recorded, engine = rasa
    recorded.body = [{"recipient_id": "1", "custom": {"act": "help"}}]
    await engine.next_acts(**{**ASK, "pending": "mentor", "language": "fil"})
    assert recorded.asked[0]["metadata"] == {"language": "fil", "pending": "mentor", "audience": "recruit"}
    assert recorded.asked[0]["message"] == ASK["text"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([], "an internal error of Rasa is an empty list"),
        ({}, "not a list"),
        ([{"recipient_id": "1", "text": "Hello"}], "a sentence is no act"),
        ([{"recipient_id": "1", "custom": {"act": "answer_topics", "topics": "None"}}], "an unset slot"),
        ([{"recipient_id": "1", "custom": {"act": "dance"}}], "unknown"),
    ],
)
async def test_a_useless_answer_is_a_failure(rasa: tuple[RecordedRasa, RasaEngine], body: object, why: str) -> None:
    recorded, engine = rasa
    recorded.body = body
    with pytest.raises(EngineError):
        await engine.next_acts(**ASK)


async def test_a_broken_answer_is_a_failure(rasa: tuple[RecordedRasa, RasaEngine]) -> None:
    recorded, engine = rasa
    recorded.raw = "<html>oops"
    with pytest.raises(EngineError):
        await engine.next_acts(**ASK)
    recorded.raw, recorded.status = None, 500
    with pytest.raises(EngineError):
        await engine.next_acts(**ASK)


async def test_nobody_listening_is_a_failure() -> None:
    engine = RasaEngine("http://127.0.0.1:9", pause=0)
    with pytest.raises(EngineError):
        await engine.next_acts(**ASK)
    assert await engine.ready() is False
    await engine.close()


async def test_the_scripted_engine_fails_and_answers_alike() -> None:
    engine: Engine = ScriptedEngine()
    assert isinstance(engine, ScriptedEngine)
    engine.will(acts.Help())
    engine.will_fail()
    assert await engine.next_acts(**ASK) == [acts.Help()]
    with pytest.raises(EngineError):
        await engine.next_acts(**ASK)
    assert await engine.next_acts(**ASK), "never an empty list"
