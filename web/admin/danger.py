"""The rules for messages that cannot wait: read, tried, changed; published by two people, and only if they hold."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.mentor_words import DANGERS
from core.days import danish_day
from core.errors import KnowledgeError
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge import danger_editing
from knowledge.danger import CategoryName, Danger, DangerFile, DangerRules
from knowledge.danger_checks import Missed, missed, sentences
from knowledge.danger_editing import (
    LONGEST_TEXT,
    MOST_PHRASES,
    WRITTEN,
    At,
    Part,
    Parts,
    lines_of,
    parts,
    phrase_fault,
    text_fault,
    word_fault,
)
from knowledge.editing import references
from knowledge.library import SHIPPED, Library
from store import editing
from store.editing import Collision, Data, Name
from web.admin import pieces
from web.admin.pieces import Piece, Wanted
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.render import html

NAME: Name = ("danger", "rules", "")
HOME = "/admin/danger"
CATEGORIES: tuple[str, ...] = get_args(CategoryName)
WORDS, HARMLESS = "words", "harmless"
LISTS, TEXTS = ("phrases", "unless"), "texts"
LONGEST_TRIED, MOST_VERSIONS = 500, 10

PHRASE = msgid("The line “{line}” does not fit: {problem}.")
TOO_MANY = msgid("At most {count} lines fit here.")
WRONG_TEXT = msgid("This text does not fit: {problem}.")
EMPTY = msgid("Write something here.")
NOTHING = msgid("Nothing was changed.")
NO_DRAFT = msgid("There is no draft. Change something first.")
NOT_HEARD = msgid("These rules cannot be published: they would not hear “{words}” any more.")
TAKEN_FOR = msgid("These rules cannot be published: they would take “{words}” for danger.")
BROKEN = msgid("These rules cannot be read: {problem}")
MOVED_ON = msgid("Other rules were published since this draft was begun. Take over what changed there first.")
SOMEBODY = msgid("Somebody else changed this meanwhile. Both texts are below; nothing is lost.")
says("merged", msgid("What was published meanwhile is in the draft now. Where both changed the same, yours stayed."))

rooms = Rooms(prefix=HOME)


@dataclass(frozen=True, slots=True)
class Rules:
    """told: the text that holds now; text: the draft's, or the same."""

    piece: Piece
    told: str
    text: str

    @property
    def now(self) -> Parts:
        return parts(danger_editing.parse(self.told))

    @property
    def wanted(self) -> Parts:
        return parts(danger_editing.parse(self.text))


async def stands(connection: AsyncConnection) -> Rules:
    piece = await pieces.look(connection, NAME)
    told = piece.published.data["yaml"] if piece.published else SHIPPED.read_text(encoding="utf-8")
    return Rules(piece, told, piece.draft.data["yaml"] if piece.draft else told)


# --- the whole --------------------------------------------------------------------------------------------------------


@rooms.see("", "texts.read")
async def overview(room: Room) -> Response:
    return await _overview(room)


@rooms.do("/try", "texts.read")
async def try_out(room: Room, form: Form) -> Response:
    """What would catch a sentence, now and after the draft is published. The sentence is kept nowhere."""
    return await _overview(room, tried=one(form, "sentence")[:LONGEST_TRIED])


async def _overview(
    room: Room, *, tried: str | None = None, error: Unfit | None = None, misses: list[Missed] | None = None
) -> Response:
    async with room.reading() as connection:
        rules = await stands(connection)
    draft = rules.piece.draft
    wanted = rules.wanted
    return room.page(
        "admin/danger.html",
        status=422 if error else 200,
        refused=room.refused(error) if error else None,
        categories=[_counts(room, name, wanted) for name in CATEGORIES],
        lists=sorted({at[1] for at in wanted if at[0] == WORDS}),
        harmless=sum(len(lines) for at, lines in wanted.items() if at[0] == HARMLESS),
        written=WRITTEN,
        draft=draft,
        version=rules.piece.version,
        changes=_changes(rules) if draft else (),
        moved_on=bool(draft and draft.base != rules.piece.current),
        reviewable=pieces.waits_for_me(room, draft),
        tried=tried,
        caught=await asyncio.to_thread(_caught, rules, tried) if tried else None,
        labels={name: room.t.gettext(DANGERS[name]) for name in CATEGORIES},
        misses=misses or (),
        checked=sum(1 for _ in sentences()),
        longest=LONGEST_TRIED,
    )


