"""The door to Rasa: POST /webhooks/rest/webhook, acts back.

Rasa's own REST channel writes the text of a message into the log when something fails, and takes "/intent" typed by a
person for an order. This one does neither.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from nlu.in_use import InUse

logger = logging.getLogger(__name__)


class ActsChannel(InputChannel):
    @classmethod
    def name(cls) -> str:
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        webhook, in_use = Blueprint("acts_webhook"), InUse()

        @webhook.listener("before_server_start")
        async def begin(*_: Any) -> None:
            in_use.begin()

        @webhook.listener("after_server_start")
        async def begun(app: Sanic, *_: Any) -> None:
            in_use.begun(app)
            app.add_task(in_use.keep_up(app))

        @webhook.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json(in_use.told())

        @webhook.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            return response.json(await _acts(request, on_new_message))

        return webhook


async def _acts(request: Request, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> list[dict[str, Any]]:
    """An empty list says that something failed; the log says what kind of thing, never what the person wrote."""
    collector = CollectingOutputChannel()
    try:
        message = _message(request.json, collector)
        await on_new_message(message)
    except Exception as error:
        logger.error("A message could not be understood: %s at %s", type(error).__name__, _place(error))
    return collector.messages


def _message(body: dict[str, Any], collector: CollectingOutputChannel) -> UserMessage:
    return UserMessage(
        plain(body["message"]),
        collector,
        body["sender"],
        input_channel=ActsChannel.name(),
        metadata=body.get("metadata") or {},
    )


def plain(text: str) -> str:
    """Rasa reads a text that begins with "/" as an intent to follow."""
    return text.strip().lstrip("/").strip()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "unknown"
