"""Invitations: a list of people is looked at row by row before anybody is invited, then each gets a link and two codes.

Nothing of a file is kept until it is taken: the preview carries it along in the page, and it is read anew when it comes
back. Either all of its people are invited, or none.
"""

import asyncio
import base64
import binascii
import json
import uuid
import zlib
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import segno
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from actions.turn import Turn
from bot.inviting import LINK
from core.days import danish_day
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid, translator
from store import invitations, recruits
from store.invitations import GOOD_FOR, STATES, Kept
from web.admin import newcomers, sheets
from web.admin.newcomers import COLUMNS, Newcomer, Understood
from web.admin.room import Room, Rooms, Unfit, says
from web.admin.sheets import SheetError, Table
from web.bodies import Form, one
from web.inbox_views import Words, profile_view
from web.invited import CARD, IN_BROWSER, UNTIL, address

AT_A_TIME, CARDS = 50, 16
SHOWN_ROWS = 200
LONGEST_PACKED = 900_000  # characters, so that the form that brings it back is not too long
STATE_WORDS = {
    "open": msgid("not used yet"),
    "used": msgid("used"),
    "expired": msgid("expired"),
    "revoked": msgid("revoked"),
}
NO_FILE = msgid("Choose a file first.")
NOTHING_FIT = msgid("No row of this file can be taken. Please correct it, and choose it again.")
HAS_WRONGS = msgid("Some rows have errors. Correct the file, or tick that they are left out.")
says("invited", msgid("They are invited. Print the cards, or send each of them their link."))
says("nobody_invited", msgid("Nobody was left to invite."))
says("invitation_revoked", msgid("Revoked. The link opens nothing any more."))
says("invitation_renewed", msgid("There is a new link; the old one opens nothing any more."))

rooms = Rooms(prefix="/admin/invitations")


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("", "people.invite")
async def invited(room: Room) -> Response:
    return await _list(room)


