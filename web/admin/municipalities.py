"""What single municipalities add to topics, for their own people: sentences in eight languages, with where it says so."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import preview
from core import rights
from core.days import danish_day
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.editing import faults, normal, references, with_change
from knowledge.library import Library
from store import editing
from store.editing import Collision, Data, Name
from web.admin import pieces
from web.admin.pieces import Piece, Step, Wanted
from web.admin.room import Room, Rooms, Unfit
from web.bodies import Form, one
from web.render import html

HOME = "/admin/municipalities"
DELETE = "DELETE"
LONGEST_NAME, LONGEST_TEXT, LONGEST_LINK, LONGEST_KEY = 60, 600, 500, 48
MOST_LINES, MOST_CALLED, MOST_FOUND = 60, 40, 12
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINK = re.compile(r"https?://\S+")

EMPTY = msgid("Write something here.")
TOO_LONG = msgid("This is too long: at most {count} characters.")
NO_TOPIC = msgid("Choose at least one topic to which this belongs.")
BAD_LINK = msgid("Write the whole address, beginning with https://.")
BAD_DAY = msgid("Write the day on which this was confirmed.")
NO_FIGURE = msgid("There is no figure {placeholder}. Take it out, or correct its name.")
TOO_MANY = msgid("At most {count} lines fit here.")
FAULT = msgid("This cannot be published: {problem} {remedy}")
KEY = msgid("Use lower-case letters without accents, digits and hyphens, such as koebenhavn.")
TAKEN = msgid("There is one of this name already.")
NOTHING = msgid("Nothing was changed.")
TYPE_IT = msgid("Type {word} to take it away.")
OTHERS = msgid("Your account keeps to other municipalities, languages or themes.")
SOMEBODY = msgid("Somebody else changed this meanwhile. Both are below; nothing is lost.")

rooms = Rooms(prefix=HOME)


def name_of(key: str) -> Name:
    return "municipality", key, ""


def address(key: str, *further: str) -> str:
    return "/".join((HOME, quote(key, safe=""), *further))


def keeps_to(room: Room, key: str) -> bool:
    """Whether the municipality is one of this account's; an account that names none has them all."""
    return room.me.role not in rights.KEPT_TO or not room.me.kommuner or key in room.me.kommuner


def _may(room: Room, key: str) -> bool:
    return room.may("texts.edit") and keeps_to(room, key)


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("", "texts.read")
async def municipalities(room: Room) -> Response:
    words, state = room.query("q"), room.query("state")
    async with room.reading() as connection:
        found = await stands(connection)
    rows = [piece for piece in found if _fits(piece, words.casefold(), state)]
    filters = {name: value for name, value in (("q", words), ("state", state)) if value}
    return room.page(
        "admin/municipalities.html",
        rows=[{"key": piece.name[1], "piece": piece, "address": address(piece.name[1])} for piece in rows],
        filters=filters,
        states=("draft", "in_review", "published"),
    )


async def stands(connection: AsyncConnection) -> list[Piece]:
    """All, also those that are only drafted yet, by name."""
    published = {each.name: each for each in await editing.published_all(connection, "municipality")}
    drafts = {each.name: each for each in await editing.drafts(connection, "municipality")}
    found = (Piece(name, published.get(name), drafts.get(name)) for name in {**published, **drafts})
    return sorted(found, key=lambda piece: str(piece.data.get("name", "")).casefold())


def _fits(piece: Piece, words: str, state: str) -> bool:
    told = (piece.name[1], *pieces.flat(piece.data).values())
    return state in ("", piece.state) and any(words in text.casefold() for text in told)


# --- a new one --------------------------------------------------------------------------------------------------------


@rooms.see("/new", "texts.edit")
async def new(room: Room) -> Response:
    return room.page("admin/municipality.html", new=True, key="", name="")


