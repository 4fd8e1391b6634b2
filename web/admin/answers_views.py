"""What the pages about answers show, and what their forms say: from plain values to plain values."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, get_args

from i18n.languages import DEFAULT, LANGUAGES, fold
from i18n.translator import msgid
from knowledge import diff, variants
from knowledge.check import BULLETS, FEWEST, HARDEST, LONGEST_SENTENCE, MOST, PLAIN, measured_for
from knowledge.library import Library
from knowledge.models import Source, Theme, Topic, TopicText
from knowledge.render import REFERENCE
from store.editing import Data, Draft, Name
from web.bodies import Form, one
from web.inbox_views import THEMES

HOME = "/admin/answers"
TOPIC = "topic"  # in an address beside the languages: what holds in all of them
STATES = ("missing", "draft", "in_review", "published", "outdated")
LONGEST_TITLE = 80
MOST_RELATED = 4
EMPTY_ROWS = 2  # rows of a form that are left open for more
LABELS = {
    "title": msgid("Title"),
    "body": msgid("Answer"),
    "near": msgid("Question that tells it from a neighbour"),
    "questions": msgid("Example questions"),
    "more": msgid("More words to search by"),
    "theme": msgid("Theme"),
    "audience": msgid("Written for"),
    "related": msgid("Topics offered below the answer"),
    "neighbours": msgid("Topics that it is mixed up with"),
    "handover": msgid("A mentor is offered with it"),
    "sources": msgid("Sources"),
    "as_of": msgid("Confirmed on"),
    "review_by": msgid("Look at it again by"),
    "caution": msgid("Note for editors"),
    "revision": msgid("Revision"),
}
WORDS_SHOWN = ("title", "body", "near")  # what a translation has to follow

type Translate = Callable[[str], str]


def theme_names(translate: Translate) -> dict[str, str]:
    return {theme: translate(THEMES.get(theme, theme)) for theme in get_args(Theme)}


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One topic. language: of the title. facts: the state of its draft of what holds in all languages; empty without."""

    slug: str
    title: str
    language: str
    theme: str
    review_by: date | None
    due: bool
    states: Mapping[str, str]
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    words: str = ""
    theme: str = ""
    language: str = ""
    state: str = ""
    due: bool = False

    def address(self, **changes: Any) -> dict[str, str]:
        """As it stands in the address; what filters nothing is left out."""
        wanted = replace(self, **changes)
        told = {"q": wanted.words, "theme": wanted.theme, "language": wanted.language, "state": wanted.state}
        return {name: value for name, value in {**told, "due": "yes" if wanted.due else ""}.items() if value}


def rows(library: Library, drafts: Iterable[Draft], *, language: str, day: date) -> list[Row]:
    """All topics, also those that are only drafted yet, by theme and title."""
    open_ = {draft.name: draft for draft in drafts}
    new = {key for kind, key, _ in open_ if kind == "topic"} - library.topics.keys()
    found = [_row(slug, library, open_, language, day) for slug in (*library.topics, *new)]
    order = list(get_args(Theme))
    return sorted(found, key=lambda row: (order.index(row.theme) if row.theme in order else 99, row.title.casefold()))


def _row(slug: str, library: Library, drafts: Mapping[Name, Draft], language: str, day: date) -> Row:
    topic, facts = library.topics.get(slug), drafts.get(("topic", slug, ""))
    source = drafts.get(("text", slug, DEFAULT))
    drafted = source.data.get("title", "") if source else ""
    text, written_in = library.text(slug, language) if topic else (None, DEFAULT)
    return Row(
        slug,
        text.title if text else drafted or slug,
        written_in,
        topic.theme if topic else str(facts.data.get("theme", "")) if facts else "",
        topic.review_by if topic else None,
        topic is not None and day > topic.review_by,
        {code: state(library, slug, code, drafts.get(("text", slug, code))) for code in LANGUAGES},
        facts.state if facts else "",
    )


