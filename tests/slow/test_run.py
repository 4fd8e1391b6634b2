"""`velkommen run` and its commands as real processes: answers through every door, deaths survived, nothing left over.

The tests share one running copy and go on where the one before stopped; a process that was killed is back before each.
"""

import asyncio
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.settings import Settings
from operations.assemble import ROOT
from operations.stack import answers, free_port
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until
from tests.support.running import Running, a_folder, belonging_to, velkommen

FIELDS = ["id", "language", "kind", "topics", "alternatives", "confidence", "act", "offers_mentor", "text"]
MARIA = 7
APOLOGY = "went wrong"


@pytest.fixture(scope="module")
def model(trained: Settings) -> Path:
    from operations.training import train

    return train(trained)


@pytest.fixture(scope="module")
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
async def velkommen_run(model: Path, telegram: TelegramEmulator, port: int) -> AsyncIterator[Running]:
    with a_folder(model) as folder:
        running = Running(
            folder,
            "run",
            VELKOMMEN_PORT=str(port),
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_API_URL=telegram.url,
        )
        try:
            await running.tells("is ready", within=90)
            yield running
        finally:
            running.end()


@pytest.fixture
async def running(velkommen_run: Running, port: int) -> Running:
    """The running copy, with everything up."""
    await until(lambda: asyncio.to_thread(answers, f"http://127.0.0.1:{port}/readyz"), within=60)
    return velkommen_run


# --- through every door --------------------------------------------------------------------------------------------


