"""Keys with which other systems use the API: made with what they may, shown once, taken back at once."""

from datetime import date, datetime, time

from fastapi.responses import Response

from core.days import COPENHAGEN, danish_day
from i18n.translator import msgid
from store import api_keys
from store.api_keys import SCOPES
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one

LONGEST_NAME = 60
WORDS = {
    "people:read": msgid("Read who is there: number, language, municipality, employer, phase"),
    "progress:read": msgid("Read how far those are who agreed to share it"),
    "invitations:read": msgid("Read the invitations that it made"),
    "invitations:write": msgid("Invite people, and revoke invitations"),
    "topics:read": msgid("Read the answers"),
}
NO_NAME = msgid("Say which system it is for.")
NO_SCOPE = msgid("Tick at least one thing that it may do.")
NO_KOMMUNE = msgid("There is no such municipality: {name}.")
NOT_AHEAD = msgid("Choose a day that lies ahead.")
says("key_revoked", msgid("Revoked. From now on it opens nothing."))

rooms = Rooms(prefix="/admin/keys")


@rooms.see("", "keys.read")
async def keys(room: Room) -> Response:
    return await _page(room)


@rooms.do("", "keys.edit")
async def make(room: Room, form: Form) -> Response:
    """A new key, shown on this page and never again."""
    library = await room.library()
    scopes = [scope for scope in SCOPES if scope in form.get("scopes", ())]
    kommuner = [each for value in form.get("kommuner", ()) for each in value.replace(",", " ").casefold().split()]
    try:
        name = one(form, "name")
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Unfit(NO_NAME, "name")
        if not scopes:
            raise Unfit(NO_SCOPE, "scopes")
        if unknown := [each for each in kommuner if each not in library.municipalities]:
            raise Unfit(NO_KOMMUNE, "kommuner", name=unknown[0][:LONGEST_NAME])
        expires_at = _end_of(one(form, "expires"), danish_day(room.now))
    except Unfit as error:
        return await _page(room, status=422, refused=room.refused(error))
    async with room.writing() as connection:
        number, secret = await api_keys.make(
            connection, name=name, scopes=scopes, kommuner=kommuner, expires_at=expires_at, staff_id=room.me.id,
            now=room.now,
        )  # fmt: skip
        await room.audit(connection, "keys.edit", f"key:{number}", name=name, scopes=scopes, kommuner=kommuner)
    return await _page(room, made={"name": name, "secret": secret})


@rooms.do("/{number}/revoke", "keys.edit")
async def revoke(room: Room, form: Form) -> Response:
    number = room.number("number")
    async with room.writing() as connection:
        if not await api_keys.revoke(connection, number, now=room.now):
            room.gone()
        await room.audit(connection, "keys.edit", f"key:{number}", revoked=True)
    return room.back("/admin/keys", said="key_revoked")


async def _page(room: Room, *, status: int = 200, refused: object = None, made: object = None) -> Response:
    async with room.reading() as connection:
        found = await api_keys.every(connection)
    library = await room.library()
    return room.page(
        "admin/keys.html", status=status, refused=refused, made=made, keys=found, scopes=WORDS, now=room.now,
        kommuner={key: place.name for key, place in library.municipalities.items()},
    )  # fmt: skip


def _end_of(written: str, today: date) -> datetime | None:
    """Midnight at the end of a Danish day; None: it goes on until it is revoked."""
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Unfit(NOT_AHEAD, "expires") from None
    if not today <= day <= today.replace(year=today.year + 10, day=1):
        raise Unfit(NOT_AHEAD, "expires")
    return datetime.combine(day, time(23, 59, 59), COPENHAGEN)
