"""A chat to talk in: a person says something, the bot's replies are looked at."""

import itertools
from typing import Any

from sqlalchemy import text

from bot import turns
from bot.services import Services
from core.messages import Button, Inbound, Kind, Reply
from tests.support.fakes import Clock, FakeChannel, ScriptedEngine

NUMBERS = itertools.count(1)


class Chat:
    """One person's conversation over the fake channel, with the whole path in between."""

    def __init__(self, services: Services, *, address: str = "anna") -> None:
        self.services = services
        self.address = address
        self.seen = 0
        self.hint: str | None = None

    @property
    def engine(self) -> ScriptedEngine:
        assert isinstance(self.services.engine, ScriptedEngine)
        return self.services.engine

    @property
    def channel(self) -> FakeChannel:
        channel = self.services.channels["fake"]
        assert isinstance(channel, FakeChannel)
        return channel

    @property
    def clock(self) -> Clock:
        assert isinstance(self.services.now, Clock)
        return self.services.now

    async def says(self, words: str) -> list[Reply]:
        return await self.sends(Kind.TEXT, text=words)

    async def commands(self, words: str) -> list[Reply]:
        return await self.sends(Kind.COMMAND, text=words)

    async def presses(self, payload_or_label: str) -> list[Reply]:
        """Press a button by its payload, or one of those shown by its label."""
        shown = [button for reply in self.all for button in reply.buttons]
        payload = next((button.payload for button in shown if button.label == payload_or_label), payload_or_label)
        return await self.sends(Kind.BUTTON, payload=payload)

    async def sends(self, kind: Kind, **fields: Any) -> list[Reply]:
        inbound = Inbound(
            "fake", self.address, f"u{next(NUMBERS)}", kind, self.services.now(), language_hint=self.hint, **fields
        )
        conversation_id = await turns.receive(self.services, inbound)
        assert conversation_id is not None
        await turns.handle(self.services, conversation_id)
        return self.new()

    @property
    def all(self) -> list[Reply]:
        return [reply for address, _, reply, _ in self.channel.sent if address == self.address]

    def new(self) -> list[Reply]:
        """Replies since the last look."""
        replies = self.all[self.seen :]
        self.seen = len(self.all)
        return replies

    def button(self, payload: str) -> Button:
        return next(button for reply in reversed(self.all) for button in reply.buttons if button.payload == payload)

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())