def state(library: Library, slug: str, language: str, draft: Draft | None) -> str:
    if draft is not None:
        return draft.state
    if (slug, language) not in library.texts:
        return "missing"
    return "outdated" if library.outdated(slug, language) else "published"


def matching(found: Iterable[Row], filters: Filters, library: Library) -> list[Row]:
    """Those that fit everything but the state, which is counted; what says the words in its title comes first."""
    words = filters.words.casefold().split()
    fitting = [
        row
        for row in found
        if (not filters.theme or row.theme == filters.theme)
        and (not filters.due or row.due)
        and (not words or _holds(row, words, library))
    ]
    return sorted(fitting, key=lambda row: not all(word in row.title.casefold() for word in words))


def _holds(row: Row, words: Sequence[str], library: Library) -> bool:
    texts = [text for code in LANGUAGES if (text := library.texts.get((row.slug, code)))]
    parts = [row.slug, row.title, *(part for text in texts for part in (text.title, text.body, *text.questions))]
    everything = "\n".join(parts).casefold()
    return all(word in everything for word in words)


def in_state(found: Iterable[Row], filters: Filters) -> list[Row]:
    codes = [filters.language] if filters.language in LANGUAGES else list(LANGUAGES)
    if not filters.state:
        return list(found)
    return [
        row
        for row in found
        if filters.state in (row.states[code] for code in codes)
        or (row.facts == filters.state and not filters.language)
    ]


def counted(found: Iterable[Row], language: str) -> dict[str, int]:
    """How many texts are in each state."""
    codes = [language] if language in LANGUAGES else list(LANGUAGES)
    counts = Counter(row.states[code] for row in found for code in codes)
    return {each: counts[each] for each in STATES}


# --- forms ------------------------------------------------------------------------------------------------------------


def text_in(form: Form, *, near: Iterable[str], language: str, published: Data | None, source: int) -> Data:
    """A topic's text as it was typed. source: the English revision that stood beside it."""
    revision = (published or {}).get("revision") or 1
    questions = {fold(line): line for each in lines(form, "questions") if (line := each.removeprefix("- ").strip())}
    return {
        "title": " ".join(one(form, "title").split()),
        "revision": revision if language == DEFAULT else None,
        "from_revision": None if language == DEFAULT else source,
        "near": {slug: question for slug in near if (question := " ".join(one(form, f"near-{slug}").split()))},
        "body": one(form, "body"),
        "questions": list(questions.values()),
        "more": one(form, "more") or None,
    }


def topic_in(form: Form, library: Library) -> tuple[Data, tuple[str, str] | None]:
    """What holds in all languages, as it was typed; and the field with a topic that there is not, with what it says."""
    named: dict[str, list[str]] = {}
    unknown = None
    for field in ("related", "near"):
        slugs = [(wanted, slug_named(wanted, library)) for each in form.get(field, []) if (wanted := each.strip())]
        unknown = unknown or next(((field, wanted) for wanted, slug in slugs if slug is None), None)
        named[field] = list(dict.fromkeys(slug for _, slug in slugs if slug))
    names, addresses = form.get("source_name", []), form.get("source_url", [])
    sources = [{"name": name.strip(), "url": url.strip()} for name, url in zip(names, addresses) if name.strip()]
    data = {
        "theme": one(form, "theme"),
        "audience": [line for each in one(form, "audience").split(",") if (line := each.strip())],
        "related": named["related"],
        "near": named["near"],
        "handover": one(form, "handover") == "yes",
        "sources": sources,
        "as_of": one(form, "as_of"),
        "review_by": one(form, "review_by"),
        "caution": one(form, "caution") or None,
    }
    return data, unknown


def lines(form: Form, field: str) -> list[str]:
    return [line.strip() for line in one(form, field).splitlines() if line.strip()]


def choice(slug: str, library: Library) -> str:
    """A topic as it is picked from a list: its title, and its name in brackets."""
    return f"{library.title(slug, DEFAULT)} ({slug})" if slug in library.topics else slug


