"""The evaluation questions, asked and counted as `make eval` does."""

from bot.channels.bulk import BulkChannel
from bot.services import Services
from operations import evaluate


async def test_every_measure_is_at_or_above_its_floor(services: Services) -> None:
    services.channels = {"bulk": BulkChannel()}
    pairs = await evaluate.ask_all(services, evaluate.read_questions())

    counts, floors = evaluate.count(pairs), evaluate.read_floors()
    assert not evaluate.below_floor(counts, floors), "\n" + evaluate.table(counts, floors)
