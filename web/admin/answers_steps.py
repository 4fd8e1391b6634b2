"""What is done with a piece of a topic: saved, sent to review, published, sent back, discarded, taken away.

Whatever changes a piece saves it as a draft first, on top of exactly what the editor saw; what somebody else wrote meanwhile is
shown beside it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.editing import Fault, faults, next_revision, normal, removal_faults, with_change
from store import editing
from store.editing import Collision, Data, Draft, Name, Published
from web.admin import answers_views as views
from web.admin.answers_editor import (
    DELETE,
    Opened,
    faults_of,
    number,
    only_with_right,
    open_piece,
    rights_to,
    show_editor,
    typed_in,
    typed_text,
)
from web.admin.answers_views import HOME, TOPIC
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one

LONGEST_NOTE = 500
MEANWHILE, STILL_RIGHT = "changed_meanwhile", "still_right"

says(MEANWHILE, msgid("Somebody else has changed this meanwhile. Please look at it again; nothing was lost."))
says(STILL_RIGHT, msgid("Noted: this text is up to date."))

rooms = Rooms(prefix=HOME)


@rooms.do("/{slug}/{part}/save", "answers.edit")
async def save(room: Room, form: Form) -> Response:
    async def step(connection: AsyncConnection, opened: Opened, data: Data) -> Response:
        await _keep(room, connection, opened, data, form)
        await room.audit(connection, "answers.draft", about=opened.about)
        return room.back(opened.address, said="saved")

    return await _written(room, form, "edit", step)


@rooms.do("/{slug}/{part}/submit", "answers.edit")
async def submit(room: Room, form: Form) -> Response:
    """Have a second person look at it. A new topic goes there with its English text."""

    async def step(connection: AsyncConnection, opened: Opened, data: Data) -> Response:
        _complete(opened, data)
        about: dict[str, Any] = {"staff_id": room.me.id, "note": _note(form), "now": room.now}
        draft = await _keep(room, connection, opened, data, form)
        await editing.submit(connection, opened.name, version=draft.version, **about)
        if opened.new and opened.facts_draft and opened.facts_draft.state == "draft" and opened.kind == "text":
            facts = opened.facts_draft
            await editing.submit(connection, facts.name, version=facts.version, **about)
        await room.audit(connection, "answers.submit", about=opened.about)
        return room.back(opened.address, said="submitted")

    return await _written(room, form, "submit", step)


@rooms.do("/{slug}/{part}/publish", "answers.edit")
async def publish(room: Room, form: Form) -> Response:
    """Have it told from the next answer on. Where translations follow, it is asked first whether the meaning changed."""
    if room.frame.doors.settings.review:
        raise Unfit(msgid("Here a second person publishes. Please send it to review."))

    async def step(connection: AsyncConnection, opened: Opened, data: Data) -> Response:
        _complete(opened, data)
        minor = _is_minor(opened, data, form)
        if minor is None:
            return await show_editor(room, connection, opened, data=data, form=form, asks_minor="publish")
        draft = await _keep(room, connection, opened, data, form)
        await _publish(room, connection, opened, draft, note=_note(form), minor=minor)
        await room.audit(connection, "answers.publish", about=opened.about, minor=minor)
        return room.back(opened.address, said="published")

    return await _written(room, form, "publish", step)


@rooms.do("/{slug}/{part}/approve", "answers.review")
async def approve(room: Room, form: Form) -> Response:
    """Publish what somebody else wrote, as it stands."""
    try:
        async with room.writing() as connection:
            opened = await open_piece(room, connection)
            only_with_right(room, opened, "approve")
            draft = opened.draft
            assert draft is not None
            if draft.version != number(form, "version"):
                raise Collision(opened.name, None, draft)
            if _is_changed(room, opened, form, draft.data):
                return await _show_changed(room, connection, opened, form)
            if found := _all_faults(opened, draft.data):
                return await show_editor(room, connection, opened, found=found, status=422)
            minor = _is_minor(opened, draft.data, form)
            if minor is None:
                return await show_editor(room, connection, opened, asks_minor="approve")
            note = _note(form) or draft.note
            await _publish(room, connection, opened, draft, note=note, minor=minor, writer_id=draft.staff_id)
            await room.audit(connection, "answers.publish", about=opened.about, minor=minor, writer=draft.staff_id)
    except Collision:
        return _look_again(room)
    return room.back(opened.address, said="published")


@rooms.do("/{slug}/{part}/send-back", "answers.review")
async def send_back(room: Room, form: Form) -> Response:
    try:
        async with room.writing() as connection:
            opened = await open_piece(room, connection)
            only_with_right(room, opened, "approve")
            if not _note(form):
                wrong = Unfit(msgid("Please tell the writer what to change."), "note")
                return await show_editor(room, connection, opened, form=form, refused=wrong, status=422)
            version = number(form, "version") or 0
            about: dict[str, Any] = {"staff_id": room.me.id, "note": _note(form), "now": room.now}
            await editing.send_back(connection, opened.name, version=version, **about)
            await room.audit(connection, "answers.send_back", about=opened.about)
    except Collision:
        return _look_again(room)
    return room.back(opened.address, said="sent_back")


@rooms.do("/{slug}/{part}/discard", "answers.edit")
async def discard(room: Room, form: Form) -> Response:
    """Throw a draft away; with the English text or the facts of a topic that isn't published, all of it."""
    try:
        async with room.writing() as connection:
            opened = await open_piece(room, connection)
            only_with_right(room, opened, "discard")
            if one(form, "word") != DELETE:
                wrong = Unfit(msgid("Type {word} to throw the draft away."), "word", word=DELETE)
                return await show_editor(room, connection, opened, refused=wrong, status=422)
            await editing.discard(connection, opened.name, version=number(form, "version") or 0)
            whole = opened.new and opened.language in ("", DEFAULT)
            for draft in await editing.drafts(connection, key=opened.slug) if whole else ():
                if draft.name[0] in ("topic", "text"):
                    await editing.discard(connection, draft.name, version=draft.version)
            await room.audit(connection, "answers.discard", about=opened.about)
    except Collision:
        return _look_again(room)
    return room.back(HOME if whole else opened.address, said="discarded")


