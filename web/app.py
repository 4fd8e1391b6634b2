"""The web application, put together."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from bot.channels.web import WebChannel
from bot.handing import HandingError
from web import chat, health, human, inbox, inbox_desk, invited, mylist, oidc, pages, second, staff
from web.admin import (
    accounts,
    announcements,
    answers,
    answers_editor,
    answers_history,
    answers_steps,
    audit,
    checklists,
    corrections,
    danger,
    figures,
    gaps,
    home,
    hours,
    invitations,
    keys,
    me,
    municipalities,
    numbers,
    people,
    texts,
    training,
)
from web.api.app import create_api
from web.api.problems import PREFIX
from web.doors import Doors
from web.errors import SignedOut, add_error_handlers
from web.frame import STATIC, Frame, static_version, words_in
from web.headers import Guarded
from web.inbox_errors import not_done
from web.inbox_stream import InboxHub
from web.limits import Limits
from web.passwords import Passwords
from web.provider import Provider
from web.stream import Hub, listening_address
from web.visitor import Visitors

ROOMS = (
    gaps.rooms,
    figures.rooms,
    corrections.rooms,
    answers.rooms,
    answers_editor.rooms,
    answers_steps.rooms,
    answers_history.rooms,
    texts.rooms,
    danger.rooms,
    municipalities.rooms,
    hours.rooms,
    training.rooms,
    people.rooms,
    invitations.rooms,
    home.rooms,
    keys.rooms,
    numbers.rooms,
    announcements.rooms,
    accounts.rooms,
    me.rooms,
    audit.rooms,
    checklists.rooms,
)
FILES_A_MINUTE = 10
SIGNS_A_MINUTE = 20
SIGN_INS_A_MINUTE = 10
STEPS_A_MINUTE = 120
SEARCHES_A_MINUTE = 30


def create_app(doors: Doors, webhooks: Iterable[APIRouter] = ()) -> FastAPI:
    """The application; while it runs, one connection listens for replies, and one for the inbox.

    `app.state.frame.close()` lets open pages go before the server waits for them. `webhooks`: where other channels
    deliver.
    """
    conninfo = listening_address(doors.sessions)
    frame = Frame(
        doors=doors,
        hub=Hub(conninfo),
        inbox=InboxHub(conninfo, doors.sessions, partial(words_in, doors, people={})),
        channel=WebChannel(doors.sessions),
        visitors=Visitors(doors.settings.secret_key),
        limits=Limits(doors.settings.messages_per_minute),
        files=Limits(FILES_A_MINUTE),
        signs=Limits(SIGNS_A_MINUTE),
        sign_ins=Limits(SIGN_INS_A_MINUTE),
        steps=Limits(STEPS_A_MINUTE),
        searches=Limits(SEARCHES_A_MINUTE),
        passwords=Passwords(),
        version=static_version(),
        provider=Provider(doors.settings) if doors.settings.oidc_issuer else None,
    )
    app = FastAPI(title="Velkommen", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_listening)
    app.state.frame = frame
    app.add_middleware(Guarded, embed_origins=doors.settings.embed_origins)
    add_error_handlers(app)
    app.add_exception_handler(SignedOut, staff.to_sign_in)
    app.add_exception_handler(HandingError, not_done)
    routers = [pages.router, chat.router, human.router, mylist.router, invited.router, health.router, *webhooks]
    if doors.desk is not None:
        routers += [staff.router, second.router, oidc.router, inbox.router, inbox_desk.router, *ROOMS]
    for router in routers:
        app.include_router(router)
    if doors.desk is not None:
        app.state.api = create_api(frame)
        app.mount(PREFIX, app.state.api)
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
    frame = app.state.frame
    listening = [frame.hub.run()] + ([frame.inbox.run()] if frame.doors.desk is not None else [])
    tasks = [asyncio.create_task(each) for each in listening]
    try:
        yield
    finally:
        frame.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
