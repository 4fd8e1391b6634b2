"""A topic's card before it is published, as the chat and as Telegram would show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from actions import answer
from actions.turn import Turn
from bot.channels.telegram import format as telegram
from core.messages import Reply
from i18n.translator import translator
from knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Message:
    """One Telegram message: HTML with Telegram's own few tags; labels of the buttons below it, row by row."""

    html: str
    buttons: tuple[tuple[str, ...], ...] = ()


def card(library: Library, slug: str, language: str, *, profile: Mapping[str, str], day: date) -> Reply:
    """What somebody with that profile would read on that day."""
    now = datetime.combine(day, time(12), UTC)
    turn = Turn("", language, translator(language), library, day, profile=dict(profile), now=now)
    return answer.card(slug, turn)


def in_telegram(reply: Reply) -> list[Message]:
    """ChannelError for what no message can carry."""
    messages = []
    for part in telegram.to_parts(reply, 0):
        rows = part.keyboard.inline_keyboard if part.keyboard else ()
        messages.append(Message(part.html, tuple(tuple(button.text for button in row) for row in rows)))
    return messages
