"""A Telegram of our own on loopback: the part of the Bot API that Velkommen uses, with the real rules and refusals.

In tests: `async with TelegramEmulator() as telegram:` and `TelegramChannel(telegram.token, telegram.url)`; people act
through `telegram.says(…)`, `presses`, `edits`, `blocks`, and what they see is in `telegram.messages(chat_id)`.

By hand: `python -m tests.emulators.telegram --port 8081`, Velkommen with TELEGRAM_API_URL=http://127.0.0.1:8081 and any
token of the right shape, then

    curl 127.0.0.1:8081/user/7/says -d '{"text": "hello"}'
    curl 127.0.0.1:8081/user/7/messages

A group with topics is `telegram.forum(chat_id)`; who writes there is named by `by=person(…)`, where by `thread=`.
"""

import argparse
import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.emulators.telegram_html import utf16_length
from tests.emulators.telegram_rules import (
    BOT,
    ICONS,
    REACTIONS,
    Failure,
    Limits,
    RefusedError,
    Topic,
    answer_refused,
    arguments_of,
    check_keyboard,
    check_look,
    command_entity,
    member,
    person,
    shown,
)

JSON = dict[str, Any]

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_DOWNLOAD = 20 * 1024 * 1024  # bytes that the Bot API hands out
TWO_DAYS = 48 * 3600
RIGHTS = ("can_manage_topics", "can_pin_messages", "can_delete_messages")
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass
class Chat:
    """A person's private chat with the bot (or a group), and all that was shown in it."""

    id: int
    type: str = "private"
    first_name: str = "Maria"
    language_code: str = "en"
    blocked: bool = False
    messages: list[JSON] = field(default_factory=list)
    is_forum: bool = False
    rights: set[str] = field(default_factory=set)
    topics: dict[int, Topic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)

    @property
    def person(self) -> JSON:
        sender = self.id if self.type == "private" else 500
        return person(sender, self.first_name, self.language_code)

    @property
    def shape(self) -> JSON:
        if self.type == "private":
            return {"id": self.id, "type": "private", "first_name": self.first_name}
        forum = {"is_forum": True} if self.is_forum else {}
        return {"id": self.id, "type": self.type, "title": "Newcomers", **forum}

    def topic(self, arguments: JSON) -> Topic:
        """The topic that a call is about. The bot has made it, so it may rename and close it without a right."""
        if not self.is_forum:
            raise RefusedError(400, "Bad Request: the chat is not a forum")
        topic = self.topics.get(int(arguments.get("message_thread_id") or 0))
        if topic is None:
            raise RefusedError(400, "Bad Request: TOPIC_ID_INVALID")
        return topic

    def need(self, right: str, otherwise: str) -> None:
        if self.type != "private" and right not in self.rights:
            raise RefusedError(400, f"Bad Request: {otherwise}")


