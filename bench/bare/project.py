"""Writes, trains and runs the bare project: `rasa run` with its REST channel, and an action server beside it."""

import asyncio
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from actions import answer
from actions.turn import Turn
from bench.questions import Said
from core.errors import VelkommenError
from core.settings import Settings
from i18n.languages import LANGUAGES
from i18n.translator import translator
from knowledge.library import Library
from operations.assemble import ROOT
from operations.children import Child, end_with_parent
from operations.stack import RASA_PATIENCE, free_port, until_answers
from operations.training import NLU, last_line, rasa, rasa_environment

HERE = Path(__file__).parent
CREDENTIALS = HERE / "credentials.yml"


@dataclass(slots=True)
class Rest:
    """A Rasa spoken to by its own REST channel."""

    name: str
    url: str
    client: aiohttp.ClientSession
    children: tuple[Child, ...]

    async def turn(self, person: str, said: Said) -> None:
        body = {"sender": person, "message": said.text, "metadata": {"language": said.language}}
        async with self.client.post(f"{self.url}/webhooks/rest/webhook", json=body) as response:
            if not await response.json():
                logs = "; ".join(f"{child.name}: {last_line(child.log)[:300]}" for child in self.children)
                raise VelkommenError(f"{self.name} answered nothing. The logs end with: {logs}")


# --- writing and training it ---------------------------------------------------------------------------------------


def write(folder: Path, library: Library, model: Path) -> None:
    """The project: our domain and rules with a custom action for each act, the texts, the trained classifier."""
    folder.mkdir(parents=True, exist_ok=True)
    domain = _renamed(yaml.safe_load((ROOT / "dialogues" / "domain.yml").read_text()))
    sentences = {name: json.dumps(said) for name, said in domain.pop("responses").items()}
    del domain["session_config"]  # as Rasa sets it by itself
    domain["actions"] = list(sentences)
    rules = _renamed(yaml.safe_load((ROOT / "dialogues" / "rules.yml").read_text()))
    (folder / "domain.yml").write_text(yaml.safe_dump(domain))
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    del sentences["action_answer_topics"]
    texts = {"topics": _topics(library), "sentences": sentences}
    (folder / "answers.json").write_text(json.dumps(texts, ensure_ascii=False))
    _unpack_classifier(model, folder / "classifier")


def _renamed(value: Any) -> Any:
    """Each response as the custom action that says it."""
    match value:
        case dict():
            return {_renamed(key): _renamed(inner) for key, inner in value.items()}
        case list():
            return [_renamed(inner) for inner in value]
        case str() if value.startswith("utter_"):
            return "action_" + value.removeprefix("utter_")
        case _:
            return value


def _topics(library: Library) -> dict[str, dict[str, str]]:
    """The very texts of our cards."""
    return {slug: {code: _text(slug, code, library) for code in LANGUAGES} for slug in library.topics}


def _text(slug: str, language: str, library: Library) -> str:
    card = answer.card(slug, Turn("", language, translator(language), library, date.today()))
    return "\n\n".join((card.title, card.text, card.footer))


def _unpack_classifier(model: Path, folder: Path) -> None:
    with tarfile.open(model) as archive:
        for member in archive:
            if member.isfile() and "TopicClassifier" in member.name:
                member.name = Path(member.name).name
                archive.extract(member, folder, filter="data")


def train(settings: Settings, folder: Path) -> float:
    """Train the project; the seconds it took."""
    log = folder / "training.log"
    command = rasa(
        "train", "--config", str(HERE / "config.yml"), "--domain", str(folder / "domain.yml"),
        "--data", str(folder / "rules.yml"), "--force", "--skip-validation",
        "--out", str(folder), "--fixed-model-name", "bare",
    )  # fmt: skip
    began = time.monotonic()
    with log.open("w") as out:
        code = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **_environment(settings, folder)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
            check=False,
        ).returncode
    if code != 0:
        raise VelkommenError(f"Training the bare project failed: {last_line(log)} The whole log is {log}.")
    return time.monotonic() - began


def _environment(settings: Settings, folder: Path) -> dict[str, str]:
    own = {"BENCH_ANSWERS": folder / "answers.json", "BENCH_CLASSIFIER": folder / "classifier"}
    return {**rasa_environment(settings), **{f"VELKOMMEN_{name}": str(path) for name, path in own.items()}}


# --- running it ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def run_bare(settings: Settings, folder: Path) -> AsyncIterator[Rest]:
    """Rasa with the trained project, and its action server."""
    actions, environment = free_port(), _environment(settings, folder)
    endpoints = folder / "endpoints.yml"
    endpoints.write_text(f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n")
    command = [str(NLU / ".venv" / "bin" / "python"), "-m", "rasa_sdk", "--actions", "bench.bare.actions"]
    server = Child("actions", [*command, "--port", str(actions)], folder / "actions.log", environment, ROOT)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_running(server, f"http://127.0.0.1:{actions}/health"))
        yield await stack.enter_async_context(
            _rest("bare", folder / "bare.tar.gz", endpoints, folder, environment, server)
        )


@asynccontextmanager
async def run_responses(settings: Settings, folder: Path, model: Path) -> AsyncIterator[Rest]:
    """Our trained model in a bare Rasa: the REST channel and responses, no action server."""
    endpoints = folder / "no-endpoints.yml"
    endpoints.write_text("")
    async with _rest("responses", model, endpoints, folder, _environment(settings, folder)) as side:
        yield side


@asynccontextmanager
async def _rest(
    name: str, model: Path, endpoints: Path, folder: Path, environment: dict[str, str], *others: Child
) -> AsyncIterator[Rest]:
    port = free_port()
    command = rasa(
        "run", "--model", str(model), "--port", str(port), "--interface", "127.0.0.1",
        "--endpoints", str(endpoints), "--credentials", str(CREDENTIALS),
    )  # fmt: skip
    child = Child(name, command, folder / f"{name}.log", environment, ROOT)
    url = f"http://127.0.0.1:{port}"
    async with _running(child, f"{url}/webhooks/rest/"), aiohttp.ClientSession() as client:
        yield Rest(name, url, client, (child, *others))


@asynccontextmanager
async def _running(child: Child, url: str) -> AsyncIterator[None]:
    keeping = asyncio.create_task(child.keep_running())
    try:
        await until_answers(url, RASA_PATIENCE)
        yield
    finally:
        await child.stop()
        await keeping