@rooms.do("/new", "texts.edit")
async def add(room: Room, form: Form) -> Response:
    key, name = one(form, "key"), _line(one(form, "name"))
    try:
        if not keeps_to(room, key) or not room.writes():
            raise Unfit(OTHERS, "key")
        if not SLUG.fullmatch(key) or len(key) > LONGEST_KEY or key == "new":
            raise Unfit(KEY, "key")
        if not 0 < len(name) <= LONGEST_NAME:
            raise Unfit(EMPTY if not name else TOO_LONG, "name", count=LONGEST_NAME)
        async with room.writing() as connection:
            piece = await pieces.look(connection, name_of(key))
            if piece.state != "missing":
                raise Unfit(TAKEN, "key")
            data = {"name": name, "called": [], "lines": []}
            await pieces.put(room, connection, [Wanted(piece.name, data, 0, None)], "draft")
    except (Unfit, Collision) as error:
        unfit = error if isinstance(error, Unfit) else Unfit(TAKEN, "key")
        refused = room.refused(unfit)
        return room.page("admin/municipality.html", status=422, new=True, key=key, name=name, refused=refused)
    return room.back(address(key), said="saved")


# --- one --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a button of the form asks for: a step, one more line, or topics for a line."""

    step: Step | None
    more: bool = False
    find: int | None = None

    @classmethod
    def of(cls, form: Form) -> "Asked":
        do, _, where = one(form, "do").partition(":")
        if do in pieces.SAID:
            return cls(do)
        return cls(None, do == "add", pieces.number_of(where) if do == "find" else None)


@rooms.see("/{key}", "texts.read")
async def municipality(room: Room) -> Response:
    return await _page(room)


@rooms.do("/{key}", "texts.edit")
async def save(room: Room, form: Form) -> Response:
    key, asked = room.param("key"), Asked.of(form)
    if asked.step is None:
        return await _page(room, form=form, asked=asked)
    try:
        async with room.writing() as connection:
            piece = await pieces.look(connection, name_of(key))
            if piece.state == "missing":
                room.gone()
            library = await room.library()
            data = read(form, library)
            # What goes further than a draft may hold what somebody else has drafted.
            before = piece.data if asked.step == "draft" else piece.told or {}
            _may_change(room, key, before, data, library)
            touched = data != piece.data
            if not touched and (piece.draft is None or asked.step == "draft"):
                raise Unfit(NOTHING)
            version = pieces.number_of(one(form, "version")) or 0
            base = pieces.number_of(one(form, "base"))
            note = " ".join(one(form, "note").split())[:300]
            wanted = Wanted(piece.name, data, version, base, touched)
            await pieces.put(room, connection, [wanted], asked.step, note=note)
    except Unfit as error:
        return await _page(room, form=form, error=error)
    except Collision as error:
        return await _page(room, form=form, collision=error)
    return room.back(address(key), said=pieces.SAID[asked.step])


def read(form: Form, library: Library) -> Data:
    """The municipality as it is stored; Unfit with the field that does not fit."""
    name = _line(one(form, "name"))
    if not 0 < len(name) <= LONGEST_NAME:
        raise Unfit(TOO_LONG if name else EMPTY, "name", count=LONGEST_NAME)
    called = list(dict.fromkeys(_line(line) for line in one(form, "called").splitlines() if _line(line)))
    if len(called) > MOST_CALLED:
        raise Unfit(TOO_MANY, "called", count=MOST_CALLED)
    if any(len(each) > LONGEST_NAME for each in called):
        raise Unfit(TOO_LONG, "called", count=LONGEST_NAME)
    lines = [
        _read_line(form, place, library)
        for place in places(form)
        if not one(form, f"line.{place}.remove") and _is_written(form, place)
    ]
    data: Data = {"name": name, "called": called, "lines": lines}
    for fault in faults("municipality", "", "", data, library):
        raise Unfit(FAULT, problem=fault.problem, remedy=fault.remedy)
    return normal("municipality", data)


