"""Where Telegram delivers updates: checked, stored, acknowledged; the answer follows on its own."""

import json

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.telegram.desk import intake_of
from bot.channels.telegram.intake import Intake, UnreadableUpdateError
from bot.channels.telegram.webhook import PATH, is_secret, webhook_secret
from bot.services import Services

log = structlog.get_logger()

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
MAX_BYTES = 256 * 1024


def router(services: Services) -> APIRouter:
    """The webhook of the bot that the settings name."""
    return routes(intake_of(services), webhook_secret(services.settings.secret_key))


def routes(intake: Intake, secret: str) -> APIRouter:
    """Any answer but 2xx makes Telegram send the update again, so 200 promises that it is stored."""
    found = APIRouter()

    @found.post(PATH)
    async def webhook(request: Request) -> Response:
        if not is_secret(request.headers.get(SECRET_HEADER, ""), secret):
            return _refusal(403, "This address is for Telegram only.")
        body = await _body(request)
        if body is None:
            return _refusal(413, f"An update has at most {MAX_BYTES} bytes.")
        try:
            data = json.loads(body)
        except ValueError:
            return _refusal(400, "An update is a JSON object.")
        if not isinstance(data, dict) or not isinstance(data.get("update_id"), int):
            return _refusal(400, "An update is a JSON object with an update_id.")
        return await _take(intake, data)

    return found


async def _take(intake: Intake, data: dict[str, object]) -> Response:
    try:
        pressed = await intake.take(data)
    except UnreadableUpdateError as error:
        # It would be unreadable the next time too, and hold up everything behind it.
        log.error("update left out", reason=str(error))
        return Response(status_code=200)
    if pressed is None:
        return Response(status_code=200)
    # Telegram carries out a call that comes as the answer, so the button stops blinking without a further request.
    return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": pressed})


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return body


def _refusal(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=status)
