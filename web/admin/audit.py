"""The audit log: what colleagues did, and at whose data they looked; to be read only."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi.responses import Response

from core.days import COPENHAGEN
from i18n.translator import msgid
from store import audit, staff
from store.audit import LOOK, Noted, Sought
from web.admin.room import Room, Rooms, danish
from web.admin.sheets import as_csv

PREFIX = "/admin/audit"
PER_PAGE = 50
MOST_EXPORTED = 50_000
LONGEST = 200
# What was done, in plain words; what is not here is shown as it is noted.
WORDS: dict[str, str] = {
    "sign_in": msgid("signed in"),
    "sign_in.locked": msgid("too many wrong attempts: locked for 15 minutes"),
    "oidc.linked": msgid("linked to the organisation's sign-in"),
    "password.chosen": msgid("chose a password with a link"),
    "password.changed": msgid("changed their password"),
    "sessions.ended": msgid("ended sessions"),
    "second.on": msgid("switched the second factor on"),
    "second.off": msgid("switched the second factor off"),
    "second.again": msgid("began to set up another telephone"),
    "second.codes": msgid("made new recovery codes"),
    "staff.add": msgid("added a colleague"),
    "staff.change": msgid("changed a colleague's account"),
    "staff.role": msgid("changed a colleague's role"),
    "staff.on": msgid("switched an account on"),
    "staff.off": msgid("switched an account off"),
    "staff.link": msgid("made a password link"),
    "staff.sessions": msgid("ended a colleague's sessions"),
    "staff.second": msgid("reset a colleague's second factor"),
    "staff.unlink": msgid("unlinked a colleague from the organisation's sign-in"),
    "rota.add": msgid("added a shift to the rota"),
    "rota.remove": msgid("removed a shift from the rota"),
    "report.close": msgid("closed a report"),
    "people.list": msgid("looked at a list of people"),
    "people.read": msgid("looked at a person's page"),
    "audit.export": msgid("exported the audit log"),
    f"{LOOK}conversation": msgid("looked at a conversation"),
    f"{LOOK}attachment": msgid("looked at a file"),
}

rooms = router = Rooms(prefix=PREFIX)


@rooms.see("", "audit.read")
async def log(room: Room) -> Response:
    asked, page = _asked(room), room.page_number()
    async with room.reading() as connection:
        people = await staff.everybody(connection, also_inactive=True)
        count = await audit.count(connection, sought(asked))
        pages = max(1, -(-count // PER_PAGE))
        page = min(page, pages)
        found = await audit.page(connection, sought(asked), most=PER_PAGE, skip=(page - 1) * PER_PAGE)
    return room.page(
        "admin/audit.html",
        found=[(each, said(each, room), more(each.data)) for each in found],
        names={each.id: each.name for each in people},
        asked=asked,
        address=f"{PREFIX}?{urlencode(asked)}" if asked else PREFIX,
        export=f"{PREFIX}/csv?{urlencode(asked)}",
        page=page,
        pages=pages,
    )


@rooms.see("/csv", "audit.read")
async def export(room: Room) -> Response:
    """What the page lists, as a table; that it was taken is noted, too."""
    asked = _asked(room)
    async with room.writing() as connection:
        found = await audit.page(connection, sought(asked), most=MOST_EXPORTED)
        await room.audit(connection, "audit.export", rows=len(found))
    head = ("at (Europe/Copenhagen)", "colleague", "who", "what", "about", "more")
    rows = [
        (f"{danish(each.at):%Y-%m-%d %H:%M:%S}", each.staff_id or "", each.who, each.what, each.about, more(each.data))
        for each in found
    ]
    return Response(
        as_csv([head, *rows]),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{danish(room.now):%Y-%m-%d}.csv"'},
    )


def sought(asked: Mapping[str, str]) -> Sought:
    """What the address asks for; days are Danish ones."""
    since, until = _day(asked.get("since", "")), _day(asked.get("until", ""))
    return Sought(
        staff_id=int(asked["who"]) if "who" in asked else None,
        what=asked.get("what", ""),
        about=asked.get("about", ""),
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def said(noted: Noted, room: Room) -> str:
    return room.t.gettext(WORDS[noted.what]) if noted.what in WORDS else noted.what


def more(data: Mapping[str, object]) -> str:
    """The rest of what was noted, in a line."""
    return ", ".join(f"{name}: {_plain(value)}" for name, value in data.items() if value not in ("", None, []))


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _asked(room: Room) -> dict[str, str]:
    """The filters in the address that make sense; the others are left out."""
    asked = {name: room.query(name)[:LONGEST] for name in ("who", "what", "about", "since", "until")}
    fits = {
        "who": asked["who"].isascii() and asked["who"].isdecimal() and len(asked["who"]) < 19,
        "what": True,
        "about": True,
        "since": _day(asked["since"]) is not None,
        "until": _day(asked["until"]) is not None,
    }
    return {name: value for name, value in asked.items() if value and fits[name]}


def _day(written: str) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if 2000 <= day.year < 9999 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), COPENHAGEN).astimezone(UTC)
