"""The evaluation questions, asked and counted as `make eval` does."""

import json

from bot.channels.bulk import BulkChannel
from bot.services import Services
from operations import evaluate
from operations.ask import answers


async def test_every_measure_is_at_or_above_its_floor(services: Services) -> None:
    services.channels = {"bulk": BulkChannel()}
    pairs = await evaluate.ask_all(services, evaluate.read_questions())

    counts, floors = evaluate.count(pairs), evaluate.read_floors()
    assert not evaluate.below_floor(counts, floors), "\n" + evaluate.table(counts, floors)


async def test_no_neighbour_is_answered_silently_in_the_place_of_another(services: Services) -> None:
    """A sentence for each pair of topics that are easily mixed up: the right one is at least in sight."""
    services.channels = {"bulk": BulkChannel()}
    lines = (evaluate.FOLDER / "near.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [{"id": str(number), **json.loads(line)} for number, line in enumerate(lines)]
    assert len(asked) >= 400
    silent = [
        f"{question['text']!r} is about {question['topic']}, answered {answer['topics']}"
        async for question, answer in _answered(services, asked)
        if question["near"] in answer["topics"]
        and question["topic"] not in (*answer["topics"], *answer["alternatives"])
    ]
    assert silent == []


async def _answered(services: Services, asked: list[dict[str, str]]):  # type: ignore[no-untyped-def]
    plain = [{"id": question["id"], "text": question["text"]} for question in asked]
    found = [answer async for answer in answers(services, plain)]
    for pair in zip(asked, found, strict=True):
        yield pair
