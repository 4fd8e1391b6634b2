"""The door: what Telegram sends becomes one of our values, or nothing."""

import re
from dataclasses import dataclass
from datetime import datetime

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, PhotoSize, Update, User
from telegram.constants import ChatType
from telegram.ext.filters import StatusUpdate

from core.files import LARGEST
from core.messages import FileSent, Inbound, Kind

# Asked for by name: Telegram keeps everything else (reactions, polls, payments …) to itself.
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

# The first field that is present decides. A GIF is also a document, a venue also a location.
CONTENT = (
    ("photo", Kind.PHOTO),
    ("voice", Kind.VOICE),
    ("video_note", Kind.VOICE),
    ("sticker", Kind.STICKER),
    ("animation", Kind.STICKER),
    ("document", Kind.FILE),
    ("video", Kind.FILE),
    ("audio", Kind.FILE),
    ("location", Kind.LOCATION),
)
# "/mydata", "/start@VelkommenBot job-17"; "/etc/passwd" and "/ hello" are texts.
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person stopped the bot (or a group removed it): nobody can be reached at this address."""

    address: str


@dataclass(frozen=True, slots=True)
class Unblocked:
    """The address can be reached again."""

    address: str


type Arrival = Inbound | Blocked | Unblocked


def to_inbound(update: Update, received_at: datetime) -> Arrival | None:
    """What an update means to us; None for what nobody expects an answer to (a pinned message, a moving location).

    An Inbound's `update_id` is the update's own. `edits` is `message_reference` of the edited message, because an
    edit does not tell the update id that its message came with.
    """
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    if update.callback_query is not None:
        return _button(update, update.callback_query, received_at)
    message = update.effective_message
    if message is None or StatusUpdate.ALL.check_update(update):
        return None
    edited = update.edited_message is not None or update.edited_channel_post is not None
    if edited and message.location is not None:
        # A live location is "edited" every few seconds for as long as it is shared.
        return None
    kind, text = _content(message)
    private = message.chat.type == ChatType.PRIVATE
    return Inbound(
        channel="telegram",
        address=str(message.chat.id),
        update_id=str(update.update_id),
        kind=kind if private else Kind.GROUP,
        received_at=received_at,
        # What others write in a group is none of our business.
        text=text if private else "",
        language_hint=_language(message.from_user),
        reference=external_reference(update),
        edits=message_reference(message) if edited else None,
        file=_file(message, kind) if private and not edited else None,
    )


def message_reference(message: Message) -> str:
    """How a message is known for as long as its chat exists, through all its edits: "<chat id>:<message id>"."""
    return f"{message.chat.id}:{message.message_id}"


def external_reference(update: Update) -> str | None:
    """The `message_reference` of a new message: what later edits of it will point to."""
    return message_reference(update.message) if update.message else None


def _membership(change: ChatMemberUpdated) -> Arrival:
    address = str(change.chat.id)
    gone = change.new_chat_member.status in (ChatMember.BANNED, ChatMember.LEFT)
    return Blocked(address) if gone else Unblocked(address)


def _button(update: Update, query: CallbackQuery, received_at: datetime) -> Inbound | None:
    if query.data is None:
        return None
    chat = query.message.chat if query.message else None
    private = chat is None or chat.type == ChatType.PRIVATE
    return Inbound(
        channel="telegram",
        # A person's private chat has the person's own id.
        address=str(chat.id if chat else query.from_user.id),
        update_id=str(update.update_id),
        kind=Kind.BUTTON if private else Kind.GROUP,
        received_at=received_at,
        payload=query.data if private else "",
        language_hint=_language(query.from_user),
    )


def _content(message: Message) -> tuple[Kind, str]:
    if message.text is not None:
        command = COMMAND.fullmatch(message.text)
        if command is None:
            return Kind.TEXT, message.text
        name, argument = command.group(1).lower(), (command.group(2) or "").strip()
        return Kind.COMMAND, f"{name} {argument}".strip()
    # No more than the caption leaves this function: neither a phone number nor a position is kept.
    caption = message.caption or ""
    return next((kind for field, kind in CONTENT if getattr(message, field)), Kind.OTHER), caption


def _file(message: Message, kind: Kind) -> FileSent | None:
    """A photo in the largest size that we take, or a document; nothing else is ever fetched."""
    if kind is Kind.PHOTO:
        sizes = sorted(message.photo, key=_bytes)
        largest = next((size for size in reversed(sizes) if _bytes(size) <= LARGEST), sizes[0])
        return FileSent(largest.file_id, "photo.jpg", "image/jpeg", _bytes(largest))
    if kind is Kind.FILE and message.document is not None:
        sent = message.document
        return FileSent(sent.file_id, sent.file_name or "", sent.mime_type or "", sent.file_size or 0)
    return None


def _bytes(size: PhotoSize) -> int:
    return size.file_size or 0


def _language(person: User | None) -> str | None:
    return person.language_code if person else None
