"""The bot's sentences, ready replies, documents and Danish words, in all their languages side by side."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from i18n.languages import DEFAULT, LANGUAGES, Language
from i18n.translator import msgid
from knowledge import diff
from knowledge.editing import faults, normal, references, removal_faults
from knowledge.library import Library
from knowledge.models import CANNED_NAMES, PLACEHOLDER, Canned
from store import editing, wordings
from store.editing import Collision, Data, Name
from web.admin import pieces
from web.admin.pieces import Piece, Step, Wanted
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.render import html

ALL = "all"  # what a piece that has all its languages in itself is called in a form
PER_PAGE = 50
LONGEST, LONGEST_NOTE, LONGEST_KEY = 4000, 300, 48
STATES = ("missing", "draft", "in_review", "published", "outdated")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BRACES = re.compile(r"\{[^{}]*\}?|\}")
DELETE = "DELETE"
EXAMPLES = {"name": "Anna", "mentor": "Maria", "kommune": "Odense"}

EMPTY = msgid("Write something here.")
TOO_LONG = msgid("This is too long: at most {count} characters.")
LACKS = msgid("{placeholder} stands in the English text, and must stand here, too.")
UNKNOWN = msgid("{placeholder} is not filled in by anything. Take it out, or correct it.")
KEEP = msgid("Keep {placeholder}: it is filled in when the sentence is said.")
NO_FIGURE = msgid("There is no figure {placeholder}. Take it out, or correct its name.")
UNCLOSED = msgid("A bracket is open or too many: [[name]] and {figure} stand in pairs.")
FAULT = msgid("This cannot be published: {problem} {remedy}")
NOTHING = msgid("Nothing was changed.")
ENGLISH_FIRST = msgid("English is what all other languages are made from. Publish it first.")
KEY = msgid("Use lower-case letters, digits and hyphens, such as thanks-for-waiting.")
TERM_KEY = msgid("Write the Danish word itself, without a slash.")
TAKEN = msgid("There is one of this name already.")
TYPE_IT = msgid("Type {word} to take it away.")
SOMEBODY = msgid("Somebody else changed this meanwhile. Both texts are below; nothing is lost.")
says("added", msgid("Added as a draft. Publish it when it is ready."))


@dataclass(frozen=True, slots=True)
class Field:
    """language: of what is written in it, where the piece itself has none; needed: in English at least."""

    name: str
    label: str
    long: bool = False
    most: int = LONGEST
    language: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """addable: editors may add and take away; the keys of the bot's own sentences stand in the code."""

    heading: str
    hint: str
    fields: tuple[Field, ...]
    addable: bool = True
    new: str = ""

    @property
    def first(self) -> Field:
        """The field by which a piece is recognised."""
        return self.fields[0]


TRANSLATED = tuple(code for code in LANGUAGES if code not in (DEFAULT, "da"))
KINDS: Mapping[str, Kind] = {
    "reply": Kind(
        msgid("The bot's sentences"),
        msgid("What the bot itself says. [[name]] is filled in when it is said, {figure} stands for a figure."),
        (Field("text", msgid("Sentence"), long=True),),
        addable=False,
    ),
    "canned": Kind(
        msgid("Ready replies"),
        msgid("What mentors write often. [[name]], [[mentor]], [[kommune]] are filled in, and may be empty."),
        (Field("title", msgid("Title"), most=60), Field("text", msgid("Text"), long=True)),
        new=msgid("New ready reply"),
    ),
    "document": Kind(
        msgid("Documents"),
        msgid("Papers to take along, as the checklists call them. The Danish word stands in *stars*."),
        (Field("text", msgid("Name of the paper"), most=200),),
        new=msgid("New document"),
    ),
    "term": Kind(
        msgid("Danish words"),
        msgid("Words that an office will use, how to say them, and what they are called elsewhere."),
        (
            Field("say", msgid("How to say it"), most=80),
            Field("en", msgid("In English"), most=200, language=DEFAULT),
            Field("explain", msgid("What it is, in a sentence"), long=True, most=400, language=DEFAULT),
            *(Field(code, "", most=200, language=code, needed=False) for code in TRANSLATED),
        ),
        new=msgid("New Danish word"),
    ),
}
rooms = Rooms(prefix="/admin/texts")


# --- what does not fit ------------------------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {match["name"] for match in PLACEHOLDER.finditer(text)}


