"""`python -m bench`: our whole path beside a bare Rasa, in turns, on this machine, with the same training data; then the
journey and its reminders; handing over; the admin backend's pages. `python -m bench turns` (or `reminders`, `handovers`,
`pages`): that part alone.

Prints figures and which aims they meet; it never fails because of them. It keeps to a data folder of its own and ends
every process it started.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import structlog

from bench import handovers, load, memory, million, pages, reminders
from bench.bare import project
from bench.bare.project import Rest
from bench.load import Round, Side
from bench.ours import Ours, open_ours
from bench.questions import FOLLOW_UPS, Said, conversations, long_conversation, read_questions
from bench.report import Measured, lines, speeds
from core.errors import VelkommenError
from core.settings import Settings, read_settings
from knowledge.library import Library
from knowledge.shelf import Shelf
from operations.assemble import set_up_logs
from operations.children import Child
from operations.stack import RASA_PATIENCE, bring_knowledge, free_port, open_database, rasa_child, until_answers
from operations.training import model_path, train
from store import database


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `conversations` are held in each round, by number of clients."""

    rounds: int
    conversations: dict[int, int]
    long: dict[str, int]
    window: int
    messages: int


DEFAULT = Plan(rounds=7, conversations={1: 6, 16: 32}, long={"ours": 500, "bare": 300}, window=40, messages=1_000_000)
QUICK = Plan(rounds=3, conversations={1: 3, 16: 16}, long={"ours": 500, "bare": 40}, window=20, messages=1_000_000)


@dataclass(slots=True)
class Sides:
    ours: Ours
    bare: Rest
    responses: Rest
    processes: dict[str, int]

    def all(self) -> list[Side]:
        return [self.ours, self.bare, self.responses]


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="velkommen-bench-"))
    settings = Settings(data_dir=folder, secret_key="x" * 48, burst_seconds=0)
    try:
        with (folder / "turns.log").open("w") as log:
            _log_to(log)
            for part in [options.part] if options.part else PARTS:
                with open_database(replace(settings, data_dir=folder / part)) as ready:
                    print("\n" + "\n".join(PARTS[part](ready, options)), flush=True)
    except VelkommenError as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _turns(settings: Settings, options: argparse.Namespace) -> list[str]:
    return lines(asyncio.run(_measure(settings, QUICK if options.quick else DEFAULT, options)))


def _reminders(settings: Settings, options: argparse.Namespace) -> list[str]:
    amounts = reminders.QUICK if options.quick else reminders.Amounts()
    return reminders.lines(asyncio.run(reminders.measure(settings, amounts)))


def _handovers(settings: Settings, options: argparse.Namespace) -> list[str]:
    amounts = handovers.QUICK if options.quick else handovers.Amounts()
    return handovers.lines(asyncio.run(handovers.measure(settings, amounts)))


def _pages(settings: Settings, options: argparse.Namespace) -> list[str]:
    return pages.lines(asyncio.run(pages.measure(settings, pages.QUICK if options.quick else pages.Amounts())))


PARTS = {"turns": _turns, "reminders": _reminders, "handovers": _handovers, "pages": _pages}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m bench", description="Speed and memory beside a bare Rasa; reminders; handing over."
    )
    parser.add_argument("part", nargs="?", choices=PARTS, help="only this part")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; a model that is trained already is taken")
    parser.add_argument("--model", type=Path, help="take this trained model of ours instead of training one")
    return parser.parse_args()


def _log_to(file: TextIO) -> None:
    """Turns are logged as they are in service, but not between the figures."""
    set_up_logs("info")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))


async def _measure(settings: Settings, plan: Plan, options: argparse.Namespace) -> Measured:
    measured = Measured()
    folder = settings.data_dir / "bare"
    await bring_knowledge(settings)
    questions = read_questions()
    model = await asyncio.to_thread(_model, settings, options, measured)
    await asyncio.to_thread(project.write, folder, await _library(settings), model)
    _tell("training the bare project")
    measured.training = {**measured.training, "bare (given our classifier)": await _train_bare(settings, folder)}
    async with AsyncExitStack() as stack:
        sides = await _open(stack, settings, folder, model)
        stock = conversations(questions)
        # A language's first message loads its words, for seconds; one at a time, for a bare Rasa loses others meanwhile.
        await load.in_turns(sides.all(), stock, rounds=1, held=2 * len(FOLLOW_UPS), clients=1)
        for clients, held in plan.conversations.items():
            _tell(f"{plan.rounds} rounds with {clients} client(s)")
            rounds = await load.in_turns(sides.all(), stock, rounds=plan.rounds, held=held, clients=clients)
            measured.speeds[clients] = {name: load.speed(of_side) for name, of_side in rounds.items()}
            print("\n".join(speeds({clients: measured.speeds[clients]})), flush=True)
        measured.memory = _memory(sides, settings)
        await _long(sides, questions, plan, measured)
        measured.full = await _with_a_million(sides.ours, questions, plan)
    return measured