def titled(slug: str, library: Library, language: str) -> tuple[str, str, str]:
    """A topic, its title, and the language that the title is in."""
    text, written_in = library.text(slug, language)
    return slug, text.title, written_in


def slug_named(typed: str, library: Library) -> str | None:
    """The topic that was picked: by its name in brackets, its bare name, or its English title."""
    bracketed = re.search(r"\(([a-z0-9-]+)\)$", typed)
    for wanted in (bracketed[1] if bracketed else "", typed):
        if wanted in library.topics:
            return wanted
    titled = typed.casefold()
    return next((slug for slug in library.topics if library.title(slug, DEFAULT).casefold() == titled), None)


def proposed_slug(title: str) -> str:
    """A name for a new topic: "Wo bekomme ich eine Jahreskarte?" → wo-bekomme-ich-eine-jahreskarte, at most 48 long."""
    plain = unicodedata.normalize("NFKD", fold(title)).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > 48:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug


# --- what changed -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs, with its name as editors know it."""

    field: str
    label: str
    pieces: list[diff.Piece]


def flat(kind: str, data: Data | None) -> dict[str, str]:
    """Each field as plain text, to compare and to read."""
    if data is None:
        return {}
    if kind == "text":
        near = {f"near-{slug}": question for slug, question in sorted(data.get("near", {}).items())}
        shown = {"title": data.get("title"), "body": data.get("body"), **near, "more": data.get("more")}
        return {**_texts(shown), "questions": "\n".join(data.get("questions", []))}
    listed = {
        "related": data.get("related", []),
        "neighbours": data.get("near", []),
        "audience": data.get("audience", []),
    }
    sources = "\n".join(f"{source.get('name')} {source.get('url')}".strip() for source in data.get("sources", []))
    plain = {name: data.get(name) for name in ("theme", "as_of", "review_by", "caution")}
    handover = "✓" if data.get("handover") else "–"
    return {**_texts(plain), **{k: "\n".join(v) for k, v in listed.items()}, "handover": handover, "sources": sources}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value or "") for name, value in values.items()}


def changes(kind: str, older: Data | None, newer: Data | None, translate: Translate) -> list[Change]:
    before, after = flat(kind, older), flat(kind, newer)
    fields = [*after, *(field for field in before if field not in after)]
    return [
        Change(field, label(field, translate), diff.pieces(before.get(field, ""), after.get(field, "")))
        for field in fields
        if before.get(field, "") != after.get(field, "")
    ]


def label(field: str, translate: Translate) -> str:
    name, _, about = field.partition("-")
    said = translate(LABELS.get(name, field))
    return f"{said} ({about})" if about else said


def touches_translations(older: Data, newer: Data) -> bool:
    """Whether what a reader sees has changed, which translations follow; example questions are each language's own."""
    return any((older.get(name) or None) != (newer.get(name) or None) for name in WORDS_SHOWN)


def led_to_by(slug: str, library: Library) -> list[str]:
    """Topics that offer this one, or are told from it by a question."""
    return [other for other, topic in library.topics.items() if slug in (*topic.related, *topic.near)]


def without(slug: str, library: Library) -> dict[Name, Data | None]:
    """What changes when a topic is taken away: all of it goes, and whatever of other topics speaks of it."""
    changed: dict[Name, Data | None] = {("text", key, code): None for key, code in library.texts if key == slug}
    changed[("topic", slug, "")] = None
    for other in led_to_by(slug, library):
        data = library.topics[other].model_dump(mode="json")
        listed = {field: [each for each in data[field] if each != slug] for field in ("related", "near")}
        changed[("topic", other, "")] = {**data, **listed}
    for (other, code), text in library.texts.items():
        if other != slug and slug in text.near:
            near = {each: question for each, question in text.near.items() if each != slug}
            changed[("text", other, code)] = {**text.model_dump(mode="json"), "near": near}
    return changed


