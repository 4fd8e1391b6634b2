"""`make run`: everything on one machine, watched, and ended together."""

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from core.errors import VelkommenError
from core.settings import VARIABLES, Settings
from operations.children import Child
from operations.stack import (
    RASA_PATIENCE,
    bring_knowledge,
    free_port,
    open_database,
    rasa_child,
    remove_note,
    train_from,
    until_answers,
    write_note,
)

TRY = ("paano kumuha ng tax card?", "do I need a CPR number first", "hvor meget depositum må udlejer tage?")


async def run(settings: Settings) -> None:
    """Start everything, say where it is, and stay until Ctrl-C or SIGTERM, which may come at any time."""
    serving = asyncio.create_task(_serve(settings))

    def stop() -> None:
        if not serving.cancelling():  # who presses twice shall not interrupt the stopping
            serving.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await serving
    print("Stopped.", flush=True)


async def _serve(settings: Settings) -> None:
    with open_database(settings) as with_database:
        _refuse_taken_port(settings)
        outcome = await bring_knowledge(with_database)
        for problem in outcome.problems:
            print(f"  knowledge: {problem}", file=sys.stderr)
        port = free_port()
        children = [] if with_database.rasa_url else [await _trained_rasa(with_database, port)]
        ready = replace(with_database, rasa_url=with_database.rasa_url or f"http://127.0.0.1:{port}")
        children += [own(name, ready) for name in _roles(ready)]
        tasks = [asyncio.create_task(child.keep_running()) for child in children]
        try:
            print("Starting " + ", ".join(child.name for child in children) + " …", flush=True)
            await _both_answer(ready)
            write_note(ready)
            _tell_where(ready)
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            await asyncio.gather(*ended)
        finally:
            print("\nStopping …", flush=True)
            remove_note(ready)
            await asyncio.gather(*(child.stop() for child in children))
            await asyncio.gather(*tasks, return_exceptions=True)


def _refuse_taken_port(settings: Settings) -> None:
    """Another web process on our port would answer in our place and look as if we were ready."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise VelkommenError(
            f"We can't listen on {settings.host}, port {settings.port} ({error.strerror}). Stop what uses it, or set "
            f"{VARIABLES['port']} to another one, for example {VARIABLES['port']}=8001."
        ) from error


async def _trained_rasa(settings: Settings, port: int) -> Child:
    return rasa_child(settings, await train_from(settings), port)


def _roles(settings: Settings) -> Sequence[str]:
    return ("web", "worker", "bot") if settings.telegram_bot_token else ("web", "worker")


def own(name: str, settings: Settings) -> Child:
    environment = {
        VARIABLES["database_url"]: settings.database_url,
        VARIABLES["rasa_url"]: settings.rasa_url,
        VARIABLES["data_dir"]: str(settings.data_dir),
    }
    command = [sys.executable, "-m", "operations.cli", name]
    return Child(name, command, settings.data_dir / "logs" / f"{name}.log", environment)


async def _both_answer(settings: Settings) -> None:
    await until_answers(f"{settings.rasa_url}/webhooks/rest/", RASA_PATIENCE)
    await until_answers(f"{_address(settings)}/readyz", 60)


def _tell_where(settings: Settings) -> None:
    address = _address(settings)
    telegram = "on" if settings.telegram_bot_token else "off (set TELEGRAM_BOT_TOKEN to switch it on)"
    print(
        f"\nVelkommen is ready.\n\n  Web chat   {address}/\n  Widget     {address}/widget.js\n"
        f"  Telegram   {telegram}\n  Terminal   make chat\n  Logs       {settings.data_dir / 'logs'}\n\n"
        "Try: " + "\n     ".join(TRY) + "\n\nCtrl-C stops everything.",
        flush=True,
    )


def _address(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"
