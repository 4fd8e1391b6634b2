"""The web chat while a human is asked for: the real application, the real desk, a scripted engine."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import uvicorn

from bot.channels.web import WebChannel
from bot.services import Services
from core import acts
from core.files import LARGEST
from operations.assemble import web_doors
from store import handovers
from store.handovers import INBOX
from tests.support.fakes import Clock, ScriptedEngine
from tests.support.mentors import Mentor, hire
from tests.support.scripted_web import free_port
from tests.support.visitor import TOKEN, Browser
from web.app import FILES_A_MINUTE, create_app
from web.stream import listening_address

OPEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Denmark
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PDF = b"%PDF-1.7\n" + b"\0" * 40


@pytest.fixture
async def url(services: Services) -> AsyncIterator[str]:
    services.channels = {"web": WebChannel(services.sessions)}
    clock(services).now = OPEN
    app = create_app(web_doors(services))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none"))
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    app.state.frame.close()
    server.should_exit = True
    await running


@pytest.fixture
async def maria(services: Services, url: str) -> Mentor:
    return Mentor(services, await hire(services, "Maria"))


@pytest.fixture
async def anna(url: str) -> AsyncIterator[Browser]:
    browser = Browser(url)
    await browser.opens()
    yield browser
    await browser.http.aclose()


def clock(services: Services) -> Clock:
    assert isinstance(services.now, Clock)
    return services.now


async def asks(anna: Browser, services: Services) -> int:
    """Anna asks for a human; the conversation's number."""
    assert isinstance(services.engine, ScriptedEngine)
    services.engine.will(acts.MessageMentor())
    await anna.says("Can I talk to a person?")
    await services.background.drain()
    async with services.database.connect() as connection:
        (row,) = await handovers.rows(connection, "open", 0)
    return row.conversation_id


# --- how it stands ----------------------------------------------------------------------------------------------------


async def test_the_page_knows_who_speaks_at_every_step(anna: Browser, maria: Mentor, services: Services) -> None:
    bots = {"owner": "bot", "state": "bot", "mentor": "", "promise": "", "language": "", "files": False}
    assert await anna.stands() == bots

    conversation = await asks(anna, services)
    waiting = {"owner": "bot", "state": "waiting", "promise": "today before 13:30", "language": "en", "files": True}
    assert await anna.stands() == {**bots, **waiting}

    await maria.claims(conversation)
    with_maria = {"owner": "mentor", "state": "with_mentor", "mentor": "Maria", "language": "en", "files": True}
    assert await anna.stands() == {**bots, **with_maria}

    await maria.desk.snooze(maria.me, conversation, OPEN + timedelta(hours=2))
    assert await anna.stands() == {**bots, **with_maria, "state": "snoozed"}

    await maria.resolves(conversation)
    assert await anna.stands() == bots


async def test_the_promise_is_in_the_language_of_the_page(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)
    danish = await anna.stands(lang="da")

    assert danish["language"] == "da"
    assert "13.30" in danish["promise"] or "13:30" in danish["promise"]
    assert "today" not in danish["promise"]
    assert (await anna.stands(lang="xx"))["language"] == "en"


async def test_a_promise_that_was_not_kept_is_not_repeated(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)
    clock(services).now = OPEN + timedelta(hours=1)

    standing = await anna.stands()
    assert (standing["state"], standing["promise"]) == ("waiting", "")


async def test_somebody_unknown_is_with_the_bot(url: str) -> None:
    stranger = Browser(url)
    assert (await stranger.stands())["state"] == "bot"
    await stranger.http.aclose()


