"""Telegram for tests of mentors: people and colleagues in one emulator, and the jobs of a worker run by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.desk import Telling, intake_of, telling_of
from bot.channels.telegram.intake import Intake
from bot.handing import MentorDesk
from bot.services import Services
from store import staff
from store.staff import Colleague
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_rules import person
from tests.support.fakes import Clock
from tests.support.mentors import hire

GROUP = -1001234567890
ANNA = 7


class Office:
    """A bot with a mentors' group (or none), its colleagues, and what the queue would do."""

    def __init__(self, services: Services, telegram: TelegramEmulator, *, group: bool = True) -> None:
        services.settings = replace(
            services.settings,
            telegram_bot_token=telegram.token,
            mentor_group=str(GROUP) if group else "",
            public_url="https://velkommen.example.dk",
        )
        self.services, self.telegram = services, telegram
        self.channel = TelegramChannel(telegram.token, telegram.url)
        services.channels = {**services.channels, "telegram": self.channel}
        self.to_mirror: list[int] = []
        self.to_tell: list[tuple[int, int, str]] = []
        self.to_drop: list[tuple[int, int]] = []
        services.mirror, services.tell, services.drop_topic = self._mirror, self._tell, self._drop
        self.intake: Intake = intake_of(services)
        self.telling: Telling = self.worker()
        self.desk = MentorDesk(services)
        if group:
            telegram.forum(GROUP)
        telegram.chat(ANNA, first_name="Anna")

    def worker(self) -> Telling:
        """What a worker that has just started tells with."""
        made = telling_of(self.services)
        assert made is not None
        return made

    @property
    def clock(self) -> Clock:
        assert isinstance(self.services.now, Clock)
        return self.services.now

    async def close(self) -> None:
        await self.channel.close()

    async def mentor(self, name: str, number: int, *, linked: bool = True, **traits: Any) -> Colleague:
        """A colleague whose account in Telegram has that number."""
        hired = await hire(self.services, name, linked=linked, **traits)
        self.telegram.chat(number, first_name=name)
        if linked:
            async with self.services.database.begin() as connection:
                await staff.link_telegram(connection, hired.id, str(number))
                found = await staff.by_id(connection, hired.id)
            assert found is not None
            return found
        return hired

    # --- what people do -----------------------------------------------------------------------------------------------

    async def takes(self, update: dict[str, Any]) -> None:
        """An update arrives, and all that follows from it is done."""
        await self.intake.take(update)
        await self.settle()

    async def settle(self) -> None:
        await self.services.background.drain()
        await self.works()
        self.clock.pass_(seconds=1)

    async def anna(self, words: str, **how: Any) -> dict[str, Any]:
        update = await self.telegram.says(ANNA, words, **how)
        await self.takes(update)
        message: dict[str, Any] = update["message"]
        return message

    async def anna_presses(self, label: str) -> None:
        await self.takes(await self.telegram.presses(ANNA, label))

    async def anna_asks(self, words: str = "hello there") -> int:
        """Anna says something and asks for a human; her conversation."""
        await self.anna(words)
        await self.anna("/mentor")
        await self.anna_presses("mentor:yes")
        found: int = (await self.rows("select conversation_id from handovers order by id desc limit 1"))[0][0]
        return found

    async def in_group(self, number: int, words: str, *, thread: int | None = None, **how: Any) -> dict[str, Any]:
        """Somebody writes in the group; the update."""
        update = await self.telegram.says(GROUP, words, by=person(number), thread=thread, **how)
        await self.takes(update)
        return update

    async def in_private(self, number: int, words: str, **how: Any) -> dict[str, Any]:
        update = await self.telegram.says(number, words, **how)
        await self.takes(update)
        return update

    async def presses(self, chat_id: int, label: str, number: int) -> None:
        await self.takes(await self.telegram.presses(chat_id, label, by=person(number)))

    # --- the queue ----------------------------------------------------------------------------------------------------

    async def works(self) -> None:
        """The worker does what the queue holds."""
        while self.to_mirror or self.to_tell or self.to_drop:
            mirror, tell, drop = list(dict.fromkeys(self.to_mirror)), [*self.to_tell], [*self.to_drop]
            self.to_mirror, self.to_tell, self.to_drop = [], [], []
            for conversation_id in mirror:
                await self.telling.mirror(conversation_id)
            for told in tell:
                await self.telling.tell(*told)
            for place in drop:
                await self.telling.drop(*place)

    async def _mirror(self, conversation_id: int) -> None:
        self.to_mirror.append(conversation_id)

    async def _tell(self, conversation_id: int, staff_ids: Sequence[int], what: str) -> None:
        self.to_tell += [(conversation_id, number, what) for number in staff_ids]

    async def _drop(self, chat_id: int, number: int) -> None:
        self.to_drop.append((chat_id, number))

    # --- what is seen -------------------------------------------------------------------------------------------------

    def thread(self) -> int:
        """The newest topic."""
        return max(self.telegram.chats[GROUP].topics)

    def topic(self) -> str:
        """All that the bot has written in the newest topic."""
        return "\n\n".join(shown(message) for message in self.telegram.in_topic(GROUP, self.thread()))

    def texts(self, chat_id: int) -> list[str]:
        return [shown(message) for message in self.telegram.messages(chat_id)]

    def signs(self, chat_id: int, message_id: int) -> list[str]:
        return self.telegram.reactions.get((chat_id, message_id), [])

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.services.database.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def knows_anna(self) -> None:
        """Anna has agreed that what she says is kept, and told who she is."""
        async with self.services.database.begin() as connection:
            await connection.execute(
                text("""update recruits set consent = 'given', language = 'en',
                        profile = '{"name": "Anna Kowalska", "kommune": "odense", "occupation": "nurse"}'""")
            )


def shown(message: dict[str, Any]) -> str:
    if "document" in message:
        return f"[{message['document']['file_name']}] {message.get('caption', '')}"
    return str(message.get("text") or f"[photo] {message.get('caption', '')}")
