"""Finding what is due among very many planned reminders, and among few."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.load import percentile
from store import database, reminders

PEOPLE_PART = 500  # reminders a person
FROM = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
AT_ONCE = 200
FILL = (
    # No row can point to nowhere here, and checking each costs minutes.
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    """insert into recruits (id, created_at, seen_at, language, consent, consent_at)
       select gen_random_uuid(), now(), now(), 'en', 'given', now() from generate_series(1, :people)""",
    # 7919 divides no number of rows here: each row has a place of its own in the year, and neighbours are far apart.
    """insert into reminders (recruit_id, kind, task, occurrence, planned_for, due_at, created_at)
       select id, 'task', 'r-' || of_person % 90, of_person || '+0', at, at, at - interval '1 year'
       from (select id, row_number() over (order by id) - 1 as place from recruits) p,
            generate_series(0, :each - 1) of_person,
            lateral (select :from + ((place * :each + of_person) * 7919 % :rows) * cast(:apart as interval) as at) w
       order by id, of_person""",
    "vacuum analyze",
)
DUE = text("""
    select id, recruit_id from reminders where status in ('planned', 'postponed') and due_at <= :now
    order by due_at, recruit_id limit :most
""")


@dataclass(frozen=True, slots=True)
class Found:
    """Milliseconds: of looking only, and of claiming."""

    rows: int
    look: Sequence[float]
    claim: Sequence[float]

    def told(self, name: str) -> str:
        values: Sequence[float] = getattr(self, name)
        return f"p50 {percentile(values, 50):.2f} ms, p95 {percentile(values, 95):.2f} ms"


def make(url: str, name: str, *, rows: int) -> str:
    """A migrated database of that name with so many planned reminders, evenly over a year; its URL."""
    made = make_url(url).set(database=name).render_as_string(hide_password=False)
    _run(url, [f"create database {name}"], {})
    database.migrate(made)
    each = min(PEOPLE_PART, rows // 100)
    values = {"people": rows // each, "each": each, "rows": rows, "from": FROM, "apart": YEAR / rows}
    _run(made, FILL, values)
    return made


def drop(url: str, name: str) -> None:
    _run(url, [f"drop database {name}"], {})


async def find(url: str, *, rows: int, times: int) -> Found:
    """Look and claim so many times, each time with 200 that have become due since."""
    engine = database.connect(url)
    look, claim = [], []
    try:
        for number in range(times):
            now = FROM + YEAR / rows * (AT_ONCE * (number + 1) - 0.5)
            async with engine.connect() as connection:
                began = time.perf_counter()
                due = (await connection.execute(DUE, {"now": now, "most": AT_ONCE})).all()
                look.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            async with engine.begin() as connection:
                await reminders.claim_due(connection, most=AT_ONCE, now=now)
            claim.append((time.perf_counter() - began) * 1000)
            assert len(due) == AT_ONCE, f"{len(due)} were due"
    finally:
        await engine.dispose()
    return Found(rows, look, claim)


def _run(url: str, statements: Sequence[str], values: dict[str, object]) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    engine.dispose()
