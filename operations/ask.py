"""Asking in bulk: each line is the first message of a new person, and takes the very path of a chat turn."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any, TextIO

from bot import turns
from bot.channels.bulk import BulkChannel
from bot.services import Services
from bot.think import think
from core.errors import VelkommenError
from core.masking import mask
from core.messages import Inbound, Kind, storable
from core.settings import Settings
from i18n.languages import LANGUAGES
from journey.anchors import ANCHORS
from operations.assemble import open_services
from operations.stack import open_stack
from store import people
from store.conversations import Context, Waiting

AT_ONCE = 8
PROFILE: dict[str, tuple[str, ...] | None] = {
    "origin": ("eu", "nordic", "non-eu"),
    "occupation": ("nurse", "sosu", "other"),
    "household": ("single", "couple", "family"),
    "kommune": None,
    "audience": ("recruit", "employer"),
    **dict.fromkeys(ANCHORS),
}


async def ask(settings: Settings, lines: Iterable[str], out: TextIO) -> None:
    """Answer JSON lines {"id", "text", "language"?, "profile"?} with a JSON line each, in the same order."""
    questions = [parse_line(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    async with open_stack(settings) as ready:
        quiet = replace(ready, burst_seconds=0)
        async with open_services(quiet, channels={"bulk": BulkChannel()}, queue=False) as (services, _):
            async for answer in answers(services, questions):
                print(json.dumps(answer, ensure_ascii=False), file=out, flush=True)


def parse_line(number: int, line: str) -> dict[str, Any]:
    """One question; raises VelkommenError that names the line, the fault and the remedy."""
    try:
        question = json.loads(line)
    except ValueError as error:
        raise VelkommenError(f'Line {number} is not JSON. Write for example {{"id": "1", "text": "cpr??"}}.') from error
    if not isinstance(question, dict) or not isinstance(question.get("text"), str) or "id" not in question:
        raise VelkommenError(f'Line {number} must be an object with "id" and "text".')
    language = question.get("language")
    if language is not None and not isinstance(language, str):
        raise VelkommenError(f'Line {number}: "language" must be a code such as "pl".')
    profile = question.get("profile") or {}
    if not isinstance(profile, dict):
        raise VelkommenError(f'Line {number}: "profile" must be an object.')
    for name, value in profile.items():
        known = PROFILE.get(name, ())
        fits = isinstance(value, str) and (not known or value in known) and (name not in ANCHORS or _is_day(value))
        if name not in PROFILE or not fits:
            choices = "; ".join(
                f"{key}: {' | '.join(values or ('YYYY-MM-DD' if key in ANCHORS else 'any',))}"
                for key, values in PROFILE.items()
            )
            raise VelkommenError(f"Line {number}: profile {name}={value!r} is not known. Known are {choices}.")
    return question


def _is_day(text: str) -> bool:
    with suppress(ValueError):
        return bool(date.fromisoformat(text))
    return False


async def answers(services: Services, questions: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """The answers in order, several questions at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(question: dict[str, Any]) -> dict[str, Any]:
        async with gate:
            return await answer(services, question)

    tasks = [asyncio.create_task(one(question)) for question in questions]
    for task in tasks:
        yield await task


async def answer(services: Services, question: dict[str, Any]) -> dict[str, Any]:
    """One question as the first message of a new person, who is forgotten again afterwards."""
    address = str(uuid.uuid4())
    hint = question.get("language")
    inbound = Inbound("bulk", address, address, Kind.TEXT, services.now(), question["text"], language_hint=hint)
    conversation_id = await turns.receive(services, inbound)
    assert conversation_id is not None
    async with services.database.begin() as connection:
        language = hint if hint in LANGUAGES else None
        await people.introduce(connection, conversation_id, language=language, profile=question.get("profile") or {})
    turned = await turns.handle(services, conversation_id)
    async with services.database.begin() as connection:
        await people.erase(connection, conversation_id)
    return {"id": question["id"], **report(turned)}


async def consider(services: Services, number: int, question: dict[str, Any]) -> dict[str, Any]:
    """What `answer` would say, with nothing written: nobody is called, nothing counted, no conversation begun."""
    masked = mask(storable(question["text"]))
    waiting = Waiting(number, Kind.TEXT, masked.text, "", None, None, list(masked.kinds), None, services.now())
    stranger = Context(0, "bot", 0, {}, None, "bulk", "", uuid.uuid4(), None, False, "unasked", {})
    return {"id": question["id"], **report([turns.Turned(await think(services, stranger, [waiting]), ())])}


def report(turned: list[turns.Turned]) -> dict[str, Any]:
    thought = turned[0].thought
    outcome = thought.outcome
    replies = outcome.replies[:-1] if thought.asks_consent else outcome.replies
    parts = [part for reply in replies for part in (reply.title, reply.text, reply.footer) if part]
    return {
        "language": thought.language,
        "kind": outcome.kind.value,
        "topics": list(outcome.topics),
        "alternatives": list(outcome.alternatives),
        "confidence": outcome.confidence,
        "act": outcome.act,
        "offers_mentor": outcome.offers_mentor,
        "text": "\n\n".join(parts),
    }


def main(settings: Settings) -> None:
    asyncio.run(ask(settings, sys.stdin, sys.stdout))