# --- how it reads -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measure:
    """How an answer reads for one kind of reader (`who`: marks); `hard`: which of its numbers is too much or too little."""

    who: tuple[str, ...]
    words: int
    longest: int
    lix: int | None
    hard: frozenset[str]


def measures(body: str, language: str) -> list[Measure]:
    plain = language in PLAIN
    found = []
    for who, measured in measured_for(body):
        hard = {
            "words": not FEWEST <= measured.words <= MOST,
            "longest": measured.longest > LONGEST_SENTENCE,
            "lix": plain and measured.lix > HARDEST,
            "bullets": measured.bullets > BULLETS,
        }
        names = frozenset(name for name, is_hard in hard.items() if is_hard)
        found.append(Measure(who, measured.words, measured.longest, round(measured.lix) if plain else None, names))
    return found


def as_if(library: Library, slug: str, language: str, topic: Data, text: Data) -> Library:
    """The library with a text as it is being typed, whatever is still missing or wrong in it."""
    figures = library.figures
    body = REFERENCE.sub(
        lambda match: match[0] if match[1] in figures else f"**⚠ {match[1]}**", text.get("body") or "…"
    )
    shown = TopicText.model_construct(
        title=(text.get("title") or "…")[:LONGEST_TITLE], body=body, near={}, questions=[], more=None,
        revision=text.get("revision"), from_revision=text.get("from_revision"),
    )  # fmt: skip
    topics = library.topics if slug in library.topics else {**library.topics, slug: _as_topic(topic)}
    return replace(library, topics=topics, texts={**library.texts, (slug, language): shown})


def _as_topic(data: Data) -> Topic:
    def day(name: str) -> date:
        try:
            return date.fromisoformat(data.get(name) or "")
        except ValueError:
            return date.max

    sources = [
        Source.model_construct(name=each.get("name", ""), url=each.get("url", "")) for each in data.get("sources", [])
    ]
    return Topic.model_construct(
        theme=data.get("theme") or "service", audience=["all"], related=data.get("related", []), near=[],
        handover=bool(data.get("handover")), sources=sources, as_of=day("as_of"), review_by=day("review_by"), caution=None,
    )  # fmt: skip


# --- what is wrong, what differs --------------------------------------------------------------------------------------


def field_of(fault: Any) -> str:
    """The field of the form that a fault is about: `near.tax-card` → near-tax-card, `sources.0.url` → sources."""
    name, _, rest = fault.field.partition(".")
    return f"near-{rest}" if name == "near" and rest and not rest.isdecimal() else name


def differing(data: Data, source: Data) -> list[tuple[str, list[str]]]:
    """What a translation should share with its source: figures, and marks of readers. Which do not stand in both."""
    own, english = str(data.get("body") or ""), str(source.get("body") or "")
    figures = {match[1] for match in REFERENCE.finditer(own)} ^ {match[1] for match in REFERENCE.finditer(english)}
    marked = set(variants.marks(own)) ^ set(variants.marks(english))
    return [(what, sorted(names)) for what, names in (("figures", figures), ("readers", marked)) if names]


@dataclass(frozen=True, slots=True)
class Merged:
    """A field that two editors had open. text: to go on with: mine, where I have changed it; otherwise theirs.

    clashes: both have changed it, each in another way.
    """

    field: str
    label: str
    text: str
    clashes: bool
    mine: list[diff.Piece]
    theirs: list[diff.Piece]


def merge(kind: str, base: Data | None, mine: Data, theirs: Data | None, translate: Translate) -> list[Merged]:
    began, own, other = flat(kind, base), flat(kind, mine), flat(kind, theirs)
    found = []
    for field in dict.fromkeys((*own, *other)):
        before, my, their = (each.get(field, "") for each in (began, own, other))
        kept = their if my == before and theirs is not None else my
        clashes = my != their and my != before and their != before and theirs is not None
        pieces = diff.pieces(before, my), diff.pieces(before, their)
        found.append(Merged(field, label(field, translate), kept, clashes, *pieces))
    return found
