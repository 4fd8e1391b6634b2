"""The editor of a topic: a piece of it beside its source, with a preview of the cards and of how it reads.

A piece is what holds for a topic in all languages (`topic` in the address), or its text in one language.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import nh3
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from actions import profile
from bot import preview
from core.days import danish_day
from core.errors import ChannelError
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid, translator
from knowledge import diff, variants
from knowledge.editing import Fault, faults
from knowledge.library import Library
from store import editing
from store.editing import Data, Draft, Name, Published
from web.admin import answers_views as views
from web.admin.answers_views import EMPTY_ROWS, HOME, MOST_RELATED, TOPIC
from web.admin.room import Room, Rooms, Unfit
from web.bodies import Form, one
from web.inbox_views import THEMES
from web.render import reply_view

TELEGRAM_TAGS = {"b", "i", "code", "pre", "a"}
READER = ("origin", "occupation", "household")
DELETE = "DELETE"

rooms = Rooms(prefix=HOME)


@dataclass(frozen=True, slots=True)
class Opened:
    """A piece as an editor finds it. facts: what holds for its topic in all languages, as published, else as drafted.

    source: the English text as published. new: the topic itself is not published yet.
    """

    name: Name
    published: Published | None
    draft: Draft | None
    facts: Data
    facts_draft: Draft | None
    source: Data | None
    library: Library
    new: bool

    @property
    def kind(self) -> str:
        return self.name[0]

    @property
    def slug(self) -> str:
        return self.name[1]

    @property
    def language(self) -> str:
        """Empty for what holds in all languages."""
        return self.name[2]

    @property
    def address(self) -> str:
        return f"{HOME}/{self.slug}/{self.language or TOPIC}"

    @property
    def about(self) -> str:
        return f"{self.kind}:{self.slug}" + (f"/{self.language}" if self.language else "")

    @property
    def theme(self) -> str:
        return str(self.facts.get("theme", ""))

    @property
    def current(self) -> int | None:
        return self.published.revision if self.published else None

    @property
    def version(self) -> int:
        return self.draft.version if self.draft else 0

    @property
    def base(self) -> int | None:
        return self.draft.base if self.draft else self.current

    @property
    def data(self) -> Data:
        found = self.draft or self.published
        return found.data if found else {}

    @property
    def source_revision(self) -> int:
        return int((self.source or {}).get("revision") or 1)

    @property
    def made_from(self) -> int | None:
        """The English revision that a translation was made from, as far as it is published; else as it is drafted."""
        found = (self.published.data if self.published else self.data).get("from_revision")
        return int(found) if found else None

    @property
    def title(self) -> tuple[str, str]:
        """Its title, or else that of its source, and the language that it is in."""
        own = self.data.get("title")
        return (own, self.language or DEFAULT) if own else ((self.source or {}).get("title") or self.slug, DEFAULT)

    @property
    def neighbours(self) -> list[str]:
        return list(dict.fromkeys((*self.facts.get("near", []), *self.data.get("near", {}))))


# --- the editor -------------------------------------------------------------------------------------------------------


@rooms.see("/{slug}", "answers.read")
async def topic(room: Room) -> Response:
    return room.back(f"{HOME}/{room.param('slug')}/{DEFAULT}")


@rooms.see("/{slug}/{part}", "answers.read")
async def editor(room: Room) -> Response:
    async with room.reading() as connection:
        return await show_editor(room, connection, await open_piece(room, connection))


@rooms.see("/{slug}/{part}/inserts", "answers.read", json=True)
async def inserts(room: Room) -> Response:
    """What can be put into a text: figures by meaning and value today, Danish words by what they mean."""
    library, today = await room.library(), danish_day(room.now)
    language = room.param("part") if room.param("part") in LANGUAGES else DEFAULT
    figures = [
        {
            "insert": f"{{{slug}}}",
            "label": figure.meaning,
            "hint": library.fill(f"{{{slug}}}", language=language, day=today).text,
        }
        for slug, figure in library.figures.items()
    ]
    words = [
        {"insert": f"*{term.term}*", "label": term.term, "hint": getattr(term, language, "") or term.en}
        for term in library.terms.values()
    ]
    return JSONResponse({"figures": figures, "words": words})


@rooms.do("/{slug}/{part}/preview", "answers.read", json=True)
async def live(room: Room, form: Form) -> Response:
    """For the page's own script, while somebody types: the cards, how they read, and what is wrong by field."""
    async with room.reading() as connection:
        opened = await open_piece(room, connection)
    if opened.kind != "text":
        room.gone()
    data = typed_text(opened, form)
    shown = room.page("admin/answer_preview.html", opened=opened, **_previewed(room, opened, data, form))
    found = faults_of(opened, data)
    wrong = {views.field_of(fault): f"{fault.problem} {fault.remedy}".strip() for fault in reversed(found)}
    return JSONResponse({"html": bytes(shown.body).decode(), "faults": wrong})


