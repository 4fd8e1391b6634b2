"""The long-running roles, each a process of its own: web, worker, bot, trainer."""

import asyncio
import math
import signal
from collections.abc import Coroutine
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from types import FrameType

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from bot import announcing, escalating, reminding, turns
from bot.jobs import add_tasks, remind_soon
from bot.services import Services
from core.errors import VelkommenError
from core.settings import Settings
from operations import candidates
from operations.assemble import open_services, set_up_logs, web_doors
from operations.training import can_train
from reminders.clock import ticking
from web.app import create_app

log = structlog.get_logger()
AT_ONCE = timedelta(0)


async def web(settings: Settings) -> None:
    """Pages, the chat's API, webhooks."""
    set_up_logs(settings.log_level)
    async with open_services(settings) as (services, _):
        app = create_app(web_doors(services), webhooks(services))
        server = _Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                proxy_headers=True,
                forwarded_allow_ips=settings.forwarded_by,
                timeout_graceful_shutdown=3,
                server_header=False,
            )
        )
        await turns.sweep(services, older=AT_ONCE)
        await server.serve()


def webhooks(services: Services) -> list[APIRouter]:
    """Where the channels that the settings ask for deliver what people write."""
    if not (services.settings.telegram_bot_token and services.settings.public_url):
        return []
    from web.telegram import router  # brings the whole of Telegram's library with it

    return [router(services)]


class _Server(uvicorn.Server):
    """Lets open pages go at once when told to stop; they come back by themselves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not handed on: uvicorn would raise the signal again afterwards and end us before answers under way are done.
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.frame.close()
        self.should_exit = True


async def worker(settings: Settings) -> None:
    """The queue and the clock: reminders, deliveries to try again, the sweep, retention; training, where it can."""
    set_up_logs(settings.log_level)
    async with open_services(settings) as (services, app):
        assert app is not None
        add_tasks(app, services)
        await turns.sweep(services, older=AT_ONCE)
        async with (
            ticking(lambda: announcing.expand_due(services)),
            ticking(lambda: reminding.tick(services, partial(remind_soon, app))),
            ticking(lambda: escalating.tick(services)),
            candidates.training(services) if can_train() else nullcontext(),
        ):
            await app.run_worker_async(concurrency=6, shutdown_graceful_timeout=5, listen_notify=True)


async def bot(settings: Settings) -> None:
    """Telegram: polling, or the webhook set up where PUBLIC_URL is."""
    set_up_logs(settings.log_level)
    from bot.channels.telegram.desk import serve

    async with open_services(settings) as (services, _):
        await turns.sweep(services, older=AT_ONCE)
        await until_told_to_stop(serve(services))


async def trainer(settings: Settings) -> None:
    """Trains and activates what the admin pages ask for; where workers have not Rasa's environment."""
    set_up_logs(settings.log_level)
    if not can_train():
        raise VelkommenError("Rasa's environment is missing here, so nothing can be trained. `make train` makes it.")
    async with open_services(settings, channels={}, queue=False) as (services, _), candidates.training(services):
        await until_told_to_stop(asyncio.sleep(math.inf))


async def until_told_to_stop(serving: Coroutine[object, object, None]) -> None:
    """Run until it ends by itself or SIGTERM or Ctrl-C comes."""
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("stopping")
