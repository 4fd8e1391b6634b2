"""How handing over goes: how long people wait for a human, whether promises are kept, whether it helped for good."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

FEWEST = 5  # of fewer, somebody might be recognised
DURABLE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Measured:
    """One handover, as far as it is measured.

    answered_at: when a mentor wrote first, whatever became of it later. back_at: when the conversation came over again.
    """

    language: str | None
    theme: str | None
    reason: str
    status: str
    created_at: datetime
    answered_at: datetime | None
    first_promised_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    rating: int | None
    escalated: bool
    back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Measures:
    """A row of figures: count, answered, median_minutes, p90_minutes, kept_percent, durable_percent, rating, ratings,
    escalations, outcomes (how many by outcome; else by status), small (too few to be shown). A figure that nothing
    counts for is None. In groups also label, the largest group first.
    """

    total: dict[str, Any]
    by_language: list[dict[str, Any]]
    by_theme: list[dict[str, Any]]
    by_reason: list[dict[str, Any]]
    by_outcome: list[dict[str, Any]]


READ = sql("""
    with asked as (
        select h.*, min(h.created_at) over (partition by h.conversation_id order by h.id rows between 1 following and 1 following)
            as back_at
        from handovers h where h.created_at >= :since
    ), told as (
        select e.handover_id, min(e.at) filter (where e.kind = 'answered') as answered_at,
               bool_or(e.kind = 'escalated') as escalated
        from handover_events e join asked on asked.id = e.handover_id
        where e.kind in ('answered', 'escalated') group by 1
    )
    select coalesce(h.language, r.language), h.theme, h.reason, h.status, h.created_at,
        least(h.answered_at, t.answered_at), h.first_promised_at, h.closed_at, h.outcome, h.rating,
        coalesce(t.escalated, false), h.back_at
    from asked h left join told t on t.handover_id = h.id
    join conversations c on c.id = h.conversation_id join addresses a on a.id = c.address_id
    join recruits r on r.id = a.recruit_id
    where h.created_at < :until
""")


GROUPS = ("language", "theme", "reason", "outcome")


async def measures(
    connection: AsyncConnection, *, since: datetime, until: datetime, now: datetime, groups: Sequence[str] = GROUPS
) -> Measures:
    """Of the handovers that began from `since` until before `until`; groups that are not asked for stay empty."""
    found = await connection.execute(READ, {"since": since, "until": until})
    return measured([Measured(*row) for row in found], until=until, now=now, groups=groups)


def measured(rows: Sequence[Measured], *, until: datetime, now: datetime, groups: Sequence[str] = GROUPS) -> Measures:
    def grouped(name: str, label: Callable[[Measured], str | None]) -> list[dict[str, Any]]:
        of: dict[str | None, list[Measured]] = {}
        for row in rows if name in groups else ():
            of.setdefault(label(row), []).append(row)
        largest = sorted(of, key=lambda one: (-len(of[one]), one is None, one or ""))
        return [{"label": one, **figures(of[one], until=until, now=now)} for one in largest]

    return Measures(
        total=figures(rows, until=until, now=now),
        by_language=grouped("language", lambda row: row.language),
        by_theme=grouped("theme", lambda row: row.theme),
        by_reason=grouped("reason", lambda row: row.reason.partition(":")[0]),
        by_outcome=grouped("outcome", _ended),
    )


def figures(rows: Sequence[Measured], *, until: datetime, now: datetime) -> dict[str, Any]:
    waits = sorted((row.answered_at - row.created_at) / timedelta(minutes=1) for row in rows if row.answered_at)
    ratings = [row.rating for row in rows if row.rating is not None]
    return {
        "count": len(rows),
        "answered": len(waits),
        "median_minutes": statistics.median(waits) if waits else None,
        "p90_minutes": _not_exceeded(waits, 90),
        "kept_percent": _percent(_kept(row, now) for row in rows),
        "durable_percent": _percent(_durable(row, until) for row in rows),
        "rating": sum(ratings) / len(ratings) if ratings else None,
        "ratings": len(ratings),
        "escalations": sum(row.escalated for row in rows),
        "outcomes": dict(sorted(Counter(map(_ended, rows)).items())),
        "small": len(rows) < FEWEST,
    }


def _kept(row: Measured, now: datetime) -> bool | None:
    """Whether the first promise was kept; None while that is open, and where it ended unanswered before its time."""
    if row.first_promised_at is None:
        return None
    if row.answered_at is not None:
        return row.answered_at <= row.first_promised_at
    return None if min(row.closed_at or now, now) <= row.first_promised_at else False


def _durable(row: Measured, until: datetime) -> bool | None:
    """Whether what was resolved stayed so; None where that cannot be known yet."""
    if row.status != "resolved" or row.closed_at is None or row.closed_at + DURABLE > until:
        return None
    return row.back_at is None or row.back_at > row.closed_at + DURABLE


def _ended(row: Measured) -> str:
    return row.outcome or row.status


def _not_exceeded(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def _percent(kept: Iterable[bool | None]) -> float | None:
    known = [one for one in kept if one is not None]
    return 100 * sum(known) / len(known) if known else None
