"""The audit log: who did what, and when. Rows are only ever added; the database refuses everything else."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Audit


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
