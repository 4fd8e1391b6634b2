"""Figures: every amount and deadline, and in which sentences it will be read once it changes."""

import asyncio
from datetime import timedelta
from typing import Any, get_args

from fastapi.responses import Response

from core.days import danish_day
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from knowledge import editing as checking
from knowledge import figures, uses
from knowledge.models import Figure, Theme
from store import editing
from store.editing import Collision, Data, Name
from web.admin import figures_views as views
from web.admin import pieces
from web.admin.answers_views import proposed_slug
from web.admin.pieces import Piece, Wanted
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.inbox_views import THEMES

PREFIX = "/admin/figures"
PER_PAGE = 50
NEXT_LOOK = timedelta(days=182)

NO_NAME = msgid("Give it a short name, such as “tax-card-wait”. Texts refer to it by this name, and it stays.")
NAME_TAKEN = msgid("There is a figure of this name already. Choose another one.")
STILL_USED = msgid("Texts still use this figure ({count}). Take it out of them first.")
CHANGED = msgid("Somebody has changed this meanwhile. Yours stands here as you typed it; theirs stands above.")
NOTHING_TYPED = msgid("Write a sentence about what should be changed.")
says("looked", msgid("Noted. Everybody sees that it was looked at and still holds."))

rooms = Rooms(prefix=PREFIX)
router = rooms


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("", "figures.read")
async def every(room: Room) -> Response:
    filters = views.Filters(room.query("q"), room.query("show"), room.query("theme"), room.query("sort"))
    library = await room.library()
    async with room.reading() as connection:
        drafts = await editing.drafts(connection, "figure")
    found = await asyncio.to_thread(
        views.rows, library, drafts, filters, language=room.language, today=danish_day(room.now)
    )
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(room.page_number(), pages)
    return room.page(
        "admin/figures.html",
        rows=views.told(
            found[(page - 1) * PER_PAGE : page * PER_PAGE], library, language=room.language, today=danish_day(room.now)
        ),
        number=len(found),
        filters=filters,
        page=page,
        pages=pages,
        themes={theme: room.t.gettext(THEMES[theme]) for theme in get_args(Theme) if theme in THEMES},
        shows={name: room.t.gettext(label) for name, label in views.SHOWN.items()},
        sorts={name: room.t.gettext(label) for name, label in views.SORTED.items()},
    )


# --- one figure -------------------------------------------------------------------------------------------------------


@rooms.see("/new", "figures.edit")
async def new(room: Room) -> Response:
    return await _page(room, Piece(("figure", "", "")))


@rooms.do("/new", "figures.edit")
async def make(room: Room, form: Form) -> Response:
    """Keep the first draft of a figure under its name; from there it is published like any other."""
    empty = Piece(("figure", "", ""))
    key = proposed_slug(one(form, "key"))
    try:
        if not key or key == "new" or len(key) > 48:
            raise Unfit(NO_NAME, "key")
        wanted = Wanted(("figure", key, ""), await _read(room, form, key), 0, None)
        async with room.writing() as connection:
            piece = await pieces.look(connection, wanted.name)
            if piece.published or piece.draft:
                raise Unfit(NAME_TAKEN, "key")
            await pieces.put(room, connection, [wanted], "draft")
    except (Unfit, Collision) as error:
        unfit = error if isinstance(error, Unfit) else Unfit(NAME_TAKEN, "key")
        return await _page(room, empty, form=form, error=unfit, status=422)
    return room.back(f"{PREFIX}/{key}", "saved")


@rooms.see("/{key}", "figures.read")
async def figure(room: Room) -> Response:
    return await _page(room, await _found(room))


@rooms.do("/{key}/look", "figures.edit")
async def look(room: Room, form: Form) -> Response:
    """What was typed, in every sentence in which it would be read; nothing is written."""
    piece = await _found(room)
    try:
        data = await _read(room, form, piece.name[1])
    except Unfit as error:
        return await _page(room, piece, form=form, error=error, status=422)
    return await _page(room, piece, form=form, data=data)


@rooms.do("/{key}/save", "figures.edit")
async def save(room: Room, form: Form) -> Response:
    return await _put(room, form, "draft")


@rooms.do("/{key}/submit", "figures.edit")
async def submit(room: Room, form: Form) -> Response:
    return await _put(room, form, "submit")


@rooms.do("/{key}/publish", "figures.edit")
async def publish(room: Room, form: Form) -> Response:
    return await _put(room, form, "publish")