async def test_an_open_page_hears_of_every_change(anna: Browser, maria: Mentor, services: Services) -> None:
    hearing = asyncio.create_task(anna.hears("standing", 5))
    await asyncio.sleep(0.3)
    conversation = await asks(anna, services)
    await asyncio.sleep(0.2)
    await maria.claims(conversation)
    await asyncio.sleep(0.2)
    await maria.desk.snooze(maria.me, conversation, OPEN + timedelta(hours=2))
    async with services.database.connect() as connection:
        row = await handovers.row(connection, conversation)
    assert row is not None
    await WebChannel(services.sessions).standing(row.address)
    await asyncio.sleep(0.2)
    await maria.resolves(conversation)

    assert [each["state"] for each in await hearing] == ["bot", "waiting", "with_mentor", "snoozed", "bot"]


async def test_what_nobody_announced_is_seen_at_the_next_beat(
    anna: Browser, maria: Mentor, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.stream.HEARTBEAT_SECONDS", 0.2)
    conversation = await asks(anna, services)
    await maria.claims(conversation)
    hearing = asyncio.create_task(anna.hears("standing", 2))
    await asyncio.sleep(0.3)
    await maria.desk.snooze(maria.me, conversation, OPEN + timedelta(hours=2))

    assert [each["state"] for each in await hearing] == ["with_mentor", "snoozed"]


# --- what a mentor writes ---------------------------------------------------------------------------------------------


async def test_a_mentors_message_comes_with_the_name_and_to_the_letter(
    anna: Browser, maria: Mentor, services: Services
) -> None:
    conversation = await asks(anna, services)
    await maria.claims(conversation)
    await maria.writes(conversation, "*Hi* <b>Anna</b>\nsee https://skat.dk.")

    said = (await anna.reads())[-1]
    assert said["said"] == "👤 Maria, mentor"
    link = '<a href="https://skat.dk" target="_blank" rel="noopener noreferrer">https://skat.dk</a>'
    assert said["html"] == f"<p>*Hi* &lt;b&gt;Anna&lt;/b&gt;\nsee {link}.</p>"


async def test_an_edit_reaches_open_pages_and_those_that_come_back(
    anna: Browser, maria: Mentor, services: Services
) -> None:
    conversation = await asks(anna, services)
    await maria.claims(conversation)
    number = await maria.writes(conversation, "Tomorrow at 9.")
    hearing = asyncio.create_task(anna.hears("edited"))
    await asyncio.sleep(0.3)
    await maria.desk.edit(maria.me, number, "Tomorrow at 10.")

    (open_page,) = await hearing
    (back,) = await anna.hears("edited", after=number)
    assert open_page == back
    assert (open_page["id"], open_page["html"], open_page["edited"]) == (number, "<p>Tomorrow at 10.</p>", True)
    assert "earlier" not in open_page


async def test_who_is_writing_has_a_name(anna: Browser, maria: Mentor, services: Services) -> None:
    conversation = await asks(anna, services)
    async with services.database.connect() as connection:
        row = await handovers.row(connection, conversation)
    assert row is not None
    channel = WebChannel(services.sessions)
    hearing = asyncio.create_task(anna.hears("typing", 2))
    await asyncio.sleep(0.3)
    await channel.typing(row.address, "Maria: the first")
    await channel.typing(row.address)

    assert await hearing == [{"who": "Maria: the first"}, {"who": ""}]


@pytest.mark.parametrize("claimed", [True, False])
async def test_mentors_see_that_the_person_is_writing(
    anna: Browser, maria: Mentor, services: Services, claimed: bool
) -> None:
    conversation = await asks(anna, services)
    if claimed:
        await maria.claims(conversation)
    async with await psycopg.AsyncConnection.connect(
        listening_address(services.sessions), autocommit=True
    ) as connection:
        await connection.execute(f"listen {INBOX}")
        answer = await anna.posts("/api/typing", {})
        told = [each.payload async for each in connection.notifies(timeout=0.5)]

    assert answer.status_code == 204
    assert (f"{conversation}:typing" in told) is claimed


async def test_only_our_own_page_may_say_that_somebody_writes(anna: Browser) -> None:
    assert (await anna.posts("/api/typing", {}, Origin="https://evil.example")).status_code == 403


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_file_reaches_the_mentors_and_stays_in_the_transcript(
    anna: Browser, maria: Mentor, services: Services
) -> None:
    conversation = await asks(anna, services)
    await maria.claims(conversation)
    photo, letter = await anna.sends(PNG, "my letter.png"), await anna.sends(PDF, "../contract.exe")
    await services.background.drain()

    assert [answer.status_code for answer in (photo, letter)] == [202, 202]
    own = [each["files"] for each in await anna.reads() if each["type"] == "own"]
    assert own[-2:] == [["my letter.png"], ["contract.pdf"]]
    said = [file for each in await maria.desk.transcript(maria.me, conversation) for file in each.attachments]
    assert [(file.name, file.kind, file.size, file.status) for file in said] == [
        ("my letter.png", "image/png", len(PNG), "stored"),
        ("contract.pdf", "application/pdf", len(PDF), "stored"),
    ]
    assert (await maria.desk.attachment(maria.me, said[0].id))[1] == PNG


async def test_the_bot_says_that_a_file_has_arrived_while_somebody_waits(
    anna: Browser, maria: Mentor, services: Services
) -> None:
    await asks(anna, services)
    before = len(await anna.answers())
    await anna.sends(PNG)
    await services.background.drain()

    assert len(await anna.answers(before + 1)) == before + 1


async def test_the_same_file_twice_is_one(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)
    answers = [await anna.sends(PNG, id_="the-same-file") for _ in range(2)]
    await services.background.drain()

    assert [answer.status_code for answer in answers] == [202, 202]
    assert [each["files"] for each in await anna.reads() if each.get("files")] == [["letter.png"]]


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (PNG + b"\0" * LARGEST, 413, "at most 10 MB"),
        (b"MZ\x90\0 a program", 415, "a PDF works"),
        (b"", 415, "a PDF works"),
        (b"<svg onload='alert(1)'/>", 415, "a PDF works"),
    ],
    ids=["too big", "a program", "nothing", "a drawing"],
)
async def test_what_cannot_be_passed_on_is_refused_with_a_sentence(
    anna: Browser, maria: Mentor, services: Services, content: bytes, status: int, sentence: str
) -> None:
    await asks(anna, services)
    answer = await anna.sends(content)

    assert answer.status_code == status
    assert sentence in answer.json()["message"]
    assert not any(each.get("files") for each in await anna.reads())


