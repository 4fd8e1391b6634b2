"""Where a figure appears: every text that speaks of it, in every language, sentence by sentence. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from i18n.languages import LANGUAGES
from knowledge.library import Library
from knowledge.models import Figure
from knowledge.readability import LINK
from knowledge.render import REFERENCE, fill
from knowledge.variants import MARKED

EMPHASIS = re.compile(r"\*+")
BULLET = re.compile(r"^(?:[-*]|\d+[.)]) +")
# A full stop ends a sentence where the next one begins in capitals, or in a script that has none: "f.eks. {fee}" goes on.
END = re.compile(r"(?<=[.!?…।])\s+(?=[^\W\d_a-zà-öø-ÿа-яіїєґšžčćłńśźżăâîșț])")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the knowledge in one language. topics: those whose answers it is part of."""

    kind: str
    key: str
    language: str
    text: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A sentence that speaks of a figure, as it is written: with its references still in it."""

    kind: str
    key: str
    language: str
    sentence: str
    topics: tuple[str, ...] = ()


def texts(library: Library) -> Iterator[Text]:
    """All that may speak of figures, each piece once."""
    for (slug, language), text in library.texts.items():
        yield Text("text", slug, language, text.body, (slug,))
    for (task, language), written in library.task_texts.items():
        whole = "\n".join(filter(None, (written.details, written.why, written.legal)))
        topic = library.by_id[task].topic if task in library.by_id else None
        yield Text("task_text", task, language, whole, (topic,) if topic else ())
    for (key, language), reply in library.replies.items():
        yield Text("reply", key, language, reply)
    for (key, language), canned in library.canned.items():
        yield Text("canned", key, language, canned.text)
    for (key, language), document in library.documents.items():
        yield Text("document", key, language, document)
    for kommune, place in library.municipalities.items():
        for line in place.lines:
            for language, said in line.text.items():
                yield Text("municipality", kommune, language, said, tuple(line.topics))
    for category in library.danger.categories:
        for language, answer in category.texts.items():
            yield Text("danger", category.name, language, answer, (category.topic,) if category.topic else ())


def uses(library: Library, figure: str) -> list[Use]:
    """Every sentence that speaks of a figure; topics first, and each piece in the order of our languages."""
    found = [
        Use(piece.kind, piece.key, piece.language, sentence, piece.topics)
        for piece in texts(library)
        if f"{{{figure}" in piece.text
        for sentence in sentences(piece.text)
        if figure in referred(sentence)
    ]
    order = {language: place for place, language in enumerate(LANGUAGES)}
    kinds = {kind: place for place, kind in enumerate(("text", "task_text", "municipality", "danger"))}
    return sorted(
        found, key=lambda use: (kinds.get(use.kind, len(kinds)), use.kind, use.key, order.get(use.language, 99))
    )


def pieces(library: Library) -> Mapping[str, frozenset[tuple[str, str]]]:
    """By figure the pieces that speak of it in any language; a figure that nothing speaks of is not in it."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for piece in texts(library):
        for figure in referred(piece.text):
            found[figure].add((piece.kind, piece.key))
    return {figure: frozenset(names) for figure, names in found.items()}


def themes(library: Library) -> Mapping[str, frozenset[str]]:
    """By figure the themes of the topics whose answers speak of it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for piece in texts(library):
        own = {library.topics[slug].theme for slug in library.known(piece.topics)}
        for figure in referred(piece.text) if own else ():
            found[figure] |= own
    return {figure: frozenset(names) for figure, names in found.items()}


def referred(text: str) -> set[str]:
    """The figures that a text speaks of."""
    return {match[1] for match in REFERENCE.finditer(text)} if "{" in text else set()


def sentences(text: str) -> list[str]:
    """The sentences of a text without its marks: bullets, for whom a line is, italics, addresses of links."""
    lines = (MARKED.sub(lambda line: line["text"], line.strip()) for line in _whole(text).split("\n"))
    plain = (EMPHASIS.sub("", LINK.sub(r"\1", BULLET.sub("", line))) for line in lines)
    return [sentence for line in plain for sentence in END.split(line) if sentence]


def _whole(text: str) -> str:
    """With its sentences in one line each: a line that goes on with the next one is broken for the eye only."""
    return re.sub(r"(?<=[^\n])\n(?=[^\n\-*@\d#])", " ", text)


def reading(sentence: str, figures: Mapping[str, Figure], *, language: str, day: date) -> str:
    """A sentence as it will be told on a day."""
    return fill(sentence, figures, language=language, day=day).text


def new_year(today: date) -> tuple[date, date]:
    """The two days between which most amounts change."""
    return date(today.year, 12, 31), date(today.year + 1, 1, 1)
