"""What colleagues write in their group and in their own chats with the bot. Nothing of it is ever a recruit's message.

A step is carried out to its end before Telegram hears that its update arrived; that an answer to the mentor could not
be shown does not undo the step.
"""

import traceback
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from telegram import BotCommand, BotCommandScopeChat, CallbackQuery, Message, Update, User
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext.filters import StatusUpdate

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.direct import Direct
from bot.channels.telegram.forum import source_of
from bot.channels.telegram.rooms import Rooms, refused
from bot.mentor_chat import (
    COMMANDS,
    GENERAL,
    ONLY_TEXT,
    PRESS,
    PRIVATE,
    Answer,
    Heard,
    MentorChat,
    colleague_behind,
    command,
    inbox_address,
    number_in,
)
from bot.mentor_words import OTHERWISE, Line, Words, language_of, package, words_in
from bot.services import Services
from core.errors import ChannelError
from i18n.languages import DEFAULT, nearest
from i18n.translator import msgid
from store import forum, handovers, staff
from store.database import committing
from store.forum import Topic
from store.staff import Colleague

log = structlog.get_logger()

LINK = "mentor-"
SUPERGROUP = "-100"  # in front of a supergroup's own number
HINT_EVERY = timedelta(hours=1)
# The database is away, or has no connection left: it will be back.
AWAY = (OperationalError, InterfaceError, NoConnectionError, ConnectorException)
MOST_HINTED = 1_000

STRANGER = msgid(
    "I do not know your account, so nothing of this is passed on. Colleagues: a supervisor gets you a code with "
    "`velkommen mentor telegram`; send it to me in our private chat: /start mentor-CODE"
)
IN_A_TOPIC = msgid("Nothing is passed on from here. Write in a person's topic; /queue shows who is waiting.")
LINKED = msgid(
    "Hello {name}. This chat is now your place as a mentor: here I tell you when somebody needs you. "
    "What you write goes to the person whose conversation you have opened. /help shows all, /unlink ends it."
)
NOT_LINKED = msgid("This code was used already, or it is too old. Ask a supervisor for a new one.")
NO_MENTOR = msgid("Your account does not take conversations. A supervisor can change that.")
UNLINKED = msgid("This chat is no longer a mentor's. I am the chat assistant again.")


