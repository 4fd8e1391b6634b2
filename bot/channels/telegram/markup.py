"""Our Markdown as blocks of styled spans: what a Telegram message can show, before it is cut and written as HTML."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Telegram shows a link to anywhere else as plain text.
LINKED = ("http://", "https://", "tg://")
# These tell something when shown: [Call us](tel:+4570101010) becomes "Call us (+4570101010)".
SPOKEN = ("tel:", "mailto:")

BULLET, INDENT, RULE = "• ", "   ", "———"
MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Style:
    """One of Telegram's tags: b, i, code, pre, or a with its address."""

    tag: str
    url: str = ""


BOLD, ITALIC, CODE, CODE_BLOCK = Style("b"), Style("i"), Style("code"), Style("pre")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text, with its styles from the outermost to the innermost."""

    text: str
    styles: tuple[Style, ...] = ()

    def within(self, style: Style) -> "Span":
        """The span inside one more style; code stays bare, because Telegram allows nothing around it."""
        if CODE in self.styles or CODE_BLOCK in self.styles:
            return self
        return Span(self.text, (style, *(own for own in self.styles if own != style)))


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a bullet, and what separates it from the block before."""

    spans: tuple[Span, ...]
    gap: str = "\n\n"

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    def within(self, style: Style) -> "Block":
        return Block(tuple(span.within(style) for span in self.spans), self.gap)


def to_blocks(markdown: str) -> list[Block]:
    """What a text shows, block by block. Headings become bold, rules a dash; HTML is text like any other."""
    reader = _Reader()
    for token in MARKDOWN.parse(markdown):
        reader.read(token)
    return [block for block in reader.blocks if block.text.strip()]


@dataclass(slots=True)
class _List:
    """A list being read. `number` is that of the next item; None for bullets."""

    number: int | None
    begun: bool = False

    def marker(self) -> str:
        if self.number is None:
            return BULLET
        self.number += 1
        return f"{self.number - 1}. "


@dataclass(slots=True)
class _Reader:
    blocks: list[Block] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    marker: str = ""
    heading: bool = False

    def read(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(_List(None))
            case "ordered_list_open":
                self.lists.append(_List(int(token.attrs.get("start", 1))))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.marker = self.lists[-1].marker()
            case "heading_open" | "heading_close":
                self.heading = token.nesting == 1
            case "inline":
                self._add(_spans(token.children or []))
            case "fence" | "code_block":
                self._add([Span(token.content.rstrip("\n"), (CODE_BLOCK,))])
            case "hr":
                self._add([Span(RULE)])

    def _add(self, spans: list[Span]) -> None:
        lead, gap = "", "\n\n"
        if self.lists:
            lead = INDENT * (len(self.lists) - 1) + (self.marker or INDENT)
            # The items of a list stand close together; the list as a whole stands apart.
            gap = "\n" if any(entered.begun for entered in self.lists) else "\n\n"
            for entered in self.lists:
                entered.begun = True
        self.marker = ""
        block = Block((Span(lead), *spans) if lead else tuple(spans), gap)
        self.blocks.append(block.within(BOLD) if self.heading else block)


def _spans(tokens: list[Token]) -> list[Span]:
    spans: list[Span] = []
    styles: list[Style] = []
    link_began = 0
    for token in tokens:
        match token.type:
            case "strong_open":
                styles.append(BOLD)
            case "em_open":
                styles.append(ITALIC)
            case "link_open":
                styles.append(Style("a", str(token.attrs["href"])))
                link_began = len(spans)
            case "link_close":
                spans += _spoken(styles.pop().url, "".join(span.text for span in spans[link_began:]))
            case "strong_close" | "em_close":
                styles.pop()
            case "code_inline":
                spans.append(Span(token.content, (CODE,)))
            case "image":
                spans.append(Span("".join(span.text for span in _spans(token.children or [])), _shown(styles)))
            case "softbreak":
                spans.append(Span(" ", _shown(styles)))
            case "hardbreak":
                spans.append(Span("\n", _shown(styles)))
            case _:
                spans.append(Span(token.content, _shown(styles)))
    return spans


def _shown(styles: list[Style]) -> tuple[Style, ...]:
    """Each style once, and only links that Telegram shows as links."""
    return tuple(dict.fromkeys(s for s in styles if s.tag != "a" or s.url.lower().startswith(LINKED)))


def _spoken(url: str, label: str) -> Iterator[Span]:
    scheme = next((scheme for scheme in SPOKEN if url.lower().startswith(scheme)), None)
    if scheme is not None and url[len(scheme) :] not in label:
        yield Span(f" ({url[len(scheme) :]})")
