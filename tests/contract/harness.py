"""Each channel beside what its person sees, so that one set of promises can be checked on all of them."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import text

from bot.channels import Channel
from bot.channels.bulk import BulkChannel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.terminal import TerminalChannel
from bot.channels.web import WebChannel
from bot.services import Services
from core.messages import Reply
from store import transcript
from tests.emulators.telegram import TelegramEmulator
from tests.support.fakes import FakeChannel
from web.render import replied_view
from web.stream import Arrived, Hub, listening_address


class Side(Protocol):
    """A channel and its person."""

    channel: Channel
    address: str

    async def deliver(self, message_id: int, reply: Reply, attachment: bytes | None = None) -> None: ...

    async def corrects(self, message_id: int, reply: Reply) -> None:
        """Show a newer version of what was delivered under that number."""
        ...

    async def sends_file(self, content: bytes) -> str | None:
        """The person sends a file; what it is fetched by, None where files come with their message."""
        ...

    async def sees(self) -> str:
        """Everything on the person's screen so far, as plain text."""
        ...


@dataclass
class FakeSide:
    channel: FakeChannel
    address: str = "anna"

    async def deliver(self, message_id: int, reply: Reply, attachment: bytes | None = None) -> None:
        await self.channel.send(self.address, message_id, reply, attachment)

    async def corrects(self, message_id: int, reply: Reply) -> None:
        await self.channel.edit(self.address, f"external-{message_id}", message_id, reply)

    async def sends_file(self, content: bytes) -> str | None:
        self.channel.files["file"] = content
        return "file"

    async def sees(self) -> str:
        newest = {number: reply for _, number, reply, _ in self.channel.sent}
        newest |= {number: reply for _, number, reply in self.channel.edited}
        return "\n".join(
            "\n".join(
                [reply.said_by, reply.title, reply.text, reply.footer, *(button.label for button in reply.buttons)]
            )
            for reply in newest.values()
        )


@asynccontextmanager
async def fake(services: Services) -> AsyncIterator[Side]:
    yield FakeSide(FakeChannel(repeatable=True))


@dataclass
class TerminalSide:
    channel: TerminalChannel
    screen: io.StringIO
    address: str = "anna"

    async def deliver(self, message_id: int, reply: Reply, attachment: bytes | None = None) -> None:
        await self.channel.send(self.address, message_id, reply, attachment)

    async def corrects(self, message_id: int, reply: Reply) -> None:
        await self.channel.edit(self.address, str(message_id), message_id, reply)

    async def sends_file(self, content: bytes) -> str | None:
        return None

    async def sees(self) -> str:
        return self.screen.getvalue()


@asynccontextmanager
async def terminal(services: Services) -> AsyncIterator[Side]:
    screen = io.StringIO()
    yield TerminalSide(TerminalChannel(screen), screen)


@dataclass
class TelegramSide:
    channel: TelegramChannel
    emulator: TelegramEmulator
    address: str = "7"
    sent: dict[int, str | None] = field(default_factory=dict)

    async def deliver(self, message_id: int, reply: Reply, attachment: bytes | None = None) -> None:
        self.sent[message_id] = await self.channel.send(self.address, message_id, reply, attachment)

    async def corrects(self, message_id: int, reply: Reply) -> None:
        await self.channel.edit(self.address, self.sent[message_id], message_id, reply)

    async def sends_file(self, content: bytes) -> str | None:
        self.emulator.files["file"] = content
        return "file"

    async def sees(self) -> str:
        lines = []
        for message in self.emulator.messages(int(self.address)):
            lines.append(str(message.get("text", "")))
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                lines += [str(button["text"]) for button in row]
        return "\n".join(lines)


@asynccontextmanager
async def telegram(services: Services) -> AsyncIterator[Side]:
    async with TelegramEmulator() as emulator:
        emulator.chat(7)
        channel = TelegramChannel(emulator.token, emulator.url)
        yield TelegramSide(channel, emulator)
        await channel.close()


class WebSide:
    """An open page: it hears what is announced, reads it once by its id, and shows it."""

    address = "visitor-1"

    def __init__(self, services: Services, hub: Hub) -> None:
        self.services, self.hub = services, hub
        self.channel = WebChannel(services.sessions)
        self.shown: dict[int, str] = {}

    async def deliver(self, message_id: int, reply: Reply, attachment: bytes | None = None) -> None:
        with self.hub.subscribe(self.address) as signals:
            number = await self._store(message_id, reply)
            await self.channel.send(self.address, number, reply, attachment)
            async with asyncio.timeout(5):
                while not isinstance(signal := await signals.get(), Arrived):
                    pass
            async with self.services.sessions() as session:
                found = await transcript.reply(session, "web", self.address, signal.message_id)
                assert found is not None
                view = replied_view(found)
                labels = [button.label for button in reply.buttons]
                self.shown[signal.message_id] = "\n".join([str(view), *labels])

    async def corrects(self, message_id: int, reply: Reply) -> None:
        number = 10**9 + message_id
        async with self.services.sessions.begin() as session:
            body = {"id": number, "body": _json(reply)}
            await session.execute(text("update outbound set body = cast(:body as jsonb) where id = :id"), body)
        with self.hub.subscribe(self.address) as signals:
            await self.channel.edit(self.address, None, number, reply)
            async with asyncio.timeout(5):
                await signals.get()
        async with self.services.sessions() as session:
            found = await transcript.reply(session, "web", self.address, number)
            assert found is not None
            self.shown[number] = str(replied_view(found))

    async def sends_file(self, content: bytes) -> str | None:
        return None

    async def _store(self, message_id: int, reply: Reply) -> int:
        """The reply as a turn would have stored it, under a number of the contract's choosing."""
        from bot import turns
        from core.messages import Inbound, Kind

        now = self.services.now()
        update = Inbound("web", self.address, f"first-{self.address}", Kind.COMMAND, now, "help")
        await turns.receive(self.services, update)
        async with self.services.sessions.begin() as session:
            await session.execute(
                text("""
                    insert into outbound (id, conversation_id, epoch, body, status, created_at, due_at)
                    overriding system value
                    select :id, c.id, 0, cast(:body as jsonb), 'sending', :now, :now
                    from conversations c join addresses a on a.id = c.address_id where a.external_id = :address
                    on conflict (id) do nothing
                """),
                {"id": 10**9 + message_id, "body": _json(reply), "now": now, "address": self.address},
            )
        return 10**9 + message_id

    async def sees(self) -> str:
        return "\n".join(self.shown.values())


def _json(reply: Reply) -> str:
    import json

    return json.dumps(reply.to_json())


@asynccontextmanager
async def web(services: Services) -> AsyncIterator[Side]:
    hub = Hub(listening_address(services.sessions))
    task = asyncio.create_task(hub.run())
    await asyncio.sleep(0.3)
    try:
        yield WebSide(services, hub)
    finally:
        hub.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


SIDES = {"fake": fake, "web": web, "telegram": telegram, "terminal": terminal}


def side_of(name: str, services: Services) -> AbstractAsyncContextManager[Side]:
    return SIDES[name](services)


__all__ = ["SIDES", "BulkChannel", "Side", "side_of"]