class TelegramEmulator:
    """One bot, its chats, and the updates that wait for it. limits: it refuses what comes too fast."""

    def __init__(self, token: str = "1:EMULATED-TOKEN", *, limits: Limits | None = None) -> None:
        self.token = token
        self.limits = limits
        self.url = ""
        self.chats: dict[int, Chat] = {}
        self.updates: deque[JSON] = deque()
        self.calls: list[tuple[str, JSON]] = []
        self.sent_at: defaultdict[int, list[float]] = defaultdict(list)
        self.answered: list[str] = []
        self.actions: list[tuple[int, str]] = []
        self.commands: dict[str, list[JSON]] = {}
        self.webhook: JSON = {}
        self.failures: list[Failure] = []
        self.files: dict[str, bytes] = {}
        self.reactions: dict[tuple[int, int], list[str]] = {}
        self.chat_commands: dict[int, list[JSON]] = {}
        self.any_token = False
        self._next_update, self._next_message, self._next_press = 1001, 1, 1
        self._allowed: list[str] | None = None
        self._poll = 0
        self._waiting: set[str] = set()
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._pusher: asyncio.Task[None] | None = None

    # --- starting and stopping ---------------------------------------------------------------------------------

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound: Any = site._server
        self.url = f"http://{host}:{bound.sockets[0].getsockname()[1]}"
        self._pusher = asyncio.create_task(self._push())

    async def stop(self) -> None:
        self._closing.set()
        await self._wake()
        if self._pusher is not None:
            self._pusher.cancel()
            with suppress(asyncio.CancelledError):
                await self._pusher
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._bot_api)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_post("/user/{chat}/{act}", self._user_acts)
        app.router.add_get("/user/{chat}/messages", self._user_sees)
        app.router.add_post("/fail", self._fail)
        app.router.add_get("/calls", self._show_calls)
        return app

    # --- what people do ----------------------------------------------------------------------------------------

    def chat(self, chat_id: int, **traits: Any) -> Chat:
        """The chat, opened if it is new; traits: type, first_name, language_code."""
        chat = self.chats.setdefault(chat_id, Chat(chat_id, type="private" if chat_id > 0 else "group"))
        for name, value in traits.items():
            setattr(chat, name, value)
        return chat

    def forum(self, chat_id: int, rights: tuple[str, ...] = RIGHTS) -> Chat:
        """A group with topics, of which the bot is an administrator with these rights."""
        return self.chat(chat_id, type="supergroup", is_forum=True, rights=set(rights))

    async def says(self, chat_id: int, text: str, **how: Any) -> JSON:
        """A person writes a text or a command; the update."""
        return await self.sends(chat_id, {"text": text, **command_entity(text)}, **how)

    async def sends(
        self,
        chat_id: int,
        content: JSON,
        *,
        by: JSON | None = None,
        thread: int | None = None,
        reply_to: int | None = None,
        **traits: Any,
    ) -> JSON:
        """A person sends anything: the fields of a Message, such as {"photo": […], "caption": "…"}."""
        chat = self.chat(chat_id, **traits)
        message = {**self._new_message(chat, thread), "from": by or chat.person, **content}
        if reply_to is not None:
            message["reply_to_message"] = self.message(chat_id, reply_to)
        chat.messages.append(message)
        return await self.update({"message": message})

    async def edits(self, chat_id: int, message_id: int, text: str) -> JSON:
        message = self.message(chat_id, message_id)
        message.update(text=text, edit_date=int(time.time()))
        return await self.update({"edited_message": message})

    async def presses(self, chat_id: int, label_or_payload: str, *, by: JSON | None = None) -> JSON:
        """A person presses a button of the newest message that has it."""
        chat = self.chats[chat_id]
        for message in reversed(chat.messages):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if label_or_payload in (button["text"], button.get("callback_data")):
                        return await self._press(chat, message, button.get("callback_data", ""), by)
        raise LookupError(f"No message in chat {chat_id} has the button {label_or_payload!r}.")

    async def blocks(self, chat_id: int) -> JSON:
        return await self._membership(chat_id, "member", "kicked")

    async def unblocks(self, chat_id: int) -> JSON:
        return await self._membership(chat_id, "kicked", "member")

    def deletes_topic(self, chat_id: int, thread: int) -> None:
        """Somebody deletes a topic with all in it; bots are not told."""
        chat = self.chats[chat_id]
        del chat.topics[thread]
        chat.messages = [m for m in chat.messages if m.get("message_thread_id") != thread]

    def in_topic(self, chat_id: int, thread: int) -> list[JSON]:
        """What the bot has written in a topic."""
        return [m for m in self.messages(chat_id) if m.get("message_thread_id") == thread]

    def message(self, chat_id: int, message_id: int) -> JSON:
        return next(m for m in self.chats[chat_id].messages if m["message_id"] == message_id)

    def messages(self, chat_id: int) -> list[JSON]:
        """What the bot has sent to this chat."""
        return [m for m in self.chat(chat_id).messages if m["from"]["is_bot"]]

    async def sees(self, chat_id: int, count: int = 1, *, within: float = 5) -> list[JSON]:
        """Wait until the bot has sent so many messages."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: len(self.messages(chat_id)) >= count)
        return self.messages(chat_id)

    async def update(self, content: JSON) -> JSON:
        """Put an update into the queue, as Telegram does."""
        update = {"update_id": self._next_update, **json.loads(json.dumps(content))}
        self._next_update += 1
        kind = next(iter(content))
        if self._allowed is None or kind in self._allowed:
            self.updates.append(update)
        await self._wake()
        return update

    def fail(self, method: str, **how: Any) -> Failure:
        """The next call of this method goes wrong; see Failure."""
        failure = Failure(method, **how)
        self.failures.append(failure)
        return failure

    def called(self, method: str) -> list[JSON]:
        return [arguments for name, arguments in self.calls if name == method]

    async def _press(self, chat: Chat, message: JSON, payload: str, by: JSON | None = None) -> JSON:
        press_id = str(self._next_press)
        self._next_press += 1
        self._waiting.add(press_id)
        query = {
            "id": press_id,
            "from": by or chat.person,
            "message": message,
            "chat_instance": str(chat.id * 7919),
            "data": payload,
        }
        return await self.update({"callback_query": query})

    async def _membership(self, chat_id: int, before: str, after: str) -> JSON:
        chat = self.chat(chat_id)
        chat.blocked = after == "kicked"
        change = {
            "chat": chat.shape,
            "from": chat.person,
            "date": int(time.time()),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        return await self.update({"my_chat_member": change})

    # --- the Bot API -------------------------------------------------------------------------------------------

    async def _bot_api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"].lower()
        if not self.any_token and request.match_info["token"] != self.token:
            return answer_refused(RefusedError(401, "Unauthorized"))
        method = METHODS.get(name)
        if method is None:
            return answer_refused(RefusedError(404, "Not Found"))
        canonical, function = method
        given = await arguments_of(request)
        self.calls.append((canonical, given))
        failure = self._failure(canonical)
        try:
            if failure is not None and not failure.accept:
                return await self._go_wrong(request, failure)
            result = await function(self, given)
            if failure is not None:
                return await self._go_wrong(request, failure)
        except RefusedError as refused:
            return answer_refused(refused)
        return web.json_response({"ok": True, "result": result})

    def _failure(self, method: str) -> Failure | None:
        for failure in self.failures:
            if failure.method.lower() == method.lower():
                if failure.after > 0:
                    failure.after -= 1
                    return None
                failure.times -= 1
                if failure.times <= 0:
                    self.failures.remove(failure)
                return failure
        return None

    async def _go_wrong(self, request: web.Request, failure: Failure) -> web.StreamResponse:
        match failure.how:
            case "hang":
                await self._closing.wait()
            case "drop" if request.transport is not None:
                request.transport.close()
            case "garbage":
                return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        if failure.retry_after is not None:
            seconds = failure.retry_after
            raise RefusedError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        raise RefusedError(failure.status, failure.description)

    async def get_me(self, arguments: JSON) -> JSON:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def get_updates(self, arguments: JSON) -> list[JSON]:
        if self.webhook.get("url"):
            raise RefusedError(409, WEBHOOK_ACTIVE)
        self._allow(arguments)
        self._acknowledge(int(arguments.get("offset") or 0))
        self._poll += 1
        mine = self._poll
        await self._wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(float(arguments.get("timeout") or 0)), self._changed:
                await self._changed.wait_for(lambda: bool(self.updates) or self._poll != mine or self._closing.is_set())
        if self._poll != mine:
            raise RefusedError(409, OTHER_POLLER)
        return list(self.updates)[: min(int(arguments.get("limit") or 100), 100)]

    async def send_message(self, arguments: JSON) -> JSON:
        chat = self._reachable(arguments)
        content = shown(arguments.get("text", ""), arguments.get("parse_mode", ""))
        if not content["text"]:
            raise RefusedError(400, "Bad Request: message text is empty")
        if utf16_length(content["text"]) > MAX_TEXT:
            raise RefusedError(400, "Bad Request: message is too long")
        return await self._show(chat, content, arguments)

    async def edit_message_text(self, arguments: JSON) -> JSON:
        chat = self._reachable(arguments)
        number = int(arguments.get("message_id") or 0)
        message = next((m for m in chat.messages if m["message_id"] == number), None)
        if message is None:
            raise RefusedError(400, "Bad Request: message to edit not found")
        if not message["from"]["is_bot"] or "text" not in message:
            raise RefusedError(400, "Bad Request: message can't be edited")
        content = shown(arguments.get("text", ""), arguments.get("parse_mode", ""))
        if not content["text"]:
            raise RefusedError(400, "Bad Request: message text is empty")
        if utf16_length(content["text"]) > MAX_TEXT:
            raise RefusedError(400, "Bad Request: message is too long")
        before = (message["text"], message.get("entities"), message.get("reply_markup"))
        if before == (content["text"], content.get("entities"), arguments.get("reply_markup")):
            raise RefusedError(400, NOT_MODIFIED)
        for name in ("entities", "reply_markup"):
            message.pop(name, None)
        message.update(content, edit_date=int(time.time()))
        if markup := arguments.get("reply_markup"):
            check_keyboard(markup)
            message["reply_markup"] = markup
        await self._wake()
        return message

    async def delete_message(self, arguments: JSON) -> bool:
        chat = self._reachable(arguments)
        number = int(arguments.get("message_id") or 0)
        message = next((m for m in chat.messages if m["message_id"] == number), None)
        if message is None:
            raise RefusedError(400, "Bad Request: message to delete not found")
        if time.time() - message["date"] > TWO_DAYS:
            raise RefusedError(400, "Bad Request: message can't be deleted for everyone")
        if not message["from"]["is_bot"]:
            chat.need("can_delete_messages", "message can't be deleted")
        chat.messages.remove(message)
        return True

    async def send_document(self, arguments: JSON) -> JSON:
        document = arguments.get("document")
        if not isinstance(document, dict):
            raise RefusedError(400, "Bad Request: there is no document in the request")
        content: JSON = {"document": {**document, "file_id": "file", "file_unique_id": "unique"}}
        return await self._show_file(arguments, content)

    async def send_photo(self, arguments: JSON) -> JSON:
        photo = arguments.get("photo")
        if not isinstance(photo, dict):
            raise RefusedError(400, "Bad Request: there is no photo in the request")
        size = {"file_id": "photo", "file_unique_id": "unique", "width": 640, "height": 480}
        return await self._show_file(arguments, {"photo": [{**size, "content": photo["content"]}]})

    async def pin_chat_message(self, arguments: JSON) -> bool:
        chat = self._reachable(arguments)
        chat.need("can_pin_messages", "not enough rights to manage pinned messages in the chat")
        number = int(arguments.get("message_id") or 0)
        if all(m["message_id"] != number for m in chat.messages):
            raise RefusedError(400, "Bad Request: message to pin not found")
        chat.pinned.append(number)
        return True

    async def set_message_reaction(self, arguments: JSON) -> bool:
        chat = self._reachable(arguments)
        number = int(arguments.get("message_id") or 0)
        if all(m["message_id"] != number for m in chat.messages):
            raise RefusedError(400, "Bad Request: message to react not found")
        emojis = [each["emoji"] for each in arguments.get("reaction", [])]
        if not set(emojis) <= set(REACTIONS):
            raise RefusedError(400, "Bad Request: REACTION_INVALID")
        self.reactions[chat.id, number] = emojis
        return True

    async def get_file(self, arguments: JSON) -> JSON:
        file_id = str(arguments.get("file_id", ""))
        if file_id not in self.files:
            raise RefusedError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = len(self.files[file_id])
        if size > MAX_DOWNLOAD:
            raise RefusedError(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": "unique", "file_size": size, "file_path": f"files/{file_id}"}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["path"].removeprefix("files/")
        if request.match_info["token"] != self.token and not self.any_token:
            return answer_refused(RefusedError(401, "Unauthorized"))
        if file_id not in self.files:
            return answer_refused(RefusedError(404, "Not Found"))
        return web.Response(body=self.files[file_id])

    # --- topics ------------------------------------------------------------------------------------------------

    async def get_forum_topic_icon_stickers(self, arguments: JSON) -> list[JSON]:
        shape = {"type": "custom_emoji", "width": 100, "height": 100, "is_animated": True, "is_video": False}
        return [
            {
                **shape,
                "file_id": f"icon{number}",
                "file_unique_id": f"i{number}",
                "emoji": emoji,
                "custom_emoji_id": number,
            }
            for number, emoji in ICONS.items()
        ]

    async def create_forum_topic(self, arguments: JSON) -> JSON:
        chat = self._reachable(arguments)
        if not chat.is_forum:
            raise RefusedError(400, "Bad Request: the chat is not a forum")
        chat.need("can_manage_topics", "not enough rights to create a topic")
        check_look(arguments, named=True)
        if self.limits is not None:
            self.limits.take(chat.id, time.monotonic())
        # A topic is known by the service message that tells of it.
        thread = self._new_message(chat)["message_id"]
        color = int(arguments.get("icon_color") or 0x6FB9F0)
        chat.topics[thread] = Topic(arguments["name"], arguments.get("icon_custom_emoji_id", ""), color)
        await self._wake()
        icon = chat.topics[thread].icon
        return {
            "message_thread_id": thread,
            "name": arguments["name"],
            "icon_color": color,
            **({"icon_custom_emoji_id": icon} if icon else {}),
        }

    async def edit_forum_topic(self, arguments: JSON) -> bool:
        topic = self._reachable(arguments).topic(arguments)
        check_look(arguments, named=False)
        name, icon = arguments.get("name") or topic.name, arguments.get("icon_custom_emoji_id", topic.icon)
        if (name, icon) == (topic.name, topic.icon):
            raise RefusedError(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic.name, topic.icon = name, icon
        return True

    async def close_forum_topic(self, arguments: JSON) -> bool:
        return self._close(arguments, closed=True)

    async def reopen_forum_topic(self, arguments: JSON) -> bool:
        return self._close(arguments, closed=False)

    def _close(self, arguments: JSON, *, closed: bool) -> bool:
        topic = self._reachable(arguments).topic(arguments)
        if topic.closed is closed:
            raise RefusedError(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic.closed = closed
        return True

    async def delete_forum_topic(self, arguments: JSON) -> bool:
        chat = self._reachable(arguments)
        chat.topic(arguments)
        chat.need("can_delete_messages", "not enough rights to delete messages in the chat")
        self.deletes_topic(chat.id, int(arguments["message_thread_id"]))
        return True

    async def send_chat_action(self, arguments: JSON) -> bool:
        chat = self._reachable(arguments)
        self.actions.append((chat.id, arguments["action"]))
        return True

    async def answer_callback_query(self, arguments: JSON) -> bool:
        press_id = str(arguments.get("callback_query_id", ""))
        if press_id not in self._waiting:
            raise RefusedError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._waiting.discard(press_id)
        self.answered.append(press_id)
        return True

    async def set_my_commands(self, arguments: JSON) -> bool:
        code = arguments.get("language_code", "")
        if code and not (len(code) == 2 and code.isalpha() and code.islower()):
            raise RefusedError(400, "Bad Request: invalid language code specified")
        for command in arguments["commands"]:
            if not command["command"].isidentifier() or not command["command"].islower():
                raise RefusedError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise RefusedError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        if (scope := arguments.get("scope", {})).get("type") == "chat":
            self._reachable(scope)
            self.chat_commands[int(scope["chat_id"])] = arguments["commands"]
        else:
            self.commands[code] = arguments["commands"]
        return True

    async def delete_my_commands(self, arguments: JSON) -> bool:
        self.chat_commands.pop(int(arguments.get("scope", {}).get("chat_id", 0)), None)
        return True

    async def set_webhook(self, arguments: JSON) -> bool:
        url = arguments.get("url", "")
        # The real one takes https only; here a test may listen on loopback.
        if url and not url.startswith(("https://", "http://127.0.0.1")):
            raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(arguments)
        self.webhook = {"url": url, "secret_token": arguments.get("secret_token", "")}
        await self._wake()
        return True

    async def delete_webhook(self, arguments: JSON) -> bool:
        self.webhook = {}
        return True

    # --- behind it ---------------------------------------------------------------------------------------------

    def _reachable(self, arguments: JSON) -> Chat:
        chat = self.chats.get(int(arguments.get("chat_id", 0)))
        if chat is None:
            raise RefusedError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        return chat

    async def _show_file(self, arguments: JSON, content: JSON) -> JSON:
        chat = self._reachable(arguments)
        caption = shown(arguments.get("caption", ""), arguments.get("parse_mode", ""))
        if utf16_length(caption["text"]) > MAX_CAPTION:
            raise RefusedError(400, "Bad Request: message caption is too long")
        if caption["text"]:
            content["caption"] = caption["text"]
        return await self._show(chat, content, arguments)

    async def _show(self, chat: Chat, content: JSON, arguments: JSON) -> JSON:
        thread = int(arguments["message_thread_id"]) if arguments.get("message_thread_id") else None
        if thread is not None and thread not in chat.topics:
            raise RefusedError(400, "Bad Request: message thread not found")
        if thread is not None and chat.topics[thread].closed and "can_manage_topics" not in chat.rights:
            raise RefusedError(400, "Bad Request: TOPIC_CLOSED")
        if self.limits is not None:
            self.limits.take(chat.id, time.monotonic())
        message = {**self._new_message(chat, thread), "from": BOT, **content}
        if reply := arguments.get("reply_parameters"):
            known = [m for m in chat.messages if m["message_id"] == int(reply["message_id"])]
            if not known and not reply.get("allow_sending_without_reply"):
                raise RefusedError(400, "Bad Request: message to be replied not found")
            if known:
                message["reply_to_message"] = known[0]
        if markup := arguments.get("reply_markup"):
            check_keyboard(markup)
            message["reply_markup"] = markup
        chat.messages.append(message)
        self.sent_at[chat.id].append(time.monotonic())
        await self._wake()
        return message

    def _new_message(self, chat: Chat, thread: int | None = None) -> JSON:
        message_id, self._next_message = self._next_message, self._next_message + 1
        topic = {"message_thread_id": thread, "is_topic_message": True} if thread is not None else {}
        return {"message_id": message_id, "date": int(time.time()), "chat": chat.shape, **topic}

    def _allow(self, arguments: JSON) -> None:
        if "allowed_updates" in arguments:
            self._allowed = arguments["allowed_updates"] or None

    def _acknowledge(self, offset: int) -> None:
        if offset < 0:
            while len(self.updates) > -offset:
                self.updates.popleft()
        while offset > 0 and self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _push(self) -> None:
        """Deliver to the webhook, in order; what is not taken with 2xx comes again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                async with self._changed:
                    await self._changed.wait_for(lambda: bool(self.webhook.get("url") and self.updates))
                if not await self._push_one(session, self.updates[0]):
                    await asyncio.sleep(0.1)
                elif self.updates:
                    self.updates.popleft()

    async def _push_one(self, session: aiohttp.ClientSession, update: JSON) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        try:
            async with session.post(self.webhook["url"], json=update, headers=headers) as response:
                if response.status // 100 != 2:
                    return False
                body = await response.text()
        except aiohttp.ClientError:
            return False
        with suppress(RefusedError, ValueError):
            call = json.loads(body)
            if isinstance(call, dict) and call.get("method", "").lower() in METHODS:
                canonical, function = METHODS[call["method"].lower()]
                self.calls.append((canonical, call))
                await function(self, call)
        return True

    # --- by hand -----------------------------------------------------------------------------------------------

    async def _user_acts(self, request: web.Request) -> web.Response:
        chat_id, act = int(request.match_info["chat"]), request.match_info["act"]
        data = json.loads(await request.text() or "{}")
        try:
            match act:
                case "says":
                    traits = {name: data[name] for name in ("first_name", "language_code", "type") if name in data}
                    done = await self.says(chat_id, data["text"], **traits)
                case "sends":
                    done = await self.sends(chat_id, data)
                case "edits":
                    done = await self.edits(chat_id, data["message_id"], data["text"])
                case "presses":
                    done = await self.presses(chat_id, data.get("label") or data["payload"])
                case "blocks":
                    done = await self.blocks(chat_id)
                case "unblocks":
                    done = await self.unblocks(chat_id)
                case _:
                    return web.json_response({"error": f"Nobody can {act!r}."}, status=404)
        except (KeyError, LookupError, StopIteration) as error:
            return web.json_response({"error": f"Not found: {error}"}, status=400)
        return web.json_response(done)

    async def _user_sees(self, request: web.Request) -> web.Response:
        messages = self.chat(int(request.match_info["chat"])).messages
        listing = json.dumps(messages, ensure_ascii=False, indent=2)
        return web.Response(text=listing + "\n", content_type="application/json")

    async def _fail(self, request: web.Request) -> web.Response:
        self.fail(**await request.json())
        return web.json_response({"ok": True})

    async def _show_calls(self, request: web.Request) -> web.Response:
        return web.json_response(self.calls)


