"""A reply as the messages that Telegram accepts: HTML, at most 4,096 characters each, buttons under the last.

Cutting comes before writing HTML, so no cut falls inside a tag or an entity; a style that runs over a cut is
closed before it and opened again after it.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.telegram.markup import BOLD, ITALIC, Block, Span, Style, to_blocks
from core.errors import ChannelError
from core.messages import Button, Reply
from i18n.names import said_by

# Telegram counts what is shown, in UTF-16 units: most emojis count two.
MAX_TEXT = 4096
# Telegram allows 64 bytes here; a longer payload only fails once pressed.
MAX_PAYLOAD_BYTES = 64
# Better a cut in mid-sentence than a message of three words.
MIN_PART = MAX_TEXT // 4

SENTENCE_END = re.compile(r"""(?:[.!?…।]["'»”’)\]]*\s+|\n)""")
SPACE = re.compile(r"\s+")
ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Part:
    """One Telegram message. `plain` is the same text without mark-up, should Telegram refuse the HTML."""

    html: str
    plain: str
    keyboard: InlineKeyboardMarkup | None = None


def to_parts(reply: Reply, message_id: int, *, lead: str = "") -> list[Part]:
    """The reply as one or more messages, `lead` in front; ChannelError if it holds what no message can carry."""
    blocks = _by_mentor(reply) if reply.said_by else _ours(reply)
    if lead and blocks:
        blocks[0] = replace(blocks[0], spans=(Span(lead), *blocks[0].spans))
    parts = [Part(to_html(spans), _text(spans)) for spans in cut(blocks)]
    if not parts:
        raise ChannelError(f"Reply {message_id} has nothing to show; give it a title or a text.")
    return [*parts[:-1], replace(parts[-1], keyboard=to_keyboard(reply, message_id))]


def shown_as(blocks: Sequence[Block], buttons: Sequence[Button] = (), *, in_a_row: int = 2) -> list[Part]:
    """Blocks as messages, with buttons under the last."""
    parts = [Part(to_html(spans), _text(spans)) for spans in cut(blocks)]
    made = [_to_button(button) for button in buttons]
    rows = [made[place : place + in_a_row] for place in range(0, len(made), in_a_row)]
    return [*parts[:-1], replace(parts[-1], keyboard=InlineKeyboardMarkup(rows))] if rows and parts else parts


def to_keyboard(reply: Reply, message_id: int) -> InlineKeyboardMarkup | None:
    rows = [[_to_button(button)] for button in reply.buttons]
    if reply.rate:
        thumbs = (Button("👍", f"rate:{message_id}:1"), Button("👎", f"rate:{message_id}:-1"))
        rows.append([_to_button(thumb) for thumb in thumbs])
    return InlineKeyboardMarkup(rows) if rows else None


def cut(blocks: Sequence[Block]) -> list[tuple[Span, ...]]:
    """The blocks in as few messages as they need: cut between blocks, else between sentences, words, characters."""
    parts: list[tuple[Span, ...]] = []
    current: tuple[Span, ...] = ()
    for block in blocks:
        longer = (*current, Span(block.gap), *block.spans) if current else block.spans
        if utf16_length(_text(longer)) <= MAX_TEXT:
            current = longer
            continue
        parts.append(current)
        *full, current = _pieces(block.spans)
        parts += full
    return [trimmed for part in (*parts, current) if (trimmed := _trim(part))]


def to_html(spans: Sequence[Span]) -> str:
    written: list[str] = []
    opened: tuple[Style, ...] = ()
    for span in (*spans, Span("")):
        kept = _shared(opened, span.styles)
        written += [f"</{style.tag}>" for style in reversed(opened[kept:])]
        written += [_opening(style) for style in span.styles[kept:]]
        written.append(html.escape(span.text, quote=False))
        opened = span.styles
    return "".join(written)


def utf16_length(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _ours(reply: Reply) -> list[Block]:
    title = " ".join(reply.title.split())
    return [
        *([Block((Span(title, (BOLD,)),))] if title else []),
        *to_blocks(reply.text),
        *(block.within(ITALIC) for block in to_blocks(reply.footer)),
    ]


def _by_mentor(reply: Reply) -> list[Block]:
    """Who writes, and below it what they wrote, never read as mark-up."""
    return [Block((Span(said_by(reply), (BOLD,)), Span(f"\n\n{reply.text}")))]


def _to_button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    size = len(button.payload.encode())
    if not 1 <= size <= MAX_PAYLOAD_BYTES:
        raise ChannelError(
            f"The button payload {button.payload[:20]!r}… has {size} bytes, Telegram takes 1 to {MAX_PAYLOAD_BYTES}; "
            "shorten the slug that it is made from."
        )
    return InlineKeyboardButton(button.label, callback_data=button.payload)


def _pieces(spans: Sequence[Span]) -> list[tuple[Span, ...]]:
    """One block in pieces that fit."""
    text, pieces, start = _text(spans), [], 0
    while utf16_length(text[start:]) > MAX_TEXT:
        end = start + _place_to_cut(text[start:])
        pieces.append(_slice(spans, start, end))
        start = end
    return [*pieces, _slice(spans, start, len(text))]


def _place_to_cut(text: str) -> int:
    """Where to cut a text that is too long: after a sentence, else after a word, else between two characters."""
    fits = _fitting(text)
    for pattern in (SENTENCE_END, SPACE):
        ends = [match.end() for match in pattern.finditer(text, 0, fits)]
        if ends and ends[-1] >= MIN_PART:
            return ends[-1]
    # Letters with their marks and joined emojis stay whole, unless somebody piles up marks without end.
    for place in range(fits, max(fits - 32, 0), -1):
        if not _joined(text[place - 1], text[place]):
            return place
    return fits


def _fitting(text: str) -> int:
    """How many characters of a text that is too long fit into one message."""
    units = 0
    for place, char in enumerate(text):
        units += 2 if char > "\uffff" else 1
        if units > MAX_TEXT:
            return place
    return len(text)


def _joined(before: str, after: str) -> bool:
    return ZERO_WIDTH_JOINER in (before, after) or unicodedata.category(after).startswith("M")


def _slice(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    taken, place = [], 0
    for span in spans:
        text = span.text[max(start - place, 0) : max(end - place, 0)]
        place += len(span.text)
        if text:
            taken.append(replace(span, text=text))
    return tuple(taken)


def _trim(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Without white space at the edges, which Telegram would take away itself."""
    text = _text(spans)
    return _slice(spans, len(text) - len(text.lstrip()), len(text.rstrip()))


def _text(spans: Sequence[Span]) -> str:
    return "".join(span.text for span in spans)


def _shared(some: Sequence[Style], others: Sequence[Style]) -> int:
    """How many styles both have in common, from the outermost on."""
    count = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _opening(style: Style) -> str:
    return f'<a href="{html.escape(style.url)}">' if style.url else f"<{style.tag}>"
