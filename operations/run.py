"""`make run`: everything on one machine, watched, and ended together."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from core.settings import VARIABLES, Settings
from operations.children import Child
from operations.stack import (
    RASA_PATIENCE,
    bring_knowledge,
    free_port,
    open_database,
    rasa_child,
    remove_note,
    until_answers,
    write_note,
)
from operations.training import train

TRY = ("paano kumuha ng tax card?", "do I need a CPR number first", "hvor meget depositum må udlejer tage?")


async def run(settings: Settings) -> None:
    """Start everything, say where it is, and stay until Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with open_database(settings) as with_database:
        outcome = await bring_knowledge(with_database)
        for problem in outcome.problems:
            print(f"  knowledge: {problem}", file=sys.stderr)
        port = free_port()
        children = [] if with_database.rasa_url else [await _trained_rasa(with_database, port)]
        ready = replace(with_database, rasa_url=with_database.rasa_url or f"http://127.0.0.1:{port}")
        children += [_own(name, ready) for name in _roles(ready)]
        tasks = [asyncio.create_task(child.keep_running()) for child in children]
        try:
            await _tell_when_ready(ready, stop, children)
            await stop.wait()
        finally:
            print("\nStopping …", flush=True)
            remove_note(ready)
            await asyncio.gather(*(child.stop() for child in children))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    print("Stopped.", flush=True)


async def _trained_rasa(settings: Settings, port: int) -> Child:
    return rasa_child(settings, await asyncio.to_thread(train, settings), port)


def _roles(settings: Settings) -> Sequence[str]:
    return ("web", "worker", "bot") if settings.telegram_bot_token else ("web", "worker")


def _own(name: str, settings: Settings) -> Child:
    environment = {
        VARIABLES["database_url"]: settings.database_url,
        VARIABLES["rasa_url"]: settings.rasa_url,
        VARIABLES["data_dir"]: str(settings.data_dir),
    }
    command = [sys.executable, "-m", "operations.cli", name]
    return Child(name, command, settings.data_dir / "logs" / f"{name}.log", environment)


async def _tell_when_ready(settings: Settings, stop: asyncio.Event, children: Sequence[Child]) -> None:
    print("Starting " + ", ".join(child.name for child in children) + " …", flush=True)
    address = f"http://{settings.host}:{settings.port}"
    waiting = asyncio.create_task(_both_answer(settings, address))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        return
    stopped.cancel()
    waiting.result()
    write_note(settings)
    telegram = "on" if settings.telegram_bot_token else "off (set TELEGRAM_BOT_TOKEN to switch it on)"
    print(
        f"\nVelkommen is ready.\n\n  Web chat   {address}/\n  Widget     {address}/widget.js\n"
        f"  Telegram   {telegram}\n  Terminal   make chat\n  Logs       {settings.data_dir / 'logs'}\n\n"
        "Try: " + "\n     ".join(TRY) + "\n\nCtrl-C stops everything.",
        flush=True,
    )


async def _both_answer(settings: Settings, address: str) -> None:
    await until_answers(f"{settings.rasa_url}/webhooks/rest/", RASA_PATIENCE)
    await until_answers(f"{address}/readyz", 60)
