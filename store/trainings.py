"""Trainings that were asked for, and the models that came of them. One at a time runs; one model is in use.

Who trains takes what is `waiting` or `activating`, and says every few seconds that it is alive (progress.at): what has not
been heard of for LOST was in the hands of a process that ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Select, and_, case, cast, func, literal, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from store.tables import Staff, Training

LOST = timedelta(minutes=2)
TRIES = 2
KEPT = 5  # models that can be brought back
REPORTS = 20  # the newest, of which every single question is kept
RUNNING = ("waiting", "training", "evaluating", "activating")
CHOOSABLE = ("ready", "retired")  # what may be activated
ENDED_IN_THE_MIDDLE = "The process that trained ended in the middle, twice. Its log says why."
STOPPED = "It was stopped."


@dataclass(frozen=True, slots=True)
class Row:
    """model: its file's name, empty once the file is gone. report: only where one row was asked for."""

    id: int
    status: str
    asked_at: datetime
    asked_by: str | None
    started_at: datetime | None
    ended_at: datetime | None
    activated_at: datetime | None
    activated_by: str | None
    model: str
    code: str
    topics: Sequence[str]
    progress: Mapping[str, Any]
    reason: str
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def nightly(self) -> bool:
        return bool(self.progress.get("nightly"))

    @property
    def chosen(self) -> bool:
        """Asked for and tried, rather than trained at a start because there was nothing else."""
        return self.started_at is not None


# --- what there is ------------------------------------------------------------------------------------------------------


async def one(connection: AsyncConnection, number: int) -> Row | None:
    return await _first(connection, _rows(Training.report).where(Training.id == number))


async def active(connection: AsyncConnection) -> Row | None:
    """The model in use."""
    return await _first(connection, _rows(Training.report).where(Training.status == "active"))


async def running(connection: AsyncConnection) -> Row | None:
    """What waits or is being done; one at most."""
    return await _first(connection, _rows().where(Training.status.in_(RUNNING)))


async def last_tried(connection: AsyncConnection) -> Row | None:
    """The newest training that came to its end, whatever was decided of it."""
    over = Training.status.in_(("ready", "refused", "active", "retired"))
    return await _first(connection, _rows(Training.report).where(over).order_by(Training.id.desc()).limit(1))


async def newest(connection: AsyncConnection, *, most: int, after: int = 0) -> list[Row]:
    found = await connection.execute(_rows().order_by(Training.id.desc()).limit(most).offset(after))
    return [_row(each) for each in found]


async def count(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(Training))).scalar_one())


async def last_nightly(connection: AsyncConnection) -> datetime | None:
    nightly = Training.progress["nightly"].as_boolean()
    found: datetime | None = (await connection.execute(select(func.max(Training.asked_at)).where(nightly))).scalar()
    return found


async def usual_seconds(connection: AsyncConnection) -> float | None:
    """How long the last training took, without the evaluation."""
    took = Training.progress["trained"].as_float()
    found = select(took).where(took.is_not(None)).order_by(Training.id.desc()).limit(1)
    seconds: float | None = (await connection.execute(found)).scalar()
    return seconds


# --- asking ---------------------------------------------------------------------------------------------------------------


async def ask(connection: AsyncConnection, *, staff_id: int | None, now: datetime, nightly: bool = False) -> int | None:
    """Have what is published now learnt; None while another one runs."""
    await _one_at_a_time(connection)
    row = insert(Training).values(asked_at=now, asked_by=staff_id, progress={"nightly": True} if nightly else {})
    number: int | None = (await connection.execute(row.on_conflict_do_nothing().returning(Training.id))).scalar()
    return number