def places(form: Form) -> list[int]:
    """The numbers of the lines in the form."""
    found = {pieces.number_of(name.split(".")[1]) for name in form if name.startswith("line.") and name.count(".") > 1}
    return sorted(place for place in found if place is not None and place < MOST_LINES)


def _is_written(form: Form, place: int) -> bool:
    """A line with nothing in it but its day is none."""
    return any(
        value.strip()
        for name, values in form.items()
        if name.startswith(f"line.{place}.") and not name.endswith((".find", ".as_of"))
        for value in values
    )


def _read_line(form: Form, place: int, library: Library) -> Data:
    at = f"line.{place}"
    topics = list(dict.fromkeys(slug for slug in form.get(f"{at}.topics", ()) if slug in library.topics))
    if not topics:
        raise Unfit(NO_TOPIC, f"{at}.topics")
    text = {code: said for code in LANGUAGES if (said := _line(one(form, f"{at}.text.{code}")))}
    if DEFAULT not in text:
        raise Unfit(EMPTY, f"{at}.text.{DEFAULT}")
    for code, said in text.items():
        if len(said) > LONGEST_TEXT:
            raise Unfit(TOO_LONG, f"{at}.text.{code}", count=LONGEST_TEXT)
        if unknown := sorted(references(said) - library.figures.keys()):
            raise Unfit(NO_FIGURE, f"{at}.text.{code}", placeholder=f"{{{unknown[0]}}}")
    link = one(form, f"{at}.link")
    if not LINK.fullmatch(link) or len(link) > LONGEST_LINK or pieces.clean(link) != link:
        raise Unfit(BAD_LINK, f"{at}.link")
    return {"topics": topics, "text": text, "link": link, "as_of": _day(one(form, f"{at}.as_of"), f"{at}.as_of")}