def _model(settings: Settings, options: argparse.Namespace, measured: Measured) -> Path:
    """Our trained model: the given one, when in a hurry one that `make train` has made, else trained here."""
    made = model_path(read_settings(os.environ).data_dir)
    if options.model or (options.quick and made.exists()):
        measured.training = {"ours": None}
        model: Path = options.model or made
        return model
    began = time.monotonic()
    model = train(settings)
    measured.training = {"ours": time.monotonic() - began}
    return model


async def _train_bare(settings: Settings, folder: Path) -> float:
    return await asyncio.to_thread(project.train, settings, folder)


async def _library(settings: Settings) -> Library:
    engine = database.connect(settings.database_url)
    try:
        return await Shelf(database.sessions(engine)).library()
    finally:
        await engine.dispose()


async def _open(stack: AsyncExitStack, settings: Settings, folder: Path, model: Path) -> Sides:
    """All sides at once, so that each round finds the same machine."""
    _tell("starting PostgreSQL's neighbours: three Rasas and an action server")
    port = free_port()
    child = rasa_child(settings, model, port)
    keeping = asyncio.create_task(child.keep_running())
    stack.push_async_callback(_stop, child, keeping)
    bare = await stack.enter_async_context(project.run_bare(settings, folder))
    responses = await stack.enter_async_context(project.run_responses(settings, folder, model))
    url = f"http://127.0.0.1:{port}"
    await until_answers(f"{url}/webhooks/rest/", RASA_PATIENCE)
    ours = await stack.enter_async_context(open_ours(replace(settings, rasa_url=url)))
    named = {"Rasa of ours": child, "bare Rasa": bare.children[0], "its action server": bare.children[1]}
    processes = {name: one.process.pid for name, one in named.items() if one.process is not None}
    return Sides(ours, bare, responses, processes)


async def _stop(child: Child, keeping: "asyncio.Task[None]") -> None:
    await child.stop()
    await keeping


async def _long(sides: Sides, questions: list[Said], plan: Plan, measured: Measured) -> None:
    for side in (sides.ours, sides.bare):
        turns = plan.long[side.name]
        _tell(f"one conversation of {turns} turns with {side.name}")
        long = long_conversation(questions, turns, window=plan.window)
        short = long_conversation(questions, plan.window, window=plan.window, first_number=1001)
        measured.growth[side.name] = (turns, await load.growth(side, long, short))


async def _with_a_million(ours: Ours, questions: list[Said], plan: Plan) -> float:
    """How much slower turns are in a database that holds a million messages than in an empty one.

    Both share one Rasa, which remembers what it has read: the same questions, but other texts for each.
    """
    _tell(f"storing {plan.messages:,} messages in a database of their own")
    async with AsyncExitStack() as stack:
        full = await _beside(stack, ours, "full_one", plan.messages)
        empty = await _beside(stack, ours, "empty_one", 0)
        stocks = [
            (side, conversations(questions, first_number=number)) for side, number in ((full, 5001), (empty, 7001))
        ]
        rounds: dict[str, list[Round]] = {full.name: [], empty.name: []}
        _tell("rounds in it and in an empty one")
        for number in range(plan.rounds + 1):
            for side, stock in stocks if number % 2 else reversed(stocks):  # being second may be better or worse
                held = list(itertools.islice(stock, plan.conversations[1]))
                rounds[side.name].append(await load.hold(side, held, clients=1))
    empty_speed, full_speed = (load.speed(rounds[side.name][1:]).per_second for side in (empty, full))
    return empty_speed / full_speed


async def _beside(stack: AsyncExitStack, ours: Ours, name: str, messages: int) -> Ours:
    """Our side once more, over a database of that name and the same Rasa."""
    settings = ours.services.settings
    url = await asyncio.to_thread(million.make, settings.database_url, name, messages=messages)
    there = replace(settings, database_url=url)
    await bring_knowledge(there)
    return await stack.enter_async_context(open_ours(there, name=name))


def _memory(sides: Sides, settings: Settings) -> dict[str, float | None]:
    """Of our process (the clients included) and of each it works with, after the load."""
    postmaster = int((settings.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    others = {name: memory.held(pid) for name, pid in sides.processes.items()}
    return {"ours": memory.held(os.getpid()), "PostgreSQL": memory.family(postmaster), **others}


def _tell(doing: str) -> None:
    print(f"… {doing}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