async def test_a_body_without_a_length_is_read_only_so_far(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)

    async def endless() -> AsyncIterator[bytes]:
        yield PNG
        for _ in range(LARGEST // 2**16 + 1):
            yield b"\0" * 2**16

    own = {TOKEN: anna.token, "Origin": anna.origin}
    answer = await anna.http.post("/api/files?id=endless-file", content=endless(), headers=own)
    assert answer.status_code == 413


async def test_without_a_human_no_file_is_taken(anna: Browser, maria: Mentor, services: Services) -> None:
    answer = await anna.sends(PNG)
    assert answer.status_code == 409
    assert "Ask for a mentor" in answer.json()["message"]

    conversation = await asks(anna, services)
    await maria.claims(conversation)
    await maria.resolves(conversation)
    assert (await anna.sends(PNG)).status_code == 409


@pytest.mark.parametrize("headers", [{TOKEN: "wrong"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_only_our_own_page_may_send_files(
    anna: Browser, maria: Mentor, services: Services, headers: dict[str, str]
) -> None:
    await asks(anna, services)
    assert (await anna.sends(PNG, **headers)).status_code == 403


async def test_a_file_needs_an_id(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)
    assert (await anna.sends(PNG, id_="a:b")).status_code == 400


async def test_too_many_files_are_told_when_to_come_back(anna: Browser, maria: Mentor, services: Services) -> None:
    await asks(anna, services)
    answers = [await anna.sends(PNG) for _ in range(FILES_A_MINUTE + 1)]

    assert [answer.status_code for answer in answers] == [202] * FILES_A_MINUTE + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
