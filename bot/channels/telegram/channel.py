"""Replies to Telegram: text as HTML, buttons as an inline keyboard, the person's data as a file."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import structlog
from telegram import Bot, InputFile, LinkPreviewOptions, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram.commands import command_menu, telegram_code
from bot.channels.telegram.errors import (
    NOT_EDITABLE,
    NOT_MODIFIED,
    markup_refused,
    says,
    seconds_to_wait,
    to_channel_error,
)
from bot.channels.telegram.format import Part, to_parts
from bot.channels.telegram.inbound import ALLOWED_UPDATES
from bot.channels.telegram.pace import Pace, Unpaced
from bot.channels.telegram.webhook import Webhook
from core.errors import ChannelError, SettingError
from core.files import LARGEST
from core.messages import Reply
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import Translator

log = structlog.get_logger()

API = "https://api.telegram.org"
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
ATTACHMENT_NAME = "my-data.json"
EDITED = "✎ "
# In front of the id of a mentor's text that took several messages: editing the last would leave the others as they were.
SEVERAL = "+"
FETCH_SECONDS = 30.0
# Seconds: how long a whole reply may be held up here rather than by the queue, and how long the rest of one may.
PATIENCE, PATIENCE_BULK, PATIENCE_WITHIN = 5.0, 20.0, 60.0


@dataclass(frozen=True, slots=True)
class Where:
    """Where in a chat a message goes: into a topic of a group, below another message, without a sound."""

    thread: int | None = None
    reply_to: int | None = None
    quiet: bool = False

    @property
    def reply(self) -> ReplyParameters | None:
        return ReplyParameters(self.reply_to, allow_sending_without_reply=True) if self.reply_to else None


CHAT = Where()


class TelegramChannel:
    """Sends replies as one bot.

    Not repeatable: Telegram shows a message as often as it is sent. A long reply goes out as several messages; once
    the first is out, whatever stops the rest is `maybe_sent`, because sending the reply again would repeat the first.
    """

    name = "telegram"
    repeatable = False
    interactive = True

    def __init__(self, token: str, api_url: str = "", *, pace: Pace | None = None, read_timeout: float = 10) -> None:
        keep_secrets_out_of_logs()
        api = (api_url or API).rstrip("/")
        self._request = HTTPXRequest(connect_timeout=5, read_timeout=read_timeout, write_timeout=10, pool_timeout=5)
        self._pace = pace or Unpaced()
        self._username = ""
        self.bot = Bot(token, base_url=f"{api}/bot", base_file_url=f"{api}/file/bot", request=self._request)

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        """Telegram's id of the last message, the one with the buttons."""
        sent: str | None = None
        parts = to_parts(reply, message_id)
        for part in parts:
            sent = await self.send_part(address, part, begun=sent is not None, bulk=reply.bulk)
        if attachment is not None:
            await self._send_file(address, attachment)
        return f"{SEVERAL}{sent}" if reply.said_by and len(parts) > 1 else sent

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        """Change the text where it stands; where that cannot be, send the newer version as a message of its own."""
        parts = to_parts(reply, message_id)
        if external_id is None or not external_id.isdecimal() or len(parts) > 1:
            await self._send_anew(address, message_id, reply)
            return
        part = parts[0]

        async def change() -> None:
            await self.bot.edit_message_text(
                part.html,
                chat_id=int(address),
                message_id=int(external_id),
                parse_mode=ParseMode.HTML,
                reply_markup=part.keyboard,
                link_preview_options=NO_PREVIEW,
            )

        try:
            await self.in_turn(address, change, begun=False)
        except TelegramError as error:
            if says(error, *NOT_MODIFIED):
                return
            if not says(error, *NOT_EDITABLE):
                raise to_channel_error(error) from error
            await self._send_anew(address, message_id, reply)

    async def fetch(self, source: str) -> bytes:
        """What a person sent, up to one byte more than we take."""
        try:
            file = await self.bot.get_file(source)
        except BadRequest as error:
            raise ChannelError(f"Telegram does not give this file: {error}.", permanent=True) from error
        except TelegramError as error:
            raise to_channel_error(error) from error
        if not file.file_path or (file.file_size or 0) > LARGEST:
            raise ChannelError("This file is too big, or gone.", permanent=True)
        return await _download(file.file_path)

    async def username(self) -> str:
        """The bot's name in links to it, asked once; empty as long as Telegram does not say."""
        if not self._username:
            try:
                self._username = (await self.bot.get_me()).username or ""
            except TelegramError as error:
                log.warning("bot's name not known", error=type(error).__name__)
        return self._username

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        try:
            await self.bot.send_chat_action(int(address), ChatAction.TYPING)
        except TelegramError as error:
            log.debug("typing not shown", error=type(error).__name__)

    async def in_turn[T](
        self,
        address: str,
        call: Callable[[], Awaitable[T]],
        *,
        begun: bool,
        bulk: bool = False,
        patience: float | None = None,
    ) -> T:
        """Call when the pace allows, within `patience` seconds. Within a reply, a request to wait is heeded here: half a
        reply helps nobody.
        """
        longest = PATIENCE_WITHIN if begun else PATIENCE_BULK if bulk else PATIENCE
        await self._pace.wait(address, patience=longest if patience is None else patience, bulk=bulk and not begun)
        try:
            return await call()
        except RetryAfter as error:
            seconds = seconds_to_wait(error)
            await self._pace.hold(address, seconds)
            if not begun or seconds > PATIENCE_WITHIN:
                raise
            await asyncio.sleep(seconds)
            return await call()

    async def setup(self, translator: Callable[[str], Translator], webhook: Webhook | None) -> None:
        """Register the command menu in every language, and the webhook (without one, updates wait to be polled).

        Raises SettingError if Telegram does not know the token, ChannelError if it cannot be reached.
        """
        try:
            for language in LANGUAGES:
                code = None if language == DEFAULT else telegram_code(language)
                await self.bot.set_my_commands(command_menu(translator(language)), language_code=code)
            if webhook is None:
                await self.bot.delete_webhook()
            else:
                await self.bot.set_webhook(webhook.url, secret_token=webhook.secret, allowed_updates=ALLOWED_UPDATES)
        except InvalidToken as error:
            raise SettingError(
                "Telegram refuses TELEGRAM_BOT_TOKEN; copy it from BotFather again, for example 123456:ABC-DEF."
            ) from error
        except TelegramError as error:
            raise to_channel_error(error) from error

    async def close(self) -> None:
        await self._request.shutdown()
        await self._pace.close()

    async def send_part(
        self,
        address: str,
        part: Part,
        where: Where = CHAT,
        *,
        begun: bool,
        bulk: bool,
        patience: float | None = None,
    ) -> str:
        """One message; its id. As plain text, should Telegram refuse the mark-up. Raises ChannelError."""

        async def as_html() -> str:
            return await self._message(address, part.html, part, ParseMode.HTML, where)

        async def as_plain_text() -> str:
            return await self._message(address, part.plain, part, None, where)

        try:
            return await self.in_turn(address, as_html, begun=begun, bulk=bulk, patience=patience)
        except TelegramError as error:
            if not markup_refused(error):
                raise to_channel_error(error, begun=begun) from error
            log.error("Telegram refuses our HTML; sent as plain text", error=str(error)[:200])
        try:
            return await self.in_turn(address, as_plain_text, begun=begun, bulk=bulk, patience=patience)
        except TelegramError as error:
            raise to_channel_error(error, begun=begun) from error

    async def _send_anew(self, address: str, message_id: int, reply: Reply) -> None:
        for place, part in enumerate(to_parts(reply, message_id, lead=EDITED)):
            await self.send_part(address, part, begun=place > 0, bulk=False)

    async def _send_file(self, address: str, content: bytes) -> None:
        file = InputFile(content, filename=ATTACHMENT_NAME)

        async def as_document() -> None:
            await self.bot.send_document(int(address), file)

        try:
            await self.in_turn(address, as_document, begun=True)
        except TelegramError as error:
            raise to_channel_error(error, begun=True) from error

    async def _message(self, address: str, text: str, part: Part, parse_mode: ParseMode | None, where: Where) -> str:
        message = await self.bot.send_message(
            int(address),
            text,
            parse_mode=parse_mode,
            reply_markup=part.keyboard,
            link_preview_options=NO_PREVIEW,
            message_thread_id=where.thread,
            disable_notification=where.quiet or None,
            reply_parameters=where.reply,
        )
        return str(message.message_id)


async def _download(address: str) -> bytes:
    """The address holds the token, so nothing that is raised or logged may name it."""
    content = b""
    try:
        async with httpx.AsyncClient(timeout=FETCH_SECONDS) as client, client.stream("GET", address) as response:
            if response.status_code >= 500:
                raise ChannelError(f"Telegram does not give this file now ({response.status_code}).")
            if response.status_code != 200:
                raise ChannelError(f"This file is gone ({response.status_code}).", permanent=True)
            async for chunk in response.aiter_bytes():
                content += chunk[: LARGEST + 1 - len(content)]
                if len(content) > LARGEST:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ChannelError(f"The file could not be fetched ({type(error).__name__}).") from None
    return content


def keep_secrets_out_of_logs() -> None:
    """httpx logs addresses, which hold the token; python-telegram-bot logs what was written and answered."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
