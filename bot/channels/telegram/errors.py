"""What Telegram's refusals and the network's failures mean for a delivery."""

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from core.errors import ChannelError

# Telegram's own words (it has no codes); matched in lower case.
NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty", "group chat was upgraded")
NOT_UNDERSTOOD = "can't parse entities"
NOT_MODIFIED = ("message is not modified", "topic_not_modified")
NOT_EDITABLE = ("message can't be edited", "message to edit not found", "message_id_invalid")
NOT_DELETABLE = ("message to delete not found", "message can't be deleted", "message_id_invalid")
NO_TOPIC = ("thread not found", "topic_deleted", "topic_id_invalid")
TOPIC_CLOSED = "topic_closed"
# Raised before the first byte went out.
BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def to_channel_error(error: TelegramError, *, begun: bool = False) -> ChannelError:
    """The error as one of ours.

    begun: an earlier part of the same reply is on the person's screen already. Sending the whole reply again would
    repeat it, so it counts as `maybe_sent` whatever stopped the rest.
    """
    if isinstance(error, RetryAfter):
        seconds = seconds_to_wait(error)
        if not begun:
            return ChannelError(f"Telegram asks to wait {seconds:g} seconds.", retry_after=seconds)
        return ChannelError(f"Telegram asked to wait {seconds:g} seconds inside a reply.", maybe_sent=True)
    if isinstance(error, Forbidden | ChatMigrated) or says(error, *NOBODY_THERE):
        return ChannelError(f"Nobody can be reached in this chat: {error}.", permanent=True, maybe_sent=begun)
    if isinstance(error, InvalidToken):
        return ChannelError("Telegram refuses the token; check TELEGRAM_BOT_TOKEN.", maybe_sent=begun)
    if isinstance(error, BadRequest):
        return ChannelError(f"Telegram refuses the message: {error}.", maybe_sent=begun)
    if isinstance(error, NetworkError) and isinstance(error.__cause__, BEFORE_SENDING):
        return ChannelError(f"Telegram cannot be reached ({type(error.__cause__).__name__}).", maybe_sent=begun)
    # A time-out, a connection lost half-way, a 5xx: Telegram may have taken the message before that.
    return ChannelError(f"No clear answer from Telegram ({_in_short(error)}).", maybe_sent=True)


def markup_refused(error: TelegramError) -> bool:
    return says(error, NOT_UNDERSTOOD)


def says(error: TelegramError, *words: str) -> bool:
    """Whether Telegram refuses a call in one of these words."""
    return isinstance(error, BadRequest) and any(each in str(error).lower() for each in words)


def seconds_to_wait(error: RetryAfter) -> float:
    # The public attribute warns on every reading until its type changes; this is the same value as a timedelta.
    return error._retry_after.total_seconds()


def _in_short(error: TelegramError) -> str:
    """The kind of failure; a proxy's error page may be long and say anything."""
    return type(error.__cause__ or error).__name__