def _counts(room: Room, category: str, wanted: Parts) -> dict[str, Any]:
    def lines(kind: str, language: str) -> int:
        return len(wanted.get((category, kind, language), ()))

    return {
        "name": category,
        "label": room.t.gettext(DANGERS[category]),
        "phrases": {language: lines("phrases", language) for language in WRITTEN},
        "unless": sum(lines("unless", language) for language in WRITTEN),
        "checks": sum(each == category for each, _, _ in sentences()),
        "lacks": [LANGUAGES[code] for code in LANGUAGES if (category, TEXTS, code) not in wanted],
    }


def _changes(rules: Rules) -> list[tuple[str, Any]]:
    return pieces.differences(_flat(rules.now), _flat(rules.wanted))


def _flat(found: Parts) -> dict[str, str]:
    return {" · ".join(at): part if isinstance(part, str) else "\n".join(part) for at, part in found.items()}


def _flat_data(data: Data) -> Mapping[str, str]:
    try:
        return _flat(parts(danger_editing.parse(str(data.get("yaml", "")))))
    except KnowledgeError:
        return {}


def _caught(rules: Rules, sentence: str) -> dict[str, Danger | None]:
    told = DangerRules.read(rules.told).find(sentence)
    return {"now": told, "draft": DangerRules.read(rules.text).find(sentence) if rules.piece.draft else told}


# --- steps ------------------------------------------------------------------------------------------------------------


@rooms.do("/submit", "danger.edit")
async def submit(room: Room, form: Form) -> Response:
    return await _step(room, form, "submitted")


