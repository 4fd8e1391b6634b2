"""The real web application over a real database, with answers from a script in place of the bot."""

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import cast, delete, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from bot import files
from bot.channels.web import WebChannel
from bot.channels.web.standing import recruit_typing, standing
from core.messages import Button, Inbound, Kind, Reply
from core.settings import Settings
from i18n.translator import translator
from knowledge.files import read_folder
from knowledge.library import Library
from store import conversations, staff
from store.tables import Address, Conversation, Handover, InboundMessage, OutboundMessage, Recruit, Staff
from web.app import create_app
from web.doors import Doors

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
SECRET = "a key for tests only, never anywhere else"
FOOTER = "Source: [Skattestyrelsen](https://skat.dk), [Borger.dk](https://www.borger.dk) · As of 12 November 2026"
TAX_CARD = Reply(
    title="How do I get a tax card?",
    text=(
        "You get your tax card (*skattekort*) from the Danish Tax Agency. Without it your employer must take "
        "**55 %** of your pay.\n\n"
        "- Get your CPR number and MitID first.\n"
        "- Log on to TastSelv and fill in your expected income for the year.\n"
        "- Your employer fetches the card by itself; you need not send anything.\n\n"
        "It takes about **10 working days**. Questions: +45 72 22 18 18.\n\n"
        "Say: *skattekort* – SKAT-kort"
    ),
    language="en",
    footer=FOOTER,
    buttons=(
        Button("What is the preliminary tax assessment?", payload="topic:tax-assessment"),
        Button("Which deductions can I get?", payload="topic:deductions"),
        Button("Not what I meant", payload="not_that"),
        Button("Ask a mentor", payload="mentor"),
    ),
    rate=True,
)
GREETING = Reply(
    title="Welcome to Denmark",
    text="I am Velkommen, an assistant for people who have come here to work. Ask me about permits, tax, housing, "
    "Danish classes and daily life, in the language you like best.",
    language="en",
    buttons=(
        Button("What should I do first?", payload="topic:first-steps-order"),
        Button("How do I get a CPR number?", payload="topic:cpr-registration"),
        Button("How do I get a tax card?", payload="topic:tax-card"),
        Button("How do I find a place to rent?", payload="topic:find-rental-home"),
    ),
)
DATA = Reply("Here is all that is kept about you.", "en", attach=True)
FORGET = Reply(
    "Shall everything be deleted?",
    "en",
    buttons=(Button("Delete everything", payload="forget:yes"), Button("Keep my data", payload="forget:no")),
)
GREETED_IN = {"kumusta": "fil", "नमस्ते": "hi"}  # the bot answers in these from then on
CONSENT = Reply(
    "May I keep what we say here?",
    "en",
    buttons=(Button("Yes", payload="consent:yes"), Button("No", payload="consent:no")),
)
DANGER = Reply(
    "⚠ Call 112 now.",
    "en",
    buttons=(Button("Yes, please", payload="mentor:yes"), Button("No, thank you", payload="mentor:no")),
)
FALLBACK = Reply(
    "*Ta odpowiedź nie jest jeszcze dostępna po polsku.*\n\nThe **library** is free.",
    "en",
    footer="Źródło: borger.dk",
    buttons=(Button("Find a library", payload="topic:library"), Button("Nie o to mi chodziło", payload="not_that")),
    around="pl",
)
FORGOTTEN = Reply("Everything is deleted.", "en")
LINK = Reply("Book your visit online.", "en", buttons=(Button("Open the booking page", url="https://ihcph.kk.dk"),))


def script(inbound: Inbound) -> list[Reply]:
    """What is answered to a message; anything else is repeated."""
    said = inbound.payload or inbound.text.lower()
    if "tax" in said:
        return [TAX_CARD]
    if said == "first question":
        return [TAX_CARD, CONSENT]
    known = {
        "danger": [DANGER],
        "library": [FALLBACK],
        "mydata": [DATA],
        "link": [LINK],
        "forget me": [FORGET],
        "forget:yes": [FORGOTTEN],
        "nothing": [],
    }
    return known.get(said, [Reply(f"You wrote: {said}", "en")])