async def ask_activation(connection: AsyncConnection, number: int, *, staff_id: int | None, now: datetime) -> bool:
    """Have a model put to use; False if it can't be: its file is gone, another one is in use, or something runs."""
    await _one_at_a_time(connection)
    busy = aliased(Training)
    idle = ~select(busy.id).where(busy.status.in_(RUNNING)).exists()
    step = (
        update(Training)
        .where(Training.id == number, Training.status.in_(CHOOSABLE), Training.model != "", idle)
        .values(
            status="activating",
            activated_by=staff_id,
            reason="",
            # Not how the training was doing, in which they are named alike.
            progress=_and("was", Training.status, _without("at", "tries", "step", "share", "seconds")),
        )
    )
    return (await connection.execute(step)).rowcount == 1


async def _one_at_a_time(connection: AsyncConnection) -> None:
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("velkommen trainings"))))


async def stop(connection: AsyncConnection, number: int, *, now: datetime) -> bool:
    """Nothing is kept of it; whoever trains hears of it within seconds. False once it is too late."""
    waiting = update(Training).where(Training.id == number, Training.status == "waiting")
    if (await connection.execute(waiting.values(status="failed", ended_at=now, reason=STOPPED))).rowcount:
        return True
    under_way = update(Training).where(Training.id == number, Training.status.in_(("training", "evaluating")))
    return (await connection.execute(under_way.values(progress=_with({"stop": True})))).rowcount == 1


# --- training -------------------------------------------------------------------------------------------------------------


async def take(connection: AsyncConnection, *, now: datetime) -> Row | None:
    """What there is to do, for one who says from now on that it is alive; None if there is nothing."""
    free = or_(_heard_at() < now - LOST, _heard_at().is_(None))
    step = (
        update(Training)
        .where(Training.status.in_(("waiting", "activating")), free)
        .values(
            status=case((Training.status == "waiting", "training"), else_=Training.status),
            started_at=case((Training.status == "waiting", now), else_=Training.started_at),
            progress=_and("tries", _tries() + 1, _with({"at": now.isoformat()})),
        )
        .returning(Training.id)
    )
    number = (await connection.execute(step)).scalar()
    return None if number is None else await one(connection, number)


async def recover(connection: AsyncConnection, *, now: datetime) -> None:
    """What was in the hands of a process that ended is waiting again; the second time it has failed."""
    lost = and_(Training.status.in_(("training", "evaluating")), _heard_at() < now - LOST)
    stopped = func.coalesce(Training.progress["stop"].as_boolean(), False)
    over = update(Training).where(lost, or_(_tries() >= TRIES, stopped))
    reason = case((stopped, STOPPED), else_=ENDED_IN_THE_MIDDLE)
    await connection.execute(over.values(status="failed", ended_at=now, reason=reason))
    await connection.execute(update(Training).where(lost).values(status="waiting", progress=_without("at")))


async def hand_back(connection: AsyncConnection, number: int) -> None:
    """Whoever trains is told to end: somebody else goes on at once."""
    mine = update(Training).where(Training.id == number, Training.status.in_(("training", "evaluating", "activating")))
    waits = case((Training.status == "activating", "activating"), else_="waiting")
    await connection.execute(mine.values(status=waits, progress=_without("at", "tries")))


async def beat(connection: AsyncConnection, number: int, told: Mapping[str, Any], *, now: datetime) -> bool:
    """Say that it is alive and how far it is; True if somebody has stopped it."""
    step = (
        update(Training)
        .where(Training.id == number, Training.status.in_(RUNNING))
        .values(progress=_with({**told, "at": now.isoformat()}))
        .returning(func.coalesce(Training.progress["stop"].as_boolean(), False))
    )
    return bool((await connection.execute(step)).scalar())


async def becomes(connection: AsyncConnection, number: int, status: str, **values: Any) -> None:
    """progress: what is added to it."""
    if "progress" in values:
        values["progress"] = _with(values["progress"])
    await connection.execute(update(Training).where(Training.id == number).values(status=status, **values))


async def back_to(connection: AsyncConnection, number: int, *, reason: str) -> None:
    """A model that could not be put to use is what it was before."""
    was = func.coalesce(Training.progress["was"].as_string(), "ready")
    step = update(Training).where(Training.id == number, Training.status == "activating")
    await connection.execute(step.values(status=was, reason=reason))


