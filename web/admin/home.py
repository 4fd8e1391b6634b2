"""The way in: to the first room that somebody may open."""

from fastapi.responses import Response

from core import rights
from web.admin.room import RAIL, Room, Rooms

rooms = Rooms(prefix="/admin")


@rooms.see("", "me")
async def home(room: Room) -> Response:
    first = next(address for _, address, action, _ in RAIL if rights.may(room.me.role, action))
    return room.back(first)
