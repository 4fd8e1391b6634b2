"""The web application, put together."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from bot.channels.web import WebChannel
from web import chat, health, mylist, pages
from web.doors import Doors
from web.errors import add_error_handlers
from web.frame import STATIC, Frame, static_version
from web.headers import Guarded
from web.limits import Limits
from web.stream import Hub, listening_address
from web.visitor import Visitors


def create_app(doors: Doors, webhooks: Iterable[APIRouter] = ()) -> FastAPI:
    """The application; while it runs, one connection listens for replies. `app.state.frame.hub.close()` lets
    open pages go before the server waits for them. `webhooks`: where other channels deliver."""
    frame = Frame(
        doors=doors,
        hub=Hub(listening_address(doors.sessions)),
        channel=WebChannel(doors.sessions),
        visitors=Visitors(doors.settings.secret_key),
        limits=Limits(doors.settings.messages_per_minute),
        version=static_version(),
    )
    app = FastAPI(title="Velkommen", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_listening)
    app.state.frame = frame
    app.add_middleware(Guarded, embed_origins=doors.settings.embed_origins)
    add_error_handlers(app)
    for router in (pages.router, chat.router, mylist.router, health.router, *webhooks):
        app.include_router(router)
    app.mount("/static/{version}", Kept(frame.version))
    return app


class Kept(StaticFiles):
    """Static files under their version: kept for good by browsers, except when asked for by another version's page."""

    def __init__(self, version: str) -> None:
        super().__init__(directory=STATIC)
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        current = scope["path_params"].get("version") == self._version

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                age = "public, max-age=31536000, immutable" if current else "no-cache"
                MutableHeaders(scope=message)["Cache-Control"] = age
            await send(message)

        await super().__call__(scope, receive, send_kept)


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[None]:
    hub = app.state.frame.hub
    task = asyncio.create_task(hub.run())
    try:
        yield
    finally:
        hub.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
