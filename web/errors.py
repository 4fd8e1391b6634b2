"""What a person sees when something does not work: one sentence, in their language, that says what to do."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.errors import VelkommenError
from i18n.translator import msgid
from web.api.problems import PREFIX, http_problem
from web.frame import frame_of
from web.headers import loggable

log = structlog.get_logger()


class Refused(VelkommenError):
    """A request that we turn down; `msgid` is the sentence for the person."""

    def __init__(
        self, status: int, code: str, msgid: str, *, headers: dict[str, str] | None = None, **named: Any
    ) -> None:
        super().__init__(msgid)
        self.status, self.code, self.msgid, self.headers, self.named = status, code, msgid, headers, named


class SignedOut(Refused):
    """Somebody must sign in first."""

    def __init__(self) -> None:
        super().__init__(401, "signed_out", msgid("You are signed out. Please sign in again."))


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _failure)


def asks_for_json(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/inbox/api/"))


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    frame = frame_of(request)
    sentence = frame.translator(request).gettext(error.msgid, **error.named)
    if asks_for_json(request):
        field = {"field": error.named["field"]} if "field" in error.named else {}
        content = {"error": error.code, "message": sentence, **field}
        return JSONResponse(content, status_code=error.status, headers=error.headers)
    response = frame.page(request, "error.html", sentence=sentence, status=error.status)
    response.headers.update(error.headers or {})
    return response


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith(f"{PREFIX}/"):  # an address with a line break in it does not even reach the API
        return await http_problem(request, error)
    return _answer(request, error.status_code, dict(error.headers or {}))


async def _left(request: Request, error: Exception) -> Response:
    """Somebody went on to another page while they were still sending; nobody reads this."""
    return Response(status_code=400)


async def _failure(request: Request, error: Exception) -> Response:
    log.error("request failed", path=loggable(request.url.path), error=type(error).__name__)  # the server logs where
    return _answer(request, 500, {})


def _answer(request: Request, status: int, headers: dict[str, str]) -> Response:
    frame = frame_of(request)
    gettext = frame.translator(request).gettext
    if status == 404:
        sentence = gettext("Page not found")
    else:
        sentence = gettext("We could not load this page. Nothing was lost. Please try again in a moment.")
    if asks_for_json(request):
        return JSONResponse({"error": str(status), "message": sentence}, status_code=status, headers=headers)
    response = frame.page(request, "error.html", sentence=sentence, status=status)
    response.headers.update(headers)
    return response
