"""Mentors' own chats with the bot: what they are told there, and the conversations they have, where no group is set."""

from collections.abc import Sequence
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.telegram.forum import LOOK_AGAIN, TRY_AGAIN, group_package, in_order, labels_of, telling, unsettled
from bot.channels.telegram.rooms import Rooms, refused
from bot.handing import case_of, staff_of
from bot.mentor_chat import inbox_address, offer_buttons
from bot.mentor_words import WHAT, Line, in_short, language_of, line, package, who, words_in
from bot.services import Services
from core.errors import ChannelError
from core.messages import Button
from handover import access
from i18n.translator import msgid
from store import forum, handovers, staff
from store.handovers import Row
from store.staff import Colleague

log = structlog.get_logger()

ANSWER_IT = msgid("Answer this message to write to {who}.")


class Direct:
    """One for a process."""

    def __init__(self, services: Services, rooms: Rooms) -> None:
        self._services, self._rooms = services, rooms

    async def tell(self, conversation_id: int, staff_id: int, what: str) -> float | None:
        """One message about a conversation, with what to do about it; seconds after which to try again."""
        async with telling(self._services, conversation_id) as connection:
            row = await handovers.row(connection, conversation_id)
            me = await staff.by_id(connection, staff_id)
            if row is None or me is None or me.telegram_id is None or not concerns(me, row, what):
                return None
            words = await words_in(self._services, connection, language_of(me))
            lines = [Line(words.t.gettext(WHAT[what]), loud=True), Line(in_short(row, words))]
            if row.last_text and access.access_transcript_before(staff_of(me), case_of(row)):
                lines.append(Line(f"«{row.last_text}»"))
            address = inbox_address(self._services.settings.public_url, conversation_id)
            try:
                buttons = offer_buttons(conversation_id, _way_in(me, row, what), words, address)
                await self._post(connection, row, int(me.telegram_id), lines, buttons=buttons)
            except ChannelError as error:
                return self._later(error)
        return None

    async def mirror(self, conversation_id: int) -> float | None:
        """What the person has written since, to the mentor who has the conversation; seconds after which to look again."""
        async with telling(self._services, conversation_id) as connection:
            row = await handovers.row(connection, conversation_id)
            if row is not None and not row.is_open:
                await forum.end_talks(connection, conversation_id)
            if row is None or not row.is_open or row.status == "waiting" or row.mentor_id is None:
                return None
            me = await staff.by_id(connection, row.mentor_id)
            if me is None or me.telegram_id is None or not access.access_inbox(staff_of(me)):
                return None
            try:
                return await self._bring_up(connection, row, me, int(me.telegram_id))
            except ChannelError as error:
                return self._later(error)

    async def _bring_up(self, connection: AsyncConnection, row: Row, me: Colleague, chat_id: int) -> float | None:
        """All at hand first, then each message by itself, so that answering one finds its conversation."""
        words = await words_in(self._services, connection, language_of(me))
        told = await forum.before(connection, row.id)
        seen = await forum.seen_in(connection, chat_id, row.conversation_id)
        newest = await handovers.newest_inbound(connection, row.conversation_id)
        if not newest:
            return None
        if seen is None or seen < told.inbound:
            found = await group_package(self._services, connection, row, told)
            await self._post(connection, row, chat_id, package(found, words), inbound_id=told.inbound)
        after = max(seen or 0, told.inbound)
        said = await handovers.said_since(
            connection, row.conversation_id, inbound=after, outbound=2**62, event=2**62, note=2**62
        )
        labels = await labels_of(connection, row.conversation_id, said)
        here = await staff.talk_of(connection, me.id) == row.conversation_id
        hint = [] if here else [Line(words.t.gettext(ANSWER_IT, who=who(row, words)))]
        for each in in_order(said):
            if unsettled(each, self._services.now()):
                return LOOK_AGAIN
            shown = line(each, row, words, labels)
            if shown is None:
                continue
            lines = [shown, *hint] if shown.text else [replace(shown, lead=""), *hint]
            await self._post(connection, row, chat_id, lines, inbound_id=each.id)
            for file in shown.files:
                found_file = await handovers.attachment(connection, file.id)
                if found_file is not None and found_file[2] is not None:
                    number = await self._rooms.file(chat_id, file, found_file[2], shown.lead)
                    await forum.map_message(connection, chat_id, number, row.conversation_id, inbound_id=each.id)
        return None

    async def show(self, chat_id: int, lines: Sequence[Line], conversation_id: int) -> None:
        """All at hand, as a colleague asked for it."""
        numbers: list[int] = []
        try:
            await self._rooms.post(chat_id, lines, bulk=False, sent=numbers)
        finally:
            async with self._services.database.begin() as connection:
                for number in numbers:
                    await forum.map_message(connection, chat_id, number, conversation_id)

    async def _post(
        self,
        connection: AsyncConnection,
        row: Row,
        chat_id: int,
        lines: Sequence[Line],
        *,
        buttons: Sequence[Button] = (),
        inbound_id: int | None = None,
    ) -> None:
        numbers: list[int] = []
        try:
            await self._rooms.post(chat_id, lines, buttons=buttons, sent=numbers)
        except ChannelError:
            # A part of it stands there, and is to go with the rest; but it is not told yet.
            for number in numbers:
                await forum.map_message(connection, chat_id, number, row.conversation_id)
            raise
        self._services.step("posted")
        for number in numbers:
            await forum.map_message(connection, chat_id, number, row.conversation_id, inbound_id=inbound_id or None)
        if await handovers.row(connection, row.conversation_id) is None:
            # Forgotten while we were posting.
            for number in numbers:
                await self._rooms.delete(chat_id, number)

    def _later(self, error: ChannelError) -> float | None:
        """What Telegram refuses is not tried again: the inbox has it all."""
        if error.retry_after is not None:
            return error.retry_after
        log.warning("mentor not told", error=str(error)[:200])
        return None if refused(error) else TRY_AGAIN


def _way_in(me: Colleague, row: Row, what: str) -> str:
    """Whoever is called to a conversation that a colleague has joins it; whoever has it opens it."""
    if row.mentor_id == me.id:
        return "passed"
    return "invited" if me.id in row.invited and row.status != "waiting" else what


def concerns(me: Colleague, row: Row, what: str) -> bool:
    """Whether it is still so: what was offered may be somebody else's by now."""
    if what not in WHAT or not access.access_inbox(staff_of(me)) or not (row.is_open or what == "reported"):
        return False
    match what:
        case "offered" | "escalated":
            return row.status == "waiting" and me.id in row.offered
        case "passed":
            return row.mentor_id == me.id
        case "invited":
            return me.id in row.invited
        case _:
            return access.access_conversation(staff_of(me), case_of(row)) or me.id in row.invited