async def activated(connection: AsyncConnection, number: int, *, now: datetime) -> None:
    """It is the one in use; the one before can be brought back."""
    former = update(Training).where(Training.status == "active", Training.id != number)
    await connection.execute(former.values(status="retired"))
    await becomes(connection, number, "active", activated_at=now, reason="")


async def trained_at_start(
    connection: AsyncConnection,
    *,
    model: str,
    code: str,
    topics: Sequence[str],
    report: Mapping[str, Any],
    now: datetime,
) -> None:
    """The model that a start has found or trained is the one in use, if it is not that already."""
    before = await active(connection)
    if before is not None and (before.model, before.code) == (model, code):
        return
    values = {"model": model, "code": code, "topics": list(topics), "report": dict(report), "asked_at": now}
    row = insert(Training).values(status="retired", ended_at=now, **values).returning(Training.id)
    await activated(connection, (await connection.execute(row)).scalar_one(), now=now)


# --- the files ------------------------------------------------------------------------------------------------------------


async def files_kept(connection: AsyncConnection) -> set[str]:
    """Models that somebody may still want: what is in use or was, the last few times, and the newest that may be."""
    retired = select(Training.model).where(Training.status == "retired", Training.model != "")
    ready = select(Training.model).where(Training.status == "ready", Training.model != "")
    now = select(Training.model).where(Training.status.in_(("active", "activating", "training", "evaluating")))
    last = retired.order_by(Training.activated_at.desc()).limit(KEPT)
    found = [now, last, ready.order_by(Training.id.desc()).limit(1)]
    return {row.model for each in found for row in await connection.execute(each)}


async def files_known(connection: AsyncConnection) -> set[str]:
    found = await connection.execute(select(Training.model).where(Training.model != ""))
    return {row.model for row in found}


async def files_gone(connection: AsyncConnection, models: Sequence[str]) -> None:
    """These can't be brought back any more. Of old reports only the sums stay."""
    gone = update(Training).where(Training.model.in_(models), Training.status != "active")
    await connection.execute(gone.values(model=""))
    recent = select(Training.id).order_by(Training.id.desc()).limit(REPORTS).scalar_subquery()
    old = update(Training).where(Training.id.not_in(recent), func.jsonb_exists(Training.report, "flips"))
    await connection.execute(old.values(report=Training.report.op("-")("flips")))


# --- rows -----------------------------------------------------------------------------------------------------------------


def _rows(*more: Any) -> Select[Any]:
    by, activator = aliased(Staff), aliased(Staff)
    own = [getattr(Training, name) for name in Row.__slots__ if name not in ("asked_by", "activated_by", "report")]
    names = (by.name.label("asked_by"), activator.name.label("activated_by"))
    rows = select(*own, *names, *more)
    return rows.outerjoin(by, by.id == Training.asked_by).outerjoin(activator, activator.id == Training.activated_by)


async def _first(connection: AsyncConnection, rows: Select[Any]) -> Row | None:
    found = (await connection.execute(rows)).first()
    return None if found is None else _row(found)


def _row(found: Any) -> Row:
    return Row(**found._mapping)


def _heard_at() -> Any:
    return cast(Training.progress["at"].as_string(), DateTime(timezone=True))


def _tries() -> Any:
    return func.coalesce(Training.progress["tries"].as_integer(), 0)


def _with(told: Mapping[str, Any]) -> Any:
    return Training.progress.op("||")(cast(literal(dict(told), JSONB), JSONB))


def _and(name: str, value: Any, progress: Any) -> Any:
    return progress.op("||")(func.jsonb_build_object(literal_column(f"'{name}'"), value))


def _without(*names: str) -> Any:
    found: Any = Training.progress
    for name in names:
        found = found.op("-")(name)
    return found
