"""What a piece of a topic said before, who changed it and how; an older revision can be brought back."""

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from i18n.languages import LANGUAGES
from i18n.translator import msgid
from knowledge.editing import faults, next_revision
from store import editing
from store.editing import Collision, Data, Name, Published
from web.admin import answers_views as views
from web.admin.answers_editor import number
from web.admin.answers_steps import MEANWHILE
from web.admin.answers_views import HOME, TOPIC
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form

SHOWN = 50
BROUGHT_AS_DRAFT = "restored_as_draft"

says(BROUGHT_AS_DRAFT, msgid("The older text is a draft now. Send it to review, and a colleague publishes it."))

rooms = Rooms(prefix=HOME)


@rooms.see("/{slug}/{part}/history", "answers.read")
async def history(room: Room) -> Response:
    name = _name(room)
    async with room.reading() as connection:
        found = await editing.history(connection, name, SHOWN + 1)
        current = await editing.published(connection, name)
        draft = await editing.draft(connection, name)
        facts = await editing.published(connection, ("topic", name[1], ""))
    if not found and draft is None:
        room.gone()
    older = [*found[1:], None]
    translate = room.t.gettext
    steps = [
        (each, views.changes(name[0], before.data if before else None, each.data, translate) if each.data else [])
        for each, before in zip(found[:SHOWN], older)
    ]
    data = next((each.data for each in found if each.data), {})
    theme = str((facts.data if facts else data).get("theme", ""))
    title, title_language = await _title(room, name, data)
    restorable = facts is not None or name[0] == "topic"
    may_restore = room.may("answers.edit") and room.writes(language=name[2], theme=theme) and restorable and not draft
    return room.page(
        "admin/answer_history.html",
        name=name,
        part=room.param("part"),
        steps=steps,
        title=title,
        title_language=title_language,
        current=current,
        draft=draft,
        may_restore=may_restore,
        review=room.frame.doors.settings.review,
        home=HOME,
        LANGUAGES=LANGUAGES,
    )


@rooms.do("/{slug}/{part}/restore", "answers.edit")
async def restore(room: Room, form: Form) -> Response:
    """Publish an older revision again, as a new one; where a second person publishes, as a draft."""
    name = _name(room)
    address = f"{HOME}/{name[1]}/{room.param('part')}"
    try:
        async with room.writing() as connection:
            wanted = await editing.revision(connection, number(form, "revision") or 0)
            if wanted is None or wanted.name != name or wanted.data is None:
                room.gone()
            current = await editing.published(connection, name)
            if await editing.draft(connection, name):
                raise Unfit(msgid("There is a draft of this. Publish or discard it first, so that it isn't lost."))
            facts = current if name[0] == "topic" else await editing.published(connection, ("topic", name[1], ""))
            theme = str((facts.data if facts else wanted.data).get("theme", ""))
            if not room.writes(language=name[2], theme=theme):
                room.not_yours()
            if facts is None and name[0] != "topic":
                raise Unfit(msgid("The topic itself was taken away. Bring that back first: its texts come with it."))
            await _refuse_faults(room, name, wanted.data)
            changes = await _brought_back(connection, name, wanted.data, current)
            if not all(room.writes(language=language) for _, _, language in changes):
                room.not_yours()
            if room.frame.doors.settings.review:
                for each, data in changes.items():
                    await editing.save_draft(connection, each, data, version=0, staff_id=room.me.id, now=room.now)
            else:
                note = room.t.gettext("Brought back from the history")
                await editing.publish(connection, changes, staff_id=room.me.id, note=note, now=room.now)
            await room.audit(connection, "answers.restore", about=f"{name[0]}:{name[1]}/{name[2]}", revision=wanted.id)
    except Collision:
        return room.back(f"{address}/history", said=MEANWHILE)
    return room.back(address, said=BROUGHT_AS_DRAFT if room.frame.doors.settings.review else "restored")


async def _refuse_faults(room: Room, name: Name, data: Data) -> None:
    """What an old revision speaks of may be gone by now."""
    if found := faults(*name, data, await room.library()):
        problem = f"{found[0].problem} {found[0].remedy}"
        raise Unfit(msgid("This cannot be published as it was: {problem}"), problem=problem)
    return None


async def _brought_back(
    connection: AsyncConnection, name: Name, data: Data, current: Published | None
) -> dict[Name, Data]:
    before = current.data if current else None
    changes = {name: next_revision(name[0], data, before, minor=False)}
    if name[0] == "topic" and current is None:
        changes |= await _texts_that_went(connection, name[1])
    return changes


async def _texts_that_went(connection: AsyncConnection, slug: str) -> dict[Name, Data]:
    """The texts that were taken away with a topic, as they were then."""
    found: dict[Name, Data] = {}
    for code in LANGUAGES:
        last = await editing.history(connection, ("text", slug, code), 2)
        if len(last) == 2 and last[0].data is None and last[1].data is not None:
            found["text", slug, code] = last[1].data
    return found


def _name(room: Room) -> Name:
    slug, part = room.param("slug"), room.param("part")
    if part != TOPIC and part not in LANGUAGES:
        room.gone()
    return ("topic", slug, "") if part == TOPIC else ("text", slug, part)


async def _title(room: Room, name: Name, data: Data) -> tuple[str, str]:
    """The title that the piece had, else that of its topic, and the language that it is in."""
    if data.get("title"):
        return data["title"], name[2]
    library = await room.library()
    return views.titled(name[1], library, room.language)[1:] if name[1] in library.topics else (name[1], "en")