class Mentors:
    """One for a process that takes updates."""

    def __init__(self, services: Services, channel: TelegramChannel) -> None:
        self._services = services
        self._bot = channel.bot
        self._rooms = Rooms(channel)
        self._chat = MentorChat(services, self._where)
        self._direct = Direct(services, self._rooms)
        self._group = int(services.settings.mentor_group or 0)
        self._hinted: dict[tuple[int, int], datetime] = {}

    async def take(self, update: Update) -> bool:
        """Carry out what a colleague wants; False for an update that is none of theirs.

        Raises only what will be better by the time that the update comes again. Until then, no other is taken; so what
        cannot be carried out at all is said to the colleague, and left out.
        """
        try:
            return await self._take(update)
        except AWAY:
            raise
        except ChannelError as error:
            if not refused(error):
                raise
            return await self._left_out(update, error)
        except Exception as error:
            return await self._left_out(update, error)

    async def _left_out(self, update: Update, error: Exception) -> bool:
        # Not the error itself, which may hold what was written; where it came from is enough to mend it.
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
        log.error("a mentor's update left out", update=update.update_id, error=type(error).__name__, places=places)
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return True
        try:
            me = await self._colleague(user)
            if me is not None:
                words = await self._chat.words(me)
                await self._say(chat.id, words.t.gettext(OTHERWISE), thread=_thread(update))
        except AWAY:
            raise
        except Exception as another:
            log.error("not shown to the mentor", error=type(another).__name__)
        return True

    async def _take(self, update: Update) -> bool:
        chat, user = update.effective_chat, update.effective_user
        if self._group and chat is not None and chat.id == self._group:
            await self._in_group(update, user)
            return True
        if update.my_chat_member is not None and chat is not None and chat.is_forum:
            log.info("in a group with topics", number=chat.id, status=update.my_chat_member.new_chat_member.status)
        if user is None or (chat is not None and chat.type != ChatType.PRIVATE) or update.my_chat_member is not None:
            return False
        if (code := _code(update)) is not None:
            await self._link(user, code)
            return True
        me = await self._colleague(user)
        pressed = update.callback_query.data if update.callback_query else None
        if me is None:
            # A button of a time when this was a colleague's chat says nothing any more.
            return bool(pressed and pressed.startswith(PRESS))
        await self._in_private(me, update, user.id)
        return True

    # --- the group ----------------------------------------------------------------------------------------------------

    async def _in_group(self, update: Update, user: User | None) -> None:
        message = update.effective_message
        if update.my_chat_member is not None:
            log.warning("our rights in the mentors' group", status=update.my_chat_member.new_chat_member.status)
            return
        if message is not None and message.migrate_to_chat_id:
            moved = message.migrate_to_chat_id
            log.error("the mentors' group has a new number: set VELKOMMEN_MENTOR_GROUP to it", number=moved)
            return
        if user is None or (update.callback_query is None and StatusUpdate.ALL.check_update(update)):
            return
        thread = _thread(update)
        me = await self._colleague(user)
        if me is None:
            number = message.message_id if message and update.callback_query is None else None
            if not user.is_bot or message is None or message.sender_chat is not None:
                await self._hint(user.id, STRANGER, nearest(user.language_code or ""), thread, number)
            return
        async with self._services.database.connect() as connection:
            topic = await forum.topic_at(connection, self._group, thread) if thread is not None else None
        if update.callback_query is not None:
            await self._pressed_in_group(me, update.callback_query, thread)
        elif message is not None and topic is not None:
            await self._in_topic(me, topic, message, edited=update.edited_message is not None)
        elif message is not None and update.edited_message is None:
            await self._in_general(me, message, thread)

    async def _pressed_in_group(self, me: Colleague, query: CallbackQuery, thread: int | None) -> None:
        payload = query.data or ""
        digits = "".join(payload.removeprefix(PRESS).split(":")[1:2])
        if not payload.startswith(PRESS) or (number := number_in(digits)) is None:
            return
        async with self._services.database.connect() as connection:
            topic = await forum.topic_of(connection, number)
        place = query.message.message_id if query.message else 0
        heard = Heard(
            me,
            number,
            f"{source_of(self._group)}{place}:{query.id}",
            seen=topic.told.inbound if topic else None,
        )
        answer = await self._chat.presses(heard, payload)
        await self._show(me, answer, self._group, thread=thread)

    async def _in_topic(self, me: Colleague, topic: Topic, message: Message, *, edited: bool) -> None:
        heard = Heard(
            me, topic.conversation_id, f"{source_of(self._group)}{message.message_id}", seen=topic.told.inbound
        )
        await self._message(heard, message, self._group, thread=topic.thread_id, edited=edited)

    async def _in_general(self, me: Colleague, message: Message, thread: int | None) -> None:
        """The General topic, and topics that people have made: only what is about the whole."""
        name, _ = command(message.text or "")
        if name in GENERAL:
            answer = await self._chat.says(Heard(me, None, ""), message.text or "")
            await self._show(me, answer, self._group, thread=thread, reply_to=message.message_id)
        elif name or thread is None:
            await self._hint(me.id, IN_A_TOPIC, language_of(me), thread, message.message_id)

    # --- their own chats ----------------------------------------------------------------------------------------------

    async def _in_private(self, me: Colleague, update: Update, chat_id: int) -> None:
        if (query := update.callback_query) is not None:
            place = query.message.message_id if query.message else 0
            heard = Heard(me, None, f"{source_of(chat_id)}{place}:{query.id}", private=True)
            payload = query.data or ""
            answer = await self._chat.presses(heard, payload) if payload.startswith(PRESS) else Answer()
            await self._show(me, answer, chat_id)
            return
        message = update.effective_message
        if message is None or StatusUpdate.ALL.check_update(update):
            return
        async with self._services.database.connect() as connection:
            about = None
            if message.reply_to_message is not None:
                about = await forum.about(connection, chat_id, message.reply_to_message.message_id)
            about = about or await staff.talk_of(connection, me.id)
            seen = await forum.seen_in(connection, chat_id, about) if about is not None else None
        source = f"{source_of(chat_id)}{message.message_id}"
        heard = Heard(me, about, source, seen=None if self._group else seen, private=True)
        await self._message(heard, message, chat_id, edited=update.edited_message is not None)

    async def _link(self, user: User, code: str) -> None:
        """Make this chat a colleague's. The code works once; the same update again finds it done."""
        async with self._services.database.begin() as connection:
            number = await staff.use_link(connection, code, "telegram", now=self._services.now())
            if number is not None:
                await staff.link_telegram(connection, number, str(user.id))
            me = await staff.by_telegram(connection, str(user.id))
            words = await words_in(
                self._services, connection, language_of(me) if me else nearest(user.language_code or "")
            )
            taker = await colleague_behind(connection, str(user.id))
        log.info("mentor's chat", linked=number is not None, staff=me.id if me else None)
        text = NOT_LINKED if me is None else LINKED if taker else NO_MENTOR
        await self._say(user.id, words.t.gettext(text, name=me.name if me else ""))
        if taker is not None:
            await self._menu(user.id, words)

    async def _unlink(self, me: Colleague, chat_id: int) -> None:
        words = await self._chat.words(me)
        async with self._services.database.begin() as connection:
            await staff.change(connection, me.id, telegram_id=None, telegram_talk=None)
        try:
            await self._bot.delete_my_commands(BotCommandScopeChat(chat_id))
        except TelegramError as error:
            log.debug("menu not removed", error=type(error).__name__)
        await self._say(chat_id, words.t.gettext(UNLINKED))

    async def _menu(self, chat_id: int, words: Words) -> None:
        """The commands of a mentor beside the input field; only a help, so it may fail."""
        found = {**COMMANDS, **GENERAL, **(PRIVATE if chat_id > 0 else {})}
        menu = [BotCommand(name, words.t.gettext(text)) for name, text in found.items()]
        try:
            await self._bot.set_my_commands(menu, BotCommandScopeChat(chat_id))
        except TelegramError as error:
            log.info("menu not set", error=str(error)[:200])

    async def prepare(self) -> None:
        """What the group shows beside its input field."""
        if self._group:
            async with self._services.database.connect() as connection:
                words = await words_in(self._services, connection)
            await self._menu(self._group, words)

    # --- both ---------------------------------------------------------------------------------------------------------

    async def _message(
        self, heard: Heard, message: Message, chat_id: int, *, thread: int | None = None, edited: bool
    ) -> None:
        """One message of a colleague: done once, however often it arrives."""
        async with self._services.database.connect() as connection:
            known = await forum.about(connection, chat_id, message.message_id) is not None
            written = await handovers.written(connection, heard.source)
        if message.text is None:
            if not edited:
                words = await self._chat.words(heard.me)
                answer = Answer(words.t.gettext(ONLY_TEXT))
                await self._show(heard.me, answer, chat_id, thread=thread, reply_to=message.message_id)
            return
        if edited:
            answer = await self._chat.edits(heard, written, message.text) if written is not None else Answer()
        elif known:
            return
        else:
            answer = await self._chat.says(heard, message.text)
        if heard.conversation_id is not None and (answer.done or answer.outbound_id is not None):
            async with self._services.database.begin() as connection:
                await forum.map_message(
                    connection, chat_id, message.message_id, heard.conversation_id, outbound_id=answer.outbound_id
                )
        await self._show(heard.me, answer, chat_id, thread=thread, reply_to=message.message_id)

    async def _show(
        self, me: Colleague, answer: Answer, chat_id: int, *, thread: int | None = None, reply_to: int | None = None
    ) -> None:
        if answer.unlink:
            await self._unlink(me, chat_id)
            return
        if answer.ends is not None:
            async with self._services.database.begin() as connection:
                await forum.end_talks(connection, answer.ends, staff_id=me.id)
        if answer.opens is not None and chat_id > 0:
            async with self._services.database.begin() as connection:
                await staff.set_talk(connection, me.id, answer.opens)
        if answer.done and reply_to is not None:
            await self._rooms.done(chat_id, reply_to)
        if answer.opens is not None and chat_id > 0 and answer.package is None:
            answer = await self._opened(me, answer.opens)
        if answer.text:
            numbers = await self._say(chat_id, answer.text, answer, thread=thread, reply_to=reply_to)
            if chat_id > 0 and answer.opens is not None:
                # It says whom it is about, so it goes when they are forgotten.
                async with self._services.database.begin() as connection:
                    for number in numbers:
                        await forum.map_message(connection, chat_id, number, answer.opens)
        if answer.package is not None:
            await self._show_package(me, answer, chat_id, thread)

    async def _opened(self, me: Colleague, conversation_id: int) -> Answer:
        """Who it is that a private chat is about now. Without a group, what they wrote comes here by itself."""
        answer = await self._chat.presses(Heard(me, None, "", private=True), f"{PRESS}open:{conversation_id}")
        if self._group or answer.package is None:
            return answer
        if await self._direct.mirror(conversation_id) is not None:
            await self._services.mirror(conversation_id)
        return replace(answer, package=None)

    async def _show_package(self, me: Colleague, answer: Answer, chat_id: int, thread: int | None) -> None:
        assert answer.package is not None
        lines = package(answer.package, await self._chat.words(me))
        try:
            if chat_id > 0:
                await self._direct.show(chat_id, lines, answer.package.row.conversation_id)
            else:
                await self._rooms.post(chat_id, lines, thread=thread, bulk=False)
        except ChannelError as error:
            log.warning("not shown to the mentor", staff=me.id, error=str(error)[:200])

    async def _say(
        self,
        chat_id: int,
        text: str,
        answer: Answer | None = None,
        *,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> list[int]:
        buttons = answer.buttons if answer else ()
        try:
            return await self._rooms.post(
                chat_id, [Line("", text)], thread=thread, reply_to=reply_to, buttons=buttons, bulk=False
            )
        except ChannelError as error:
            log.warning("not shown to the mentor", error=str(error)[:200])
            return []

    async def _hint(self, who: int, text: str, language: str | None, thread: int | None, reply_to: int | None) -> None:
        """How it works here, to each once an hour."""
        now = self._services.now()
        self._hinted = {key: at for key, at in self._hinted.items() if now - at < HINT_EVERY}
        if (self._group, who) in self._hinted or len(self._hinted) >= MOST_HINTED:
            return
        self._hinted[self._group, who] = now
        async with self._services.database.connect() as connection:
            words = await words_in(self._services, connection, language or DEFAULT)
        await self._say(self._group, words.t.gettext(text), thread=thread, reply_to=reply_to)

    async def _where(self, conversation_id: int) -> str:
        """The address of a conversation's topic; of the inbox, where it has none."""
        async with self._services.database.connect() as connection:
            topic = await forum.topic_of(connection, conversation_id)
        if topic is not None and str(topic.chat_id).startswith(SUPERGROUP):
            return f"https://t.me/c/{str(topic.chat_id).removeprefix(SUPERGROUP)}/{topic.thread_id}"
        return inbox_address(self._services.settings.public_url, conversation_id)

    async def _colleague(self, user: User) -> Colleague | None:
        async with committing(self._services.database) as connection:
            return await colleague_behind(connection, str(user.id))


def _thread(update: Update) -> int | None:
    """The topic that an update stands in; None for General, where answers carry a number that is no topic's."""
    message = update.callback_query.message if update.callback_query else update.effective_message
    if not isinstance(message, Message) or not message.is_topic_message:
        return None
    return message.message_thread_id


def _code(update: Update) -> str | None:
    """What follows in "/start mentor-CODE"."""
    name, rest = command((update.message.text if update.message else None) or "")
    return rest.removeprefix(LINK) if name == "help" and rest.startswith(LINK) else None
