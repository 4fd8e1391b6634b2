"""Mentors' chats as rooms to post in: entries of a conversation, files, topics. Raises ChannelError, as sending does."""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram import InputFile, ReactionTypeEmoji
from telegram.constants import ForumIconColor, ReactionEmoji
from telegram.error import BadRequest, ChatMigrated, InvalidToken, TelegramError

from bot.channels.telegram.channel import TelegramChannel, Where
from bot.channels.telegram.errors import NO_TOPIC, NOT_DELETABLE, NOT_MODIFIED, TOPIC_CLOSED, says, to_channel_error
from bot.channels.telegram.format import shown_as
from bot.channels.telegram.markup import BOLD, BULLET, Block, Span, to_blocks
from bot.mentor_words import Line
from core.errors import ChannelError
from core.messages import Button
from store.handovers import File

log = structlog.get_logger()

PATIENCE = 4.0  # seconds: a worker has few hands, and what mentors are told can be told by the next job
LONGEST_NAME = 128  # characters of a topic
LONGEST_OURS = 500  # characters of one of the bot's own answers: mentors know our topics
PHOTOS = ("image/jpeg", "image/png")


class Rooms:
    """The calls that mentors' chats need, at the pace that Telegram allows. Icons of topics are asked for once."""

    def __init__(self, channel: TelegramChannel) -> None:
        self._channel = channel
        self._bot = channel.bot
        self._icons: dict[str, str] | None = None

    # --- messages -----------------------------------------------------------------------------------------------------

    async def post(
        self,
        chat_id: int,
        lines: Sequence[Line],
        *,
        thread: int | None = None,
        buttons: Sequence[Button] = (),
        reply_to: int | None = None,
        bulk: bool = True,
        sent: list[int] | None = None,
    ) -> list[int]:
        """The entries as one message, or as few as they need; the numbers of what was posted, put into `sent` as it is
        posted: what fails half-way has left something, too.
        """
        blocks = [block for line in lines for block in _blocks(line)]
        where = Where(thread, reply_to, quiet=bulk and not any(line.loud for line in lines))
        sent = [] if sent is None else sent
        for part in shown_as(blocks, buttons):
            begun, patience = bool(sent), PATIENCE if bulk and not sent else None
            number = await self._channel.send_part(str(chat_id), part, where, begun=begun, bulk=bulk, patience=patience)
            sent.append(int(number))
        return sent

    async def file(self, chat_id: int, file: File, content: bytes, lead: str, *, thread: int | None = None) -> int:
        """A file that the person sent, as a photo where it is one that Telegram takes."""
        named = InputFile(content, filename=file.name)
        caption = f"{lead}: {file.name}"[:1024]

        async def as_photo() -> int:
            sent = await self._bot.send_photo(chat_id, named, caption=caption, message_thread_id=thread)
            return sent.message_id

        async def as_document() -> int:
            sent = await self._bot.send_document(chat_id, named, caption=caption, message_thread_id=thread)
            return sent.message_id

        if file.kind not in PHOTOS:
            return await self._call(chat_id, as_document)
        try:
            return await self._call(chat_id, as_photo)
        except ChannelError as error:
            if not isinstance(error.__cause__, TelegramError) or not says(error.__cause__, "photo", "image"):
                raise
        return await self._call(chat_id, as_document)

    async def done(self, chat_id: int, message_id: int) -> None:
        """A sign on a mentor's message that it was passed on or done; only a sign, so it may fail."""
        try:
            await self._bot.set_message_reaction(chat_id, message_id, [ReactionTypeEmoji(ReactionEmoji.OK_HAND_SIGN)])
        except TelegramError as error:
            log.debug("no sign set", error=type(error).__name__)

    async def pin(self, chat_id: int, message_id: int) -> None:
        try:
            await self._bot.pin_chat_message(chat_id, message_id, disable_notification=True)
        except TelegramError as error:
            log.info("package not pinned", error=str(error)[:200])

    async def delete(self, chat_id: int, number: int) -> None:
        """A topic of a group with all in it (a negative chat), or a message of a mentor's own chat; gone already is
        fine, and so is what Telegram no longer deletes (messages older than two days)."""

        async def topic() -> None:
            await self._bot.delete_forum_topic(chat_id, number)

        async def message() -> None:
            await self._bot.delete_message(chat_id, number)

        try:
            await self._call(chat_id, topic if chat_id < 0 else message)
        except ChannelError as error:
            if not isinstance(error.__cause__, TelegramError) or not says(error.__cause__, *NO_TOPIC, *NOT_DELETABLE):
                raise

    # --- topics -------------------------------------------------------------------------------------------------------

    async def open_topic(self, chat_id: int, name: str, signs: Sequence[str], *, urgent: bool) -> int:
        icon = await self.icon(signs)

        async def create() -> int:
            color = None if icon else ForumIconColor.RED if urgent else ForumIconColor.YELLOW
            made = await self._bot.create_forum_topic(chat_id, name[:LONGEST_NAME], color, icon)
            return made.message_thread_id

        return await self._call(chat_id, create)

    async def show_topic(self, chat_id: int, thread: int, name: str, signs: Sequence[str]) -> None:
        icon = await self.icon(signs)

        async def edit() -> None:
            await self._bot.edit_forum_topic(chat_id, thread, name[:LONGEST_NAME], icon)

        await self._unless_so(chat_id, edit)

    async def close_topic(self, chat_id: int, thread: int) -> None:
        async def close() -> None:
            await self._bot.close_forum_topic(chat_id, thread)

        await self._unless_so(chat_id, close)

    async def reopen_topic(self, chat_id: int, thread: int) -> None:
        async def reopen() -> None:
            await self._bot.reopen_forum_topic(chat_id, thread)

        await self._unless_so(chat_id, reopen)

    async def icon(self, signs: Sequence[str]) -> str | None:
        """The icon for the first of these emojis that topics may have; None if they may have none of them."""
        if self._icons is None:
            try:
                found = await self._bot.get_forum_topic_icon_stickers()
            except TelegramError as error:
                log.info("icons of topics not known", error=type(error).__name__)
                return None
            self._icons = {
                _plain(each.emoji): each.custom_emoji_id for each in found if each.emoji and each.custom_emoji_id
            }
        return next((self._icons[_plain(sign)] for sign in signs if _plain(sign) in self._icons), None)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _unless_so(self, chat_id: int, call: Callable[[], Awaitable[None]]) -> None:
        """Carry it out; that it is so already is fine."""
        try:
            await self._call(chat_id, call)
        except ChannelError as error:
            if not isinstance(error.__cause__, TelegramError) or not says(error.__cause__, *NOT_MODIFIED):
                raise

    async def _call[T](self, chat_id: int, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._channel.in_turn(str(chat_id), call, begun=False, bulk=True, patience=PATIENCE)
        except TelegramError as error:
            raise to_channel_error(error) from error


def topic_gone(error: ChannelError) -> bool:
    """Whether somebody has deleted the topic."""
    return isinstance(error.__cause__, TelegramError) and says(error.__cause__, *NO_TOPIC)


def topic_closed(error: ChannelError) -> bool:
    return isinstance(error.__cause__, TelegramError) and says(error.__cause__, TOPIC_CLOSED)


def refused(error: ChannelError) -> bool:
    """Whether Telegram has said no, rather than nothing."""
    return error.permanent or isinstance(error.__cause__, BadRequest | InvalidToken)


def moved_to(error: ChannelError) -> int | None:
    """The new number of a group that has become a supergroup."""
    return error.__cause__.new_chat_id if isinstance(error.__cause__, ChatMigrated) else None


def _blocks(line: Line) -> list[Block]:
    """What somebody wrote is shown as it is; only our own answers are read as Markdown, and shortened."""
    if line.ours:
        shown: list[Block] = []
        length = 0
        for block in to_blocks(line.text):
            if shown and length + len(block.text) > LONGEST_OURS:
                shown.append(Block((Span("…"),)))
                break
            shown.append(block)
            length += len(block.text)
        lead = Block((Span(f"{line.lead}:", (BOLD,)),))
        return [lead, *(Block(block.spans, "\n" if place == 0 else block.gap) for place, block in enumerate(shown))]
    if not line.text:
        return [Block((Span(line.lead),))] if line.lead else []
    if not line.lead:
        return [Block((Span(line.text),))]
    between = "\n" if "\n" in line.text or line.text.startswith(BULLET) else ": "
    return [Block((Span(line.lead, (BOLD,)), Span(f"{between}{line.text}")))]


def _plain(emoji: str) -> str:
    """Without the sign that asks for its coloured form, which is written here and left out there."""
    return emoji.replace("\ufe0f", "")