@rooms.do("/{slug}/{part}/right", "answers.edit")
async def still_right(room: Room, form: Form) -> Response:
    """A translation needs no other words: it counts as made from the English text that stood beside it."""
    try:
        async with room.writing() as connection:
            opened = await open_piece(room, connection)
            only_with_right(room, opened, "right")
            assert opened.published is not None
            if _is_changed(room, opened, form, opened.published.data):
                return await _show_changed(room, connection, opened, form)
            source = min(number(form, "source") or opened.source_revision, opened.source_revision)
            data = {**opened.published.data, "from_revision": source}
            about: dict[str, Any] = {"staff_id": room.me.id, "note": room.t.gettext("Still right"), "now": room.now}
            draft = await editing.save_draft(connection, opened.name, data, version=0, base=opened.current, **about)
            if room.frame.doors.settings.review:
                await editing.submit(connection, opened.name, version=draft.version, **about)
            else:
                await _publish(room, connection, opened, draft, note=draft.note, minor=True)
            await room.audit(connection, "answers.still_right", about=opened.about, source=source)
    except Collision:
        return _look_again(room)
    return room.back(opened.address, said="submitted" if room.frame.doors.settings.review else STILL_RIGHT)


@rooms.do("/{slug}/topic/remove", "answers.edit")
async def remove(room: Room, form: Form) -> Response:
    """Take a topic away in all languages, and out of the topics that lead to it. The history keeps it."""
    async with room.writing() as connection:
        opened = await open_piece(room, connection, TOPIC)
        only_with_right(room, opened, "remove")
        wrong = await _why_it_stays(room, connection, opened, one(form, "slug"))
        if wrong is not None:
            return await show_editor(room, connection, opened, refused=wrong, status=422)
        changes = views.without(opened.slug, opened.library)
        await editing.publish(connection, changes, staff_id=room.me.id, note=_note(form), minor=True, now=room.now)
        await room.audit(connection, "answers.remove", about=opened.about)
    return room.back(HOME, said="removed")


