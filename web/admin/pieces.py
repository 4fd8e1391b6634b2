"""The steps that a piece of knowledge goes through: drafted, looked at by somebody else, published, brought back."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from i18n.translator import msgid
from knowledge import diff
from store import editing
from store.editing import Collision, Data, Draft, Name, Published, Revision
from web.admin.room import Room, Unfit, says

# What YAML, and so the exported files, cannot hold.
UNSEEN = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

type Step = Literal["draft", "submit", "publish"]

SAID: dict[Step, str] = {"draft": "saved", "submit": "submitted", "publish": "published"}
REVIEW_FIRST = msgid("Here somebody else looks at a text before it is published. Send it to review.")
OWN = msgid("You wrote this yourself, so somebody else has to publish it.")
NOT_WAITING = msgid("This does not wait for review any more. Look at it as it is now.")
DRAFT_FIRST = msgid("There is a draft already. Publish or discard it first, so that it is not lost.")
LIMITED = msgid("Your account keeps to other languages or themes.")
says("drafted_again", msgid("The earlier text is the draft now. Publish it to bring it back."))


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing as it stands: what everybody is told, and what is being written."""

    name: Name
    published: Published | None = None
    draft: Draft | None = None
    outdated: bool = False

    @property
    def data(self) -> Data:
        """What an editor goes on with."""
        found = self.draft or self.published
        return found.data if found else {}

    @property
    def told(self) -> Data | None:
        """What everybody is told."""
        return self.published.data if self.published else None

    @property
    def state(self) -> str:
        if self.draft:
            return self.draft.state
        if self.published is None:
            return "missing"
        return "outdated" if self.outdated else "published"

    @property
    def version(self) -> int:
        return self.draft.version if self.draft else 0

    @property
    def current(self) -> int | None:
        return self.published.revision if self.published else None

    @property
    def base(self) -> int | None:
        """What an editor goes on from: an import publishes beside a draft, which then is as old as it was."""
        return self.draft.base if self.draft else self.current


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form wants a piece to be. version, base: of the draft and the published text that its writer saw.

    touched: whether it was changed at all; a draft that only goes on to review stays its writer's.
    """

    name: Name
    data: Data
    version: int
    base: int | None
    touched: bool = True


async def look(connection: AsyncConnection, name: Name) -> Piece:
    return Piece(name, await editing.published(connection, name), await editing.draft(connection, name))


def needs_another(room: Room) -> bool:
    """Whether what one person wrote is published by another."""
    return room.frame.doors.settings.review


async def put(
    room: Room,
    connection: AsyncConnection,
    wanted: Sequence[Wanted],
    step: Step,
    *,
    minor: bool = False,
    note: str = "",
) -> None:
    """Keep what was written, and take the step; Collision where somebody else was quicker."""
    if step == "publish" and needs_another(room):
        raise Unfit(REVIEW_FIRST)
    room.settles = room.settles or step == "publish"
    about: dict[str, Any] = {"staff_id": room.me.id, "note": note, "now": room.now}
    for each in wanted:
        version = each.version
        now = await look(connection, each.name)
        if step != "draft" and each.base != now.current:
            raise Collision(each.name, each.data, now.published)
        if each.touched or not version or each.base != now.base:
            writer = room.me.id if each.touched or now.draft is None else now.draft.staff_id
            kept = await editing.save_draft(
                connection, each.name, each.data, version=version, base=each.base, minor=minor,
                **{**about, "staff_id": writer},
            )  # fmt: skip
            version = kept.version
        if step == "submit":
            await editing.submit(connection, each.name, version=version, **about)
        if step != "publish":
            await room.audit(connection, f"{_area(each.name)}.{step}", about=called(each.name))
    if step == "publish":
        expect = {each.name: each.base for each in wanted}
        changes: dict[Name, Data | None] = {each.name: each.data for each in wanted}
        numbers = await editing.publish(connection, changes, minor=minor, expect=expect, **about)
        for name, number in numbers.items():
            await room.audit(connection, f"{_area(name)}.publish", about=called(name), revision=number)


def waits_for_me(room: Room, draft: Draft | None) -> bool:
    """Whether this colleague may publish what somebody else wrote, or send it back."""
    return bool(draft and draft.state == "in_review" and room.may("answers.review") and not draft.wrote(room.me.id))


async def approve(room: Room, connection: AsyncConnection, piece: Piece, *, version: int) -> None:
    draft = waiting(room, piece, version)
    room.settles = True
    # Nobody can save anything else from here on, so that nothing but what was looked at is published.
    await editing.discard(connection, piece.name, version=version)
    numbers = await editing.publish(
        connection,
        {piece.name: draft.data},
        staff_id=room.me.id,
        writer_id=draft.staff_id,
        minor=draft.minor,
        note=draft.note,
        now=room.now,
        expect={piece.name: draft.base},
    )
    for name, number in numbers.items():
        await room.audit(connection, f"{_area(name)}.approve", about=called(name), revision=number)


async def send_back(room: Room, connection: AsyncConnection, piece: Piece, *, version: int, note: str) -> None:
    waiting(room, piece, version)
    about: dict[str, Any] = {"staff_id": room.me.id, "note": note, "now": room.now}
    await editing.send_back(connection, piece.name, version=version, **about)
    await room.audit(connection, f"{_area(piece.name)}.send_back", about=called(piece.name))


def waiting(room: Room, piece: Piece, version: int) -> Draft:
    """The draft that waits for this colleague, as they saw it."""
    draft = piece.draft
    if draft is None or draft.state != "in_review" or draft.version != version:
        raise Unfit(NOT_WAITING)
    if draft.wrote(room.me.id):
        raise Unfit(OWN)
    return draft


async def discard(room: Room, connection: AsyncConnection, name: Name, *, version: int) -> None:
    await editing.discard(connection, name, version=version)
    await room.audit(connection, f"{_area(name)}.discard", about=called(name))


async def bring_back(room: Room, connection: AsyncConnection, number: int, fits: Callable[[Name], bool]) -> Name:
    """Make an earlier text the draft; its name."""
    revision = await editing.revision(connection, number)
    if revision is None or revision.data is None or not fits(revision.name):
        room.gone()
    piece = await look(connection, revision.name)
    if piece.draft:
        raise Unfit(DRAFT_FIRST)
    try:
        await put(room, connection, [Wanted(piece.name, revision.data, 0, piece.base)], "draft")
    except Collision as error:
        raise Unfit(DRAFT_FIRST) from error
    return revision.name


def called(name: Name) -> str:
    kind, key, language = name
    return f"{kind}:{key}:{language}" if language else f"{kind}:{key}"


AREAS = {
    "municipality": "municipalities", "danger": "danger", "desk": "hours", "figure": "figures", "task": "checklists",
    "task_text": "checklists",
}  # fmt: skip


def _area(name: Name) -> str:
    return AREAS.get(name[0], "texts")


def number_of(written: str) -> int | None:
    """A whole number of a hidden field."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None


