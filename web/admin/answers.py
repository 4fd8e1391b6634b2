"""Answers: the list of topics with the states of their texts, and the beginning of a new one."""

import re
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from core.masking import LABELS
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.library import Library
from knowledge.models import Theme
from store import editing, gaps
from store.editing import Collision
from web.admin import answers_views as views
from web.admin.answers_editor import number
from web.admin.answers_views import HOME, LONGEST_TITLE, STATES, TOPIC, Filters
from web.admin.room import Room, Rooms, Unfit
from web.bodies import Form, one

ON_A_PAGE = 50
LOOK_AGAIN = timedelta(days=365)
RESERVED = ("new", TOPIC)
MASKED = re.compile("|".join(map(re.escape, LABELS.values())))

rooms = Rooms(prefix=HOME)


@rooms.see("", "answers.read")
async def topics(room: Room) -> Response:
    library = await room.library()
    asked = {name: room.query(name) for name in ("q", "theme", "language", "state")}
    filters = Filters(asked["q"], asked["theme"], asked["language"], asked["state"], room.query("due") == "yes")
    async with room.reading() as connection:
        drafts = [*await editing.drafts(connection, "text"), *await editing.drafts(connection, "topic")]
        gone = await editing.taken_away(connection, "topic")
    found = views.rows(library, drafts, language=room.language, day=danish_day(room.now))
    fitting = views.matching(found, filters, library)
    shown = views.in_state(fitting, filters)
    page = room.page_number()
    return room.page(
        "admin/answers.html",
        rows=shown[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        count=len(shown),
        page=page,
        pages=-(-len(shown) // ON_A_PAGE),
        address=_address(filters),
        filters=filters,
        counts=views.counted(fitting, filters.language),
        state_address={state: _address(filters, state="" if filters.state == state else state) for state in STATES},
        waiting=[draft for draft in drafts if draft.state == "in_review"],
        titles={row.slug: row.title for row in found},
        gone=gone,
        themes=views.theme_names(room.t.gettext),
        home=HOME,
        LANGUAGES=LANGUAGES,
    )


def _address(filters: Filters, **changes: Any) -> str:
    query = urlencode(filters.address(**changes))
    return f"{HOME}?{query}" if query else HOME


# --- a new topic ------------------------------------------------------------------------------------------------------


@rooms.see("/new", "answers.edit")
async def new(room: Room) -> Response:
    """Begun from what people asked: the questions of a group on the gap board (`gap`), or one question."""
    question, language, gap = room.query("question"), room.query("language"), room.query("gap")
    asked = [(language if language in LANGUAGES else DEFAULT, question)] if question else []
    if gap.isdecimal() and gap.isascii() and len(gap) < 19 and room.may("gaps.read"):
        async with room.reading() as connection:
            asked += [each for each in await gaps.questions_of(connection, int(gap)) if not MASKED.search(each[1])]
    return _new_page(room, asked, {"gap": [gap]} if gap else {})


@rooms.do("/new", "answers.edit")
async def create(room: Room, form: Form) -> Response:
    """Two drafts: what holds in all languages, and the English text. Nobody is told anything yet."""
    library = await room.library()
    asked = [(language, text) for each in form.get("asked", []) for language, _, text in [each.partition(":")]]
    try:
        slug = _wanted_slug(room, form, library)
        async with room.writing() as connection:
            await _begin(room, connection, slug, form, asked)
    except Unfit as error:
        return _new_page(room, asked, form, status=422, refused=room.refused(error, form))
    except Collision:
        taken = Unfit(msgid("There is a topic of this name already. Please choose another name."), "slug")
        return _new_page(room, asked, form, status=422, refused=room.refused(taken, form))
    return room.back(f"{HOME}/{slug}/{DEFAULT}", said="saved")


def _wanted_slug(room: Room, form: Form, library: Library) -> str:
    title, theme = one(form, "title"), one(form, "theme")
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Unfit(
            msgid("A title has 1 to {most} letters: the question, as people ask it."), "title", most=LONGEST_TITLE
        )
    if theme not in get_args(Theme):
        raise Unfit(msgid("Please choose a theme."), "theme")
    if not (room.writes(language=DEFAULT) and room.writes(theme=theme)):
        raise Unfit(msgid("Your account keeps to other languages or themes."), "theme")
    slug = one(form, "slug") or views.proposed_slug(title)
    if not slug or slug != views.proposed_slug(slug.replace("-", " ")) or slug in RESERVED:
        raise Unfit(msgid("A name has small letters a to z, figures and hyphens, like tax-card."), "slug")
    if slug in library.topics:
        raise Unfit(msgid("There is a topic of this name already. Please choose another name."), "slug")
    return slug


async def _begin(room: Room, connection: AsyncConnection, slug: str, form: Form, asked: list[tuple[str, str]]) -> None:
    about: dict[str, Any] = {"version": 0, "staff_id": room.me.id, "now": room.now}
    facts, _ = views.topic_in({**form, "audience": ["all"]}, await room.library())
    await editing.save_draft(connection, ("topic", slug, ""), facts, **about)
    for code in dict.fromkeys((DEFAULT, *(language for language, _ in asked))):
        if code not in LANGUAGES or not room.writes(language=code):
            continue
        questions = [text for language, text in asked if language == code]
        typed = {**form, "questions": ["\n".join([*views.lines(form, "questions"), *questions])]}
        own = typed if code == DEFAULT else {"questions": ["\n".join(questions)]}
        text = views.text_in(own, near=(), language=code, published=None, source=1)
        await editing.save_draft(connection, ("text", slug, code), text, **about)
    if (gap := number(form, "gap")) and room.may("gaps.decide"):
        await gaps.planned(connection, gap, slug, staff_id=room.me.id)
    await room.audit(connection, "answers.draft", about=f"topic:{slug}")


def _new_page(room: Room, asked: list[tuple[str, str]], form: Form, *, status: int = 200, **values: Any) -> Response:
    today = danish_day(room.now)
    typed = {name: one(form, name) for name in form}
    typed.setdefault("as_of", today.isoformat())
    typed.setdefault("review_by", (today + LOOK_AGAIN).isoformat())
    given = {"asked": asked, "typed": typed, "themes": views.theme_names(room.t.gettext), "home": HOME, **values}
    return room.page("admin/answer_new.html", status=status, **given)
