"""How handing over goes, from rows made by hand: each figure counts what it says, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.handing import HandingError, MentorDesk
from bot.services import Services
from store import measures
from store.measures import Measured, figures, measured
from tests.support.inbox import add, comes_over

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
UNTIL = MONDAY + timedelta(days=21)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def handover(**known: Any) -> Measured:
    """One that waits, with an hour promised; moments are given as time after it began."""
    plain: dict[str, Any] = {
        "language": "en", "theme": None, "reason": "asked", "status": "waiting", "created_at": MONDAY,
        "answered_at": None, "first_promised_at": HOUR, "closed_at": None, "outcome": None, "rating": None,
        "escalated": False, "back_at": None,
    }  # fmt: skip
    values = {name: _moment(value) for name, value in {**plain, **known}.items()}
    return Measured(**values)


def _moment(value: Any) -> Any:
    return MONDAY + value if isinstance(value, timedelta) else value


def resolved(**known: Any) -> Measured:
    return handover(
        **{"status": "resolved", "answered_at": 5 * MINUTE, "closed_at": HOUR, "outcome": "solved", **known}
    )


FIGURES = [
    ("nobody", [], {"count": 0, "answered": 0, "median_minutes": None, "kept_percent": None, "durable_percent": None,
                    "rating": None, "ratings": 0, "escalations": 0, "small": True}),
    ("the median of two is between them", [handover(answered_at=10 * MINUTE), handover(answered_at=30 * MINUTE)],
     {"count": 2, "answered": 2, "median_minutes": 20, "p90_minutes": 30}),
    ("who waits still counts, but not as answered", [handover(), handover(answered_at=7 * MINUTE)],
     {"count": 2, "answered": 1, "median_minutes": 7, "p90_minutes": 7}),
    ("nine of ten wait no longer", [handover(answered_at=n * MINUTE) for n in range(1, 11)],
     {"median_minutes": 5.5, "p90_minutes": 9, "small": False}),
    ("kept to the second", [handover(answered_at=HOUR), handover(answered_at=HOUR + timedelta(seconds=1))],
     {"kept_percent": 50}),
    ("past and unanswered is not kept", [handover(), handover(answered_at=MINUTE)], {"kept_percent": 50}),
    ("what is not due yet is not counted", [handover(first_promised_at=30 * DAY)], {"kept_percent": None}),
    ("called off in time is not counted", [handover(status="cancelled", closed_at=MINUTE)], {"kept_percent": None}),
    ("called off too late is not kept", [handover(status="cancelled", closed_at=2 * HOUR)], {"kept_percent": 0}),
    ("nothing promised, nothing kept", [handover(first_promised_at=None, answered_at=DAY)], {"kept_percent": None}),
    ("for good", [resolved()], {"durable_percent": 100}),
    ("back within a week", [resolved(), resolved(back_at=HOUR + 7 * DAY)], {"durable_percent": 50}),
    ("back after a week", [resolved(back_at=HOUR + 7 * DAY + MINUTE)], {"durable_percent": 100}),
    ("closed too lately to know", [resolved(closed_at=14 * DAY + MINUTE)], {"durable_percent": None}),
    ("closed just long enough ago", [resolved(closed_at=14 * DAY)], {"durable_percent": 100}),
    ("called off is not resolved", [handover(status="cancelled", closed_at=MINUTE)], {"durable_percent": None}),
    ("ratings", [resolved(rating=5), resolved(rating=1), resolved()], {"rating": 3, "ratings": 2}),
    ("escalated", [handover(escalated=True), handover()], {"escalations": 1}),
    ("how they ended", [resolved(), resolved(outcome="referred"), handover(), handover(status="cancelled")],
     {"outcomes": {"cancelled": 1, "referred": 1, "solved": 1, "waiting": 1}}),
    ("four are few", [handover()] * 4, {"small": True}),
    ("five are enough", [handover()] * 5, {"small": False}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [case[1:] for case in FIGURES], ids=[case[0] for case in FIGURES])
def test_figures(rows: list[Measured], expected: dict[str, Any]) -> None:
    found = figures(rows, until=UNTIL, now=UNTIL)
    assert {name: found[name] for name in expected} == expected


def test_groups_the_largest_first() -> None:
    rows = [
        resolved(language="pl", theme="tax", reason="danger:suicide"),
        resolved(language="pl", theme="home", reason="danger:threat", outcome="referred"),
        handover(language=None, theme="home", reason="not_solved"),
    ]
    found = measured(rows, until=UNTIL, now=UNTIL)
    assert found.total["count"] == 3
    groups = (found.by_language, found.by_theme, found.by_reason, found.by_outcome)
    assert [[(row["label"], row["count"]) for row in group] for group in groups] == [
        [("pl", 2), (None, 1)],
        [("home", 2), ("tax", 1)],
        [("danger", 2), ("not_solved", 1)],
        [("referred", 1), ("solved", 1), ("waiting", 1)],
    ]
    assert all(row["small"] for group in groups for row in group)


async def test_what_is_stored(services: Services) -> None:
    """The first answer counts although it went back to the queue; the period is that of the asking."""
    services.now = lambda: UNTIL
    berit = await add(services, "Berit", "supervisor")
    first = await comes_over(services, reason="asked", now=MONDAY, promised_at=MONDAY + HOUR, language="da")
    await comes_over(services, reason="asked", now=MONDAY - DAY)
    await comes_over(services, reason="asked", now=UNTIL)
    async with services.database.begin() as connection:
        number = (
            await connection.execute(text("select id from handovers where conversation_id = :id"), {"id": first})
        ).scalar_one()
        await connection.execute(
            text("""insert into handover_events (handover_id, at, kind)
                    values (:id, :soon, 'answered'), (:id, :soon, 'escalated'), (:id, :late, 'answered')"""),
            {"id": number, "soon": MONDAY + 5 * MINUTE, "late": MONDAY + 3 * HOUR},
        )
        await connection.execute(
            text(
                "update handovers set status = 'resolved', outcome = 'solved', closed_at = :at, rating = 4 where id = :id"
            ),
            {"id": number, "at": MONDAY + 4 * HOUR},
        )
        await connection.execute(
            text("""insert into handovers (conversation_id, reason, created_at, last_at, reopened_of)
                    values (:conversation, 'not_solved', :at, :at, :id)"""),
            {"conversation": first, "id": number, "at": UNTIL + DAY},
        )
    found = await MentorDesk(services).measures(berit, since=MONDAY, until=UNTIL)
    assert found.total == {
        "count": 1, "answered": 1, "median_minutes": 5, "p90_minutes": 5, "kept_percent": 100, "durable_percent": 100,
        "rating": 4, "ratings": 1, "escalations": 1, "outcomes": {"solved": 1}, "small": True,
    }  # fmt: skip
    assert [row["label"] for row in found.by_language] == ["da"]


@pytest.mark.parametrize(
    ("role", "may"), [("mentor", False), ("editor", False), ("supervisor", True), ("auditor", True)]
)
async def test_who_may_see_them(services: Services, role: str, may: bool) -> None:
    who = await add(services, "Nadia", role)
    if may:
        found = await MentorDesk(services).measures(who, since=MONDAY, until=UNTIL)
        assert found == measures.measured([], until=UNTIL, now=UNTIL)
    else:
        with pytest.raises(HandingError, match="not_yours"):
            await MentorDesk(services).measures(who, since=MONDAY, until=UNTIL)
