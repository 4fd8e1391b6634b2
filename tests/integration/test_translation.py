"""Translation help against a server of LibreTranslate's protocol, and against one that misbehaves."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.handing import HandingError
from bot.translation import Translation
from core.errors import ChannelError
from tests.support.mentors import Mentor, hire
from tests.support.talk import Chat


class Server:
    """Says what it was asked; `answers` with anything else once told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: web.Response | None = None
        self.url = ""

    async def translate(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append(asked)
        return self.answer or web.json_response({"translatedText": f"[{asked['target']}] {asked['q']}"})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_post("/translate", made.translate)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await runner.cleanup()


async def test_a_text_is_translated_with_the_key_and_the_servers_own_codes(server: Server) -> None:
    translated = await Translation(server.url, "a-key").translate("Magandang umaga", source="fil", target="da")
    assert translated == "[da] Magandang umaga"
    assert server.asked == [
        {"q": "Magandang umaga", "source": "tl", "target": "da", "format": "text", "api_key": "a-key"}
    ]
    await Translation(server.url).translate("hm", source=None, target="en")
    assert (server.asked[1]["source"], "api_key" in server.asked[1]) == ("auto", False)


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(text="<html>"),
        web.json_response({"error": "quota"}),
        web.json_response({"translatedText": 7}),
        web.json_response(["x"]),
    ],
    ids=["fault", "no JSON", "refused", "no text", "another shape"],
)
async def test_a_server_that_gives_none_is_said_to_be_away(server: Server, answer: web.Response) -> None:
    server.answer = answer
    with pytest.raises(ChannelError):
        await Translation(server.url).translate("hello", source="en", target="da")


async def test_without_a_server_it_says_so(chat: Chat) -> None:
    maria = Mentor(chat.services, await hire(chat.services, "Maria"))
    assert not maria.desk.can_translate
    with pytest.raises(HandingError, match="no_translator"):
        await maria.desk.translate(maria.me, "hello", source=None, target="da")
