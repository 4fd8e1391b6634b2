"""Markdown of replies → safe HTML, and messages → what the page's script shows."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from core.messages import Button, Kind, Reply
from i18n.names import said_by
from store.transcript import Replied, Written

TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "br", "blockquote", "code", "h3"}
SCHEMES = {"http", "https", "mailto", "tel"}
LONGEST_TERM = 5  # words
DANGER = "⚠"  # what a reply begins with that cannot wait
INVITED = "invited:"  # a button on another page of ours
GAP = "[ \u00a0\u202f]"
# Numbers as `i18n.format` writes those of knowledge/figures.yml (a test goes through them): with a country code, eight
# digits in pairs, or one of the short ones. Not what goes on as an amount, a date, a paragraph or another number.
PHONE_NUMBER = re.compile(
    rf"(?<![\w.,:/§€$–-])(?<!\d{GAP})(?<![§€$]{GAP})(?<!kr{GAP})(?<!kr\.{GAP})(?<!dkk{GAP})(?:"
    rf"\+\d{{2}}(?:{GAP}?\d{{2,4}}){{2,6}}|\d{{2}}(?:{GAP}\d{{2}}){{3}}|11[24]|181[38])"
    rf"(?![\w%/–-]|[.,:]\d|{GAP}\d|\u00a0|{GAP}?(?:kr|dkk|eur|usd|[%‰€$°]))",
    flags=re.IGNORECASE,
)
# A web address as far as it goes: never with what turns the direction of writing, which could hide where it leads.
ADDRESS = re.compile(r"https?://[^\s<>\"“”„«»\u200e\u200f\u202a-\u202e\u2066-\u2069]+", flags=re.IGNORECASE)
AFTER_ADDRESS = ".,;:!?…'’*_~`"
BRACKETS = {")": "(", "]": "[", "}": "{"}


def html(markdown: str) -> str:
    """Markdown as safe HTML. A few words in italics are a Danish term, and marked so for the reading voice."""
    return nh3.clean(
        _MARKDOWN.render(markdown),
        tags=TAGS,
        attributes={"a": {"href", "target"}, "ol": {"start"}, "em": {"lang"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
        url_relative="deny",
    ).strip()


def reply_view(reply: Reply, *, id_: int, at: datetime, rated: int | None = None) -> dict[str, Any]:
    return {
        "type": "reply",
        "id": id_,
        "at": at.isoformat(),
        "language": reply.language,
        "title": reply.title,
        "around": reply.around or reply.language,
        "said": said_by(reply) if reply.said_by else "",
        "edited": reply.edited,
        "danger": not reply.said_by and reply.text.startswith(DANGER),
        "html": _text_html(reply),
        "footer": html(reply.footer) if reply.footer else "",
        "buttons": [button_view(button) for button in reply.buttons if button.payload or _safe(button.url)],
        "rate": reply.rate,
        "rated": rated,
        "attach": reply.attach,
    }


def written_html(text: str) -> str:
    """What a mentor wrote, to the letter: nothing in it is mark-up. A bare web address can be followed."""
    pieces: list[str] = []
    end = 0
    for found in ADDRESS.finditer(text):
        address = _bare(found.group())
        if not _leads_somewhere(address):
            continue
        link = f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(address)}</a>'
        pieces += [escape(text[end : found.start()]), link]
        end = found.start() + len(address)
    return f"<p>{''.join(pieces)}{escape(text[end:])}</p>"


def _bare(address: str) -> str:
    """Without the punctuation of the sentence around it; a closing bracket belongs to it if its opening one does."""
    while address:
        last = address[-1]
        closes = last in BRACKETS and address.count(last) > address.count(BRACKETS[last])
        if not closes and last not in AFTER_ADDRESS:
            break
        address = address[:-1]
    return address


def _leads_somewhere(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _text_html(reply: Reply) -> str:
    """The text; a note in front of it, in the person's language, is marked as such."""
    if reply.said_by:
        return written_html(reply.text)
    note, gap, text = reply.text.partition("\n\n")
    if not (reply.around and gap):
        return html(reply.text)
    return f'<div lang="{escape(reply.around)}">{html(note)}</div>\n{html(text)}'


def replied_view(message: Replied) -> dict[str, Any]:
    return reply_view(Reply.from_json(message.body), id_=message.id, at=message.at, rated=message.rated)


def button_view(button: Button) -> dict[str, str]:
    return {"label": button.label, "payload": button.payload, "url": button.url if _safe(button.url) else ""}


def transcript_view(messages: Iterable[Written | Replied], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Messages for the page, oldest first; a pressed button reads as it did when it was pressed."""
    known = dict(labels)
    views: list[dict[str, Any]] = []
    for message in messages:
        match message:
            case Replied(body=body):
                known |= {button["payload"]: button["label"] for button in body["buttons"] if button["payload"]}
                views.append(replied_view(message))
            case Written():
                views.append(_written_view(message, known))
    return views


def _written_view(message: Written, labels: Mapping[str, str]) -> dict[str, Any]:
    text = message.text
    if message.kind is Kind.BUTTON:
        pressed = INVITED if message.payload.startswith(INVITED) else message.payload
        text = labels.get(pressed) or text or None
    elif message.kind is Kind.COMMAND and text is not None:
        text = f"/{text}"
    client_id = message.update_id.rpartition(":")[2]
    files = list(message.files)
    return {"type": "own", "id": client_id, "at": message.at.isoformat(), "text": text or None, "files": files}


def _safe(url: str) -> bool:
    return urlsplit(url).scheme in SCHEMES


def _open_beside(state: StateCore) -> None:
    """A page opens beside the chat; a telephone number does not."""
    for block in state.tokens:
        for token in block.children or []:
            if token.type == "link_open" and not str(token.attrs["href"]).startswith("tel:"):
                token.attrs["target"] = "_blank"


def _link_phone_numbers(state: StateCore) -> None:
    """A telephone number can be tapped, as long as it does not stand in a link already."""
    for block in state.tokens:
        depth = 0
        children: list[Token] = []
        for token in block.children or []:
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            children += [token] if depth or token.type != "text" else _with_numbers(token)
        if block.children:
            block.children = children


def _mark_danish_terms(state: StateCore) -> None:
    """What stands in italics is what an office will say; a whole sentence in italics is only emphasised."""
    for block in state.tokens:
        children = block.children or []
        for opening, inner, closing in zip(children, children[1:], children[2:], strict=False):
            italics = (opening.type, inner.type, closing.type) == ("em_open", "text", "em_close")
            if italics and len(inner.content.split()) <= LONGEST_TERM:
                opening.attrs["lang"] = "da"


def _with_numbers(token: Token) -> list[Token]:
    pieces: list[Token] = []
    end = 0
    for number in PHONE_NUMBER.finditer(token.content):
        pieces.append(_text(token.content[end : number.start()]))
        link = "tel:" + re.sub(r"[^+\d]", "", number.group())
        pieces.append(Token("link_open", "a", 1, attrs={"href": link}))
        pieces += [_text(number.group()), Token("link_close", "a", -1)]
        end = number.end()
    return [*pieces, _text(token.content[end:])] if pieces else [token]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "code", "fence", "html_block"])
_MARKDOWN.core.ruler.push("danish_terms", _mark_danish_terms)
_MARKDOWN.core.ruler.push("phone_numbers", _link_phone_numbers)
_MARKDOWN.core.ruler.push("open_beside", _open_beside)