def clean(text: str) -> str:
    """Without what cannot be seen, and blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in UNSEEN.sub("", text).split("\n")).strip()


def hashed(data: Mapping[str, Any]) -> str:
    """Tells whether a form holds something else than it was shown with."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


# --- history ----------------------------------------------------------------------------------------------------------

type Flat = Mapping[str, str]


def flat(data: Any, at: str = "") -> dict[str, str]:
    """Every text of a piece by where it stands: `lines.0.text.pl`."""
    if isinstance(data, dict):
        return {name: text for key, value in data.items() for name, text in flat(value, f"{at}.{key}").items()}
    if isinstance(data, list):
        if all(isinstance(each, str) for each in data):
            return {at.lstrip("."): "\n".join(data)}
        return {name: text for place, value in enumerate(data) for name, text in flat(value, f"{at}.{place}").items()}
    return {at.lstrip("."): str(data) if data not in (None, "") else ""}


def differences(older: Flat, newer: Flat) -> list[tuple[str, list[diff.Piece]]]:
    """What changed, by where it stands."""
    names = [name for name in {**older, **newer} if older.get(name, "") != newer.get(name, "")]
    return [(name, diff.pieces(older.get(name, ""), newer.get(name, ""))) for name in names]


def versions(
    found: Sequence[Revision], flatten: Callable[[Data], Flat] = flat
) -> Iterable[tuple[Revision, list[tuple[str, list[diff.Piece]]]]]:
    """Each revision with what it changed; the oldest with nothing, as what was before is not known."""
    for place, revision in enumerate(found):
        before = found[place + 1].data if place + 1 < len(found) else revision.data
        yield revision, differences(flatten(before or {}), flatten(revision.data or {}))


async def history_page(
    room: Room,
    name: Name,
    *,
    heading: str,
    back: str,
    restore: str = "",
    flatten: Callable[[Data], Flat] = flat,
    status: int = 200,
    most: int = 50,
    **values: Any,
) -> Response:
    """restore: where to send the number of a revision to bring it back; empty for whoever may not."""
    async with room.reading() as connection:
        found = await editing.history(connection, name, most)
    if not found:
        room.gone()
    shown = list(versions(found, flatten))
    return room.page(
        "admin/text_history.html",
        status=status,
        heading=heading,
        back=back,
        restore=restore,
        versions=shown,
        text_language=name[2],
        **values,
    )
