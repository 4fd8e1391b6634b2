"""Updates in by webhook: only Telegram's, and 200 only for what is stored."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.webhook import PATH, Webhook, webhook_of, webhook_secret
from bot.services import Services
from core.messages import Inbound
from core.settings import Settings
from i18n.translator import translator
from operations.assemble import web_doors
from operations.roles import webhooks
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until
from web.app import create_app
from web.telegram import MAX_BYTES, SECRET_HEADER, router, routes

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
SECRET = webhook_secret("k" * 40)
TEXT = (PAYLOADS / "text.json").read_bytes()


class Desk:
    """Remembers what was taken in; fails when told."""

    def __init__(self) -> None:
        self.received: list[Inbound] = []
        self.reachable: list[tuple[str, bool]] = []
        self.fault: Exception | None = None

    async def receive(self, inbound: Inbound) -> None:
        if self.fault:
            raise self.fault
        self.received.append(inbound)

    async def set_reachable(self, address: str, since: datetime | None) -> None:
        self.reachable.append((address, since is None))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def door(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    intake = Intake(desk.receive, desk.set_reachable, lambda: datetime(2026, 11, 21, tzinfo=UTC))
    app.include_router(routes(intake, SECRET))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://velkommen") as client:
        yield client


async def post(door: httpx.AsyncClient, body: bytes, secret: str = SECRET) -> httpx.Response:
    headers = {SECRET_HEADER.encode(): secret.encode()} if secret else {}
    return await door.post(PATH, content=body, headers=headers)


async def test_an_update_is_taken_in(desk: Desk, door: httpx.AsyncClient) -> None:
    response = await post(door, TEXT)
    assert (response.status_code, response.content) == (200, b"")
    assert [inbound.text for inbound in desk.received] == ["paano kumuha ng tax card po?"]


async def test_a_press_is_acknowledged_in_the_answer(door: httpx.AsyncClient) -> None:
    response = await post(door, (PAYLOADS / "callback.json").read_bytes())
    assert response.json() == {"method": "answerCallbackQuery", "callback_query_id": "25822841632483217"}


async def test_blocking_is_noted(desk: Desk, door: httpx.AsyncClient) -> None:
    await post(door, (PAYLOADS / "blocked.json").read_bytes())
    await post(door, (PAYLOADS / "unblocked.json").read_bytes())
    assert desk.reachable == [("6012345678", False), ("6012345678", True)]


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "æ"])
async def test_without_the_secret_nothing_is_taken_in(desk: Desk, door: httpx.AsyncClient, secret: str) -> None:
    response = await post(door, TEXT, secret)
    assert response.status_code == 403
    assert desk.received == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"secret words"', b'{"secret words": 1}', b'{"update_id": "1"}', b"\xff\xfe"]
)
async def test_what_is_no_update_is_refused_without_echo(desk: Desk, door: httpx.AsyncClient, body: bytes) -> None:
    response = await post(door, body)
    assert response.status_code == 400
    assert "secret words" not in response.text
    assert desk.received == []


async def test_too_much_is_refused(desk: Desk, door: httpx.AsyncClient) -> None:
    assert (await post(door, b" " * MAX_BYTES + TEXT)).status_code == 413
    assert desk.received == []


async def test_what_could_not_be_stored_comes_again(desk: Desk, door: httpx.AsyncClient) -> None:
    desk.fault = ConnectionError("database")
    assert (await post(door, TEXT)).status_code == 500
    desk.fault = None
    assert (await post(door, TEXT)).status_code == 200


async def test_what_will_never_be_readable_does_not_come_again(desk: Desk, door: httpx.AsyncClient) -> None:
    response = await post(door, b'{"update_id": 1, "message": {"message_id": 1}}')
    assert response.status_code == 200
    assert desk.received == []


def test_the_secret_follows_from_the_key_and_suits_telegram() -> None:
    assert webhook_secret("k" * 40) == SECRET != webhook_secret("l" * 40)
    assert "k" * 8 not in SECRET
    assert len(SECRET) <= 256
    assert SECRET.isalnum()
    assert SECRET.isascii()


def test_without_a_public_https_address_updates_are_polled() -> None:
    settings = Settings(secret_key="k" * 40)
    assert webhook_of(settings) is None
    assert webhook_of(replace(settings, public_url="http://127.0.0.1:8000")) is None
    assert webhook_of(replace(settings, public_url="https://a.dk")) == Webhook("https://a.dk" + PATH, SECRET)


# --- with Telegram at the other end ------------------------------------------------------------------------------


async def test_the_whole_way_by_webhook(services: Services) -> None:
    app = FastAPI()
    app.include_router(router(services))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        await _talk(services, f"http://127.0.0.1:{port}{PATH}")
    finally:
        server.should_exit = True
        await serving


async def _talk(services: Services, url: str) -> None:
    async with TelegramEmulator() as telegram:
        channel = TelegramChannel(telegram.token, telegram.url)
        services.channels = {"telegram": channel}
        await channel.setup(translator, Webhook(url, webhook_secret(services.settings.secret_key)))
        await telegram.says(7, "/start")
        (first,) = await telegram.sees(7)
        button: dict[str, Any] = first["reply_markup"]["inline_keyboard"][0][0]
        await telegram.presses(7, button["text"])
        await telegram.sees(7, 2)
        await services.background.drain()
        assert telegram.answered == ["1"]
        assert not telegram.updates
        await channel.close()


def test_the_payloads_are_updates() -> None:
    for path in PAYLOADS.glob("*.json"):
        assert isinstance(json.loads(path.read_text())["update_id"], int)


@pytest.mark.parametrize(
    ("token", "public_url", "status"),
    [
        ("1:a", "https://velkommen.example.dk", 403),  # there, and for Telegram only
        ("", "https://velkommen.example.dk", 404),
        ("1:a", "", 404),
    ],
)
async def test_the_web_role_opens_the_webhook_when_there_is_a_bot(
    services: Services, token: str, public_url: str, status: int
) -> None:
    services.settings = replace(services.settings, telegram_bot_token=token, public_url=public_url)
    app = create_app(web_doors(services), webhooks(services))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://velkommen") as client:
        assert (await post(client, TEXT, "wrong")).status_code == status