def fit(kind: str, language: str, data: Data, source: Data | None, published: Data | None, library: Library) -> None:
    """Unfit with the field that is wrong. source: the English text that this one translates, None for English itself;
    published: what it replaces."""
    for field in KINDS[kind].fields:
        text = data.get(field.name, "")
        if not text and field.needed:
            raise Unfit(EMPTY, field.name)
        if len(text) > field.most:
            raise Unfit(TOO_LONG, field.name, count=field.most)
        bare = BRACES.sub("", PLACEHOLDER.sub("", text))
        if "[[" in bare or "]]" in bare:
            raise Unfit(UNCLOSED, field.name)
        named = placeholders(text)
        original = placeholders(source.get(field.name, "")) if source is not None else None
        if kind == "reply" and source is None:
            # Which names are filled in, and must be said, stands in the code.
            original = placeholders((published or {}).get(field.name, ""))
        known = original if kind == "reply" else {*CANNED_NAMES} if kind == "canned" else set()
        for name in sorted(named - (known or set())):
            raise Unfit(UNKNOWN, field.name, placeholder=f"[[{name}]]")
        for name in sorted((original or set()) - named):
            raise Unfit(LACKS if source is not None else KEEP, field.name, placeholder=f"[[{name}]]")
        _fit_figures(field.name, text, (source or {}).get(field.name, ""), library)
    for fault in faults(kind, data.get("term", ""), language, data, library):
        raise Unfit(FAULT, fault.field.partition(".")[0], problem=fault.problem, remedy=fault.remedy)


def _fit_figures(field: str, text: str, source: str, library: Library) -> None:
    for match in BRACES.finditer(text):
        if match[0] in ("{", "}") or not match[0].endswith("}"):
            raise Unfit(UNCLOSED, field)
        if not references(match[0]) & library.figures.keys():
            raise Unfit(NO_FIGURE, field, placeholder=match[0])
    for name in sorted(references(source) - references(text)):
        raise Unfit(LACKS, field, placeholder=f"{{{name}}}")


# --- as it stands -----------------------------------------------------------------------------------------------------


def name_of(kind: str, key: str, code: str) -> Name:
    return kind, key, "" if code == ALL else code


def codes(kind: str) -> tuple[str, ...]:
    return (ALL,) if kind == "term" else tuple(LANGUAGES)


async def stands(connection: AsyncConnection, kind: str, key: str | None = None) -> dict[str, dict[str, Piece]]:
    """Every piece by key and language, also those that are only drafted yet."""
    published = {each.name: each for each in await editing.published_all(connection, kind, key)}
    drafts = {each.name: each for each in await editing.drafts(connection, kind, key)}
    meant = await wordings.meaning_changed(connection, kind, key)

    def piece(name: Name) -> Piece:
        told = published.get(name)
        _, own, language = name
        outdated = bool(told and language not in ("", DEFAULT) and own in meant and told.at < meant[own])
        return Piece(name, told, drafts.get(name), outdated)

    keys = dict.fromkeys(own for _, own, _ in (*published, *drafts))
    return {own: {code: piece(name_of(kind, own, code)) for code in codes(kind)} for own in keys}


async def _piece_set(room: Room, kind: str, key: str) -> dict[str, Piece]:
    async with room.reading() as connection:
        found = await stands(connection, kind, key)
    return found.get(key) or room.gone()


def _kind(room: Room) -> str:
    kind = room.param("kind")
    return kind if kind in KINDS else room.gone()


def _may(room: Room, code: str) -> bool:
    return room.may("texts.edit") and room.writes(language="" if code == ALL else code)


def address(kind: str, key: str = "", *further: str) -> str:
    return "/".join(("/admin/texts", kind, *((quote(key, safe=""),) if key else ()), *further))


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("/{kind}", "texts.read")
async def texts(room: Room) -> Response:
    kind = _kind(room)
    words, language, state = room.query("q"), room.query("language"), room.query("state")
    async with room.reading() as connection:
        everything = await stands(connection, kind)
    rows = [(key, own) for key, own in everything.items() if matches(key, own, words, language, state)]
    rows.sort(key=lambda row: row[0].casefold())
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(room.page_number(), pages)
    filters = {name: value for name, value in (("q", words), ("language", language), ("state", state)) if value}
    return room.page(
        "admin/texts.html",
        kind=kind,
        about=KINDS[kind],
        rows=[_row(room, kind, *row) for row in rows[(page - 1) * PER_PAGE : page * PER_PAGE]],
        found=len(rows),
        filters=filters,
        states=STATES,
        by_language=kind != "term",
        page=page,
        pages=pages,
        url=f"{address(kind)}?{urlencode(filters)}" if filters else address(kind),
        waiting=sum(pieces.waits_for_me(room, piece.draft) for own in everything.values() for piece in own.values()),
    )