async def _why_it_stays(room: Room, connection: AsyncConnection, opened: Opened, typed: str) -> Unfit | None:
    changes = views.without(opened.slug, opened.library)
    if typed != opened.slug:
        return Unfit(msgid("Type {name} to take this topic away."), "slug", name=opened.slug)
    left = with_change(opened.library, {name: data for name, data in changes.items() if name[1] != opened.slug})
    if held := removal_faults("topic", opened.slug, "", left):
        where = ", ".join(fault.problem.partition(" leads to it")[0] for fault in held)
        return Unfit(msgid("This topic is still needed by: {where}. Change that first."), "slug", where=where)
    drafted = [draft.name for draft in await editing.drafts(connection) if draft.name in changes]
    if drafted:
        where = ", ".join(" ".join(name[1:]).strip() for name in drafted)
        return Unfit(
            msgid("There are drafts that would be lost: {where}. Publish or discard them first."), "slug", where=where
        )
    others = {name[1] for name in changes} - {opened.slug}
    if not all(room.writes(theme=opened.library.topics[slug].theme) for slug in others):
        return Unfit(
            msgid("Topics outside your themes lead to this one. Ask an administrator to take it away."), "slug"
        )
    return None


def _is_changed(room: Room, opened: Opened, form: Form, data: Data) -> bool:
    """Whether other words were typed than those that the step is about, which would be lost with it."""
    if ("body" not in form and "theme" not in form) or not rights_to(room, opened)["edit"]:
        return False
    return views.flat(opened.kind, typed_in(opened, form)) != views.flat(opened.kind, data)


async def _show_changed(room: Room, connection: AsyncConnection, opened: Opened, form: Form) -> Response:
    wrong = Unfit(msgid("You have changed it. Save it first, or open it again without your changes."))
    data = typed_in(opened, form)
    return await show_editor(room, connection, opened, data=data, form=form, refused=wrong, status=422)


type Step = Callable[[AsyncConnection, Opened, Data], Awaitable[Response]]


async def _written(room: Room, form: Form, right: str, step: Step) -> Response:
    """A step with what was typed, in one transaction; what does not fit is shown again with everything in it."""
    try:
        async with room.writing() as connection:
            opened = await open_piece(room, connection)
            only_with_right(room, opened, right)
            return await step(connection, opened, typed_in(opened, form))
    except Collision as clash:
        return await _conflict(room, form, clash)
    except Faulty as error:
        async with room.reading() as connection:
            opened, data = await open_piece(room, connection), error.data
            return await show_editor(room, connection, opened, data=data, form=form, found=error.found, status=422)
    except Unfit as error:
        async with room.reading() as connection:
            opened = await open_piece(room, connection)
            data = typed_text(opened, form) if opened.kind == "text" else views.topic_in(form, opened.library)[0]
            return await show_editor(room, connection, opened, data=data, form=form, refused=error, status=422)


class Faulty(Unfit):
    """What stands in the way of publishing what was typed."""

    def __init__(self, data: Data, found: list[Fault]) -> None:
        super().__init__()
        self.data, self.found = data, found


def _complete(opened: Opened, data: Data) -> None:
    if found := _all_faults(opened, data):
        raise Faulty(data, found)
    if opened.published is not None and normal(opened.kind, data) == normal(opened.kind, opened.published.data):
        raise Unfit(msgid("Nothing is different from what is published."))


def _all_faults(opened: Opened, data: Data) -> list[Fault]:
    """Of a new topic, both the text and what holds in all languages."""
    found = faults_of(opened, data)
    if opened.new and opened.kind == "text":
        wrong = faults("topic", opened.slug, "", opened.facts, opened.library)
        found += [Fault(f"topic.{each.field}", each.problem, each.remedy) for each in wrong]
    return found


def _is_minor(opened: Opened, data: Data, form: Form) -> bool | None:
    """Whether translations stay up to date; None: it has to be asked. Only a changed English text raises the question."""
    if opened.kind != "text" or opened.language != DEFAULT or opened.published is None:
        return False
    if not views.touches_translations(opened.published.data, data):
        return True
    return {"yes": True, "no": False}.get(one(form, "minor"))


