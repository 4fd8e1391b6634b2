"""What a changed task would mean for people: pure, with people as values."""

from datetime import date, timedelta

import pytest

from journey.effect import Effect, OnList, effect, examples, for_example
from knowledge.models import DayRule, Task

TODAY = date(2026, 11, 21)
TASK = Task(
    id="r-library-card", phase="first-month", who="recruit", due=[DayRule(anchor="arrival", days=14)], reminders=[-2],
    link="https://bibliotek.dk/",
)  # fmt: skip
EU = OnList({"origin": "eu", "arrival": "2026-11-20"}, {})
OTHER = OnList({"origin": "non-eu", "arrival": "2026-11-20"}, {})
NO_DAY = OnList({"origin": "eu"}, {})
DONE = OnList(EU.known, {TASK.id: TODAY})
SKIPPED = OnList(EU.known, {}, {TASK.id})
EVERYBODY = [EU, OTHER, NO_DAY, DONE, SKIPPED]


def changed(**fields: object) -> Task:
    return Task.model_validate({**TASK.model_dump(), **fields})


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (TASK, TASK, {}),
        (TASK, None, {"lose": 3}),
        (None, TASK, {"open": 0, "gain": 3}),
        (TASK, changed(origin=["eu"]), {"lose": 1}),
        (changed(origin=["eu"]), TASK, {"open": 2, "gain": 1}),
        (TASK, changed(due=[{"anchor": "arrival", "days": 40}]), {"later": 2}),
        (TASK, changed(due=[{"anchor": "arrival", "days": 3}]), {"earlier": 2}),
        (TASK, changed(due=[{"anchor": "contract_signed"}]), {"undated": 2}),
        (changed(due=[{"anchor": "contract_signed"}]), TASK, {"dated": 2}),
        (TASK, changed(behind=["arrival"]), {"lose": 2}),  # for them it is taken as settled
        (TASK, changed(link="https://example.org/"), {}),
    ],
)
def test_who_gains_who_loses_whose_day_moves(before: Task | None, after: Task | None, counts: dict[str, int]) -> None:
    assert effect(before, after, EVERYBODY, today=TODAY) == Effect(**{"people": 5, "open": 3, **counts})


def test_of_many_it_is_estimated_from_some() -> None:
    assert Effect(2_000, 1_000, later=500).scaled(10_000) == Effect(10_000, 5_000, later=2_500)
    assert Effect().scaled(0) == Effect()


def test_the_examples_differ_in_what_they_have_to_do() -> None:
    people = examples(TODAY)
    assert {name: for_example(changed(origin=["non-eu"]), known) is not None for name, known in people.items()} == {
        "nurse": True, "farm": False, "engineer": False,
    }  # fmt: skip
    for known in people.values():
        planned = for_example(TASK, known)
        assert planned is not None
        assert planned.due == date(2027, 2, 3) == TODAY + timedelta(days=74)
    assert for_example(None, people["nurse"]) is None