def matches(key: str, own: Mapping[str, Piece], words: str, language: str, state: str) -> bool:
    looked_at = [piece for code, piece in own.items() if language in ("", code) or code == ALL]
    if state and state not in {piece.state for piece in looked_at}:
        return False
    needle = words.casefold()
    told = (str(text) for piece in own.values() for text in piece.data.values())
    return needle in key.casefold() or any(needle in text.casefold() for text in told)


def _row(room: Room, kind: str, key: str, own: Mapping[str, Piece]) -> dict[str, Any]:
    english = own.get(DEFAULT) or own[ALL]
    states = [{"language": LANGUAGES.get(code), "code": code, "state": piece.state} for code, piece in own.items()]
    first = english.data.get("en" if kind == "term" else KINDS[kind].first.name, "")
    return {"key": key, "text": first, "states": states, "address": address(kind, key)}


# --- a new one --------------------------------------------------------------------------------------------------------


@rooms.see("/{kind}/new", "texts.edit")
async def new(room: Room) -> Response:
    kind = _kind(room)
    return _new_page(room, kind) if KINDS[kind].addable else room.gone()


@rooms.do("/{kind}/new", "texts.edit")
async def add(room: Room, form: Form) -> Response:
    """Begins as a draft: English, or the word with all that is known of it."""
    kind = _kind(room)
    if not KINDS[kind].addable:
        room.gone()
    code = ALL if kind == "term" else DEFAULT
    key, data = one(form, "key"), _typed(kind, form, code)
    try:
        if not _may(room, code):
            raise Unfit(pieces.LIMITED)
        _fit_key(kind, key)
        data = {"term": key, **data} if kind == "term" else data
        try:
            fit(kind, DEFAULT, data, None, None, await room.library())
        except Unfit as error:
            raise Unfit(error.sentence, f"{code}.{error.field}" if error.field else "", **error.named) from error
        async with room.writing() as connection:
            if any(own.casefold() == key.casefold() for own in await stands(connection, kind)):
                raise Unfit(TAKEN, "key")
            await pieces.put(room, connection, [Wanted(name_of(kind, key, code), normal(kind, data), 0, None)], "draft")
    except Unfit as error:
        return _new_page(room, kind, error)
    except Collision:
        return _new_page(room, kind, Unfit(TAKEN, "key"))
    return room.back(address(kind, key), said="added")


def _fit_key(kind: str, key: str) -> None:
    if kind == "term":
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable() or set(key) & set("/\\?#%") or key == "new":
            raise Unfit(TERM_KEY, "key")
    elif len(key) > LONGEST_KEY or not SLUG.fullmatch(key) or key == "new":
        raise Unfit(KEY, "key")


def _new_page(room: Room, kind: str, error: Unfit | None = None) -> Response:
    code = ALL if kind == "term" else DEFAULT
    return room.page(
        "admin/text.html",
        status=422 if error else 200,
        kind=kind,
        about=KINDS[kind],
        key=one(room.typed, "key"),
        new=True,
        action=f"{address(kind)}/new",
        pieces=[_view(room, kind, Piece(name_of(kind, "", code)), typed=room.typed if error else None)],
        refused=room.refused(error) if error else None,
        review=pieces.needs_another(room),
        removable=False,
        collided=False,
    )


# --- one in all its languages -----------------------------------------------------------------------------------------


@rooms.see("/{kind}/{key}", "texts.read")
async def text(room: Room) -> Response:
    kind, key = _kind(room), room.param("key")
    return await _page(room, kind, key)


@rooms.do("/{kind}/{key}", "texts.edit")
async def save(room: Room, form: Form) -> Response:
    """`do`: the step, and after a colon the language that it is about, if it is about one."""
    kind, key = _kind(room), room.param("key")
    do, _, only = one(form, "do").partition(":")
    if do == "preview":
        return await _page(room, kind, key, typed=form)
    step: Step = do if do in pieces.SAID else "draft"
    try:
        own = await _piece_set(room, kind, key)
        wanted = _wanted(room, kind, own, form, step, only, await room.library())
        minor, note = bool(one(form, "minor")), _note(form)
        async with room.writing() as connection:
            await pieces.put(room, connection, wanted, step, minor=minor, note=note)
    except Unfit as error:
        return await _page(room, kind, key, typed=form, error=error)
    except Collision as error:
        return await _page(room, kind, key, typed=form, collision=error)
    return room.back(address(kind, key), said=pieces.SAID[step])


