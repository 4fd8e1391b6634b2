"""Tasks are published, and the reminders of everybody follow, without anybody writing."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot import journeys
from bot.services import Services
from store import editing
from tests.support.fakes import Clock

TASK = ("task", "r-tax-card", "")
ARRIVAL = date(2026, 12, 20)


@pytest.fixture
async def task(services: Services) -> AsyncIterator[dict[str, Any]]:
    """A task whose day is counted from the arrival; what a test publishes is taken back."""
    async with services.database.connect() as connection:
        found = await editing.published(connection, TASK)
    assert found is not None
    begun = {
        **found.data,
        "due": [{"anchor": "arrival", "days": 30}],
        "legal": None,
        "reminders": [-3],
        "prerequisites": [],
    }
    begun |= {"origin": [], "occupation": [], "household": [], "behind": [], "who": "recruit"}
    await publish(services, begun)
    await journeys.follow_tasks(services)
    yield begun
    await publish(services, found.data)
    await journeys.follow_tasks(services)


async def publish(services: Services, data: dict[str, Any] | None) -> None:
    async with services.database.begin() as connection:
        await editing.publish(connection, {TASK: data}, staff_id=None, now=services.now())


async def somebody(services: Services, *, consent: str = "given", **profile: str) -> uuid.UUID:
    number = uuid.uuid4()
    async with services.database.begin() as connection:
        await connection.execute(
            text("""insert into recruits (id, created_at, seen_at, language, consent, profile)
                    values (:id, :now, :now, 'en', :consent, cast(:profile as jsonb))"""),
            {"id": number, "now": services.now(), "consent": consent, "profile": json.dumps(profile)},
        )
        await journeys.replan(services, connection, number)
    return number


async def reminders(services: Services, whose: uuid.UUID) -> dict[str, str]:
    """Status by occurrence, of that task."""
    async with services.database.connect() as connection:
        query = text("select occurrence, status from reminders where recruit_id = :id and task = :task")
        return {row[0]: row[1] for row in await connection.execute(query, {"id": whose, "task": TASK[1]})}


def moved(task: dict[str, Any], days: int) -> dict[str, Any]:
    return {**task, "due": [{"anchor": "arrival", "days": days}]}


async def test_a_changed_due_date_moves_what_is_planned_for_everybody(services: Services, task: dict[str, Any]) -> None:
    one = await somebody(services, arrival=str(ARRIVAL))
    two = await somebody(services, arrival=str(ARRIVAL + timedelta(days=1)))
    [before] = await reminders(services, one)
    await publish(services, moved(task, 45))
    assert await journeys.follow_tasks(services) == 2
    after = await reminders(services, one)
    assert after.pop(before) == "skipped"
    assert list(after.values()) == ["planned"]
    assert sorted((await reminders(services, two)).values()) == ["planned", "skipped"]
    assert await journeys.follow_tasks(services) == 0


async def test_a_task_that_is_taken_away_reminds_nobody(services: Services, task: dict[str, Any]) -> None:
    one = await somebody(services, arrival=str(ARRIVAL))
    await publish(services, None)
    await journeys.follow_tasks(services)
    assert set((await reminders(services, one)).values()) == {"skipped"}
    await publish(services, task)
    await journeys.follow_tasks(services)
    assert set((await reminders(services, one)).values()) == {"planned"}


async def test_without_consent_nothing_is_planned(services: Services, task: dict[str, Any]) -> None:
    one = await somebody(services, consent="declined", arrival=str(ARRIVAL))
    await publish(services, moved(task, 45))
    assert await journeys.follow_tasks(services) == 0
    assert await reminders(services, one) == {}


async def test_whoever_ends_in_between_is_taken_over(
    services: Services, task: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys, "AT_A_TIME", 2)
    everybody = [await somebody(services, arrival=str(ARRIVAL)) for _ in range(5)]
    await publish(services, moved(task, 45))
    ends = iter([None, RuntimeError("killed")])

    def step(name: str) -> None:
        if name == "people planned anew" and (error := next(ends)):
            raise error

    services.step = step
    with pytest.raises(RuntimeError):
        await journeys.follow_tasks(services)
    services.step = lambda name: None
    assert await journeys.follow_tasks(services) == 1
    for each in everybody:
        assert sorted((await reminders(services, each)).values()) == ["planned", "skipped"]


async def test_what_is_published_meanwhile_begins_anew(
    services: Services, task: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys, "AT_A_TIME", 1)
    everybody = [await somebody(services, arrival=str(ARRIVAL)) for _ in range(3)]
    await publish(services, moved(task, 45))
    assert await journeys._follow(services) == 1
    await publish(services, moved(task, 60))
    assert await journeys.follow_tasks(services) == 3
    for each in everybody:
        planned = [
            occurrence for occurrence, status in (await reminders(services, each)).items() if status == "planned"
        ]
        assert planned == [f"{date(2027, 2, 18)}-3"]


async def test_two_workers_do_not_hinder_each_other(services: Services, task: dict[str, Any]) -> None:
    everybody = [await somebody(services, arrival=str(ARRIVAL)) for _ in range(6)]
    await publish(services, moved(task, 45))
    await asyncio.gather(*(journeys.follow_tasks(services) for _ in range(3)))
    await journeys.follow_tasks(services)
    for each in everybody:
        assert sorted((await reminders(services, each)).values()) == ["planned", "skipped"]


async def test_odd_data_of_one_person_does_not_hold_up_the_others(services: Services, task: dict[str, Any]) -> None:
    odd = await somebody(services)
    fine = await somebody(services, arrival=str(ARRIVAL))
    async with services.database.begin() as connection:
        await connection.execute(
            text('update recruits set profile = \'{"arrival": "someday"}\' where id = :id'), {"id": odd}
        )
    assert isinstance(services.now, Clock)
    await publish(services, moved(task, 45))
    assert await journeys.follow_tasks(services) == 2
    assert sorted((await reminders(services, fine)).values()) == ["planned", "skipped"]