METHODS: dict[str, tuple[str, Callable[[TelegramEmulator, JSON], Any]]] = {
    name.lower(): (name, function)
    for name, function in {
        "getMe": TelegramEmulator.get_me,
        "getUpdates": TelegramEmulator.get_updates,
        "sendMessage": TelegramEmulator.send_message,
        "editMessageText": TelegramEmulator.edit_message_text,
        "deleteMessage": TelegramEmulator.delete_message,
        "sendDocument": TelegramEmulator.send_document,
        "sendPhoto": TelegramEmulator.send_photo,
        "pinChatMessage": TelegramEmulator.pin_chat_message,
        "setMessageReaction": TelegramEmulator.set_message_reaction,
        "getFile": TelegramEmulator.get_file,
        "getForumTopicIconStickers": TelegramEmulator.get_forum_topic_icon_stickers,
        "createForumTopic": TelegramEmulator.create_forum_topic,
        "editForumTopic": TelegramEmulator.edit_forum_topic,
        "closeForumTopic": TelegramEmulator.close_forum_topic,
        "reopenForumTopic": TelegramEmulator.reopen_forum_topic,
        "deleteForumTopic": TelegramEmulator.delete_forum_topic,
        "sendChatAction": TelegramEmulator.send_chat_action,
        "answerCallbackQuery": TelegramEmulator.answer_callback_query,
        "setMyCommands": TelegramEmulator.set_my_commands,
        "deleteMyCommands": TelegramEmulator.delete_my_commands,
        "setWebhook": TelegramEmulator.set_webhook,
        "deleteWebhook": TelegramEmulator.delete_webhook,
    }.items()
}


async def _serve(port: int, host: str, token: str, limits: Limits | None) -> None:
    emulator = TelegramEmulator(token or "1:EMULATED-TOKEN", limits=limits)
    emulator.any_token = not token
    await emulator.start(port, host)
    print(f"Telegram is emulated at {emulator.url}. Start Velkommen with")
    print(f"  TELEGRAM_API_URL={emulator.url} TELEGRAM_BOT_TOKEN={emulator.token}")
    print("and talk to it as person 7:")
    print(f'  curl {emulator.url}/user/7/says -d \'{{"text": "/start"}}\'; curl {emulator.url}/user/7/messages')
    print('also /presses {"label"} /edits {"message_id", "text"} /sends {fields of a Message} /blocks /unblocks')
    try:
        await asyncio.Event().wait()
    finally:
        await emulator.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Telegram Bot API on loopback")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--token", default="", help="the only token to accept; without it, any is accepted")
    parser.add_argument("--limits", action="store_true", help="refuse what comes faster than Telegram allows")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.port, options.host, options.token, Limits() if options.limits else None))