@rooms.do("/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    """Whatever the setting: rules that watch over lives are looked at by two."""
    return await _step(room, form, "published")


@rooms.do("/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    return await _step(room, form, "sent_back")


@rooms.do("/discard", "danger.edit")
async def discard(room: Room, form: Form) -> Response:
    return await _step(room, form, "discarded")


@rooms.do("/merge", "danger.edit")
async def merge(room: Room, form: Form) -> Response:
    return await _step(room, form, "merged")


async def _step(room: Room, form: Form, said: str) -> Response:
    version, note = pieces.number_of(one(form, "version")) or 0, " ".join(one(form, "note").split())[:300]
    misses: list[Missed] = []
    try:
        async with room.reading() as connection:
            rules = await stands(connection)
        if rules.piece.draft is None:
            raise Unfit(NO_DRAFT)
        _may_write(room, danger_editing.changed(rules.now, rules.wanted))
        if said in ("submitted", "published"):
            misses = await asyncio.to_thread(_misses, rules.text)
            _hold(misses)
        async with room.writing() as connection:
            await _STEPS[said](room, connection, rules, version, note)
    except Unfit as error:
        return await _overview(room, error=error, misses=misses)
    except Collision:
        return await _overview(
            room, error=Unfit(MOVED_ON if said in ("submitted", "published") else pieces.NOT_WAITING)
        )
    return room.back(HOME, said=said)


async def _submit(room: Room, connection: AsyncConnection, rules: Rules, version: int, note: str) -> None:
    wanted = Wanted(NAME, {"yaml": rules.text}, version, rules.piece.base, touched=False)
    await pieces.put(room, connection, [wanted], "submit", note=note)


async def _approve(room: Room, connection: AsyncConnection, rules: Rules, version: int, note: str) -> None:
    await pieces.approve(room, connection, rules.piece, version=version)


async def _send_back(room: Room, connection: AsyncConnection, rules: Rules, version: int, note: str) -> None:
    await pieces.send_back(room, connection, rules.piece, version=version, note=note)


async def _discard(room: Room, connection: AsyncConnection, rules: Rules, version: int, note: str) -> None:
    await pieces.discard(room, connection, NAME, version=version)


async def _merge(room: Room, connection: AsyncConnection, rules: Rules, version: int, note: str) -> None:
    """Begin the draft anew on top of what is published now, with all that it changed."""
    draft = rules.piece.draft
    begun = await editing.revision(connection, draft.base) if draft and draft.base else None
    base = parts(danger_editing.parse(begun.data["yaml"])) if begun and begun.data else rules.now
    both, _ = danger_editing.merged(base, rules.wanted, rules.now)
    data = {"yaml": danger_editing.write(rules.told, both)}
    await pieces.put(room, connection, [Wanted(NAME, data, version, rules.piece.current)], "draft", note=note)


type Take = Callable[[Room, AsyncConnection, Rules, int, str], Any]
_STEPS: Mapping[str, Take] = {
    "submitted": _submit,
    "published": _approve,
    "sent_back": _send_back,
    "discarded": _discard,
    "merged": _merge,
}


def _misses(text: str) -> list[Missed]:
    return missed(DangerRules.read(text))


def _hold(misses: list[Missed]) -> None:
    for each in misses:
        raise Unfit(NOT_HEARD if each.category else TAKEN_FOR, words=each.sentence)


def _may_write(room: Room, differing: Mapping[At, Part | None]) -> None:
    """An account that keeps to languages changes, and looks at, these only."""
    if not all(room.writes(language=at[-1] if at[-1] in LANGUAGES else "") for at in differing):
        raise Unfit(pieces.LIMITED)


# --- history ----------------------------------------------------------------------------------------------------------


@rooms.see("/history", "texts.read")
async def history(room: Room) -> Response:
    return await _history(room)


@rooms.do("/restore", "danger.edit")
async def restore(room: Room, form: Form) -> Response:
    """The earlier rules become the draft, to be checked and published like any other."""
    try:
        async with room.writing() as connection:
            number = pieces.number_of(one(form, "revision")) or 0
            await pieces.bring_back(room, connection, number, lambda name: name == NAME)
    except Unfit as error:
        return await _history(room, error)
    return room.back(HOME, said="drafted_again")


async def _history(room: Room, error: Unfit | None = None) -> Response:
    return await pieces.history_page(
        room,
        NAME,
        heading=room.t.gettext("Danger"),
        back=HOME,
        restore=f"{HOME}/restore" if room.may("danger.edit") else "",
        flatten=_flat_data,
        status=422 if error else 200,
        most=MOST_VERSIONS,
        refused=room.refused(error) if error else None,
    )


# --- one category, the words, or what is harmless ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """One field: a part of the rules, and what it is called in the form."""

    at: At
    language: str

    @property
    def name(self) -> str:
        return ".".join(self.at[1:])

    @property
    def is_text(self) -> bool:
        return self.at[-2:-1] == (TEXTS,)


def boxes(section: str, wanted: Parts) -> list[Box]:
    if section == WORDS:
        lists = sorted({at[1] for at in wanted if at[0] == WORDS})
        return [Box((WORDS, each, code), code) for each in lists for code in WRITTEN if code != "all"]
    if section == HARMLESS:
        return [Box((HARMLESS, code), code) for code in WRITTEN]
    return [
        *(Box((section, TEXTS, code), code) for code in LANGUAGES),
        *(Box((section, kind, code), code) for kind in LISTS for code in WRITTEN),
    ]


@rooms.see("/{section}", "texts.read")
async def section(room: Room) -> Response:
    return await _section(room)


@rooms.do("/{section}", "danger.edit")
async def save(room: Room, form: Form) -> Response:
    """Each part that was changed goes into the draft, unless somebody else changed the same part meanwhile."""
    name = _named(room)
    library = await room.library()
    try:
        async with room.writing() as connection:
            rules = await stands(connection)
            current = rules.wanted
            typed, theirs = _typed(form, name, current)
            changes = {at: part for at, part in typed.items() if current.get(at, _nothing(part)) != part}
            if theirs:
                return await _section(room, form=form, theirs=theirs)
            if not changes:
                raise Unfit(NOTHING)
            _may_write(room, changes)
            fit(changes, current, danger_editing.parse(rules.text), library)
            after = {at: part for at, part in {**current, **changes}.items() if part}
            data = {"yaml": danger_editing.write(rules.text, after)}
            DangerRules.read(data["yaml"])
            wanted = Wanted(NAME, data, rules.piece.version, None if rules.piece.draft else rules.piece.base)
            await pieces.put(room, connection, [wanted], "draft")
    except KnowledgeError as error:
        return await _section(room, form=form, error=Unfit(BROKEN, problem=error.problem))
    except Unfit as error:
        return await _section(room, form=form, error=error)
    except Collision:
        return await _section(room, form=form, error=Unfit(SOMEBODY))
    return room.back(f"{HOME}/{name}", said="saved")


def _typed(form: Form, name: str, current: Parts) -> tuple[dict[At, Part], dict[str, Part]]:
    """What was changed in the form; and by field what somebody else wrote since it was opened, where both did."""
    typed: dict[At, Part] = {}
    theirs: dict[str, Part] = {}
    for box in boxes(name, current):
        if f"was.{box.name}" not in form:
            continue
        part, was = read(box, one(form, box.name)), one(form, f"was.{box.name}")
        now = current.get(box.at, _nothing(part))
        if hashed(part) == was or part == now:
            continue
        typed[box.at] = part
        if hashed(now) != was:
            theirs[box.name] = now
    return typed, theirs


def read(box: Box, written: str) -> Part:
    clean = pieces.clean(written)
    if box.is_text:
        return " ".join(clean.split())
    return tuple(dict.fromkeys(clean.split())) if box.at[0] == WORDS else lines_of(clean)


def hashed(part: Part) -> str:
    return pieces.hashed({"part": part if isinstance(part, str) else list(part)})


def _nothing(like: Part) -> Part:
    return "" if isinstance(like, str) else ()


def fit(changes: Mapping[At, Part], current: Parts, file: DangerFile, library: Library) -> None:
    """Unfit with the first line that cannot stand. Lines that stand there already are left in peace."""
    words = {**file.words}
    for at, part in changes.items():
        if at[0] == WORDS:
            words[at[1]] = {**words[at[1]], at[2]: " ".join(part)}
    file = file.model_copy(update={"words": words})
    for at, part in changes.items():
        field = ".".join(at[1:])
        if isinstance(part, str):
            _fit_text(field, part, library)
            continue
        if at in current and not part and at[-1] == DEFAULT and at[-2] != "unless":
            raise Unfit(EMPTY, field)
        if len(part) > MOST_PHRASES:
            raise Unfit(TOO_MANY, field, count=MOST_PHRASES)
        for line in part:
            if line in current.get(at, ()):
                continue
            problem = word_fault(line) if at[0] == WORDS else phrase_fault(line, file)
            if problem:
                raise Unfit(PHRASE, field, line=line, problem=problem)


def _fit_text(field: str, text: str, library: Library) -> None:
    if not text:
        raise Unfit(EMPTY, field)
    if problem := text_fault(text, library.figures):
        raise Unfit(WRONG_TEXT, field, problem=problem)


def _named(room: Room) -> str:
    name = room.param("section")
    return name if name in (*CATEGORIES, WORDS, HARMLESS) else room.gone()


async def _section(
    room: Room, *, form: Form | None = None, error: Unfit | None = None, theirs: Mapping[str, Part] | None = None
) -> Response:
    name = _named(room)
    library, day = await room.library(), danish_day(room.now)
    async with room.reading() as connection:
        rules = await stands(connection)
    wanted, theirs = rules.wanted, theirs or {}
    trouble = Unfit(SOMEBODY) if theirs else error

    def view(box: Box) -> dict[str, Any]:
        part = wanted.get(box.at, "" if box.is_text else ())
        asked = form is not None and f"was.{box.name}" in form
        value = one(form or {}, box.name) if asked else part if isinstance(part, str) else _joined(box, part)
        fresh = not asked or box.name in theirs
        language = LANGUAGES.get(box.language)
        text = str(part) if box.is_text else ""
        shown = text if text and not references(text) - library.figures.keys() else ""
        return {
            "name": box.name,
            "kind": box.at[-2] if len(box.at) > 2 else "",
            "language": box.language,
            "attributes": language.html if language else {} if box.language == "all" else {"lang": box.language},
            "label": _language_label(room, box.language),
            "value": value,
            "was": hashed(part) if fresh else one(form or {}, f"was.{box.name}"),
            "count": 0 if isinstance(part, str) else len(part),
            "may": room.may("danger.edit") and room.writes(language=box.language if language else ""),
            "theirs": _joined(box, theirs[box.name]) if box.name in theirs else "",
            "open": box.name in theirs or (trouble is not None and trouble.field == box.name),
            "preview": html(library.fill(shown, language=box.language, day=day).text) if shown else "",
        }

    return room.page(
        "admin/danger_part.html",
        status=409 if theirs else 422 if error else 200,
        refused=room.refused(trouble) if trouble else None,
        section=name,
        label=room.t.gettext(DANGERS[name]) if name in DANGERS else "",
        boxes=[view(box) for box in boxes(name, wanted)],
        draft=rules.piece.draft,
        longest=LONGEST_TEXT,
        english=wanted.get((name, TEXTS, DEFAULT), ""),
    )


def _joined(box: Box, part: Part) -> str:
    if isinstance(part, str):
        return part
    return (" " if box.at[0] == WORDS else "\n").join(part)


def _language_label(room: Room, code: str) -> str:
    if code == "all":
        return room.t.gettext("Any language")
    return LANGUAGES[code].own_name if code in LANGUAGES else local.language(code, room.language)
