"""Checklists: the tasks of recruits and employers, when each is due, and their texts; what a change means for people.

A piece is the rule of a task (`rule` in the address), or its text in one language. A published rule is followed by
everybody's reminders within minutes (`bot/journeys.py`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from journey.anchors import SHOWN_BY
from journey.effect import Effect, OnList, effect, examples, for_example
from journey.plan import Planned
from knowledge import diff
from knowledge.editing import Fault, faults, normal, removal_faults
from knowledge.library import Library
from knowledge.models import Anchor, Phase, Task
from store import editing, journey
from store.editing import Collision, Data, Draft, Name
from web.admin import pieces
from web.admin import tasks_views as views
from web.admin.answers_views import choice as topic_choice
from web.admin.answers_views import proposed_slug
from web.admin.pieces import LIMITED, Piece, Step, Wanted, number_of
from web.admin.room import Room, Rooms, Unfit, says
from web.admin.tasks_views import RULE, Filters
from web.bodies import Form, one
from web.listed import PHASES

HOME = "/admin/checklists"
PER_PAGE = 50
LOOKED_AT = 2_000  # lists; of more people it is estimated what a change means
DELETE = "DELETE"
EMPTY_ROWS = 2  # below what is there
RESERVED = ("new", RULE)
EXAMPLES = {
    "nurse": msgid("A nurse from the Philippines, alone, arrives {day}"),
    "farm": msgid("A farm hand from Romania, alone, arrives {day}"),
    "engineer": msgid("An engineer from Sweden with family, arrives {day}"),
}

NOT_YET = msgid("This cannot be published yet. What is wrong stands beside it.")
FAULT = msgid("This cannot be published: {problem} {remedy}")
ENGLISH_FIRST = msgid("The English text is missing. Write it first: all other languages fall back to it.")
RULE_FIRST = msgid("The task itself is not published yet. Its texts are published together with its rule.")
LEGAL_TOLD = msgid("The task has a legal limit, so the text tells it here.")
LEGAL_NOT = msgid("The task has no legal limit, so there is none to tell.")
CALLED = msgid("“{name}” is what people call the task {task} already. They would have to be asked which one they mean.")
TITLE_MISSING = msgid("Write what is to be done, such as “Apply for housing benefit”.")
TAKEN = msgid("There is a task of this name already. Change the title or the name a little.")
BAD_ID = msgid("Use lower-case letters, digits and hyphens, such as housing-benefit.")
CHOOSE_LIST = msgid("Choose on whose list it stands.")
TYPE_WORD = msgid("Type {word} to take the task away.")
DAYS_HANG_ON_IT = msgid("Other days are counted from the day on which this is done, so it cannot be taken away.")
MEANWHILE = msgid("Somebody else changed this meanwhile. Yours stands in the form, theirs below. Nothing is lost.")
says("task_drafted", msgid("A draft of the task and of its English text is kept. Nobody is told anything yet."))
says("task_gone", msgid("The task is taken away. Reminders of it go within minutes. It can be brought back below."))
says("rule_published", msgid("Published. Everybody's dates and reminders follow within minutes."))
says("task_back", msgid("The task and its texts are drafts again. Publish the rule to bring all of it back."))

rooms = Rooms(prefix=HOME)


@dataclass(frozen=True, slots=True)
class Opened:
    """A piece as an editor finds it. rule: the rule as published, else as drafted. new: the task stands on no list yet."""

    id: str
    part: str
    piece: Piece
    rule: Data
    source: Data | None
    drafts: Mapping[Name, Draft]
    library: Library
    new: bool

    @property
    def address(self) -> str:
        return f"{HOME}/{self.id}/{self.part}"

    @property
    def title(self) -> str:
        return views.title_of(self.id, self.library, self.drafts, DEFAULT)

    @property
    def theme(self) -> str:
        topic = self.library.topics.get(self.rule.get("topic") or "")
        return topic.theme if topic else ""


# --- the list ---------------------------------------------------------------------------------------------------------


@rooms.see("", "checklists.read")
async def tasks(room: Room) -> Response:
    library = await room.library()
    filters = Filters(**{each.name: room.query(each.name) for each in fields(Filters)})
    async with room.reading() as connection:
        drafts = [*await editing.drafts(connection, "task"), *await editing.drafts(connection, "task_text")]
        gone = await editing.taken_away(connection, "task")
    found = views.matching(views.rows(library, drafts, language=room.language), filters, library)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(room.page_number(), pages)
    t = room.t
    return room.page(
        "admin/checklists.html",
        rows=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        count=len(found),
        page=page,
        pages=pages,
        filters=filters,
        waiting=[draft for draft in drafts if draft.state == "in_review"],
        gone=gone,
        options={
            "list": _said(room, views.LISTS),
            "phase": _said(room, PHASES),
            "who": _said(room, views.WHO),
            **{name: {value: views.group(value, t) for value in values} for name, values in views.DIMENSIONS.items()},
        },
        in_words=lambda data: [views.in_words(rule, t) for rule in data.get("due", ())],
        for_whom=lambda data: views.for_whom(data, t),
        states=views.STATES,
    )


def _said(room: Room, words: Mapping[str, str]) -> dict[str, str]:
    return {name: room.t.gettext(word) for name, word in words.items()}


# --- a new task -------------------------------------------------------------------------------------------------------


@rooms.see("/new", "checklists.edit")
async def new(room: Room) -> Response:
    return _new_page(room, {})


@rooms.do("/new", "checklists.edit")
async def create(room: Room, form: Form) -> Response:
    """Two drafts: a rule to go on from, and the English text."""
    library = await room.library()
    try:
        id_ = _wanted_id(form, library)
        if not room.writes(language=DEFAULT):
            raise Unfit(LIMITED)
        text = views.text_in(form, DEFAULT, before=None, source=1, minor=False)
        places = [task.place for task in views.beside(id_, library)]
        rule = {**views.NEW, "id": id_, "who": "employer" if id_.startswith("e") else "recruit"}
        rule["place"] = max(places, default=-1) + 1
        async with room.writing() as connection:
            for name, data in ((("task", id_, ""), rule), (("task_text", id_, DEFAULT), text)):
                await pieces.put(room, connection, [Wanted(name, data, 0, None)], "draft")
    except Unfit as error:
        return _new_page(room, form, status=422, refused=room.refused(error, form))
    except Collision:
        return _new_page(room, form, status=422, refused=room.refused(Unfit(TAKEN, "title"), form))
    return room.back(f"{HOME}/{id_}/{RULE}", "task_drafted")


def _wanted_id(form: Form, library: Library) -> str:
    title = one(form, "title")
    if not title:
        raise Unfit(TITLE_MISSING, "title")
    if one(form, "list") not in views.LISTS:
        raise Unfit(CHOOSE_LIST, "list")
    slug = one(form, "slug") or proposed_slug(title)
    id_ = views.proposed_id(one(form, "list"), slug)
    if not views.ID.fullmatch(id_) or slug in RESERVED:
        raise Unfit(BAD_ID, "slug")
    if id_ in library.by_id:
        raise Unfit(TAKEN, "title")
    return id_


def _new_page(room: Room, form: Form, *, status: int = 200, **values: Any) -> Response:
    typed = {name: one(form, name) for name in form}
    return room.page("admin/task_new.html", status=status, typed=typed, lists=_said(room, views.LISTS), **values)


# --- the editor -------------------------------------------------------------------------------------------------------


@rooms.see("/{task}", "checklists.read")
async def task(room: Room) -> Response:
    return room.back(f"{HOME}/{room.param('task')}/{RULE}")


@rooms.see("/{task}/remove", "checklists.edit")
async def removing(room: Room) -> Response:
    """What would be lost."""
    return await _remove_page(room, await _opened(room, RULE))


@rooms.see("/{task}/{part}", "checklists.read")
async def editor(room: Room) -> Response:
    return await _show(room, await _opened(room))


@rooms.see("/{task}/{part}/history", "checklists.read")
async def history(room: Room) -> Response:
    id_, name = _name(room)
    library = await room.library()
    there = id_ in library.by_id
    mine = room.may("checklists.edit") and (there or name[0] == "task")
    return await pieces.history_page(
        room,
        name,
        heading=library.task_text(id_, DEFAULT).title if there else id_,
        back=f"{HOME}/{id_}/{room.param('part')}" if there else HOME,
        restore=f"{HOME}/{id_}/{room.param('part')}/restore" if mine else "",
    )


@rooms.do("/{task}/{part}/show", "checklists.read")
async def show(room: Room, form: Form) -> Response:
    """The page with everything as it was typed: what is wrong with it, and what it would mean."""
    opened = await _opened(room)
    try:
        data = _typed(room, opened, form)
    except Unfit as error:
        return await _show(room, opened, form=form, error=error, status=422)
    return await _show(room, opened, data=data, form=form, found=_faults(opened, data), with_people=True)


@rooms.do("/{task}/{part}/save", "checklists.edit")
async def save(room: Room, form: Form) -> Response:
    return await _step(room, form, "draft")


@rooms.do("/{task}/{part}/submit", "checklists.edit")
async def submit(room: Room, form: Form) -> Response:
    return await _step(room, form, "submit")


@rooms.do("/{task}/{part}/publish", "checklists.edit")
async def publish(room: Room, form: Form) -> Response:
    return await _step(room, form, "publish")


async def _step(room: Room, form: Form, step: Step) -> Response:
    opened = await _opened(room)
    data: Data | None = None
    try:
        _may_write(room, opened)
        data = _typed(room, opened, form)
        wanted = [_wanted(opened, data, form)]
        if step != "draft":
            if found := _faults(opened, data):
                return await _show(room, opened, data=data, form=form, found=found, status=422)
            wanted[0] = _normal(wanted[0])
            _fit(opened, wanted[0].data)
        if step == "publish" and opened.new:
            wanted += _with_it(room, opened)
        async with room.writing() as connection:
            await pieces.put(
                room, connection, wanted, step, minor=one(form, "minor") == "yes", note=one(form, "note")[:300]
            )
    except Unfit as error:
        return await _show(room, opened, data=data, form=form, error=error, status=422)
    except Collision as error:
        return await _collided(room, form, data, error)
    said = "rule_published" if step == "publish" and opened.part == RULE else pieces.SAID[step]
    return room.back(opened.address, said)


async def _collided(room: Room, form: Form, data: Data | None, error: Collision) -> Response:
    """Both texts: mine in the form, which now goes on top of theirs, and what theirs says."""
    opened = await _opened(room)
    theirs = error.theirs.data if error.theirs else {}
    on_top = {**form, "version": [str(opened.piece.version)], "base": [str(opened.piece.current or "")]}
    return await _show(room, opened, data=data, form=on_top, error=Unfit(MEANWHILE), theirs=_flat(theirs), status=409)


@rooms.do("/{task}/{part}/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    opened = await _opened(room)
    try:
        _may_write(room, opened)
        draft = pieces.waiting(room, opened.piece, _version(form))
        if found := _faults(opened, draft.data):
            return await _show(room, opened, found=found, status=422)
        _fit(opened, draft.data)
        async with room.writing() as connection:
            if opened.new:
                await _publish_new(room, connection, opened, draft)
            else:
                await pieces.approve(room, connection, opened.piece, version=draft.version)
    except Unfit as error:
        return await _show(room, opened, error=error, status=422)
    except Collision:
        return await _show(room, await _opened(room), error=Unfit(pieces.NOT_WAITING), status=409)
    return room.back(opened.address, "rule_published" if opened.part == RULE else "published")


@rooms.do("/{task}/{part}/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    opened = await _opened(room)
    try:
        _may_write(room, opened)
        async with room.writing() as connection:
            note = one(form, "note")[:300]
            await pieces.send_back(room, connection, opened.piece, version=_version(form), note=note)
    except Unfit as error:
        return await _show(room, opened, error=error, status=422)
    except Collision:
        return await _show(room, await _opened(room), error=Unfit(pieces.NOT_WAITING), status=409)
    return room.back(opened.address, "sent_back")


@rooms.do("/{task}/{part}/discard", "checklists.edit")
async def discard(room: Room, form: Form) -> Response:
    """Of a task that is not published yet, the rule goes with all its texts."""
    opened = await _opened(room)
    try:
        _may_write(room, opened)
        if one(form, "word") != DELETE:
            raise Unfit(msgid("Type {word} to discard the draft."), "word", word=DELETE)
        whole = opened.new and opened.part in (RULE, DEFAULT)
        async with room.writing() as connection:
            await pieces.discard(room, connection, opened.piece.name, version=_version(form))
            for name, draft in opened.drafts.items() if whole else ():
                if name != opened.piece.name:
                    await pieces.discard(room, connection, name, version=draft.version)
    except Unfit as error:
        return await _show(room, opened, error=error, status=422)
    except Collision as error:
        return await _collided(room, {}, None, error)
    return room.back(HOME if whole else opened.address, "discarded")


@rooms.do("/{task}/{part}/restore", "checklists.edit")
async def restore(room: Room, form: Form) -> Response:
    """An earlier text becomes the draft; of a task that was taken away, its texts come back with it."""
    id_, name = _name(room)
    number = number_of(one(form, "revision"))
    library = await room.library()
    there = id_ in library.by_id
    if number is None or not (there or name[0] == "task"):
        room.gone()
    async with room.writing() as connection:
        rule = library.by_id[id_].topic if there else await _topic_then(connection, number)
        theme = library.topics[rule].theme if rule and rule in library.topics else ""
        if not room.writes(language=name[2] or DEFAULT, theme=theme):
            room.not_yours()
        await pieces.bring_back(room, connection, number, lambda wanted: wanted == name)
        if there:
            return room.back(f"{HOME}/{id_}/{room.param('part')}", "drafted_again")
        for code in LANGUAGES:
            text = ("task_text", id_, code)
            last = next((each.data for each in await editing.history(connection, text) if each.data is not None), None)
            if last is not None and await editing.draft(connection, text) is None:
                await pieces.put(room, connection, [Wanted(text, last, 0, None)], "draft")
    return room.back(f"{HOME}/{id_}/{RULE}", "task_back")


async def _topic_then(connection: AsyncConnection, number: int) -> str | None:
    """To which topic a rule belonged."""
    revision = await editing.revision(connection, number)
    return (revision.data or {}).get("topic") if revision else None


@rooms.do("/{task}/remove", "checklists.edit")
async def remove(room: Room, form: Form) -> Response:
    opened = await _opened(room, RULE)
    try:
        _may_write(room, opened)
        if opened.new:
            room.gone()
        if not all(room.writes(language=code) for key, code in opened.library.task_texts if key == opened.id):
            raise Unfit(LIMITED)
        if pieces.needs_another(room) and not room.may("answers.review"):
            raise Unfit(pieces.REVIEW_FIRST)
        if opened.id in SHOWN_BY.values():
            raise Unfit(DAYS_HANG_ON_IT)
        for fault in removal_faults("task", opened.id, "", opened.library):
            raise Unfit(FAULT, problem=fault.problem, remedy=fault.remedy)
        if one(form, "word") != DELETE:
            raise Unfit(TYPE_WORD, "word", word=DELETE)
        texts: dict[Name, Data | None] = {
            ("task_text", key, code): None for key, code in opened.library.task_texts if key == opened.id
        }
        async with room.writing() as connection:
            changes: dict[Name, Data | None] = {opened.piece.name: None, **texts}
            expect = {opened.piece.name: number_of(one(form, "base"))}
            await editing.publish(connection, changes, staff_id=room.me.id, now=room.now, expect=expect)
            await room.audit(connection, "checklists.remove", about=f"task:{opened.id}")
    except Unfit as error:
        return await _remove_page(room, opened, error, status=422)
    except Collision:
        return await _remove_page(room, await _opened(room, RULE), Unfit(MEANWHILE), status=409)
    return room.back(f"{HOME}/{opened.id}/{RULE}/history", "task_gone")


# --- what is opened ---------------------------------------------------------------------------------------------------


def _name(room: Room, part: str = "") -> tuple[str, Name]:
    id_, part = room.param("task"), part or room.param("part")
    if not views.ID.fullmatch(id_) or (part != RULE and part not in LANGUAGES):
        room.gone()
    return id_, ("task", id_, "") if part == RULE else ("task_text", id_, part)


async def _opened(room: Room, part: str = "") -> Opened:
    id_, name = _name(room, part)
    library = await room.library()
    async with room.reading() as connection:
        piece = await pieces.look(connection, name)
        rule = piece if name[0] == "task" else await pieces.look(connection, ("task", id_, ""))
        source = await editing.published(connection, ("task_text", id_, DEFAULT))
        own = [each for kind in ("task", "task_text") for each in await editing.drafts(connection, kind, id_)]
    if not rule.data:
        room.gone()
    outdated = bool(
        name[2] not in ("", DEFAULT)
        and piece.published
        and source
        and (piece.published.data.get("from_revision") or 1) < (source.data.get("revision") or 1)
    )
    return Opened(
        id_,
        name[2] or RULE,
        Piece(piece.name, piece.published, piece.draft, outdated),
        rule.published.data if rule.published else rule.data,
        source.data if source else None,
        {each.name: each for each in own},
        library,
        new=rule.published is None,
    )


def _version(form: Form) -> int:
    return number_of(one(form, "version")) or 0


def _may_write(room: Room, opened: Opened) -> None:
    if _limited(room, opened):
        raise Unfit(LIMITED)


def _limited(room: Room, opened: Opened) -> bool:
    return not room.writes(language="" if opened.part == RULE else opened.part, theme=opened.theme)


def _typed(room: Room, opened: Opened, form: Form) -> Data:
    if opened.part == RULE:
        return views.rule_in(form, opened.id, opened.library, before=opened.piece.data)
    published = opened.piece.published
    current = int((opened.source or {}).get("revision") or 1)
    return views.text_in(
        form,
        opened.part,
        # Of a task that was taken away and comes back, the translations are counted by the number it had.
        before=published.data if published else opened.piece.data,
        source=min(number_of(one(form, "source")) or current, current),
        minor=one(form, "minor") == "yes" or published is None,
    )


def _wanted(opened: Opened, data: Data, form: Form) -> Wanted:
    touched = opened.piece.draft is None or opened.piece.draft.data != data
    return Wanted(opened.piece.name, data, _version(form), number_of(one(form, "base")), touched)


def _normal(wanted: Wanted) -> Wanted:
    return Wanted(wanted.name, normal(wanted.name[0], wanted.data), wanted.version, wanted.base, touched=wanted.touched)


# --- what may be published --------------------------------------------------------------------------------------------


def _faults(opened: Opened, data: Data) -> list[Fault]:
    kind, key, language = opened.piece.name
    return faults(kind, key, language, data, opened.library)


def _fit(opened: Opened, data: Data) -> None:
    """What the shape of a piece alone does not show."""
    if opened.part == RULE:
        if opened.new and ("task_text", opened.id, DEFAULT) not in opened.drafts:
            raise Unfit(ENGLISH_FIRST)
        return
    if opened.new:
        raise Unfit(RULE_FIRST)
    if opened.part != DEFAULT and opened.source is None:
        raise Unfit(ENGLISH_FIRST)
    if bool(data.get("legal")) != bool(opened.rule.get("legal")):
        raise Unfit(LEGAL_TOLD if opened.rule.get("legal") else LEGAL_NOT, "legal")
    if found := views.called_elsewhere(data, opened.id, opened.part, opened.library):
        raise Unfit(CALLED, "called", name=found[0], task=found[1])


def _with_it(room: Room, opened: Opened) -> list[Wanted]:
    """The drafted texts that are published with the rule of a new task: English, and whatever else is ready."""
    ready = []
    for (kind, key, language), draft in opened.drafts.items():
        if kind != "task_text" or not (language == DEFAULT or room.writes(language=language)):
            continue
        found = faults(kind, key, language, draft.data, opened.library)
        if found and language == DEFAULT:
            told = {"problem": f"English, {found[0].field}: {found[0].problem}", "remedy": found[0].remedy}
            raise Unfit(FAULT, "", **told)
        if not found:
            ready.append(Wanted(draft.name, normal(kind, draft.data), draft.version, None, touched=False))
    return ready


async def _publish_new(room: Room, connection: AsyncConnection, opened: Opened, draft: Draft) -> None:
    """What another has written of a new task: rule and texts at once."""
    texts = _with_it(room, opened)
    if any(opened.drafts[each.name].wrote(room.me.id) for each in texts):
        raise Unfit(pieces.OWN)
    changes: dict[Name, Data | None] = {opened.piece.name: normal("task", draft.data)}
    changes |= {each.name: each.data for each in texts}
    numbers = await editing.publish(
        connection,
        changes,
        staff_id=room.me.id,
        writer_id=draft.staff_id,
        note=draft.note,
        now=room.now,
        expect=dict.fromkeys(changes),
    )
    for name, number in numbers.items():
        await room.audit(connection, "checklists.approve", about=pieces.called(name), revision=number)


# --- what a page shows ------------------------------------------------------------------------------------------------


async def _show(
    room: Room,
    opened: Opened,
    *,
    data: Data | None = None,
    form: Form | None = None,
    error: Unfit | None = None,
    found: list[Fault] | None = None,
    theirs: Mapping[str, str] | None = None,
    with_people: bool = False,
    status: int = 200,
) -> Response:
    """The editor; with `form`, as it was typed."""
    draft, typed = opened.piece.draft, form or {}
    edits = room.may("checklists.edit") and not _limited(room, opened)
    another = pieces.needs_another(room)
    if found and error is None:
        error = Unfit(NOT_YET, _field(found[0]))
    shown = opened.piece.data if data is None else data
    given: dict[str, Any] = {
        "opened": opened,
        "data": shown,
        "values": _values(opened, shown, typed),
        "states": {
            code: views.text_state(opened.library, opened.id, code, opened.drafts.get(("task_text", opened.id, code)))
            for code in LANGUAGES
        },
        "LANGUAGES": LANGUAGES,
        "edits": edits,
        "publishes": edits and not another and (opened.part == RULE or not opened.new),
        "approves": pieces.waits_for_me(room, draft) and not _limited(room, opened),
        "another": another,
        "limited": room.may("checklists.edit") and _limited(room, opened),
        "version": one(typed, "version") if typed else opened.piece.version,
        "base": one(typed, "base") if typed else opened.piece.base or "",
        "note": one(typed, "note"),
        "faults": [(_field(each), each) for each in found or ()],
        "drafted": pieces.differences(_flat(opened.piece.published.data), _flat(draft.data))
        if draft and opened.piece.published
        else [],
        "theirs": pieces.differences(theirs, _flat(shown)) if theirs is not None else [],
        "DELETE": DELETE,
        "refused": room.refused(error, typed) if error else None,
    }
    if opened.part == RULE:
        given |= await _rule_page(room, opened, shown, given["values"], with_people=with_people)
        return room.page("admin/task.html", status=status, **given)
    return room.page("admin/task_text.html", status=status, **given, **await _beside(room, opened))


def _values(opened: Opened, data: Data, typed: Form) -> Form:
    """What stands in the form: as it was typed, else as it is."""
    if opened.part == RULE:
        return typed or views.form_of_rule(data, opened.library)
    return {**views.form_of_text({} if typed else data), **typed}


def _field(fault: Fault) -> str:
    """The field of a form that a fault is about: `due.0.anchor` is in the row of due days."""
    first, _, rest = fault.field.partition(".")
    if first in ("due", "legal"):
        return f"{first}_{rest.rpartition('.')[2] or 'anchor'}"
    return {"reminders": "remind_before", "sources": "source_name"}.get(first, first)


def _flat(data: Data) -> dict[str, str]:
    return {name: text for name, text in pieces.flat(data).items() if name not in ("revision", "from_revision", "id")}


async def _beside(room: Room, opened: Opened) -> dict[str, Any]:
    """English beside a translation, with what changed in it since that was made; beside English, what is published."""
    source, language = opened.source or {}, opened.part
    made_from = int((opened.piece.published.data if opened.piece.published else {}).get("from_revision") or 0)
    older = source
    if language != DEFAULT and opened.piece.outdated and made_from:
        async with room.reading() as connection:
            older = await editing.source_at(connection, "task_text", opened.id, made_from) or source
    before, after = _text_flat(older), _text_flat(source)
    return {
        "source": source,
        "source_revision": int(source.get("revision") or 1),
        "source_pieces": {field: diff.pieces(before[field], after[field]) for field in views.TEXTS},
        "outdated": opened.piece.outdated,
        "longest": views.LONGEST,
    }


def _text_flat(data: Data) -> dict[str, str]:
    return {
        field: "\n".join(data.get(field) or ()) if field == "called" else str(data.get(field) or "")
        for field in views.TEXTS
    }


async def _rule_page(room: Room, opened: Opened, data: Data, values: Form, *, with_people: bool) -> dict[str, Any]:
    library, t = opened.library, room.t
    before = library.by_id.get(opened.id)
    after = as_task(data)
    people = await _effect(room, before, after) if with_people and after else None
    return {
        "phases": {phase: t.gettext(PHASES[phase]) for phase in get_args(Phase)},
        "who": _said(room, views.WHO),
        "groups": {name: [(value, views.group(value, t)) for value in values] for name, values in views.DIMENSIONS.items()},
        "anchors": {anchor: t.gettext(views.ANCHORS[anchor]) for anchor in get_args(Anchor)},
        "weekends": _said(room, views.WEEKENDS),
        "due_rows": views.day_rows(values, "due", empty=EMPTY_ROWS),
        "legal_rows": views.day_rows(values, "legal", empty=0) or [{"side": "after"}],
        "sources": views.sources_in(values),
        "in_words": lambda rule: views.in_words(rule, t),
        "task_choices": [views.choice(each.id, library) for each in library.tasks if each.id != opened.id],
        "topic_choices": [topic_choice(slug, library) for slug in library.topics],
        "document_choices": [views.document_choice(key, library) for key in dict.fromkeys(k for k, _ in library.documents)],
        "others": [(each.id, library.task_text(each.id, DEFAULT).title) for each in views.beside(opened.id, library)],
        "previewed": _previewed(room, before, after),
        "effect": people,
        "waiting_texts": [name[2] for name in opened.drafts if name[0] == "task_text"] if opened.new else [],
        "removable": not opened.new,
    }  # fmt: skip


def as_task(data: Data) -> Task | None:
    """A rule that is being written, as far as it is one yet."""
    try:
        return Task.model_validate(data)
    except ValidationError:
        return None


def _previewed(room: Room, before: Task | None, after: Task | None) -> list[tuple[str, str, str, bool]]:
    """Three people who do not exist: who, what they see now, what they would see, whether that differs."""
    shown = []
    for name, known in examples(danish_day(room.now)).items():
        day = local.day(danish_day(room.now).fromisoformat(known["arrival"]), room.language)
        old, new = (_day_in_words(room, for_example(task, known)) for task in (before, after))
        shown.append((room.t.gettext(EXAMPLES[name], day=day), old, new, old != new))
    return shown


def _day_in_words(room: Room, planned: Planned | None) -> str:
    if planned is None:
        return room.t.gettext("Does not apply")
    if planned.due is None:
        return room.t.gettext("Applies, no day known")
    due = local.day(planned.due, room.language)
    told = room.t.gettext("about {day}", day=due) if planned.estimated else room.t.gettext("by {day}", day=due)
    if planned.legal is not None and not planned.legal_estimated:
        limit = room.t.gettext("legal limit {day}", day=local.day(planned.legal, room.language))
        return f"{told} · ⚠ {limit}"
    return told


async def _effect(room: Room, before: Task | None, after: Task | None) -> dict[str, Any]:
    """What a change means for everybody who agreed to a list; of many, estimated from some."""
    concerned = {task.id for task in (before, after) if task} | {*SHOWN_BY.values()}
    async with room.reading() as connection:
        people = await journey.count_lists(connection)
        found = await journey.some_lists(connection, concerned, most=LOOKED_AT)
    seen = await asyncio.to_thread(
        lambda: effect(before, after, [_on_list(*each) for each in found], today=danish_day(room.now))
    )
    estimated = people > seen.people
    whole: Effect = seen.scaled(people) if estimated else seen
    return {"count": whole, "estimated": estimated, "looked_at": seen.people}


def _on_list(profile: Mapping[str, str], changes: Mapping[str, journey.Change]) -> OnList:
    stand = journey.Mine(changes)
    known = {name: value for name, value in profile.items() if value}
    return OnList(known, stand.done, stand.skipped, stand.reopened)


async def _remove_page(room: Room, opened: Opened, error: Unfit | None = None, *, status: int = 200) -> Response:
    if opened.new:
        room.gone()
    waiting = [
        views.choice(other.id, opened.library) for other in opened.library.tasks if opened.id in other.prerequisites
    ]
    return room.page(
        "admin/task_remove.html",
        status=status,
        opened=opened,
        waiting=waiting,
        needed=opened.id in SHOWN_BY.values(),
        effect=await _effect(room, opened.library.by_id.get(opened.id), None),
        DELETE=DELETE,
        refused=room.refused(error) if error else None,
    )