async def _keep(room: Room, connection: AsyncConnection, opened: Opened, data: Data, form: Form) -> Draft:
    """Save it on top of exactly what the editor saw; Collision where somebody has saved or published meanwhile."""
    version, base = number(form, "version") or 0, number(form, "base")
    if version == opened.version and base != opened.current:
        raise Collision(opened.name, data, opened.published)
    if opened.kind == "topic" and not room.writes(theme=str(data.get("theme", ""))):
        raise Unfit(msgid("Your account keeps to other languages or themes."), "theme")
    about: dict[str, Any] = {"staff_id": room.me.id, "note": _note(form), "now": room.now}
    return await editing.save_draft(connection, opened.name, data, version=version, base=base, **about)


async def _publish(
    room: Room,
    connection: AsyncConnection,
    opened: Opened,
    draft: Draft,
    *,
    note: str,
    minor: bool,
    writer_id: int | None = None,
) -> None:
    """A new topic and its English text are published together, whichever of them was open."""
    drafts = [draft]
    if opened.new:
        other: Name = ("text", opened.slug, DEFAULT) if opened.kind == "topic" else ("topic", opened.slug, "")
        beside = await editing.draft(connection, other)
        if beside is None or faults(*other, beside.data, opened.library):
            raise Unfit(
                msgid("The topic and its English text are published together. One of them is not complete yet.")
            )
        drafts.append(beside)
    before = opened.published.data if opened.published else None
    if opened.new:
        before = await _last_english(connection, opened.slug)
        english = next(each.data for each in drafts if each.name[0] == "text")
        minor = before is not None and not views.touches_translations(before, english)
    changes: dict[Name, Data | None] = {
        each.name: next_revision(each.name[0], normal(each.name[0], each.data), before, minor=minor) for each in drafts
    }
    expect = {each.name: each.base for each in drafts}
    about: dict[str, Any] = {
        "staff_id": room.me.id,
        "writer_id": writer_id,
        "minor": minor,
        "note": note,
        "now": room.now,
    }
    await editing.publish(connection, changes, expect=expect, **about)


async def _last_english(connection: AsyncConnection, slug: str) -> Data | None:
    """Of a topic that was taken away: its translations were made from it, and are counted by its number."""
    told = await editing.history(connection, ("text", slug, DEFAULT))
    return next((each.data for each in told if each.data is not None), None)


def _note(form: Form) -> str:
    return one(form, "note")[:LONGEST_NOTE]


def _look_again(room: Room) -> Response:
    return room.back(f"{HOME}/{room.param('slug')}/{room.param('part')}", said=MEANWHILE)


# --- two editors at once ----------------------------------------------------------------------------------------------


async def _conflict(room: Room, form: Form, clash: Collision) -> Response:
    """Mine, theirs and what both began from; mine can be gone on with, on top of theirs."""
    theirs = clash.theirs
    if clash.name[2] != room.param("part") and (clash.name[0], room.param("part")) != ("topic", TOPIC):
        return _look_again(room)  # the other half of a new topic
    async with room.reading() as connection:
        opened = await open_piece(room, connection)
        base_id = number(form, "base")
        base = await editing.revision(connection, base_id) if base_id else None
        newest = await editing.history(connection, clash.name, 1)
    mine = clash.mine or typed_in(opened, form)
    who = theirs.staff_name if isinstance(theirs, Draft) else newest[0].staff_name if newest else None
    at = theirs.updated_at if isinstance(theirs, Draft) else newest[0].at if newest else room.now
    merged = views.merge(
        clash.name[0], base.data if base else None, mine, theirs.data if theirs else None, room.t.gettext
    )
    return room.page(
        "admin/answer_conflict.html",
        status=409,
        opened=opened,
        fields=merged,
        typed={name: values for name, values in form.items() if name not in ("version", "base", "csrf")},
        version=theirs.version if isinstance(theirs, Draft) else 0,
        base=opened.current,
        title=opened.title[0],
        title_language=opened.title[1],
        gone=theirs is None,
        published=isinstance(theirs, Published),
        who=who,
        at=at,
        home=HOME,
        LANGUAGES=LANGUAGES,
    )
