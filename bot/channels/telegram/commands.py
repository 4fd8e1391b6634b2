"""The command menu beside the input field, in each of our languages."""

from collections.abc import Callable
from typing import Protocol

from telegram import BotCommand


def N_(msgid: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return msgid


COMMANDS = {
    "start": N_("Show start message"),
    "help": N_("Show what I can do"),
    "language": N_("Change language"),
    "mentor": N_("Ask for a human mentor"),
    "mydata": N_("See the data kept about you"),
    "forget": N_("Delete everything about you"),
}
# Telegram takes two-letter codes only; "tl" is what it says of phones set to Filipino.
TELEGRAM_CODES = {"fil": "tl"}


class Translator(Protocol):
    def gettext(self, msgid: str, /) -> str: ...


type Translators = Callable[[str], Translator]


def command_menu(translator: Translator) -> list[BotCommand]:
    return [BotCommand(name, translator.gettext(text)) for name, text in COMMANDS.items()]


def telegram_code(language: str) -> str:
    return TELEGRAM_CODES.get(language, language)
