"""The page of numbers: what it says, what it hides, its tables as CSV; and nobody in it."""

import csv
import io
import re
import uuid
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from bot.services import Services
from core.days import danish_midnight
from knowledge.library import Library
from operations.assemble import web_doors
from store.numbers import keep_reminders
from tests.support.inbox import Browser, add, comes_over, signed_in
from web.admin.numbers import STALE, Period, period, stale
from web.app import create_app

TODAY = date(2026, 11, 21)


@pytest.fixture
async def head(services: Services) -> AsyncIterator[Browser]:
    app = create_app(web_doors(services))
    browser = await signed_in(services, app, await add(services, "Karen", "auditor"))
    yield browser
    await browser.http.aclose()


async def counts(services: Services, *rows: tuple[date, str, str, str, str, int]) -> None:
    async with services.database.begin() as connection:
        await connection.execute(text("delete from counts"))
        await connection.execute(text("delete from tallies"))
        for day, what, language, theme, topic, number in rows:
            values = {"day": day, "what": what, "language": language, "theme": theme, "topic": topic, "number": number}
            await connection.execute(
                text("insert into counts values (:day, :what, :language, :theme, :topic, :number)"), values
            )


def table_of(page: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.removeprefix("\ufeff"))))


async def test_a_week_in_numbers(head: Browser, services: Services) -> None:
    await counts(
        services,
        (TODAY, "conversation", "pl", "", "", 40),
        (TODAY - timedelta(days=10), "conversation", "pl", "", "", 31),
        (TODAY, "answered", "pl", "tax", "tax-card", 60),
        (TODAY, "answered", "fil", "housing", "deposit-rules", 3),
        (TODAY, "unanswered", "pl", "tax", "tax-card", 20),
        (TODAY, "thumb_up", "pl", "tax", "tax-card", 9),
        (TODAY, "thumb_down", "pl", "tax", "tax-card", 6),
    )
    page = (await head.get("/admin/numbers", period="7", compare="1")).text

    assert "40 conversations." in page
    assert "In the time before: 31." in page
    assert "83 questions, 76 % of them answered at once." in page
    assert "60 % of the thumbs point up." in page
    languages = table_of((await head.get("/admin/numbers/languages.csv", period="7")).text)
    assert languages[1][:2] == ["Polish", "fewer than 5"], "else the few in Filipino could be worked out"
    assert languages[2][:2] == ["Filipino", "fewer than 5"]


async def test_a_conversation_over_shows_with_its_promise_when_there_are_enough(
    head: Browser, services: Services
) -> None:
    for _ in range(6):
        await comes_over(services)
    page = (await head.get("/admin/numbers", period="7")).text
    assert re.search(r'<th scope="row">All</th><td[^>]*>6</td>', page)


async def test_reminders_and_what_came_of_them(head: Browser, services: Services) -> None:
    async with services.database.begin() as connection:
        for place in range(12):
            person = uuid.uuid4()
            await connection.execute(
                text("insert into recruits (id, created_at, seen_at, consent) values (:id, :now, :now, 'given')"),
                {"id": person, "now": services.now()},
            )
            status, reason = (
                ("sent", None)
                if place < 6
                else ("skipped", "waits for r-cpr" if place < 8 else "too late to be useful")
            )
            await connection.execute(
                text(
                    "insert into reminders (recruit_id, kind, task, planned_for, due_at, status, reason, settled_at, created_at) "
                    "values (:id, 'task', 'r-tax-card', :now, :now, :status, :reason, :now, :now)"
                ),
                {"id": person, "now": services.now(), "status": status, "reason": reason},
            )
            if place < 6:
                await connection.execute(
                    text(
                        "insert into task_changes (recruit_id, task, status, day, said_by, batch, created_at) "
                        "values (:id, 'r-tax-card', 'done', :day, 'recruit', :id, :later)"
                    ),
                    {"id": person, "day": TODAY, "later": services.now() + timedelta(days=2)},
                )
    async with services.database.begin() as connection:
        since, until = danish_midnight(TODAY - timedelta(days=60)), danish_midnight(TODAY + timedelta(days=1))
        for _ in range(2):
            await keep_reminders(connection, since=since, until=until)
    page = (await head.get("/admin/numbers", period="7")).text
    assert "100 % of what people were reminded of was done within 7 days." in page
    rows = dict(table_of((await head.get("/admin/numbers/reminders.csv", period="7")).text)[1:])
    assert rows["Sent"] == rows["Not sent, with a reason"] == "6"
    assert rows["Not sent, with a reason: It would have come too late"] == "fewer than 5"


async def test_nobody_is_in_the_numbers(head: Browser, services: Services) -> None:
    await comes_over(services, "zqxwaldmeister", name="Zqxwaldmeister", address="address-zqxwaldmeister")
    for path in (
        "/admin/numbers",
        *(f"/admin/numbers/{block}.csv" for block in ("conversations", "handovers", "ends")),
    ):
        page = (await head.get(path)).text
        assert "zqxwaldmeister" not in page.lower()


async def test_a_table_that_does_not_exist(head: Browser) -> None:
    assert (await head.get("/admin/numbers/nothing.csv")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        ({}, "2026-10-23", "2026-11-21"),
        ({"period": "month"}, "2026-10-01", "2026-10-31"),
        ({"period": "year"}, "2026-01-01", "2026-11-21"),
        ({"since": "2026-11-01", "until": "2026-11-05"}, "2026-11-01", "2026-11-05"),
        ({"since": "2027-11-01", "until": "2028-11-05"}, "2026-10-23", "2026-11-21"),
        ({"since": "1066-10-14"}, "2023-11-18", "2026-11-21"),
        ({"since": "x", "until": "0001-01-01"}, "2026-10-23", "2026-11-21"),
    ],
)
def test_periods(asked: dict[str, str], since: str, until: str) -> None:
    found = period(lambda name: asked.get(name, ""), TODAY)
    assert found == Period(date.fromisoformat(since), date.fromisoformat(until))


def test_what_is_stale(library: Library) -> None:
    found = stale(library, TODAY)
    assert found.keys() == STALE.keys()
    assert found["outdated"] == found["missing"] == 0
    assert stale(library, date(2030, 1, 1))["review"] == len(library.topics)