def shown(message: dict[str, Any]) -> str:
    buttons = [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
    return "\n".join([str(message.get("text", "")), *buttons])


async def asks(telegram: TelegramEmulator, person: int, text: str, *, language: str = "en") -> str:
    """What Telegram shows in answer to a message."""
    before = len(telegram.messages(person))
    await telegram.says(person, text, language_code=language)
    await telegram.sees(person, before + 1, within=30)
    await asyncio.sleep(0.5)  # a second part may follow
    return "\n".join(shown(message) for message in telegram.messages(person)[before:])


@pytest.mark.parametrize(
    ("person", "language", "question", "answer"),
    [
        (11, "fil", "paano kumuha ng tax card?", "skattekort"),
        (12, "en", "do I need a CPR number first", "CPR"),
        (13, "da", "hvor meget depositum må udlejer tage?", "depositum"),
        (14, "pl", "czy kurs duńskiego jest darmowy?", "duńskiego"),
        (15, "en", "How do I get a tax card? And how do I open a bank account?", "bank account"),
        (16, "en", "I want to talk to a person", "Yes, please"),
        (17, "en", "my cpr is 010190-1234, how do I get a tax card?", "skattekort"),
        (18, "en", "I want to die", "112"),
    ],
)
async def test_a_question_through_telegram(
    running: Running, telegram: TelegramEmulator, person: int, language: str, question: str, answer: str
) -> None:
    said = await asks(telegram, person, question, language=language)
    assert answer in said
    assert APOLOGY not in said
    assert "010190" not in said


@pytest.fixture
async def visitor(running: Running, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at the page: with its cookie and its token."""
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        page = await client.get("/")
        token = page.text.partition('name="velkommen-token" content="')[2].partition('"')[0]
        client.headers.update({"X-Velkommen-Token": token, "Origin": url})
        yield client


async def sends(visitor: httpx.AsyncClient, text: str) -> None:
    number = sum(text.encode()) + time.monotonic_ns()
    assert (await visitor.post("/api/messages", json={"id": f"{number:012}", "text": text})).status_code == 202


async def replies(visitor: httpx.AsyncClient, count: int, *, within: float = 30) -> str:
    async def there() -> bool:
        found = (await visitor.get("/api/messages")).json()["messages"]
        return sum(message["type"] == "reply" for message in found) >= count

    await until(there, within=within)
    return json.dumps((await visitor.get("/api/messages")).json(), ensure_ascii=False)


async def test_questions_through_the_web(visitor: httpx.AsyncClient) -> None:
    await sends(visitor, "How do I get a tax card?")
    assert "skattekort" in await replies(visitor, 2)

    await sends(visitor, "how do I open a bank account")
    assert "NemKonto" in await replies(visitor, 3)

    await sends(visitor, "I want to talk to a person")
    assert "Yes, please" in await replies(visitor, 4)


async def test_an_answer_comes_over_the_open_stream(visitor: httpx.AsyncClient) -> None:
    await sends(visitor, "How do I get a tax card?")
    async with asyncio.timeout(30), visitor.stream("GET", "/api/stream") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and "skattekort" in line:
                return
    pytest.fail("the stream ended without the answer")


# --- asking in bulk ------------------------------------------------------------------------------------------------


def a_line(number: int, text: str, **more: Any) -> str:
    return json.dumps({"id": number, "text": text, **more}) + "\n"


def test_fifty_lines_are_answered_in_order(running: Running) -> None:
    texts = ("How do I get a tax card?", "hvor meget depositum må udlejer tage?", "I want to die", "hello", "asdf qwer")
    given = "".join(a_line(number, f"{texts[number % 5]} ") for number in range(50))

    began = time.monotonic()
    done = velkommen(running.folder, "ask", "--jsonl", given=given)
    seconds = time.monotonic() - began

    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(answer) for answer in said] == [FIELDS] * 50
    assert [answer["id"] for answer in said] == list(range(50))
    assert [answer["kind"] for answer in said[:4]] == ["answer", "answer", "danger", "smalltalk"]
    assert said[1]["language"] == "da"
    assert seconds < 30, "it joins what runs: nothing is started or trained for it"


def test_a_line_may_tell_language_and_profile(running: Running) -> None:
    line = a_line(1, "skattekort", language="pl", profile={"audience": "employer", "origin": "eu", "kommune": "Odense"})
    done = velkommen(running.folder, "ask", "--jsonl", given=line)
    assert json.loads(done.stdout)["language"] == "pl"


def test_a_bad_line_is_named_and_nothing_is_asked(running: Running) -> None:
    done = velkommen(running.folder, "ask", "--jsonl", given=a_line(1, "cpr??") + "cpr??\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("velkommen: Line 2 is not JSON.")
    assert "Traceback" not in done.stderr


def test_a_text_that_postgresql_cannot_keep_is_answered_all_the_same(running: Running) -> None:
    done = velkommen(running.folder, "ask", "--jsonl", given='{"id": 1, "text": "hel\\u0000lo \\ud83d"}\n')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == 1


# --- deaths --------------------------------------------------------------------------------------------------------


async def test_a_killed_web_process_comes_back(running: Running, port: int) -> None:
    times = running.told.count("web ended")
    running.child("operations.cli web").kill()

    await running.tells("web ended (by SIGKILL); starting again in ", times=times + 1, within=10)
    await until(lambda: asyncio.to_thread(answers, f"http://127.0.0.1:{port}/readyz"), within=30)


async def test_after_the_death_of_the_web_process_answers_are_given(visitor: httpx.AsyncClient) -> None:
    await sends(visitor, "How do I get a tax card?")
    assert "skattekort" in await replies(visitor, 2)


async def test_when_rasa_dies_nobody_meets_silence(running: Running, telegram: TelegramEmulator) -> None:
    running.child("rasa run").kill()
    said = await asks(telegram, MARIA, "How do I get a tax card?")
    assert APOLOGY in said or "skattekort" in said
    await running.tells("rasa ended (by SIGKILL); starting again in ", within=10)


async def test_after_the_death_of_rasa_answers_are_given(running: Running, telegram: TelegramEmulator) -> None:
    assert "skattekort" in await asks(telegram, 21, "How do I get a tax card?")


async def test_a_killed_bot_loses_no_message(running: Running, telegram: TelegramEmulator) -> None:
    running.child("operations.cli bot").kill()
    assert "skattekort" in await asks(telegram, 22, "How do I get a tax card?")


# --- side by side --------------------------------------------------------------------------------------------------


async def test_a_second_run_on_the_same_folder_says_why_it_cannot(running: Running) -> None:
    done = velkommen(running.folder, "run", VELKOMMEN_PORT=str(free_port()))
    assert done.returncode == 1
    assert "Another Velkommen uses" in done.stderr
    assert "VELKOMMEN_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_second_copy_has_its_own_database_and_stops_before_it_is_ready(running: Running, model: Path) -> None:
    with a_folder(model) as folder:
        second = Running(folder, "run", VELKOMMEN_PORT=str(free_port()))
        try:
            await second.tells("Starting rasa, web, worker")
            assert any("postgres" in line for line in second.left_over())
            assert second.stop() == 0
            assert "Stopped." in second.told
            assert second.left_over() == []
        finally:
            second.end()
    assert any("postgres" in line for line in running.left_over()), "the first one still has its own"


async def test_training_is_stopped_at_once(trained: Settings) -> None:
    with a_folder() as folder:
        run = Running(folder, "run", VELKOMMEN_PORT=str(free_port()))
        try:
            await run.tells("Training the understanding")
            await until(lambda: any("rasa train" in line for line in run.left_over()), within=20)
            assert run.stop(within=10) == 0
            assert run.left_over() == []
            assert not list((folder / "models").glob("*.tar.gz"))
        finally:
            run.end()


async def test_a_command_that_is_stopped_leaves_no_database_behind() -> None:
    with a_folder() as folder:
        train = Running(folder, "train")
        try:
            await until(lambda: any("rasa train" in line for line in train.left_over()), within=60)
            train.process.send_signal(signal.SIGTERM)
            assert train.process.wait(30) == 130
            assert train.left_over() == []
        finally:
            train.end()


# --- knowledge -----------------------------------------------------------------------------------------------------


def test_knowledge_goes_in_and_out() -> None:
    with a_folder() as folder:
        written = folder / "out"
        out = velkommen(folder, "knowledge", "import")
        assert out.returncode == 0, out.stderr
        assert " added, 0 changed, 0 removed, 0 merged, 0 kept, 0 in conflict." in out.stdout
        assert velkommen(folder, "knowledge", "export", str(written)).returncode == 0
        assert (written / "topics" / "tax-card" / "en.md").exists()

        again = velkommen(folder, "knowledge", "import", str(written))
        assert " 0 added, 0 changed, 0 removed, 0 merged, 0 kept, 0 in conflict." in again.stdout
        assert list(belonging_to(folder)) == []


def test_a_mistake_in_a_knowledge_file_is_told(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    (tmp_path / "knowledge" / "topics" / "tax-card" / "topic.yml").write_text("sources: 7\n")
    checked = velkommen(tmp_path / "data", "knowledge", "check", str(tmp_path / "knowledge"))
    assert checked.returncode == 1
    assert "tax-card" in checked.stderr


# --- the end -------------------------------------------------------------------------------------------------------


async def test_told_to_stop_it_leaves_nothing_behind(running: Running) -> None:
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 20
    assert "Stopped." in running.told
    assert running.left_over() == []
    assert not (running.folder / "running.json").exists()
