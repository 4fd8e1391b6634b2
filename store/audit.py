"""The audit log: who did what, and when. Rows are only ever added; the database refuses everything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Audit, Look, Staff

LOOK = "look."  # in front of what was looked at
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Noted:
    """An act, or a look at a person's data. who: "" where nobody was signed in."""

    at: datetime
    staff_id: int | None
    who: str
    what: str
    about: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sought:
    """What of the log is asked for; what and about are beginnings. Empty: all of it."""

    staff_id: int | None = None
    what: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def add(
    connection: AsyncConnection,
    *,
    staff_id: int | None,
    who: str,
    what: str,
    about: str = "",
    now: datetime,
    **data: Any,
) -> None:
    """Note an act, in the transaction that does it. about: kind:key of the thing. data: never what a person wrote."""
    values = {"at": now, "staff_id": staff_id, "who": who, "what": what, "about": about, "data": data}
    await connection.execute(insert(Audit).values(**values))


async def page(connection: AsyncConnection, sought: Sought, *, most: int, skip: int = 0) -> list[Noted]:
    """Acts and looks as one list, the newest first."""
    both = [
        query.order_by(query.selected_columns.at.desc(), query.selected_columns.id.desc()).limit(most + skip).subquery()
        for query in _both(sought)
    ]
    one, *others = [select(each) for each in both]
    whole = one.union_all(*others).subquery()
    columns = (whole.c.at, whole.c.staff_id, whole.c.who, whole.c.what, whole.c.about, whole.c.data)
    order = (whole.c.at.desc(), whole.c.id.desc(), whole.c.what)
    rows = await connection.execute(select(*columns).order_by(*order).limit(most).offset(skip))
    return [Noted(*row) for row in rows]


async def count(connection: AsyncConnection, sought: Sought) -> int:
    """How many there are; from `MOST_COUNTED` on, that many."""
    number = 0
    for query in _both(sought):
        some = query.with_only_columns(query.selected_columns.id).limit(MOST_COUNTED).subquery()
        number += (await connection.execute(select(func.count()).select_from(some))).scalar_one()
    return min(number, MOST_COUNTED)


def _both(sought: Sought) -> tuple[Any, Any]:
    """Those that fit, of the acts and of the looks; the same columns, so that they can be one list."""
    acts = select(Audit.id, Audit.at, Audit.staff_id, Audit.who, Audit.what, Audit.about, Audit.data)
    what, about = LOOK + Look.what, "recruit:" + cast(Look.recruit_id, String)
    looks = select(
        Look.id, Look.at, Look.staff_id, func.coalesce(Staff.name, "").label("who"), what.label("what"),
        about.label("about"), cast(literal("{}"), Audit.data.type).label("data"),
    ).outerjoin(Staff, Staff.id == Look.staff_id)  # fmt: skip
    columns = ((acts, Audit.at, Audit.staff_id, Audit.what, Audit.about), (looks, Look.at, Look.staff_id, what, about))
    first, second = (_narrowed(query, sought, *parts) for query, *parts in columns)
    return first, second


def _narrowed(query: Any, sought: Sought, at: Any, staff_id: Any, what: Any, about: Any) -> Any:
    if sought.staff_id is not None:
        query = query.where(staff_id == sought.staff_id)
    if sought.what:
        query = query.where(func.starts_with(what, sought.what))
    if sought.about:
        query = query.where(func.starts_with(about, sought.about))
    if sought.since is not None:
        query = query.where(at >= sought.since)
    if sought.until is not None:
        query = query.where(at < sought.until)
    return query
