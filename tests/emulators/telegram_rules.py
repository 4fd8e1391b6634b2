"""What the emulated Telegram reads, checks and refuses."""

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.emulators.telegram_html import ParseRefusedError, parse_html, utf16_length

JSON = dict[str, Any]

MAX_PAYLOAD = 64
NOTHING_BEHIND = "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
BOT = {"id": 1, "is_bot": True, "first_name": "Velkommen", "username": "VelkommenTestBot"}
# The fields of a request that arrive as JSON inside a form.
JSON_FIELDS = (
    "reply_markup", "link_preview_options", "allowed_updates", "commands", "scope", "reply_parameters", "reaction",
)  # fmt: skip
# Of the icons that topics of any group may have; the real list has about a hundred.
ICONS = {"5310": "💬", "5311": "✅", "5312": "🔥", "5313": "❗️", "5314": "☕️", "5315": "📰"}
COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
# Of the reactions that anybody may set; a tick is not among them.
REACTIONS = ("👍", "👎", "❤", "🔥", "🎉", "👌", "🙏", "👀", "🤝", "🫡")
MAX_TOPIC_NAME = 128


@dataclass
class Topic:
    """A topic of a group; its number is the key that it is kept under."""

    name: str
    icon: str = ""
    color: int = COLORS[0]
    closed: bool = False


@dataclass
class Failure:
    """What goes wrong with the next calls of a method.

    after: calls that still go well before that; times: calls that then fail.
    accept: the call is carried out all the same, only its answer goes wrong.
    how: "refuse" with status and description, "hang" without an answer, "drop" the connection, "garbage" for JSON.
    """

    method: str
    status: int = 500
    description: str = "Internal Server Error"
    retry_after: int | None = None
    how: str = "refuse"
    accept: bool = False
    times: int = 1
    after: int = 0


class RefusedError(Exception):
    """An answer that is not ok, in the Bot API's words."""

    def __init__(self, status: int, description: str, parameters: JSON | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Limits:
    """How fast a bot may write, as its FAQ says: 30 messages in any second over all chats, one a second in a chat,
    where a short burst (three here) is tolerated, and 20 a minute in a group. What is refused counts for nothing.
    """

    in_a_second: int = 30
    in_a_minute: int = 20
    burst: int = 3
    refused: int = 0
    _in_groups: dict[int, deque[float]] = field(default_factory=dict)
    _moments: deque[float] = field(default_factory=deque)
    _full_at: dict[int, float] = field(default_factory=dict)

    def take(self, chat: int, now: float) -> None:
        while self._moments and self._moments[0] <= now - 1:
            self._moments.popleft()
        over_all = self._moments[0] + 1 - now if len(self._moments) >= self.in_a_second else 0.0
        full_at = max(self._full_at.get(chat, now), now)
        group = self._in_groups.setdefault(chat, deque()) if chat < 0 else deque()
        while group and group[0] <= now - 60:
            group.popleft()
        over_group = group[0] + 60 - now if len(group) >= self.in_a_minute else 0.0
        seconds = max(over_all, over_group, full_at - now - (self.burst - 1))
        if seconds > 0:
            self.refused += 1
            whole = math.ceil(seconds)
            raise RefusedError(429, f"Too Many Requests: retry after {whole}", {"retry_after": whole})
        self._moments.append(now)
        group.append(now)
        self._full_at[chat] = full_at + 1


async def arguments_of(request: web.Request) -> JSON:
    """The arguments of a call, from wherever the Bot API takes them: address, JSON, form, form with files."""
    arguments: JSON = dict(request.query)
    if request.content_type == "application/json":
        return {**arguments, **await request.json()}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            content = value.file.read()
            described = {"file_name": value.filename, "file_size": len(content), "mime_type": value.content_type}
            arguments[name] = {**described, "content": content.decode(errors="replace")}
        elif name in JSON_FIELDS:
            arguments[name] = json.loads(str(value))
        else:
            arguments[name] = value
    # A file is sent under a name of its own, to which the argument points.
    for name, value in list(arguments.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            arguments[name] = arguments[value.removeprefix("attach://")]
    return arguments


def answer_refused(refused: RefusedError) -> web.Response:
    body: JSON = {"ok": False, "error_code": refused.status, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return web.json_response(body, status=refused.status)


def shown(text: str, parse_mode: str) -> JSON:
    entities: list[JSON] = []
    if parse_mode.upper() == "HTML":
        try:
            parsed = parse_html(text)
        except ParseRefusedError as refusal:
            raise RefusedError(400, f"Bad Request: can't parse entities: {refusal}") from refusal
        text, entities = parsed.text, parsed.entities
    lead = utf16_length(text) - utf16_length(text.lstrip())
    entities = [{**entity, "offset": max(entity["offset"] - lead, 0)} for entity in entities]
    return {"text": text.strip(), **({"entities": entities} if entities else {})}


def check_keyboard(markup: JSON) -> None:
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise RefusedError(400, "Bad Request: BUTTON_TEXT_INVALID")
            payload, url = button.get("callback_data"), button.get("url")
            if payload is None and url is None:
                raise RefusedError(400, NOTHING_BEHIND)
            if payload is not None and not 1 <= len(payload.encode()) <= MAX_PAYLOAD:
                raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
            if url is not None and not url.startswith(("http://", "https://", "tg://")):
                raise RefusedError(
                    400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Unsupported URL protocol"
                )


def command_entity(text: str) -> JSON:
    if not text.startswith("/"):
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]}


def check_look(arguments: JSON, *, named: bool) -> None:
    """Name, icon and colour of a topic."""
    name, icon = arguments.get("name", ""), arguments.get("icon_custom_emoji_id", "")
    if named and not name:
        raise RefusedError(400, "Bad Request: topic name is empty")
    if len(name) > MAX_TOPIC_NAME:
        raise RefusedError(400, "Bad Request: topic name is too long")
    if icon and icon not in ICONS:
        raise RefusedError(400, "Bad Request: DOCUMENT_INVALID")
    if arguments.get("icon_color") and int(arguments["icon_color"]) not in COLORS:
        raise RefusedError(400, "Bad Request: TOPIC_ICON_COLOR_INVALID")


def person(number: int, first_name: str = "Maria", language_code: str = "en") -> JSON:
    """Somebody who writes."""
    return {"id": number, "is_bot": False, "first_name": first_name, "language_code": language_code}


def member(status: str) -> JSON:
    return {"user": BOT, "status": status, **({"until_date": 0} if status == "kicked" else {})}