async def _put(room: Room, form: Form, step: pieces.Step) -> Response:
    piece = await _found(room)
    try:
        await _mine(room, piece)
        data = await _read(room, form, piece.name[1])
        wanted = Wanted(
            piece.name, data, pieces.number_of(one(form, "version")) or 0, pieces.number_of(one(form, "base"))
        )
        async with room.writing() as connection:
            await pieces.put(room, connection, [wanted], step, note=one(form, "about")[: views.LONGEST])
    except Collision:
        return await _page(room, await _found(room), form=form, error=Unfit(CHANGED), collided=True, status=409)
    except Unfit as error:
        return await _page(room, piece, form=form, error=error, status=422)
    return room.back(_address(piece.name), pieces.SAID[step])


@rooms.do("/{key}/discard", "figures.edit")
async def discard(room: Room, form: Form) -> Response:
    piece = await _found(room)
    await _mine(room, piece)
    try:
        async with room.writing() as connection:
            await pieces.discard(room, connection, piece.name, version=pieces.number_of(one(form, "version")) or 0)
    except Collision:
        return await _page(room, await _found(room), error=Unfit(CHANGED), status=409)
    return room.back(_address(piece.name) if piece.published else PREFIX, "discarded")


@rooms.do("/{key}/looked", "figures.edit")
async def looked(room: Room, form: Form) -> Response:
    """Somebody has looked at the source, and it still says so: only the day of the next look moves."""
    piece = await _found(room)
    try:
        await _mine(room, piece)
        day = views.review_day(one(form, "next_review"), today=danish_day(room.now))
        async with room.writing() as connection:
            now = await pieces.look(connection, piece.name)
            if now.published is None:
                room.gone()
            changed = {now.name: {**now.published.data, "next_review": day}}
            if now.draft:  # a draft that somebody is writing is not lost by it
                raise Unfit(pieces.DRAFT_FIRST)
            about: dict[str, Any] = {"staff_id": room.me.id, "minor": True, "now": room.now}
            await editing.publish(connection, changed, expect={now.name: now.current}, **about)
            await room.audit(connection, "figures.looked", about=pieces.called(now.name), next_review=day)
    except Unfit as error:
        return await _page(room, piece, looked=error, status=422)
    return room.back(_address(piece.name), "looked")