@rooms.do("/{slug}/{part}/show", "answers.read")
async def show(room: Room, form: Form) -> Response:
    """The same without a script: the page again, with everything as typed."""
    async with room.reading() as connection:
        opened = await open_piece(room, connection)
        data = typed_in(opened, form)
        return await show_editor(room, connection, opened, data=data, form=form, found=faults_of(opened, data))


async def open_piece(room: Room, connection: AsyncConnection, part: str = "") -> Opened:
    slug, part = room.param("slug"), part or room.param("part")
    if part != TOPIC and part not in LANGUAGES:
        room.gone()
    name: Name = ("topic", slug, "") if part == TOPIC else ("text", slug, part)
    facts = await editing.published(connection, ("topic", slug, ""))
    facts_draft = await editing.draft(connection, ("topic", slug, ""))
    known = facts or facts_draft
    if known is None:
        room.gone()
    english = await editing.published(connection, ("text", slug, DEFAULT))
    return Opened(
        name,
        facts if part == TOPIC else english if part == DEFAULT else await editing.published(connection, name),
        facts_draft if part == TOPIC else await editing.draft(connection, name),
        known.data,
        facts_draft,
        english.data if english else None,
        await room.library(),
        new=facts is None,
    )


def typed_in(opened: Opened, form: Form) -> Data:
    """Unfit where a topic is named that there is not."""
    if opened.kind == "text":
        return typed_text(opened, form)
    data, unknown = views.topic_in(form, opened.library)
    if unknown:
        field, wanted = unknown
        raise Unfit(msgid("There is no topic “{name}”. Choose one from the list."), field, name=wanted)
    return data


def typed_text(opened: Opened, form: Form) -> Data:
    published = opened.published.data if opened.published else None
    source = min(number(form, "source") or opened.source_revision, opened.source_revision)
    return views.text_in(form, near=opened.neighbours, language=opened.language, published=published, source=source)


def number(form: Form, field: str) -> int | None:
    value = one(form, field)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None


def faults_of(opened: Opened, data: Data) -> list[Fault]:
    return faults(opened.kind, opened.slug, opened.language, data, opened.library)