def _wanted(
    room: Room, kind: str, own: Mapping[str, Piece], form: Form, step: Step, only: str, library: Library
) -> list[Wanted]:
    """What the form changes; and what it does not change, if that is named and waits for the step."""
    wanted: list[Wanted] = []
    typed = {code: _typed(kind, form, code) for code in own}
    for code, piece in own.items():
        if only not in ("", code) or f"{code}.was" not in form:
            continue
        data = typed[code]
        touched = one(form, f"{code}.was") != pieces.hashed(data)
        goes_on = step != "draft" and (piece.draft is not None or (bool(only) and piece.outdated))
        if not (touched or goes_on) or (piece.state == "missing" and not any(data.values())):
            continue
        if not _may(room, code):
            if not touched:
                continue
            raise Unfit(pieces.LIMITED, f"{code}.{KINDS[kind].first.name}")
        source = _source(own, typed, code, step, wanted)
        if code not in (ALL, DEFAULT) and source is None:
            raise Unfit(ENGLISH_FIRST, f"{code}.{KINDS[kind].first.name}")
        if code not in (ALL, DEFAULT) and step == "publish":
            _seen(own[DEFAULT], form, typed[DEFAULT])
        data = {"term": piece.name[1], **data} if kind == "term" else data
        try:
            fit(kind, piece.name[2], data, source, piece.told, library)
        except Unfit as error:
            raise Unfit(error.sentence, f"{code}.{error.field}" if error.field else "", **error.named) from error
        version, base = (pieces.number_of(one(form, f"{code}.{field}")) for field in ("version", "base"))
        wanted.append(Wanted(piece.name, normal(kind, data), version or 0, base, touched))
    if not wanted:
        raise Unfit(NOTHING)
    return wanted


def _seen(english: Piece, form: Form, typed: Data) -> None:
    """A translation counts as made from what is English when it is published, so its writer must have seen that."""
    if f"{DEFAULT}.base" in form and pieces.number_of(one(form, f"{DEFAULT}.base")) != english.base:
        raise Collision(english.name, typed, english.published)


def _source(
    own: Mapping[str, Piece], typed: Mapping[str, Data], code: str, step: Step, wanted: Sequence[Wanted]
) -> Data | None:
    """The English text that a translation has to follow: what is published, unless English comes along."""
    if code in (ALL, DEFAULT):
        return None
    comes_along = any(each.name[2] == DEFAULT for each in wanted)
    if (step != "publish" or comes_along) and any(typed[DEFAULT].values()):
        return typed[DEFAULT]
    return own[DEFAULT].told


