"""Who wrote an announcement, and the draft held still while an editor saves or schedules it."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.announcements import COLUMNS, Kept
from store.tables import Announcement, Staff


async def hold(connection: AsyncConnection, name: str) -> Kept | None:
    """An announcement; nobody else changes, schedules or stops it before the transaction ends."""
    found = select(*COLUMNS).where(Announcement.name == name).with_for_update()
    row = (await connection.execute(found)).one_or_none()
    return Kept(*row) if row else None


async def sign(connection: AsyncConnection, name: str, staff_id: int) -> None:
    """Note who made it: the first one does."""
    mine = update(Announcement).where(Announcement.name == name, Announcement.staff_id.is_(None))
    await connection.execute(mine.values(staff_id=staff_id))


async def makers(connection: AsyncConnection) -> dict[str, str]:
    """By name of the announcement, who made it; those from a file are not among them."""
    found = select(Announcement.name, Staff.name).join(Staff, Staff.id == Announcement.staff_id)
    return {row[0]: row[1] for row in await connection.execute(found)}