class Scripted:
    """A web process with scripted answers. Starts and stops in a thread of its own, on the same port each time."""

    def __init__(
        self,
        database_url: str,
        *,
        port: int,
        answers: Callable[[Inbound], list[Reply]] = script,
        embed_origins: tuple[str, ...] = (),
        per_minute: int = 600,
    ) -> None:
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.settings = Settings(
            port=port, secret_key=SECRET, embed_origins=embed_origins, messages_per_minute=per_minute
        )
        self.sessions = async_sessionmaker(create_async_engine(url, poolclass=NullPool), expire_on_commit=False)
        self.url = f"http://127.0.0.1:{port}"
        self.received = 0
        self.keep_texts = True
        self._answers = answers
        self._channel = WebChannel(self.sessions)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.app = create_app(self.doors())
        config = uvicorn.Config(
            self.app, port=self.settings.port, log_level="warning", timeout_graceful_shutdown=1, ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            if not self._thread.is_alive():
                raise RuntimeError(f"The web process did not start on port {self.settings.port}.")

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self.app.state.frame.close()
        self._server.should_exit = True
        self._thread.join(10)
        self._server = self._thread = None

    def doors(self) -> Doors:
        return Doors(
            settings=self.settings,
            sessions=self.sessions,
            now=_now,
            translator=translator,
            accept=self.accept,
            standing=partial(standing, self.sessions, _library, _now),
            recruit_typing=partial(recruit_typing, self.sessions),
            welcome=_welcome,
            export=_export,
            engine_ready=_always_ready,
            library=_library,
        )

    async def accept(self, inbound: Inbound, content: bytes | None = None) -> int | None:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            conversation = await conversations.receive(
                connection, inbound, text=inbound.text, masked="[]", now=inbound.received_at
            )
            if conversation is not None and inbound.file is not None:
                await files.keep(connection, inbound, content, now=inbound.received_at)
        if conversation is not None:
            self.received += 1
            task = asyncio.create_task(self._answer(conversation, inbound))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return conversation

    async def _answer(self, conversation: int, inbound: Inbound) -> None:
        await self._channel.typing(inbound.address)
        if not self.keep_texts:
            await self._erase_texts(conversation)
        if inbound.payload.startswith("language:"):
            await self._speak(inbound.address, inbound.payload.removeprefix("language:"), chosen=True)
        if inbound.text in GREETED_IN:
            await self._speak(inbound.address, GREETED_IN[inbound.text], chosen=False)
        if inbound.payload == "forget:yes":
            await self._forget(conversation)
        now = datetime.now(UTC)
        for reply in self._answers(inbound):
            await self.reply(inbound.address, conversation, reply, at=now)

    async def reply(
        self, address: str, conversation: int, reply: Reply, *, at: datetime | None = None, announced: bool = True
    ) -> int:
        at = at or datetime.now(UTC)
        row = {"conversation_id": conversation, "epoch": 0, "created_at": at, "due_at": at, "status": "sending"}
        async with self.sessions.begin() as session:
            added = insert(OutboundMessage).values(**row, body=reply.to_json()).returning(OutboundMessage.id)
            id_ = int((await session.execute(added)).scalar_one())
        if announced:
            await self._channel.send(address, id_, reply)
        return id_

    async def speak_up(self, reply: Reply, *, announced: bool = True) -> int:
        """A reply that nobody asked for, to the one who came last."""
        address, conversation = await self._newest()
        return await self.reply(address, conversation, reply, announced=announced)

    async def stands(self, state: str, *, mentor: str = "Maria", promised_in: timedelta = timedelta(hours=2)) -> None:
        """The conversation of the one who came last waits for a mentor, is with one, is put aside, or is the bot's."""
        address, conversation = await self._newest()
        now = datetime.now(UTC)
        held = state in ("with_mentor", "snoozed")
        async with self.sessions.begin() as session:
            await session.execute(
                update(Handover)
                .where(Handover.conversation_id == conversation, Handover.closed_at.is_(None))
                .values(status="resolved", closed_at=now)
            )
            owner = update(Conversation).where(Conversation.id == conversation)
            await session.execute(owner.values(owner="mentor" if held else "bot", epoch=Conversation.epoch + 1))
            if state != "bot":
                row = {"conversation_id": conversation, "reason": "asked", "created_at": now, "last_at": now}
                who = await self._colleague(session, mentor) if held else None
                added = insert(Handover).values(**row, status=state, mentor_id=who, promised_at=now + promised_in)
                await session.execute(added)
        await self._channel.standing(address)

    async def edit(self, id_: int, text: str) -> None:
        """A newer version of a reply to the one who came last."""
        address, _ = await self._newest()
        async with self.sessions.begin() as session:
            row = update(OutboundMessage).where(OutboundMessage.id == id_).returning(OutboundMessage.body)
            newer = {"text": text, "edited": True}
            changed = await session.execute(row.values(body=OutboundMessage.body.op("||")(cast(newer, JSONB))))
            body = changed.scalar_one()
        await self._channel.edit(address, None, id_, Reply.from_json(body))

    async def types(self, who: str = "") -> None:
        await self._channel.typing((await self._newest())[0], who)

    async def _newest(self) -> tuple[str, int]:
        async with self.sessions() as session:
            query = select(Address.external_id, Conversation.id).join(Conversation).order_by(Conversation.id.desc())
            address, conversation = (await session.execute(query.limit(1))).one()
        return address, conversation

    async def _colleague(self, session: AsyncSession, name: str) -> int:
        email = f"{name.lower()}@example.org"
        known: int | None = await session.scalar(select(Staff.id).where(Staff.email == email))
        if known is not None:
            return known
        connection = await session.connection()
        return await staff.add(connection, email=email, name=name, role="mentor", now=datetime.now(UTC))

    async def age(self, by: timedelta) -> None:
        """Move everything said so far into the past."""
        async with self.sessions.begin() as session:
            await session.execute(update(InboundMessage).values(received_at=InboundMessage.received_at - by))
            await session.execute(update(OutboundMessage).values(created_at=OutboundMessage.created_at - by))

    async def _erase_texts(self, conversation: int) -> None:
        async with self.sessions.begin() as session:
            own = update(InboundMessage).where(
                InboundMessage.conversation_id == conversation, InboundMessage.kind == Kind.TEXT.value
            )
            await session.execute(own.values(text=None))

    async def _forget(self, conversation: int) -> None:
        async with self.sessions.begin() as session:
            for table in (InboundMessage, OutboundMessage):
                await session.execute(delete(table).where(table.conversation_id == conversation))

    async def _speak(self, address: str, language: str, *, chosen: bool) -> None:
        async with self.sessions.begin() as session:
            person = select(Address.recruit_id).where(Address.external_id == address).scalar_subquery()
            changed = update(Recruit).where(Recruit.id == person)
            await session.execute(changed.values(language=language, language_chosen=chosen))


async def _welcome(language: str) -> Reply:
    return GREETING


async def _export(session: AsyncSession, recruit_id: uuid.UUID) -> Mapping[str, Any]:
    return {"person": {"id": str(recruit_id)}}


def _now() -> datetime:
    return datetime.now(UTC)


async def _always_ready() -> bool:
    return True


async def _library() -> Library:
    return _published()


@cache
def _published() -> Library:
    """The knowledge as its files hold it; the database of the pages has none."""
    return Library.of(read_folder(KNOWLEDGE).entries)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
