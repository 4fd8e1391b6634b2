"""The gap board: questions without a good answer, and what becomes of them; and what mentors suggest.

From a group of questions lead three ways: a new topic, example questions of a topic that exists, or "not ours". Each can be
undone. Whoever asked to be told hears of the answer by a job (`bot/gaps.py`).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from core.masking import LABELS
from i18n import format as local
from i18n.languages import LANGUAGES
from i18n.translator import msgid
from knowledge.editing import faults
from knowledge.library import Library
from knowledge.search import words
from store import gaps
from store.editing import Collision, Data
from store.gaps import Filters, Gap, Question, Suggestion
from web.admin import pieces
from web.admin.hidden import FEWEST
from web.admin.pieces import Piece, Step, Wanted
from web.admin.room import Room, Rooms, Unfit, says
from web.bodies import Form, one
from web.inbox_views import THEMES

HOME = "/admin/gaps"
SUGGESTED = f"{HOME}/suggestions"
PER_PAGE = 50
LIKELY = 5  # topics offered as buttons
OTHERS = 50  # groups offered for a question to be moved to
LABEL = re.compile("|".join(map(re.escape, LABELS.values())))
STATUSES = {"open": msgid("open"), "answered": msgid("answered"), "not_ours": msgid("not ours")}
KINDS = {
    "unanswered": msgid("no sure answer"),
    "thumb_down": msgid("thumb down"),
    "not_solved": msgid("not solved by a mentor"),
    "left": msgid("asked back, and left"),
}
SUGGESTION_STATUSES = {"waiting": msgid("waiting"), "accepted": msgid("accepted"), "refused": msgid("refused")}

WHICH_TOPIC = msgid("Choose a topic from the list.")
DECIDED = msgid("Somebody has decided about this meanwhile. Look at it as it is now.")
MEANWHILE = msgid("Somebody is changing this topic at this moment. Please try again.")
NOT_WRITTEN = msgid("This topic is not written in {language} yet, so there is no text that this could go into.")
says(
    "belongs",
    msgid("It belongs to that topic now, and whoever asked to be told hears of it. No example question is new."),
)
says(
    "belongs_draft",
    msgid("It belongs to that topic now. The new example questions stand in its draft, to be published."),
)
says("belongs_published", msgid("It belongs to that topic now, and its questions are example questions of it."))
says("not_ours", msgid("Put away as not ours."))
says("reopened", msgid("It is open again."))
says("taken_out", msgid("The question stands alone now. This is its own group."))
says("moved", msgid("The question is in the other group now."))
says("accepted", msgid("It stands in the draft of that topic. Look at it there, and publish it."))
says("refused", msgid("Refused. It can be brought back."))
says("waits_again", msgid("It waits again. What stands in the topic's draft stays there."))

rooms = Rooms(prefix=HOME)


# --- the board --------------------------------------------------------------------------------------------------------


@rooms.see("", "gaps.read")
async def board(room: Room) -> Response:
    library = await room.library()
    chosen = {name: room.query(name) for name in ("status", "language", "kind", "theme")}
    status = chosen["status"] if chosen["status"] in STATUSES else "open"
    topics = [slug for slug, topic in library.topics.items() if topic.theme == chosen["theme"]]
    filters = Filters(status, chosen["language"], chosen["kind"], topics if chosen["theme"] else None)
    page, today = room.page_number(), danish_day(room.now)
    async with room.reading() as connection:
        found = await gaps.board(connection, filters, today=today, most=PER_PAGE, skip=(page - 1) * PER_PAGE)
        numbers = [each.gap.id for each in found]
        samples = await gaps.samples(connection, numbers)
        thought = await gaps.candidates(connection, numbers)
    given = {name: value for name, value in chosen.items() if value}
    return room.page(
        "admin/gaps.html",
        found=found,
        samples=samples,
        fewest=FEWEST,  # a day of so few people, beside what they asked, would be somebody's own
        titles={number: _titles(library, thought.get(number, ())[:LIKELY], room.language) for number in numbers},
        title_of=lambda slug: _title(library, slug, room.language),
        language_name=lambda code: local.language(code, room.language),
        chosen=chosen | {"status": status},
        filtered=bool(given.keys() - {"status"}),
        statuses=_said(room, STATUSES),
        kinds=_said(room, KINDS),
        themes=_said(room, THEMES),
        page=page,
        pages=-(-found[0].all // PER_PAGE) if found else 1,
        url=f"{HOME}?{urlencode(given)}" if given else HOME,
    )


# --- suggestions (before a group's own address) -----------------------------------------------------------------------


@rooms.see("/suggestions", "gaps.read")
async def suggested(room: Room) -> Response:
    return await _suggestions(room)


async def _suggestions(room: Room, error: Unfit | None = None, number: int = 0) -> Response:
    library, page = await room.library(), room.page_number()
    status = room.query("status") if room.query("status") in SUGGESTION_STATUSES else "waiting"
    async with room.reading() as connection:
        found = await gaps.suggestions(connection, status, most=PER_PAGE, skip=(page - 1) * PER_PAGE)
    return room.page(
        "admin/suggestions.html",
        status=422 if error else 200,
        found=found[:PER_PAGE],
        status_chosen=status,
        statuses=_said(room, SUGGESTION_STATUSES),
        topics=_all_titles(library, room.language),
        title_of=lambda slug: _title(library, slug, room.language),
        language_name=lambda code: local.language(code, room.language),
        refused=room.refused(error) if error else None,
        wrong=number,
        page=page,
        pages=page + (len(found) > PER_PAGE),
        url=f"{SUGGESTED}?status={status}",
    )


@rooms.do("/suggestions/{number}/accept", "gaps.decide")
async def accept(room: Room, form: Form) -> Response:
    """Into the draft of a topic: an answer below its text, an example among its questions."""
    number, library = room.number("number"), await room.library()
    try:
        slug = _chosen_topic(room, library, one(form, "topic"))
        async with room.writing() as connection:
            found = await _waiting(room, connection, number)
            if not room.writes(language=found.language, theme=library.topics[slug].theme):
                raise Unfit(pieces.LIMITED, "topic")
            piece = await pieces.look(connection, ("text", slug, found.language))
            if not piece.data:
                raise Unfit(NOT_WRITTEN, "topic", language=local.language(found.language, room.language))
            await _put(room, connection, piece, with_suggestion(piece.data, found), "draft")
            await gaps.turn_suggestion(connection, number, "accepted", topic=slug)
            await room.audit(connection, "suggestions.accept", about=f"suggestion:{number}", topic=slug)
    except Unfit as error:
        return await _suggestions(room, error, number)
    except Collision:
        return await _suggestions(room, Unfit(MEANWHILE, "topic"), number)
    return room.back(SUGGESTED, said="accepted")


@rooms.do("/suggestions/{number}/refuse", "gaps.decide")
async def refuse(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        found = await _waiting(room, connection, room.number("number"))
        await gaps.turn_suggestion(connection, found.id, "refused")
        await room.audit(connection, "suggestions.refuse", about=f"suggestion:{found.id}")
    return room.back(SUGGESTED, said="refused")


@rooms.do("/suggestions/{number}/reopen", "gaps.decide")
async def wait_again(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        found = await gaps.suggestion(connection, room.number("number"))
        if found is None:
            room.gone()
        await gaps.turn_suggestion(connection, found.id, "waiting")
        await room.audit(connection, "suggestions.reopen", about=f"suggestion:{found.id}")
    return room.back(SUGGESTED, said="waits_again")


async def _waiting(room: Room, connection: AsyncConnection, number: int) -> Suggestion:
    found = await gaps.suggestion(connection, number)
    if found is None:
        room.gone()
    if found.status != "waiting":
        raise Unfit(DECIDED)
    return found


def with_suggestion(data: Data, suggested: Suggestion) -> Data:
    """The text of a topic with what a mentor suggests."""
    if suggested.kind == "example":
        return with_examples(data, [suggested.question])
    return {**data, "body": f"{str(data.get('body', '')).rstrip()}\n\n{pieces.clean(suggested.text)}"}


# --- one group --------------------------------------------------------------------------------------------------------


@rooms.see("/{gap}", "gaps.read")
async def gap(room: Room) -> Response:
    return await _gap(room)


async def _gap(room: Room, error: Unfit | None = None) -> Response:
    library, today = await room.library(), danish_day(room.now)
    async with room.reading() as connection:
        found = await _one(room, connection)
        asked = await gaps.questions(connection, found.id)
        thought = (await gaps.candidates(connection, [found.id])).get(found.id, [])
        others = await gaps.board(connection, Filters(), today=today, most=OTHERS) if found.status == "open" else []
        samples = await gaps.samples(connection, [each.gap.id for each in others], most=1)
    return room.page(
        "admin/gap.html",
        status=422 if error else 200,
        gap=found,
        asked=asked,
        fits={each.id for each in asked if example(each.text) and each.language in LANGUAGES},
        likely=_titles(library, thought[:LIKELY], room.language),
        topics=_all_titles(library, room.language),
        title_of=lambda slug: _title(library, slug, room.language),
        language_name=lambda code: local.language(code, room.language),
        others=[(each.gap.id, samples[each.gap.id][0]) for each in others if each.gap.id != found.id],
        statuses=_said(room, STATUSES),
        kinds=_said(room, KINDS),
        waiting=sum(each.wants_answer and each.told_at is None for each in asked),
        told=sum(each.told_at is not None for each in asked),
        examples=_examples_there(library, found, asked),
        refused=room.refused(error) if error else None,
    )


@rooms.do("/{gap}/belongs", "gaps.decide")
async def belongs(room: Room, form: Form) -> Response:
    """The answer is there already: the questions chosen become example questions of that topic."""
    library, ticked = await room.library(), set(form.get("question", []))
    try:
        slug = _chosen_topic(room, library, one(form, "slug") or one(form, "topic"))
        if not room.writes(theme=library.topics[slug].theme):
            raise Unfit(pieces.LIMITED, "topic")
        async with room.writing() as connection:
            found = await _one(room, connection)
            asked = [each for each in await gaps.questions(connection, found.id) if str(each.id) in ticked]
            steps = await _add_examples(room, connection, library, slug, asked)
            if not await gaps.answered(connection, found.id, slug, staff_id=room.me.id, now=room.now):
                raise Unfit(DECIDED, "topic")
            await room.audit(connection, "gaps.belongs", about=f"gap:{found.id}", topic=slug, languages=sorted(steps))
    except Unfit as error:
        return await _gap(room, error)
    except Collision:
        return await _gap(room, Unfit(MEANWHILE, "topic"))
    said = "belongs" if not steps else "belongs_draft" if "draft" in steps.values() else "belongs_published"
    return room.back(f"{HOME}/{room.number('gap')}", said=said)


@rooms.do("/{gap}/not-ours", "gaps.decide")
async def not_ours(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        found = await _one(room, connection)
        if not await gaps.not_ours(connection, found.id, staff_id=room.me.id, now=room.now):
            raise Unfit(DECIDED)
        await room.audit(connection, "gaps.not_ours", about=f"gap:{found.id}")
    return room.back(f"{HOME}/{found.id}", said="not_ours")


@rooms.do("/{gap}/reopen", "gaps.decide")
async def reopen(room: Room, form: Form) -> Response:
    """Undo. Where it is wished, its questions are no example questions of the topic any more."""
    library = await room.library()
    try:
        async with room.writing() as connection:
            found = await _one(room, connection)
            if found.topic in library.topics and one(form, "examples") and room.writes(theme=_theme(library, found)):
                await _remove_examples(room, connection, library, found)
            await gaps.reopen(connection, found.id)
            await gaps.planned(connection, found.id, None)
            await room.audit(connection, "gaps.reopen", about=f"gap:{found.id}", was=found.status)
    except Collision:
        return await _gap(room, Unfit(MEANWHILE))
    return room.back(f"{HOME}/{found.id}", said="reopened")


@rooms.do("/{gap}/questions/{question}/out", "gaps.decide")
async def take_out(room: Room, form: Form) -> Response:
    async with room.writing() as connection:
        number = await gaps.take_out(connection, room.number("gap"), room.number("question"), now=room.now)
        if number is None:
            room.gone()
        await room.audit(connection, "gaps.take_out", about=f"gap:{room.number('gap')}", to=number)
    return room.back(f"{HOME}/{number}", said="taken_out")


@rooms.do("/{gap}/questions/{question}/move", "gaps.decide")
async def move(room: Room, form: Form) -> Response:
    to = pieces.number_of(one(form, "to"))
    async with room.writing() as connection:
        if to is None or not await gaps.move(connection, room.number("gap"), room.number("question"), to):
            room.gone()
        await room.audit(connection, "gaps.move", about=f"gap:{room.number('gap')}", to=to)
    return room.back(f"{HOME}/{to}", said="moved")


async def _one(room: Room, connection: AsyncConnection) -> Gap:
    return await gaps.one(connection, room.number("gap")) or room.gone()


# --- example questions ------------------------------------------------------------------------------------------------


async def _add_examples(
    room: Room, connection: AsyncConnection, library: Library, slug: str, asked: Sequence[Question]
) -> dict[str, Step]:
    """The step that each language's text took; languages in which nothing is new are not among them."""
    steps: dict[str, Step] = {}
    for language, questions in _by_language(room, asked).items():
        piece = await pieces.look(connection, ("text", slug, language))
        data = with_examples(piece.data, questions) if piece.data else piece.data
        if data != piece.data:
            steps[language] = _step(room, piece, data, library)
            await _put(room, connection, piece, data, steps[language])
    return steps


