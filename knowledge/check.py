"""What editors should look at: what is missing, outdated, due for review, unused, or hard to read."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from i18n.languages import DEFAULT, LANGUAGES
from knowledge import variants
from knowledge.files import Entry
from knowledge.library import Library
from knowledge.models import TopicText
from knowledge.readability import Readability, readability
from knowledge.render import REFERENCE

LONGEST_SENTENCE = 20  # words; the other six languages are told, not refused
HARDEST = 40  # LIX, measured where it was made for: Danish, and English
PLAIN = ("en", "da")
FEWEST, MOST = 45, 145  # words that one reader sees
BULLETS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """kind: missing, outdated, differs, hard (these fail a check); due, unused (these are for the calendar)."""

    kind: str
    where: str
    what: str

    @property
    def fails(self) -> bool:
        return self.kind not in ("due", "unused")

    def __str__(self) -> str:
        return f"{self.kind:9} {self.where}: {self.what}"


def findings(entries: Iterable[Entry], day: date, *, spoken_elsewhere: str = "") -> list[Finding]:
    """Over all that was read without an error. `spoken_elsewhere`: further text that may refer to figures."""
    library = Library.of(entries)
    return [
        *_topics(library, day),
        *_tasks(library),
        *_canned(library),
        *_figures(library, day, spoken_elsewhere),
    ]


def _topics(library: Library, day: date) -> Iterator[Finding]:
    for slug, topic in sorted(library.topics.items()):
        if day > topic.review_by:
            yield Finding("due", slug, f"was to be looked at by {topic.review_by}")
        source = library.texts[slug, DEFAULT]
        for language in LANGUAGES:
            text = library.texts.get((slug, language))
            where = f"{slug}/{language}"
            if text is None:
                yield Finding("missing", where, "is not written")
                continue
            if library.outdated(slug, language):
                yield Finding("outdated", where, f"made from revision {text.from_revision}, not {source.revision}")
            yield from (Finding("differs", where, what) for what in _differences(text, source, topic.near))
            yield from (Finding("hard", where, what) for what in hardships(text.body, language))


def _tasks(library: Library) -> Iterator[Finding]:
    for task in library.tasks:
        source = library.task_texts[task.id, DEFAULT]
        for language in LANGUAGES:
            text, where = library.task_texts.get((task.id, language)), f"{task.id}/{language}"
            if text is None:
                yield Finding("missing", where, "is not written")
                continue
            if (text.from_revision or 1) < (source.revision or 1):
                yield Finding("outdated", where, f"made from revision {text.from_revision}, not {source.revision}")
            if (text.legal is None) != (task.legal is None):
                yield Finding("differs", where, "a legal limit is told exactly where there is one")
            if _referred(text.details + text.why) != _referred(source.details + source.why):
                yield Finding("differs", where, "other figures than in English")
            if language in PLAIN and (longest := readability(f"{text.details}\n{text.why}").longest) > LONGEST_SENTENCE:
                yield Finding("hard", where, f"a sentence of {longest} words")
    for key in sorted({key for key, _ in library.documents}):
        for language in LANGUAGES:
            if (key, language) not in library.documents:
                yield Finding("missing", f"document {key}/{language}", "is not written")


def _canned(library: Library) -> Iterator[Finding]:
    for key in sorted({key for key, _ in library.canned}):
        source = library.canned.get((key, DEFAULT))
        for language in LANGUAGES:
            text, where = library.canned.get((key, language)), f"canned {key}/{language}"
            if text is None:
                yield Finding("missing", where, "is not written")
            elif source is not None and _referred(text.text) != _referred(source.text):
                yield Finding("differs", where, "other figures than in English")


def _differences(text: TopicText, source: TopicText, near: list[str]) -> Iterator[str]:
    """What a translation must share with its source, whatever its words."""
    if set(variants.marks(text.body)) != set(variants.marks(source.body)):
        yield "other readers are marked than in English"
    if lost := _referred(source.body) ^ _referred(text.body):
        yield f"other figures than in English: {', '.join(sorted(lost))}"
    if lacking := set(near) - text.near.keys():
        yield f"no question for its neighbours {', '.join(sorted(lacking))}"


def measured_for(body: str) -> Iterator[tuple[tuple[str, ...], Readability]]:
    """How long and how plain a text is, for each kind of reader (its marks) that the text distinguishes."""
    for marks in itertools.product(*(variants.DIMENSIONS[name] for name in variants.dimensions(body))):
        profile = dict(variants.MARKS[mark] for mark in marks)
        yield marks, readability(variants.fitted(body, profile, str))


def hardships(body: str, language: str) -> Iterator[str]:
    """Where a text is longer or harder than we promise, for each kind of reader that it distinguishes."""
    found: dict[str, None] = {}
    for marks, measured in measured_for(body):
        who = f" (for {', '.join(marks)})" if marks else ""
        if not FEWEST <= measured.words <= MOST:
            found[f"{measured.words} words{who}"] = None
        if measured.bullets > BULLETS:
            found[f"{measured.bullets} bullets{who}"] = None
        if language in PLAIN and measured.longest > LONGEST_SENTENCE:
            found[f"a sentence of {measured.longest} words"] = None
        if language in PLAIN and measured.lix > HARDEST:
            found[f"LIX {measured.lix:.0f}{who}"] = None
    yield from found


def _figures(library: Library, day: date, spoken_elsewhere: str) -> Iterator[Finding]:
    texts = [text.body for text in library.texts.values()]
    texts += [line for place in library.municipalities.values() for own in place.lines for line in own.text.values()]
    texts += [f"{text.details} {text.why} {text.legal}" for text in library.task_texts.values()]
    texts += [canned.text for canned in library.canned.values()]
    used = _referred("\n".join([*texts, *library.replies.values(), spoken_elsewhere]))
    for name, figure in sorted(library.figures.items()):
        if name not in used:
            yield Finding("unused", name, "no text speaks of this figure")
        elif day > figure.next_review:
            yield Finding("due", name, f"was to be looked at by {figure.next_review}")
        elif not figure.on(day)[1]:
            yield Finding("due", name, "has no value for today; the newest one is shown with its year")


def _referred(text: str) -> set[str]:
    return {match[1] for match in REFERENCE.finditer(text)}
