"""Telegram's HTML parse mode: what is shown, with which entities, and the words in which it refuses.

Follows what Telegram's own tests expect (tdlib, test/message_entities.cpp); offsets in refusals are in bytes of UTF-8,
those of entities in UTF-16 units.
"""

import re
from dataclasses import dataclass, field
from typing import Any

ENTITY_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
CHARACTER = re.compile(r"&(?:#(\d+)|#x([0-9a-fA-F]+)|(lt|gt|amp|quot));?")
SPACES = " \t\r\n\v\f\0"


class ParseRefusedError(Exception):
    """What Telegram says after "Bad Request: can't parse entities: "."""


@dataclass(frozen=True)
class Shown:
    text: str
    entities: list[dict[str, Any]]


@dataclass
class _Open:
    tag: str
    place: int
    url: str


@dataclass
class _Parser:
    source: str
    at: int = 0
    shown: list[str] = field(default_factory=list)
    units: int = 0
    opened: list[_Open] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)

    def parse(self) -> Shown:
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "<":
                self._tag()
            elif char == "&" and (found := CHARACTER.match(self.source, self.at)):
                self._show(_decoded(found))
                self.at = found.end()
            else:
                self._show(char)
                self.at += 1
        if self.opened:
            raise ParseRefusedError(f'Can\'t find end tag corresponding to start tag "{self.opened[-1].tag}"')
        return Shown("".join(self.shown), sorted(self.entities, key=lambda e: (e["offset"], -e["length"])))

    def _show(self, text: str) -> None:
        self.shown.append(text)
        self.units += utf16_length(text)

    def _tag(self) -> None:
        start = self.at
        self.at += 1
        if self._peek() == "/":
            self._end_tag(start)
        else:
            self._start_tag(start)

    def _end_tag(self, start: int) -> None:
        if not self.opened:
            raise ParseRefusedError(f"Unexpected end tag at byte offset {self._bytes(start)}")
        self.at += 1
        name = self._until(SPACES + ">")
        self._skip_spaces()
        if self._peek() != ">":
            raise ParseRefusedError(f"Unclosed end tag at byte offset {self._bytes(start)}")
        self.at += 1
        current = self.opened.pop()
        if name and name != current.tag:
            raise ParseRefusedError(
                f'Unmatched end tag at byte offset {self._bytes(start)}, expected "</{current.tag}>", found "</{name}>"'
            )
        if self.units > current.place and (current.tag != "a" or current.url.startswith(("http", "tg:"))):
            entity = {
                "type": ENTITY_TYPES[current.tag],
                "offset": current.place,
                "length": self.units - current.place,
            }
            self.entities.append({**entity, "url": current.url} if current.tag == "a" else entity)

    def _start_tag(self, start: int) -> None:
        name = self._until(SPACES + ">").lower()
        if self.at >= len(self.source):
            raise ParseRefusedError(f"Unclosed start tag at byte offset {self._bytes(start)}")
        if name not in ENTITY_TYPES:
            raise ParseRefusedError(f'Unsupported start tag "{name}" at byte offset {self._bytes(start)}')
        attributes = self._attributes(name, start)
        url = attributes.get("href", "")
        self.opened.append(_Open(name, self.units, url))

    def _attributes(self, tag: str, start: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self._skip_spaces()
            if self._peek() == ">":
                self.at += 1
                return attributes
            name = self._until(SPACES + "=")
            if not name:
                raise ParseRefusedError(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(start)}')
            self._skip_spaces()
            if self._peek() != "=":
                raise ParseRefusedError(
                    f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                    f"at byte offset {self._bytes(start)}"
                )
            self.at += 1
            self._skip_spaces()
            if self.at >= len(self.source):
                raise ParseRefusedError(f'Unclosed start tag "{tag}" at byte offset {self._bytes(start)}')
            attributes[name.lower()] = self._value(start)

    def _value(self, start: int) -> str:
        if self._peek() in "'\"":
            end = self.source.find(self._peek(), self.at + 1)
            if end < 0:
                raise ParseRefusedError(f"Unclosed start tag at byte offset {self._bytes(start)}")
            raw, self.at = self.source[self.at + 1 : end], end + 1
            return CHARACTER.sub(_decoded, raw)
        began = self.at
        while self._peek().isascii() and (self._peek().isalnum() or self._peek() in (".", "-")):
            self.at += 1
        if self._peek() not in (*SPACES, ">"):
            raise ParseRefusedError(f"Unexpected end of name token at byte offset {self._bytes(began)}")
        return self.source[began : self.at].lower()

    def _peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def _until(self, stops: str) -> str:
        began = self.at
        while self.at < len(self.source) and self.source[self.at] not in stops:
            self.at += 1
        return self.source[began : self.at]

    def _skip_spaces(self) -> None:
        while self._peek() and self._peek() in SPACES:
            self.at += 1

    def _bytes(self, place: int) -> int:
        return len(self.source[:place].encode())


def parse_html(source: str) -> Shown:
    """What Telegram shows for this HTML; ParseRefusedError in its own words if it refuses."""
    return _Parser(source).parse()


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _decoded(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if 0 < number < 0x10FFFF else found.group()