@rooms.do("/{kind}/{key}/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    return await _review(room, form, "published")


@rooms.do("/{kind}/{key}/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    return await _review(room, form, "sent_back")


async def _review(room: Room, form: Form, said: str) -> Response:
    """`code`: the language. Only as it was shown: not what somebody wrote since."""
    kind, key, code = _kind(room), room.param("key"), one(form, "code")
    own = await _piece_set(room, kind, key)
    piece = own.get(code) or room.gone()
    try:
        if not room.writes(language=piece.name[2]):
            raise Unfit(pieces.LIMITED)
        version = pieces.number_of(one(form, f"{code}.version")) or 0
        async with room.writing() as connection:
            if said == "sent_back":
                await pieces.send_back(room, connection, piece, version=version, note=_note(form))
            else:
                source = None if code in (ALL, DEFAULT) else own[DEFAULT].told
                if code not in (ALL, DEFAULT) and source is None:
                    raise Unfit(ENGLISH_FIRST)
                data = pieces.waiting(room, piece, version).data
                fit(kind, piece.name[2], data, source, piece.told, await room.library())
                await pieces.approve(room, connection, piece, version=version)
    except Unfit as error:
        return await _page(room, kind, key, error=Unfit(error.sentence, "", **error.named))
    except Collision as error:
        return await _page(room, kind, key, collision=error)
    return room.back(address(kind, key), said=said)


@rooms.do("/{kind}/{key}/discard", "texts.edit")
async def discard(room: Room, form: Form) -> Response:
    kind, key, code = _kind(room), room.param("key"), one(form, "code")
    own = await _piece_set(room, kind, key)
    piece = own.get(code) or room.gone()
    if not _may(room, code):
        room.not_yours()
    try:
        async with room.writing() as connection:
            version = pieces.number_of(one(form, f"{code}.version")) or 0
            await pieces.discard(room, connection, piece.name, version=version)
            left = await stands(connection, kind, key)
    except Collision as error:
        return await _page(room, kind, key, collision=error)
    return room.back(address(kind, key) if key in left else address(kind), said="discarded")


@rooms.do("/{kind}/{key}/remove", "texts.edit")
async def remove(room: Room, form: Form) -> Response:
    """Take it away in all languages; the history keeps it."""
    kind, key = _kind(room), room.param("key")
    own = await _piece_set(room, kind, key)
    if not KINDS[kind].addable:
        room.gone()
    if not all(_may(room, code) for code in own):
        room.not_yours()
    try:
        if one(form, "word") != DELETE:
            raise Unfit(TYPE_IT, "word", word=DELETE)
        if pieces.needs_another(room) and not room.may("answers.review"):
            raise Unfit(pieces.REVIEW_FIRST)
        for fault in removal_faults("document" if kind == "document" else "", key, "", await room.library()):
            raise Unfit(FAULT, "word", problem=fault.problem, remedy=fault.remedy)
        async with room.writing() as connection:
            gone: dict[Name, Data | None] = {piece.name: None for piece in own.values() if piece.published}
            await editing.publish(connection, gone, staff_id=room.me.id, now=room.now)
            for piece in own.values():
                if piece.draft:
                    await editing.discard(connection, piece.name, version=piece.version)
            await room.audit(connection, "texts.remove", about=f"{kind}:{key}")
    except Unfit as error:
        return await _page(room, kind, key, error=error)
    except Collision as error:
        return await _page(room, kind, key, collision=error)
    return room.back(address(kind), said="removed")


@rooms.see("/{kind}/{key}/history", "texts.read")
async def history(room: Room) -> Response:
    return await _history(room)


@rooms.do("/{kind}/{key}/restore", "texts.edit")
async def restore(room: Room, form: Form) -> Response:
    """The earlier text becomes the draft."""
    kind, key = _kind(room), room.param("key")

    def fits(name: Name) -> bool:
        if name[:2] != (kind, key):
            return False
        return _may(room, name[2] or ALL) or room.not_yours()

    number = pieces.number_of(one(form, "revision")) or 0
    try:
        async with room.writing() as connection:
            await pieces.bring_back(room, connection, number, fits)
    except Unfit as error:
        return await _history(room, error, number)
    return room.back(address(kind, key), said="drafted_again")


async def _history(room: Room, error: Unfit | None = None, number: int = 0) -> Response:
    kind, key = _kind(room), room.param("key")
    language = room.query("language")
    if error:
        async with room.reading() as connection:
            revision = await editing.revision(connection, number)
        language = revision.name[2] if revision else language
    code = ALL if kind == "term" else language if language in LANGUAGES else DEFAULT
    label = f"{key} – {LANGUAGES[code].own_name}" if code in LANGUAGES else key
    return await pieces.history_page(
        room,
        name_of(kind, key, code),
        heading=label,
        back=address(kind, key),
        restore=address(kind, key, "restore") if _may(room, code) else "",
        flatten=partial(_labelled, room, kind),
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
    )


def _labelled(room: Room, kind: str, data: Data) -> dict[str, str]:
    return {_label(room, field): str(data.get(field.name, "")) for field in KINDS[kind].fields}


# --- as it is shown ---------------------------------------------------------------------------------------------------


async def _page(
    room: Room,
    kind: str,
    key: str,
    *,
    typed: Form | None = None,
    error: Unfit | None = None,
    collision: Collision | None = None,
) -> Response:
    own = await _piece_set(room, kind, key)
    library, day = await room.library(), danish_day(room.now)
    english = own.get(DEFAULT)
    views = []
    for code, piece in own.items():
        met = collision is not None and collision.name == piece.name
        view = _view(room, kind, piece, typed=typed, theirs=collision.theirs if collision and met else None, met=met)
        view["source"] = english.data if english and code != DEFAULT else None
        view["since"] = await _since(room, kind, english, piece) if english and piece.outdated else ()
        view["preview"] = previewed(kind, key, view["language"] or LANGUAGES[DEFAULT], view["values"], library, day)
        views.append(view)
    trouble = Unfit(SOMEBODY) if collision else error
    return room.page(
        "admin/text.html",
        status=409 if collision else 422 if error else 200,
        kind=kind,
        about=KINDS[kind],
        key=key,
        new=False,
        action=address(kind, key),
        pieces=views,
        refused=room.refused(trouble) if trouble else None,
        review=pieces.needs_another(room),
        removable=KINDS[kind].addable and all(_may(room, code) for code in own),
        collided=bool(collision),
        word=DELETE,
    )


def _view(
    room: Room, kind: str, piece: Piece, *, typed: Form | None = None, theirs: Any = None, met: bool = False
) -> dict[str, Any]:
    """One language for the page. What was typed stays; where somebody was quicker, the next save goes on top of theirs."""
    code = piece.name[2] or ALL
    form = typed if typed is not None and f"{code}.was" in typed else None
    shown = {field.name: _clean(str(piece.data.get(field.name, "")), field) for field in KINDS[kind].fields}
    values = _typed(kind, form, code) if form is not None else shown
    fresh = form is None or met
    draft = piece.draft
    return {
        "code": code,
        "language": LANGUAGES.get(code),
        "state": piece.state,
        "values": values,
        "fields": [_field_view(room, code, field, values) for field in KINDS[kind].fields],
        "version": piece.version if fresh else one(form or {}, f"{code}.version"),
        "base": (piece.current if met else piece.base) or "" if fresh else one(form or {}, f"{code}.base"),
        "was": pieces.hashed(shown) if form is None else one(form, f"{code}.was"),
        "may": _may(room, code),
        "draft": draft,
        "published": piece.published,
        "told": _told(kind, piece.published.data) if draft and piece.published else "",
        "theirs": _told(kind, theirs.data) if theirs is not None else "",
        "theirs_by": getattr(theirs, "staff_name", None),
        "met": met,
        "reviewable": pieces.waits_for_me(room, draft),
    }


def _field_view(room: Room, code: str, field: Field, values: Mapping[str, str]) -> dict[str, Any]:
    language = LANGUAGES.get(field.language or code)
    return {
        "name": f"{code}.{field.name}",
        "label": _label(room, field),
        "value": values[field.name],
        "long": field.long,
        "most": field.most,
        "language": language,
        "needed": field.needed,
    }


def _label(room: Room, field: Field) -> str:
    """What a field is called; one that holds a word in a language, by that language."""
    return room.t.gettext(field.label) if field.label else LANGUAGES[field.language].own_name


def _told(kind: str, data: Data) -> str:
    return "\n".join(str(data.get(field.name, "")) for field in KINDS[kind].fields if data.get(field.name))


async def _since(room: Room, kind: str, english: Piece, piece: Piece) -> Sequence[tuple[str, list[diff.Piece]]]:
    """What changed in the English text since a translation was made."""
    if piece.published is None or english.published is None:
        return ()
    async with room.reading() as connection:
        then = await editing.as_of(connection, english.name, piece.published.at)
    if then is None or then.data is None:
        return ()
    return pieces.differences(pieces.flat(then.data), pieces.flat(english.published.data))


def previewed(kind: str, key: str, language: Language, values: Mapping[str, str], library: Library, day: date) -> str:
    """As it will be read, as safe HTML; nothing where a figure is not known."""
    text = str(values.get("text" if kind != "term" else "say", ""))
    if not text or references(text) - library.figures.keys():
        return ""
    if kind == "term":
        return html(f"*{key}* – {text}") if key else ""
    filled = library.fill(text, language=language.code, day=day).text
    if kind == "canned":
        shown = Canned.model_construct(title="", text=filled).filled(**EXAMPLES).text
        return "".join(f"<p>{_escaped(paragraph)}</p>" for paragraph in shown.split("\n\n"))
    return html(filled)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


# --- what a form says -------------------------------------------------------------------------------------------------


def _typed(kind: str, form: Form, code: str) -> dict[str, str]:
    return {field.name: _clean(one(form, f"{code}.{field.name}"), field) for field in KINDS[kind].fields}


def _clean(text: str, field: Field) -> str:
    return pieces.clean(text) if field.long else " ".join(pieces.clean(text).split())


def _note(form: Form) -> str:
    return " ".join(one(form, "note").split())[:LONGEST_NOTE]
