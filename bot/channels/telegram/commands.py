"""The command menu beside the input field, in each of our languages."""

from telegram import BotCommand

from i18n.translator import Translator, msgid

COMMANDS = {
    "start": msgid("Show start message"),
    "help": msgid("Show what I can do"),
    "next": msgid("What comes next?"),
    "list": msgid("My list"),
    "reminders": msgid("My reminders"),
    "me": msgid("What you know about me"),
    "stop": msgid("Stop all reminders"),
    "language": msgid("Change language"),
    "mentor": msgid("Ask for a human mentor"),
    "mydata": msgid("See the data kept about you"),
    "forget": msgid("Delete everything about you"),
}
# Telegram takes two-letter codes only; "tl" is what phones set to Filipino give.
TELEGRAM_CODES = {"fil": "tl"}


def command_menu(translator: Translator) -> list[BotCommand]:
    return [BotCommand(name, translator.gettext(text)) for name, text in COMMANDS.items()]


def telegram_code(language: str) -> str:
    return TELEGRAM_CODES.get(language, language)