async def _remove_examples(room: Room, connection: AsyncConnection, library: Library, found: Gap) -> None:
    asked = await gaps.questions(connection, found.id)
    for language, questions in _by_language(room, asked).items():
        piece = await pieces.look(connection, ("text", found.topic or "", language))
        data = without_examples(piece.data, questions) if piece.data else piece.data
        if data != piece.data:
            await _put(room, connection, piece, data, _step(room, piece, data, library))


def _by_language(room: Room, asked: Iterable[Question]) -> dict[str, list[str]]:
    """Those in languages in which there are texts, and in which this colleague may write."""
    found: dict[str, list[str]] = {}
    for question in asked:
        if question.language in LANGUAGES and room.writes(language=question.language):
            found.setdefault(question.language, []).append(question.text)
    return found


def _step(room: Room, piece: Piece, data: Data, library: Library) -> Step:
    """Straight to everybody, where nobody else has to look at it, nothing else is being written and nothing is wrong."""
    _, slug, language = piece.name
    ready = piece.published is not None and piece.draft is None and not pieces.needs_another(room)
    return "publish" if ready and not faults("text", slug, language, data, library) else "draft"


async def _put(room: Room, connection: AsyncConnection, piece: Piece, data: Data, step: Step) -> None:
    base = piece.draft.base if piece.draft else piece.base
    # Translations owe nothing to an example question, so they stay up to date.
    minor = piece.draft.minor if piece.draft else "body" in data and data["body"] == piece.data.get("body")
    await pieces.put(room, connection, [Wanted(piece.name, data, piece.version, base)], step, minor=minor)


