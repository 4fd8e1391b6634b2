"""What travels between people and us: inbound messages, replies, buttons."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What arrived. Everything but TEXT, BUTTON and COMMAND is answered politely without understanding it."""

    TEXT = "text"
    BUTTON = "button"
    COMMAND = "command"
    PHOTO = "photo"
    VOICE = "voice"
    STICKER = "sticker"
    FILE = "file"
    LOCATION = "location"
    GROUP = "group"  # written in a group chat, which we explain and do not answer
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FileSent:
    """A file that came with a message. source: what the channel fetches it by; kind: its MIME type, as claimed."""

    source: str
    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """One update from a channel.

    update_id: unique within the channel; the same update arriving twice is stored once.
    text: what was written, the caption of a photo, or the command without its slash.
    payload: of the pressed button, at most 64 bytes.
    language_hint: what the channel says of the person's language (BCP 47), if anything.
    reference: how the channel will name this message when it is edited.
    edits: the reference of the message that this one is a newer version of.
    """

    channel: str
    address: str
    update_id: str
    kind: Kind
    received_at: datetime
    text: str = ""
    payload: str = ""
    language_hint: str | None = None
    reference: str | None = None
    edits: str | None = None
    file: FileSent | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A sentence to tap. `payload` comes back to us (at most 64 bytes), `url` opens a page."""

    label: str
    payload: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person, free of any channel's mark-up.

    title: what was understood; leads the card.
    text, footer: Markdown (paragraphs, bullets, bold, italics, links).
    rate: whether thumbs are shown; about: the slug of the topic that they are for.
    attach: the person's own data travels with it as a file (made at delivery, never stored).
    bulk: not an answer (a reminder, an announcement): goes after what somebody waits for, and is rather shown twice than lost.
    around: the language of the note in front, the footer and our own buttons, where the text is in another one.
    revisions: of the pieces of knowledge that an answer was made of, so that a wrong one can be corrected later.
    said_by: the mentor who wrote it; the text is then shown as it was written, never as Markdown. edited: a newer version.
    """

    text: str
    language: str
    title: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    rate: bool = False
    about: str = ""
    attach: bool = False
    around: str = ""
    bulk: bool = False
    said_by: str = ""
    edited: bool = False
    revisions: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        if not self.revisions:
            del data["revisions"]  # only what has some is found by them
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Reply":
        known = {name: data[name] for name in cls.__slots__ if name in data}
        buttons = tuple(Button(**button) for button in data["buttons"])
        return cls(**{**known, "buttons": buttons, "revisions": tuple(data.get("revisions", ()))})


MARKUP = re.compile(r"[\\`*_\[\]<>&]|^[#+=-]|^\d+[.)]")


def as_written(text: str) -> str:
    """What a person wrote, for the Markdown of a reply: shown as it was written, on one line, and never mark-up."""
    return MARKUP.sub(lambda mark: f"{mark[0][:-1]}\\{mark[0][-1]}", " ".join(text.split()))


def storable(text: str) -> str:
    """PostgreSQL keeps neither NUL nor half a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()