@rooms.do("/{key}/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    """Publish what somebody else wrote."""
    piece = await _found(room)
    await _mine(room, piece)
    try:
        async with room.writing() as connection:
            version = pieces.number_of(one(form, "version")) or 0
            await pieces.approve(room, connection, await pieces.look(connection, piece.name), version=version)
    except Collision:
        return await _page(room, await _found(room), error=Unfit(pieces.NOT_WAITING), status=409)
    except Unfit as error:
        return await _page(room, await _found(room), error=error, status=422)
    return room.back(_address(piece.name), "published")


@rooms.do("/{key}/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    piece = await _found(room)
    await _mine(room, piece)
    try:
        note = one(form, "about")[: views.LONGEST]
        if not note:
            raise Unfit(NOTHING_TYPED, "about")
        async with room.writing() as connection:
            version = pieces.number_of(one(form, "version")) or 0
            now = await pieces.look(connection, piece.name)
            await pieces.send_back(room, connection, now, version=version, note=note)
    except (Unfit, Collision) as error:
        unfit = error if isinstance(error, Unfit) else Unfit(pieces.NOT_WAITING)
        return await _page(room, await _found(room), error=unfit, status=422)
    return room.back(_address(piece.name), "sent_back")


@rooms.do("/{key}/remove", "figures.edit")
async def remove(room: Room, form: Form) -> Response:
    """Only what nothing speaks of any more; the history keeps it."""
    piece = await _found(room)
    try:
        await _mine(room, piece)
        if pieces.needs_another(room) and not room.may("answers.review"):
            raise Unfit(pieces.REVIEW_FIRST)
        if piece.draft:
            raise Unfit(pieces.DRAFT_FIRST)
        library = await room.library()
        if used := len(uses.pieces(library).get(piece.name[1], ())):
            raise Unfit(STILL_USED, count=used)
        async with room.writing() as connection:
            about: dict[str, Any] = {"staff_id": room.me.id, "now": room.now}
            await editing.publish(connection, {piece.name: None}, expect={piece.name: piece.current}, **about)
            await room.audit(connection, "figures.remove", about=pieces.called(piece.name))
    except Collision:
        return await _page(room, await _found(room), error=Unfit(CHANGED), status=409)
    except Unfit as error:
        return await _page(room, piece, error=error, status=422)
    return room.back(PREFIX, "removed")


# --- history ----------------------------------------------------------------------------------------------------------


@rooms.see("/{key}/history", "figures.read")
async def history(room: Room) -> Response:
    return await _history(room)


@rooms.do("/{key}/restore", "figures.edit")
async def restore(room: Room, form: Form) -> Response:
    """Make an earlier revision the draft; publishing it brings it back."""
    name = ("figure", room.param("key"), "")
    await _mine(room, Piece(name))
    try:
        async with room.writing() as connection:
            number = pieces.number_of(one(form, "revision")) or 0
            await pieces.bring_back(room, connection, number, lambda found: found == name)
    except (Unfit, Collision) as error:
        return await _history(room, error if isinstance(error, Unfit) else Unfit(pieces.DRAFT_FIRST), status=409)
    return room.back(_address(name), "drafted_again")


async def _history(room: Room, error: Unfit | None = None, *, status: int = 200) -> Response:
    name = ("figure", room.param("key"), "")
    async with room.reading() as connection:
        found = await editing.history(connection, name)
    if not found:
        room.gone()
    newest = next((each.data for each in found if each.data), None)
    return room.page(
        "admin/figure_history.html",
        status=status,
        key=name[1],
        meaning=newest["meaning"] if newest else name[1],
        versions=[(each, views.summary(each.data, room.language), changed) for each, changed in pieces.versions(found)],
        gone=found[0].data is None,
        refused=room.refused(error) if error else None,
    )


# --- what they share --------------------------------------------------------------------------------------------------


async def _found(room: Room) -> Piece:
    async with room.reading() as connection:
        piece = await pieces.look(connection, ("figure", room.param("key"), ""))
    return piece if piece.data else room.gone()


async def _mine(room: Room, piece: Piece) -> None:
    """An editor who keeps to themes may change what at least one topic of theirs speaks of, and what none does."""
    themes = uses.themes(await room.library()).get(piece.name[1], frozenset())
    if themes and not any(room.writes(theme=theme) for theme in themes):
        raise Unfit(pieces.LIMITED)


async def _read(room: Room, form: Form, key: str) -> Data:
    """The figure that a form says, as it would be published."""
    data = views.read(form, key, today=danish_day(room.now))
    for fault in checking.faults("figure", key, "", data, await room.library()):
        raise Unfit("{problem} {remedy}", fault.field, problem=fault.problem, remedy=fault.remedy)
    return checking.normal("figure", data)


async def _page(
    room: Room,
    piece: Piece,
    *,
    form: Form | None = None,
    data: Data | None = None,
    error: Unfit | None = None,
    looked: Unfit | None = None,
    collided: bool = False,
    status: int = 200,
) -> Response:
    """form: as it was typed; data: what it says, to be previewed. looked: why the next look was not noted."""
    today, library = danish_day(room.now), await room.library()
    shown = data or piece.data
    after = Figure.model_validate(shown) if shown else None
    found = (
        await asyncio.to_thread(views.appearances, library, after, language=room.language, today=today) if after else []
    )
    fault = error or looked
    return room.page(
        "admin/figure.html",
        status=status,
        piece=piece,
        typed=views.typed_in(form) if form else views.typed_of(piece.data, today=today),
        key=one(form, "key") if form else "",
        about=one(form, "about") if form else "",
        previewed=data is not None,
        collided=collided,
        appearances=found,
        used=len(uses.pieces(library).get(piece.name[1], ())),
        summary=views.summary(piece.published.data, room.language) if piece.published else [],
        theirs=views.summary(piece.draft.data, room.language) if piece.draft else [],
        over=lambda row: bool(row["valid_to"]) and row["valid_to"] < today.isoformat() and bool(row["value"]),
        units=figures.UNITS,
        confidences={name: room.t.gettext(label) for name, label in views.CONFIDENCE.items()},
        kinds={name: room.t.gettext(label) for name, label in views.PIECES.items()},
        by_code=LANGUAGES,
        next_look=today + NEXT_LOOK,
        needs_another=pieces.needs_another(room),
        waits=pieces.waits_for_me(room, piece.draft),
        refused=room.refused(fault) if fault else None,
        due=bool(after and after.next_review <= today),
    )


def _address(name: Name) -> str:
    return f"{PREFIX}/{name[1]}"