async def _list(room: Room, *, refused: Any = None, status: int = 200) -> Response:
    state = room.query("state") if room.query("state") in STATES else ""
    batch, number = _number(room.query("batch")), room.page_number()
    async with room.writing() as connection:
        found, count = await invitations.page(
            connection, now=room.now, state=state, batch=batch, query=room.query("q"),
            offset=(number - 1) * AT_A_TIME, most=AT_A_TIME,
        )  # fmt: skip
        batches = await invitations.batches(connection)
        if found:
            await room.audit(connection, "people.list", about="people:invitations", people=len(found))
    asked = {"q": room.query("q"), "state": state, "batch": str(batch or "")}
    asked = {name: value for name, value in asked.items() if value}
    return room.page(
        "admin/invitations.html",
        status=status,
        refused=refused,
        found=found,
        count=count,
        page=number,
        pages=-(-count // AT_A_TIME),
        url=f"/admin/invitations?{urlencode(asked)}" if asked else "/admin/invitations",
        asked=asked,
        batch=batch,
        batches=batches,
        state=state,
        states=STATE_WORDS,
        days=GOOD_FOR.days,
        columns=[room.t.gettext(own) for own, _ in COLUMNS.values()],
        megabytes=sheets.LARGEST // 1_000_000,
        rows=sheets.MOST_ROWS,
    )


@rooms.do("/{number}/revoke", "people.invite")
async def revoke(room: Room, form: Form) -> Response:
    return await _change(room, form, invitations.revoke, "revoked")


@rooms.do("/{number}/renew", "people.invite")
async def renew(room: Room, form: Form) -> Response:
    return await _change(room, form, invitations.renew, "renewed")


async def _change(room: Room, form: Form, change: Any, said: str) -> Response:
    number = _number(room.param("number")) or room.gone()
    async with room.writing() as connection:
        if not await change(connection, number, now=room.now):
            room.gone()
        await room.audit(connection, "people.invite", about=f"invitation:{number}", **{said: True})
    asked = {name: one(form, name) for name in ("q", "state", "batch", "page") if one(form, name)}
    return room.back(
        f"/admin/invitations?{urlencode(asked)}" if asked else "/admin/invitations", said=f"invitation_{said}"
    )


def _number(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# --- a list is brought ------------------------------------------------------------------------------------------------


@rooms.see("/template.csv", "people.invite")
async def template_csv(room: Room) -> Response:
    return _download(sheets.as_csv([_headings(room)]), "text/csv; charset=utf-8", "velkommen-people.csv")


@rooms.see("/template.xlsx", "people.invite")
async def template_xlsx(room: Room) -> Response:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _download(sheets.as_excel([_headings(room)]), kind, "velkommen-people.xlsx")


def _headings(room: Room) -> list[str]:
    return [room.t.gettext(own) for own, _ in COLUMNS.values()]


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@rooms.see("/check", "people.invite")
async def nothing_to_check(room: Room) -> Response:
    """Somebody loads the preview again: the file is gone with it."""
    return RedirectResponse("/admin/invitations", 303)


@rooms.do("/check", "people.invite", upload=True)
async def check(room: Room, form: Form) -> Response:
    """Every row as it was understood; nothing is kept of it."""
    try:
        if room.file is None or not room.file.content:
            raise SheetError(NO_FILE)
        table = await asyncio.to_thread(sheets.read, room.file.content)
        return await _preview(room, table)
    except SheetError as error:
        refused = room.refused(Unfit(error.sentence, "file", **error.named), {})
        return await _list(room, refused=refused, status=422)


@rooms.do("/import", "people.invite")
async def take(room: Room, form: Form) -> Response:
    """Invite everybody in the file that was looked at, in one transaction."""
    try:
        table = unpacked(one(form, "sheet"))
    except SheetError as error:
        return await _list(room, refused=room.refused(Unfit(error.sentence, "file", **error.named), {}), status=422)
    understood = await _understood(room, table)
    if understood.faults or not understood.fit:
        return await _preview(room, table, status=422, refused=room.refused(Unfit(NOTHING_FIT, "sheet")))
    if understood.wrongs and not one(form, "leave_out"):
        return await _preview(room, table, status=422, refused=room.refused(Unfit(HAS_WRONGS, "leave_out")))
    wanted = [person.wanted for person in understood.fit]
    async with room.writing() as connection:
        if one(form, "leave_known"):
            known = await invitations.known(connection, wanted, now=room.now)
            wanted = [person for person, there in zip(wanted, known) if not there]
        if not wanted:
            return room.back("/admin/invitations", said="nobody_invited")
        batch = await invitations.make(connection, wanted, staff_id=room.me.id, now=room.now)
        await room.audit(connection, "people.invite", about=f"batch:{batch}", people=len(wanted))
    return room.back(f"/admin/invitations?batch={batch}", said="invited")


async def _understood(room: Room, table: Table) -> Understood:
    library = await room.library()
    async with room.reading() as connection:
        employers = await recruits.employers(connection)
    turn = Turn(
        "", room.language, translator(room.language), library, danish_day(room.now), now=room.now, employers=employers
    )
    return await asyncio.to_thread(newcomers.understand, table, turn)


async def _preview(room: Room, table: Table, *, status: int = 200, refused: Any = None) -> Response:
    understood = await _understood(room, table)
    library = await room.library()
    words = Words(room.language, room.t, {key: place.name for key, place in library.municipalities.items()})
    async with room.reading() as connection:
        employers = await recruits.employers(connection)
        known = await invitations.known(connection, [person.wanted for person in understood.fit], now=room.now)
    before = [person.row for person, there in zip(understood.fit, known) if there]
    shown = [*(person for person in understood.people if person.wrongs), *understood.fit][:SHOWN_ROWS]
    return room.page(
        "admin/import.html",
        status=422 if understood.faults and status == 200 else status,
        refused=refused,
        understood=understood,
        headings=[room.t.gettext(COLUMNS[column][0]) for column in understood.columns],
        lines=[(person, _line(person, understood.columns, employers, words)) for person in shown],
        hidden=len(understood.people) - len(shown),
        before=before,
        sheet=packed(table),
        days=GOOD_FOR.days,
        until=danish_day(room.now) + GOOD_FOR,
    )


def _line(person: Newcomer, columns: tuple[str, ...], employers: dict[str, str], words: Words) -> list[dict[str, Any]]:
    """A row's cells: as understood; where that is something else than was written, with what was written."""
    facts = {**person.wanted.profile}
    facts |= {"employer": employers[facts["employer"]]} if facts.get("employer") in employers else {}
    in_words = {fact["label"]: fact["value"] for fact in profile_view(facts, words)}
    language = person.wanted.language
    in_words |= {
        words.t.gettext(COLUMNS["reference"][0]): person.wanted.reference,
        words.t.gettext(COLUMNS["language"][0]): LANGUAGES[language].own_name if language else "",
    }
    wrong = {each.column: each.sentence for each in person.wrongs}
    line = []
    for column in columns:
        title = words.t.gettext(COLUMNS[column][0])
        written = person.cells.get(column, "")
        value = in_words.get(title, "")
        line.append(
            {
                "title": title,
                "value": written if title in wrong else value,
                "written": written if title not in wrong and written.casefold() != value.casefold() else "",
                "wrong": wrong.get(title, ""),
            }
        )
    return line


def packed(table: Table) -> str:
    """A table as the page carries it along; SheetError where it is too much for that."""
    lines = [[0, table.head], *table.rows]
    text = base64.b64encode(zlib.compress(json.dumps(lines).encode(), 6)).decode()
    if len(text) > LONGEST_PACKED:
        raise SheetError(sheets.TOO_LARGE, count=1)
    return text


def unpacked(text: str) -> Table:
    """The table again, checked like any file: it comes from a browser."""
    try:
        inflating = zlib.decompressobj()
        content = inflating.decompress(base64.b64decode(text, validate=True), sheets.LARGEST * 2)
        lines = [(int(number), [str(cell) for cell in cells]) for number, cells in json.loads(content)]
    except (zlib.error, binascii.Error, ValueError, TypeError, RecursionError):
        raise SheetError(sheets.UNREADABLE) from None
    return sheets.table_of(lines)


# --- cards ------------------------------------------------------------------------------------------------------------


@rooms.see("/cards", "people.invite")
async def cards(room: Room) -> Response:
    """To print and cut out, or to send: whoever is invited, with the link and its codes. Used ones have none."""
    number, one_only = room.page_number(), _number(room.query("id"))
    telegram = await room.frame.doors.telegram_name()
    async with room.writing() as connection:
        if one_only is not None:
            single = await invitations.one(connection, one_only, now=room.now)
            found, count = ([single], 1) if single and single.state == "open" else ([], 0)
        else:
            found, count = await invitations.page(
                connection, now=room.now, state="open", batch=_number(room.query("batch")),
                offset=(number - 1) * CARDS, most=CARDS,
            )  # fmt: skip
        if found:
            about = "people:cards" if one_only is None else f"invitation:{one_only}"
            await room.audit(connection, "people.list", about=about, people=len(found))
    batch = _number(room.query("batch"))
    return room.page(
        "admin/cards.html",
        cards=await asyncio.to_thread(_cards, found, telegram, room),
        count=count,
        page=number,
        pages=-(-count // CARDS),
        url=f"/admin/invitations/cards?batch={batch}" if batch else "/admin/invitations/cards",
        telegram=telegram,
    )


def _cards(found: list[Kept], telegram: str, room: Room) -> list[dict[str, Any]]:
    return [_card(each, telegram, room) for each in found]


def _card(kept: Kept, telegram: str, room: Room) -> dict[str, Any]:
    language = kept.language if kept.language in LANGUAGES else DEFAULT
    gettext, last = translator(language).gettext, danish_day(kept.expires_at - timedelta(seconds=1))
    codes = [("Telegram", f"https://t.me/{telegram}?start={LINK}{kept.code}")] if telegram else []
    codes.append((gettext(IN_BROWSER), address(room.frame.doors.settings, kept.code)))
    return {
        "name": kept.name,
        "reference": kept.reference,
        "language": LANGUAGES[language],
        "sentence": gettext(CARD),
        "until": gettext(UNTIL, day=local.day(last, language)),
        "codes": [(label, link, qr(link)) for label, link in codes],
    }


@lru_cache(2_000)  # making one takes some milliseconds, and a page of cards is looked at more than once
def qr(link: str) -> Markup:
    """The code as SVG, black on white whatever the page's colours; what it says stands beside it in words."""
    made = segno.make(link, error="m", micro=False)
    return Markup(made.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S704