def with_examples(data: Data, questions: Iterable[str]) -> Data:
    """A text with more example questions: without what was masked, none twice."""
    there = [*data.get("questions", [])]
    known = {_same(each) for each in there}
    for question in map(example, questions):
        if question and _same(question) not in known:
            known.add(_same(question))
            there.append(question)
    return {**data, "questions": there}


def without_examples(data: Data, questions: Iterable[str]) -> Data:
    gone = {_same(example(question)) for question in questions}
    return {**data, "questions": [each for each in data.get("questions", []) if _same(each) not in gone]}


def example(question: str) -> str:
    """A question as an example: on one line, without the signs that stand for a number; empty if no words are left."""
    text = " ".join(pieces.clean(LABEL.sub(" ", question)).split())
    return text if any(character.isalpha() for character in text) else ""


def _same(question: str) -> str:
    return " ".join(words(question))


def _examples_there(library: Library, found: Gap, asked: Iterable[Question]) -> int:
    """How many questions of an answered group are example questions of its topic."""
    there: Collection[str] = {
        _same(question)
        for language in LANGUAGES
        if (text := library.texts.get((found.topic or "", language)))
        for question in text.questions
    }
    return sum(_same(example(each.text)) in there for each in asked)


# --- topics by their titles -------------------------------------------------------------------------------------------


def _chosen_topic(room: Room, library: Library, written: str) -> str:
    """A topic by its name in the address, or by its title as the list offers it."""
    wanted = written.strip()
    if wanted in library.topics:
        return wanted
    titles = {title.casefold(): slug for slug, title in _all_titles(library, room.language)}
    if wanted.casefold() not in titles:
        raise Unfit(WHICH_TOPIC, "topic")
    return titles[wanted.casefold()]


def _all_titles(library: Library, language: str) -> list[tuple[str, str]]:
    return sorted(_titles(library, library.topics, language), key=lambda pair: pair[1].casefold())


def _titles(library: Library, slugs: Iterable[str], language: str) -> list[tuple[str, str]]:
    return [(slug, library.title(slug, language)) for slug in library.known(slugs)]


def _title(library: Library, slug: str | None, language: str) -> str:
    """A topic that is not published yet, or not any more, is called by its name in the address."""
    return library.title(slug, language) if slug and slug in library.topics else slug or ""


def _theme(library: Library, found: Gap) -> str:
    topic = library.topics.get(found.topic or "")
    return topic.theme if topic else ""


def _said(room: Room, labels: Mapping[str, str]) -> dict[str, Any]:
    return {value: room.t.gettext(label) for value, label in labels.items()}
