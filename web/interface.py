"""What the page itself says, in one language. The page asks again when its conversation goes on in another one."""

from dataclasses import dataclass
from typing import Any

from i18n.languages import LANGUAGES
from i18n.translator import msgid
from web.chat import LONGEST_TEXT, NOT_SENT, TOO_LONG
from web.frame import TEMPLATES, Frame
from web.human import FILE_KIND, FILE_TOO_BIG, MEGABYTES
from web.render import button_view, html

# The names are those that `chat.html` and the scripts use.
TEXTS = {
    "skip": msgid("Skip to the chat"),
    "language": msgid("Language"),
    "chooseLanguage": msgid("Choose your language"),
    "data": msgid("Your data"),
    "download": msgid("Download my data"),
    "delete": msgid("Delete my data"),
    "theme": msgid("Light or dark"),
    "close": msgid("Close chat"),
    "tryThese": msgid("Try one of these"),
    "notLoaded": msgid("We could not load this page. Nothing was lost. Please try again in a moment."),
    "tryAgain": msgid("Try again"),
    "writing": msgid("Velkommen is writing …"),
    "newer": msgid("New message"),
    "write": msgid("Write your question"),
    "send": msgid("Send"),
    "smallPrint": msgid("General information, not legal advice."),
    "noScript": msgid(
        "This chat needs JavaScript. Please switch it on in your browser, or write to us on Telegram."
    ),
    "you": msgid("You"),
    "helpful": msgid("Helpful"),
    "notHelpful": msgid("Not helpful"),
    "thanks": msgid("Thank you for telling us."),
    "notKept": msgid("(not kept)"),
    "sending": msgid("Sending …"),
    "waiting": msgid("Waiting to be sent"),
    "notSent": NOT_SENT,
    "tooLong": TOO_LONG,
    "lost": msgid("Connection lost. Your message is kept and will be sent when you are back online."),
    "reconnecting": msgid("Connection lost. Trying again …"),
    "back": msgid("Connected again."),
    "today": msgid("Today"),
    "yesterday": msgid("Yesterday"),
    "newMessage": msgid("New message from Velkommen"),
    "mentorAsked": msgid("A mentor will write to you {promise}."),
    "mentorAskedSoon": msgid("A mentor will write to you as soon as possible."),
    "mentorHere": msgid("👤 {name}, mentor, is with you"),
    "mentorAway": msgid("👤 {name}, mentor, will write to you again"),
    "mentorWriting": msgid("{name} is writing …"),
    "botBack": msgid("Velkommen is back"),
    "edited": msgid("edited"),
    "attach": msgid("Send a photo or a PDF"),
    "drop": msgid("Let go here to send it"),
    "fileTooBig": FILE_TOO_BIG,
    "fileKind": FILE_KIND,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interface:
    """`welcome` is safe HTML: the greeting with its suggestions."""

    language: str
    texts: dict[str, str]
    welcome: str

    def to_json(self) -> dict[str, Any]:
        direction = LANGUAGES[self.language].text_direction
        return {"language": self.language, "direction": direction, "texts": self.texts, "welcome": self.welcome}


async def interface(frame: Frame, language: str) -> Interface:
    gettext = frame.doors.translator(language).gettext
    texts = {name: gettext(text) for name, text in TEXTS.items()}
    texts["tooLong"] = gettext(TOO_LONG, count=LONGEST_TEXT)
    texts["fileTooBig"] = gettext(FILE_TOO_BIG, count=MEGABYTES)
    greeting = await frame.doors.welcome(language)
    welcome = TEMPLATES.get_template("welcome.html").render(
        language=language,
        texts=texts,
        greeting=greeting,
        greeting_html=html(greeting.text),
        suggestions=[button_view(button) for button in greeting.buttons],
    )
    return Interface(language, texts, welcome)