def _day(written: str, field: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError as error:
        raise Unfit(BAD_DAY, field) from error


def _line(text: str) -> str:
    return " ".join(pieces.clean(text).split())


def _may_change(room: Room, key: str, before: Data, after: Data, library: Library) -> None:
    """An account that keeps to municipalities, languages or themes changes these only."""
    if not keeps_to(room, key):
        raise Unfit(OTHERS)
    if not all(room.writes(language=code) for code in languages_changed(before, after)):
        raise Unfit(OTHERS)
    older, newer = (normal("municipality", each)["lines"] if each else [] for each in (before, after))
    changed = [line for line in (*older, *newer) if line not in older or line not in newer]
    slugs = {slug for line in changed for slug in line["topics"] if slug in library.topics}
    if not all(room.writes(theme=library.topics[slug].theme) for slug in slugs):
        raise Unfit(OTHERS)


def languages_changed(before: Data, after: Data) -> set[str]:
    """The languages in which a sentence is another than before; "" for what holds in all of them."""

    def sentences(data: Data, code: str) -> list[str]:
        return sorted(line["text"].get(code, "") for line in data.get("lines", ()) if line["text"].get(code))

    found = {code for code in LANGUAGES if sentences(before, code) != sentences(after, code)}
    return found or {""}


# --- steps ------------------------------------------------------------------------------------------------------------


@rooms.do("/{key}/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    return await _step(room, form, "published")


@rooms.do("/{key}/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    return await _step(room, form, "sent_back")


@rooms.do("/{key}/discard", "texts.edit")
async def discard(room: Room, form: Form) -> Response:
    return await _step(room, form, "discarded")


@rooms.do("/{key}/remove", "texts.edit")
async def remove(room: Room, form: Form) -> Response:
    return await _step(room, form, "removed")


async def _step(room: Room, form: Form, said: str) -> Response:
    key = room.param("key")
    version, note = pieces.number_of(one(form, "version")) or 0, " ".join(one(form, "note").split())[:300]
    try:
        if not keeps_to(room, key):
            raise Unfit(OTHERS)
        async with room.writing() as connection:
            piece = await pieces.look(connection, name_of(key))
            if piece.state == "missing":
                room.gone()
            library = await room.library()
            # Taken away or looked at, it is all that differs from what is told.
            after = {} if said == "removed" else piece.data
            _may_change(room, key, piece.told or {}, after, library)
            if said == "published":
                for fault in faults("municipality", key, "", piece.data, library):
                    raise Unfit(FAULT, problem=fault.problem, remedy=fault.remedy)
                await pieces.approve(room, connection, piece, version=version)
            elif said == "sent_back":
                await pieces.send_back(room, connection, piece, version=version, note=note)
            elif said == "discarded":
                await pieces.discard(room, connection, piece.name, version=version)
            else:
                await _remove(room, connection, piece, one(form, "word"))
            left = (await pieces.look(connection, piece.name)).state != "missing"
    except Unfit as error:
        return await _page(room, error=error)
    except Collision as error:
        return await _page(room, collision=error)
    return room.back(address(key) if left else HOME, said=said)


async def _remove(room: Room, connection: AsyncConnection, piece: Piece, word: str) -> None:
    if word != DELETE:
        raise Unfit(TYPE_IT, "word", word=DELETE)
    if pieces.needs_another(room) and not room.may("answers.review"):
        raise Unfit(pieces.REVIEW_FIRST)
    if piece.draft:
        await editing.discard(connection, piece.name, version=piece.version)
    await editing.publish(connection, {piece.name: None}, staff_id=room.me.id, now=room.now)
    await room.audit(connection, "municipalities.remove", about=pieces.called(piece.name))


@rooms.see("/{key}/history", "texts.read")
async def history(room: Room) -> Response:
    return await _history(room)


@rooms.do("/{key}/restore", "texts.edit")
async def restore(room: Room, form: Form) -> Response:
    """What stood here earlier becomes the draft."""
    key = room.param("key")
    try:
        if not keeps_to(room, key):
            raise Unfit(OTHERS)
        async with room.writing() as connection:
            number = pieces.number_of(one(form, "revision")) or 0
            await pieces.bring_back(room, connection, number, lambda name: name == name_of(key))
    except Unfit as error:
        return await _history(room, error)
    return room.back(address(key), said="drafted_again")


async def _history(room: Room, error: Unfit | None = None) -> Response:
    key = room.param("key")
    return await pieces.history_page(
        room,
        name_of(key),
        heading=key,
        back=address(key),
        restore=address(key, "restore") if _may(room, key) else "",
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
    )


# --- as it is shown ---------------------------------------------------------------------------------------------------


async def _page(
    room: Room,
    *,
    form: Form | None = None,
    asked: Asked | None = None,
    error: Unfit | None = None,
    collision: Collision | None = None,
) -> Response:
    key, library = room.param("key"), await room.library()
    async with room.reading() as connection:
        piece = await pieces.look(connection, name_of(key))
    if piece.state == "missing":
        room.gone()
    asked = asked or Asked(None)
    values = as_typed(form) if form is not None and "name" in form else as_fields(piece.data)
    if asked.more:
        values["lines"].append(blank(_next(values["lines"]), danish_day(room.now)))
    typed, fresh = form is not None and "name" in form, form is None or collision is not None
    trouble = Unfit(SOMEBODY) if collision else error
    theirs = collision.theirs.data if collision and collision.theirs else {}
    return room.page(
        "admin/municipality.html",
        status=409 if collision else 422 if error else 200,
        refused=room.refused(trouble) if trouble else None,
        new=False,
        key=key,
        name=values["name"],
        called=values["called"],
        lines=[_line_view(room, key, line, library, asked) for line in values["lines"]],
        piece=piece,
        typed=typed,
        version=piece.version if fresh else one(form or {}, "version"),
        base=(piece.current if collision else piece.base) or "" if fresh else one(form or {}, "base"),
        editable=_may(room, key),
        review=pieces.needs_another(room),
        reviewable=pieces.waits_for_me(room, piece.draft) and keeps_to(room, key),
        changes=_changes(piece),
        theirs=pieces.differences(pieces.flat(piece.published.data if piece.published else {}), pieces.flat(theirs)),
        collided=collision is not None,
        word=DELETE,
    )


def _changes(piece: Piece) -> list[tuple[str, Any]]:
    if piece.draft is None:
        return []
    return pieces.differences(
        pieces.flat(piece.published.data if piece.published else {}), pieces.flat(piece.draft.data)
    )


def as_fields(data: Data) -> dict[str, Any]:
    lines = [{**line, "place": place, "find": "", "remove": False} for place, line in enumerate(data.get("lines", ()))]
    return {"name": data.get("name", ""), "called": "\n".join(data.get("called", ())), "lines": lines}


def as_typed(form: Form) -> dict[str, Any]:
    lines = [
        {
            "place": place,
            "topics": list(dict.fromkeys(form.get(f"line.{place}.topics", ()))),
            "text": {code: one(form, f"line.{place}.text.{code}") for code in LANGUAGES},
            "link": one(form, f"line.{place}.link"),
            "as_of": one(form, f"line.{place}.as_of"),
            "find": one(form, f"line.{place}.find"),
            "remove": bool(one(form, f"line.{place}.remove")),
        }
        for place in places(form)
    ]
    return {"name": one(form, "name"), "called": one(form, "called"), "lines": lines}


def blank(place: int, today: date) -> dict[str, Any]:
    empty: dict[str, Any] = {"topics": [], "text": {}, "link": "", "find": "", "remove": False}
    return {**empty, "place": place, "as_of": today.isoformat()}


def _next(lines: Iterable[Mapping[str, Any]]) -> int:
    return max((line["place"] for line in lines), default=-1) + 1


def _line_view(room: Room, key: str, line: Mapping[str, Any], library: Library, asked: Asked) -> dict[str, Any]:
    chosen = [slug for slug in line["topics"] if slug in library.topics]
    searched = asked.find == line["place"] or bool(line["find"])
    found = topics_found(line["find"], library, room.language) if searched else []
    return {
        **line,
        "chosen": [(slug, library.title(slug, room.language)) for slug in chosen],
        "found": [(slug, title) for slug, title in found if slug not in chosen],
        "searched": searched,
        "texts": [(language, line["text"].get(code, "")) for code, language in LANGUAGES.items()],
        "may": {code: room.writes(language=code) for code in LANGUAGES},
        "preview": previewed(key, line, library, room.language, danish_day(room.now)),
    }


def topics_found(words: str, library: Library, language: str) -> list[tuple[str, str]]:
    """Topics whose name, title or example questions hold all the words, in that language or in English."""
    needles = words.casefold().split()

    def told(slug: str) -> str:
        texts = [text for code in {language, DEFAULT} if (text := library.texts.get((slug, code)))]
        return " ".join([slug, *(part for text in texts for part in (text.title, *text.questions))]).casefold()

    if not needles:
        return []
    found = [slug for slug in library.topics if all(needle in told(slug) for needle in needles)]
    titled = sorted(((slug, library.title(slug, language)) for slug in found), key=lambda each: each[1].casefold())
    return titled[:MOST_FOUND]


def previewed(key: str, line: Mapping[str, Any], library: Library, language: str, day: date) -> str:
    """The line as it stands on a card, as safe HTML; nothing while it does not fit."""
    own = {name: line[name] for name in ("topics", "link", "as_of")}
    text = {code: said for code, said in line["text"].items() if said.strip()}
    data = {"name": "…", "called": [], "lines": [{**own, "text": text}]}
    if not own["topics"] or faults("municipality", key, "", data, library):
        return ""
    place = library.municipalities.get(key)
    data["name"] = place.name if place else key
    changed = with_change(library, {name_of(key): normal("municipality", data)})
    card = preview.card(changed, own["topics"][0], language, profile={"kommune": key}, day=day)
    return html("\n\n".join(part for part in card.text.split("\n\n") if part.startswith(f"**{data['name']}:**")))