async def show_editor(
    room: Room,
    connection: AsyncConnection,
    opened: Opened,
    *,
    data: Data | None = None,
    form: Form | None = None,
    found: list[Fault] | None = None,
    refused: Unfit | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """The editor; with `data` and `form`, as it was typed."""
    shown = opened.data if data is None else data
    draft, published = opened.draft, opened.published
    drafts = {each.name: each for each in await editing.drafts(connection, key=opened.slug)}
    first = found[0] if found else None
    wrong = None if first is None else Unfit(msgid("This cannot be published yet. What is wrong stands beside it."))
    if first is not None and wrong is not None:
        wrong.field = views.field_of(first)
    error = refused or wrong
    given: dict[str, Any] = {
        "opened": opened,
        "data": shown,
        "title": opened.title[0],
        "title_language": opened.title[1],
        "states": {
            code: views.state(opened.library, opened.slug, code, drafts.get(("text", opened.slug, code)))
            for code in LANGUAGES
        },
        "can": rights_to(room, opened),
        "why_not": _why_not(room, opened),
        "review": room.frame.doors.settings.review,
        "version": opened.version if form is None else number(form, "version") or 0,
        "base": opened.base if form is None else number(form, "base"),
        "note": one(form or {}, "note"),
        "faults": [(views.field_of(each), each) for each in found or ()],
        "wrong": {views.field_of(each) for each in found or ()},
        "label_of": lambda field: room.t.gettext(views.LABELS.get(field.partition("-")[0]) or field),
        "refused": room.refused(error, form or {}) if error else None,
        "drafted": views.changes(opened.kind, published.data if published else None, draft.data, room.t.gettext)
        if draft
        else [],
        "home": HOME,
        "DELETE": DELETE,
        "LANGUAGES": LANGUAGES,
    }
    if opened.kind == "topic":
        return room.page(
            "admin/answer_topic.html", status=status, **given, **_facts_page(room, opened, shown), **values
        )
    given |= await _beside(connection, opened)
    given |= _previewed(room, opened, shown, form or {})
    return room.page("admin/answer.html", status=status, **given, **values)


async def _beside(connection: AsyncConnection, opened: Opened) -> dict[str, Any]:
    """What stands beside a text: its English source with what changed in it since; beside English, what is published."""
    source = opened.source or {}
    made_from = opened.made_from if opened.language != DEFAULT else None
    older = source
    if made_from and made_from < opened.source_revision:
        older = await editing.source_at(connection, "text", opened.slug, made_from) or {}
    before, after = views.flat("text", older), views.flat("text", source)
    kept = bool(older) or not source
    drafted_from = opened.draft.data.get("from_revision") if opened.draft else None
    return {
        "source": source,
        "source_pieces": {
            field: diff.pieces(before.get(field, "") if kept else after[field], after[field]) for field in after
        },
        "source_changed": bool(made_from and made_from < opened.source_revision),
        "source_kept": kept,
        "drafted_before": bool(drafted_from and drafted_from < opened.source_revision),
        "near": [
            views.titled(slug, opened.library, opened.language)
            for slug in opened.neighbours
            if slug in opened.library.topics
        ],
    }


def _previewed(room: Room, opened: Opened, data: Data, form: Form) -> dict[str, Any]:
    """The cards as one reader would see them, and how the text reads for every kind of reader."""
    library, language = opened.library, opened.language
    reader = {name: one(form, f"reader_{name}") for name in (*READER, "kommune")}
    about = dict(variants.MARKS[mark] for name in READER if (mark := reader[name]) in variants.DIMENSIONS[name])
    if reader["kommune"] in library.municipalities:
        about["kommune"] = reader["kommune"]
    day = _day(one(form, "reader_day")) or danish_day(room.now)
    body, t = str(data.get("body") or ""), translator(room.language)
    drafted = views.as_if(library, opened.slug, language, opened.facts, data)
    reply = preview.card(drafted, opened.slug, language, profile=about, day=day)
    try:
        messages = [(_telegram_html(message.html), message.buttons) for message in preview.in_telegram(reply)]
    except ChannelError:
        messages = []
    return {
        "card": reply_view(reply, id_=0, at=room.now),
        "messages": messages,
        "measures": views.measures(body, language),
        "differs": views.differing(data, opened.source) if language != DEFAULT and opened.source else [],
        "reader": {**reader, "day": day.isoformat()},
        "readers": {
            name: [(mark, profile.label_of_one(mark, t)) for mark in variants.DIMENSIONS[name]] for name in READER
        },
        "places": sorted(
            ((key, place.name) for key, place in library.municipalities.items()), key=lambda each: each[1]
        ),
        "who": lambda marks: ", ".join(profile.label(mark, t) for mark in marks),
    }


def _telegram_html(html: str) -> str:
    return nh3.clean(html, tags=TELEGRAM_TAGS, attributes={"a": {"href"}}, link_rel="noopener noreferrer")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _facts_page(room: Room, opened: Opened, data: Data) -> dict[str, Any]:
    library = opened.library
    named = {field: [views.choice(slug, library) for slug in data.get(field, [])] for field in ("related", "near")}
    open_rows = {"related": MOST_RELATED - len(named["related"]), "near": EMPTY_ROWS}
    return {
        "themes": views.theme_names(room.t.gettext),
        "rows": {field: [*named[field], *[""] * max(open_rows[field], 0)] for field in named},
        "sources": [*data.get("sources", []), *[{"name": "", "url": ""}] * EMPTY_ROWS],
        "choices": sorted(views.choice(slug, library) for slug in library.topics if slug != opened.slug),
        "leads_here": [views.titled(slug, library, room.language) for slug in views.led_to_by(opened.slug, library)],
    }


# --- who may what with a piece ----------------------------------------------------------------------------------------


def rights_to(room: Room, opened: Opened) -> dict[str, bool]:
    own = _keeps_to(room, opened)
    edit, draft = room.may("answers.edit") and own, opened.draft
    review = room.frame.doors.settings.review
    others = draft is not None and draft.state == "in_review" and not draft.wrote(room.me.id)
    if opened.new and opened.facts_draft is not None:
        # Both are published at once, so both are as they were sent to review.
        others = others and not opened.facts_draft.wrote(room.me.id) and opened.facts_draft.state == "in_review"
    outdated = (opened.made_from or opened.source_revision) < opened.source_revision
    waits = opened.new and opened.language != DEFAULT  # English comes first
    whole = edit and all(room.writes(language=code) for slug, code in opened.library.texts if slug == opened.slug)
    return {
        "edit": edit,
        "submit": edit and not waits,
        "publish": edit and not review and not waits,
        "approve": room.may("answers.review") and own and others and not waits,
        "discard": edit and draft is not None,
        "right": edit and draft is None and opened.published is not None and outdated,
        "remove": whole and (not review or room.may("answers.review")) and opened.kind == "topic" and not opened.new,
    }


def _keeps_to(room: Room, opened: Opened) -> bool:
    return room.writes(language=opened.language, theme=opened.theme)


def _why_not(room: Room, opened: Opened) -> str:
    """Why this piece is only to be read here; empty where it may be written."""
    t = room.t
    if not room.may("answers.edit"):
        return t.gettext("Your role reads answers. Editors change them.")
    if not room.writes(language=opened.language):
        names = ", ".join(LANGUAGES[code].own_name for code in room.me.languages if code in LANGUAGES)
        return t.gettext("You can read this text. Your account writes in: {languages}.", languages=names)
    if not room.writes(theme=opened.theme):
        names = ", ".join(t.gettext(THEMES.get(theme, theme)) for theme in room.me.themes)
        return t.gettext("You can read this text. Your account writes about: {themes}.", themes=names)
    return ""


def only_with_right(room: Room, opened: Opened, *steps: str) -> None:
    can = rights_to(room, opened)
    if not all(can[step] for step in steps):
        room.not_yours()
