"""Questions without a good answer: collected with consent, grouped, decided about by editors, and told to those who wait.

A group is `open` until an editor decides. What somebody asked stands in `unanswered` alone and goes with its person; a
group is only what holds such questions together.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, insert, not_, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Gap as GapRow
from store.tables import Staff
from store.tables import Suggestion as SuggestionRow
from store.tables import UnansweredQuestion as Row

KINDS = ("unanswered", "thumb_down", "not_solved", "left")
STATUSES = ("open", "answered", "not_ours")
ASKED_WITHIN = timedelta(hours=1)  # of an answer: its question
ASKED_BEFORE = timedelta(days=1)  # of a talk with a mentor: what it was about
LEFT_AFTER, LEFT_WITHIN = timedelta(hours=24), timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Question:
    """One question, masked, as it was asked. gap: the group that it is in."""

    id: int
    language: str
    text: str
    candidates: tuple[str, ...]
    kind: str
    created_at: datetime
    wants_answer: bool
    told_at: datetime | None
    gap: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A group. topic: where the answer is, or (of an open one) will be. decided_by: the colleague's name."""

    id: int
    status: str
    topic: str | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A group on the board. people: distinct recruits; waiting: of its questions, those whose askers want to be told.

    legal, due: the nearest day of theirs that a limit, or a task, runs out. all: how many groups fit besides the page.
    """

    gap: Gap
    people: int
    questions: int
    waiting: int
    languages: tuple[str, ...]
    kinds: tuple[str, ...]
    since: datetime
    legal: date | None
    due: date | None
    all: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the board shows. topics: some question must have been taken for one of these; None: any."""

    status: str = "open"
    language: str = ""
    kind: str = ""
    topics: Sequence[str] | None = None


# --- collecting -------------------------------------------------------------------------------------------------------

# The text behind something that happened: the newest one up to then, if it is kept, and once.
COLLECT = """
    insert into unanswered (conversation_id, language, text, candidates, created_at, kind, inbound_id)
    select i.conversation_id, coalesce(r.language, 'en'), i.text, {candidates}, :now, {kind}, i.id
    from inbound i join conversations c on c.id = i.conversation_id
    join addresses a on a.id = c.address_id join recruits r on r.id = a.recruit_id
    where r.consent = 'given' and i.text <> '' and i.id = ({question})
      and not exists (select from unanswered u where u.inbound_id = i.id)
"""
BEHIND_ANSWER = """
    select q.id from inbound q join outbound o on o.conversation_id = q.conversation_id
    where o.id = :about and q.id <= o.inbound_id and q.kind = 'text' and q.received_at > o.created_at - :within
    order by q.id desc limit 1
"""
BEHIND_HANDOVER = """
    select q.id from inbound q join handovers h on h.conversation_id = q.conversation_id
    where h.id = :about and q.kind = 'text' and q.received_at between h.created_at - :within and h.created_at
    order by q.id desc limit 1
"""
BEHIND_PRESS = """
    select q.id from inbound q join inbound p on p.conversation_id = q.conversation_id
    where p.id = :about and q.id < p.id and q.kind = 'text' and q.received_at > p.received_at - :within
    order by q.id desc limit 1
"""
OF_ANSWER = "(select jsonb_build_array(body ->> 'about') from outbound where id = :about)"
OF_STATE = "coalesce(c.state -> 'offered', '[]')"
THUMB_DOWN = sql(COLLECT.format(question=BEHIND_ANSWER, kind="'thumb_down'", candidates=OF_ANSWER))
THUMB_TAKEN_BACK = sql(f"delete from unanswered where kind = 'thumb_down' and inbound_id = ({BEHIND_ANSWER})")  # noqa: S608
UNSOLVED = sql(COLLECT.format(question=BEHIND_HANDOVER, kind="'not_solved'", candidates=OF_STATE))
NOT_MEANT = sql(COLLECT.format(question=BEHIND_PRESS, kind="'unanswered'", candidates=OF_STATE))
LEFT = sql("""
    insert into unanswered (conversation_id, language, text, candidates, created_at, kind, inbound_id)
    select c.id, coalesce(r.language, 'en'), q.text, coalesce(c.state -> 'offered', '[]'), :now, 'left', q.id
    from conversations c join addresses a on a.id = c.address_id join recruits r on r.id = a.recruit_id
    cross join lateral (select received_at from inbound where conversation_id = c.id order by id desc limit 1) newest
    cross join lateral (
        select id, text from inbound where conversation_id = c.id and kind = 'text' order by id desc limit 1
    ) q
    where c.owner = 'bot' and c.state ->> 'pending' = 'which' and r.consent = 'given' and q.text <> ''
      and newest.received_at between :from and :to
      and not exists (select from unanswered u where u.inbound_id = q.id)
""")


async def rated(connection: AsyncConnection, outbound_id: int, value: int, *, now: datetime) -> None:
    """A thumb on an answer: one down collects its question, one up lets it go again."""
    values: dict[str, Any] = {"about": outbound_id, "within": ASKED_WITHIN}
    if value > 0:
        await connection.execute(THUMB_TAKEN_BACK, values)
    else:
        await connection.execute(THUMB_DOWN, {**values, "now": now})


async def not_solved(connection: AsyncConnection, handover_id: int, *, now: datetime) -> None:
    """A mentor could not help, or the person says so: collect what it was about."""
    await connection.execute(UNSOLVED, {"about": handover_id, "within": ASKED_BEFORE, "now": now})


async def not_meant(connection: AsyncConnection, inbound_id: int, *, now: datetime) -> None:
    """The person pressed that nothing we know was meant: collect what they had asked."""
    await connection.execute(NOT_MEANT, {"about": inbound_id, "within": ASKED_WITHIN, "now": now})


async def collect_left(connection: AsyncConnection, *, now: datetime) -> int:
    """Collect what people asked who were asked back, and did not come back for a day."""
    return (await connection.execute(LEFT, {"from": now - LEFT_WITHIN, "to": now - LEFT_AFTER, "now": now})).rowcount


async def want_answer(connection: AsyncConnection, conversation_id: int, inbound_id: int) -> None:
    """The person wants to be told when there is an answer to that message."""
    theirs = update(Row).where(Row.conversation_id == conversation_id, Row.inbound_id == inbound_id)
    await connection.execute(theirs.where(Row.told_at.is_(None)).values(wants_answer=True))


# --- grouping ---------------------------------------------------------------------------------------------------------

QUESTION = (
    Row.id, Row.language, Row.text, Row.candidates, Row.kind, Row.created_at, Row.wants_answer, Row.told_at, Row.gap_id,
)  # fmt: skip


async def new_questions(connection: AsyncConnection, most: int = 5000) -> list[Question]:
    """Those in no group yet, the oldest first."""
    found = select(*QUESTION).where(Row.gap_id.is_(None)).order_by(Row.id).limit(most)
    return [_question(row) for row in await connection.execute(found)]


async def open_groups(connection: AsyncConnection, *, also_by_hand: bool) -> dict[int, list[Question]]:
    """The questions of the groups that nobody has decided about."""
    found = select(*QUESTION).join(GapRow, GapRow.id == Row.gap_id).where(GapRow.status == "open").order_by(Row.id)
    if not also_by_hand:
        found = found.where(not_(GapRow.by_hand), GapRow.topic.is_(None))
    groups: dict[int, list[Question]] = {}
    for row in await connection.execute(found):
        question = _question(row)
        groups.setdefault(question.gap or 0, []).append(question)
    return groups


async def put(connection: AsyncConnection, questions: Iterable[int], gap_id: int | None, *, now: datetime) -> int:
    """Put new questions into an open group, or into one of their own; its number. Those put elsewhere meanwhile stay."""
    if gap_id is not None:
        held = select(GapRow.id).where(GapRow.id == gap_id, GapRow.status == "open").with_for_update()
        gap_id = (await connection.execute(held)).scalar()
    number = gap_id if gap_id is not None else await _open(connection, now=now)
    theirs = update(Row).where(Row.id.in_(list(questions)), Row.gap_id.is_(None))
    await connection.execute(theirs.values(gap_id=number))
    return number


async def merge(connection: AsyncConnection, later: int, earlier: int) -> None:
    """Put one open group's questions into another; nothing where somebody has decided about one of them meanwhile."""
    both = select(GapRow.id).where(GapRow.id.in_([later, earlier]), GapRow.status == "open")
    if len((await connection.execute(both.order_by(GapRow.id).with_for_update())).all()) == 2:
        await connection.execute(update(Row).where(Row.gap_id == later).values(gap_id=earlier))
        await connection.execute(delete(GapRow).where(GapRow.id == later))


async def drop_empty(connection: AsyncConnection) -> int:
    """Groups whose questions are all gone hold nothing any more."""
    empty = delete(GapRow).where(not_(exists().where(Row.gap_id == GapRow.id)))
    return (await connection.execute(empty)).rowcount


async def _open(connection: AsyncConnection, *, now: datetime, by_hand: bool = False) -> int:
    row = insert(GapRow).values(created_at=now, by_hand=by_hand).returning(GapRow.id)
    number: int = (await connection.execute(row)).scalar_one()
    return number


# --- the board --------------------------------------------------------------------------------------------------------

# Each person counts once; more, the nearer a day that runs out for them, and most of all where a limit set by law does.
BOARD = sql("""
    with these as (
        select u.*, a.recruit_id from unanswered u join gaps g on g.id = u.gap_id and g.status = :status
        join conversations c on c.id = u.conversation_id join addresses a on a.id = c.address_id
    ), asked as (
        select gap_id, count(*) as questions, count(*) filter (where wants_answer and told_at is null) as waiting,
               array_agg(distinct language) as languages, array_agg(distinct kind) as kinds, min(created_at) as since,
               bool_or((:language = '' or language = :language) and (:kind = '' or kind = :kind)
                   and (cast(:topics as text[]) is null or jsonb_exists_any(candidates, cast(:topics as text[])))) as fits
        from these group by gap_id
    ), people as (
        select w.gap_id, count(*) as people, min(p.next_legal) as legal, min(p.next_due) as due,
               sum(case when p.next_legal <= :today + 7 then 3
                        when p.next_legal <= :today + 30 or p.next_due <= :today + 7 then 2 else 1 end) as weight
        from (select distinct gap_id, recruit_id from these) w left join progress p on p.recruit_id = w.recruit_id
        group by w.gap_id
    )
    select g.id, g.status, g.topic, g.created_at, g.decided_at, s.name, people.people, asked.questions, asked.waiting,
           asked.languages, asked.kinds, asked.since, people.legal, people.due, count(*) over ()
    from asked join people on people.gap_id = asked.gap_id join gaps g on g.id = asked.gap_id
    left join staff s on s.id = g.decided_by
    where asked.fits
    order by g.decided_at desc nulls last, people.weight desc, people.people desc, people.legal nulls last, g.id
    limit :most offset :skip
""")


async def board(
    connection: AsyncConnection, filters: Filters, *, today: date, most: int = 50, skip: int = 0
) -> list[Listed]:
    """Those that concern the most people, and the most urgently, first; decided ones by when that was."""
    topics = None if filters.topics is None else list(filters.topics)
    values = {"status": filters.status, "language": filters.language, "kind": filters.kind, "topics": topics}
    rows = await connection.execute(BOARD, {**values, "today": today, "most": most, "skip": skip})
    return [_listed(row) for row in rows]


def _listed(row: Any) -> Listed:
    people, questions, waiting, languages, kinds, *rest = row[6:]
    return Listed(Gap(*row[:6]), people, questions, waiting, tuple(languages), tuple(kinds), *rest)


SAMPLES = sql("""
    select id, language, text, candidates, kind, created_at, wants_answer, told_at, gap_id from (
        select u.*, row_number() over (partition by gap_id order by nth, id) as place from (
            select u.*, row_number() over (partition by gap_id, language order by id) as nth
            from unanswered u where gap_id = any(:gaps)
        ) u
    ) u where place <= :most order by gap_id, place
""")
CANDIDATES = sql("""
    select u.gap_id, c.slug, sum(1.0 / c.place) from unanswered u,
        jsonb_array_elements_text(u.candidates) with ordinality as c(slug, place)
    where u.gap_id = any(:gaps) group by 1, 2 order by 1, 3 desc, 2
""")


async def samples(connection: AsyncConnection, gaps: Sequence[int], most: int = 3) -> dict[int, list[Question]]:
    """Some questions of each group, in as many languages as there are."""
    found: dict[int, list[Question]] = {}
    for row in await connection.execute(SAMPLES, {"gaps": list(gaps), "most": most}):
        found.setdefault(row.gap_id, []).append(_question(row))
    return found


async def candidates(connection: AsyncConnection, gaps: Sequence[int]) -> dict[int, list[str]]:
    """The topics that the questions of each group were taken for, the likeliest first."""
    found: dict[int, list[str]] = {}
    for gap_id, slug, _ in await connection.execute(CANDIDATES, {"gaps": list(gaps)}):
        found.setdefault(gap_id, []).append(slug)
    return found


async def one(connection: AsyncConnection, gap_id: int) -> Gap | None:
    columns = (GapRow.id, GapRow.status, GapRow.topic, GapRow.created_at, GapRow.decided_at, Staff.name)
    found = select(*columns).outerjoin(Staff, Staff.id == GapRow.decided_by).where(GapRow.id == gap_id)
    row = (await connection.execute(found)).one_or_none()
    return Gap(*row) if row else None


async def questions(connection: AsyncConnection, gap_id: int) -> list[Question]:
    """All of a group, the oldest first."""
    found = select(*QUESTION).where(Row.gap_id == gap_id).order_by(Row.id)
    return [_question(row) for row in await connection.execute(found)]


async def questions_of(connection: AsyncConnection, gap_id: int) -> list[tuple[str, str]]:
    """Language and text of each question of a group; for whoever writes the topic."""
    return [(question.language, question.text) for question in await questions(connection, gap_id)]


# --- deciding ---------------------------------------------------------------------------------------------------------


async def answered(
    connection: AsyncConnection, gap_id: int, topic: str, *, staff_id: int | None, now: datetime
) -> bool:
    """The answer is published as that topic; False if the group is not open. Those who asked to be are told by a job."""
    return await _decide(connection, gap_id, "answered", topic, staff_id=staff_id, now=now)


async def not_ours(connection: AsyncConnection, gap_id: int, *, staff_id: int | None, now: datetime) -> bool:
    """Nothing that we answer; False if the group is not open."""
    return await _decide(connection, gap_id, "not_ours", None, staff_id=staff_id, now=now)


async def _decide(
    connection: AsyncConnection, gap_id: int, status: str, topic: str | None, *, staff_id: int | None, now: datetime
) -> bool:
    open_ = update(GapRow).where(GapRow.id == gap_id, GapRow.status == "open")
    decided = open_.values(status=status, topic=topic, decided_at=now, decided_by=staff_id)
    return (await connection.execute(decided)).rowcount == 1


async def reopen(connection: AsyncConnection, gap_id: int) -> bool:
    """Undo a decision; who was told stays told."""
    closed = update(GapRow).where(GapRow.id == gap_id, GapRow.status != "open")
    opened = closed.values(status="open", topic=None, decided_at=None, decided_by=None)
    return (await connection.execute(opened)).rowcount == 1


async def planned(connection: AsyncConnection, gap_id: int, topic: str | None, *, staff_id: int | None = None) -> bool:
    """The answer is being written as that topic: once it is published, the group is answered by itself. None: no more."""
    open_ = update(GapRow).where(GapRow.id == gap_id, GapRow.status == "open")
    return (await connection.execute(open_.values(topic=topic, decided_by=staff_id))).rowcount == 1


PUBLISHED = sql("""
    update gaps g set status = 'answered', decided_at = :now
    where g.status = 'open' and g.topic is not null
      and exists (select from knowledge k where k.kind = 'topic' and k.key = g.topic)
      and exists (select from knowledge k where k.kind = 'text' and k.key = g.topic)
""")


async def settle_published(connection: AsyncConnection, *, now: datetime) -> int:
    """Groups whose topic has been published meanwhile are answered."""
    return (await connection.execute(PUBLISHED, {"now": now})).rowcount


async def take_out(connection: AsyncConnection, gap_id: int, question_id: int, *, now: datetime) -> int | None:
    """Put a question into a group of its own, which is not merged by itself; None if it is not in an open group."""
    if not await _is_in(connection, gap_id, question_id):
        return None
    number = await _open(connection, now=now, by_hand=True)
    await connection.execute(update(Row).where(Row.id == question_id).values(gap_id=number))
    return number


async def move(connection: AsyncConnection, gap_id: int, question_id: int, to: int) -> bool:
    """Put a question into another open group; the one that it leaves goes, if it was the last there."""
    there = select(GapRow.id).where(GapRow.id == to, GapRow.status == "open").with_for_update()
    if not await _is_in(connection, gap_id, question_id) or (await connection.execute(there)).scalar() is None:
        return False
    await connection.execute(update(Row).where(Row.id == question_id).values(gap_id=to))
    left = exists().where(Row.gap_id == gap_id)
    await connection.execute(delete(GapRow).where(GapRow.id == gap_id, GapRow.status == "open", not_(left)))
    return True


async def _is_in(connection: AsyncConnection, gap_id: int, question_id: int) -> bool:
    here = select(Row.id).join(GapRow, GapRow.id == Row.gap_id)
    here = here.where(Row.id == question_id, GapRow.id == gap_id, GapRow.status == "open").with_for_update()
    return (await connection.execute(here)).scalar() is not None


# --- telling ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToTell:
    """An answered group, and who waits for the answer."""

    gap: int
    topic: str
    questions: tuple[int, ...]
    people: tuple[uuid.UUID, ...]


TO_TELL = sql("""
    select g.id, g.topic, array_agg(u.id order by u.id), array_agg(distinct a.recruit_id)
    from unanswered u join gaps g on g.id = u.gap_id and g.status = 'answered' and g.topic is not null
    join conversations c on c.id = u.conversation_id join addresses a on a.id = c.address_id
    where u.wants_answer and u.told_at is null group by g.id, g.topic order by g.id
""")


async def to_tell(connection: AsyncConnection) -> list[ToTell]:
    rows = await connection.execute(TO_TELL)
    return [ToTell(gap, topic, tuple(asked), tuple(people)) for gap, topic, asked, people in rows]


async def told(connection: AsyncConnection, asked: Iterable[int], *, now: datetime) -> list[int]:
    """Note that their askers are told; those for whom that had not been noted, so that nobody is told twice."""
    untold = update(Row).where(Row.id.in_(list(asked)), Row.told_at.is_(None)).values(told_at=now)
    return list((await connection.execute(untold.returning(Row.id))).scalars())


# --- what mentors suggest ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a mentor learnt, without names: an answer, or an example question of a topic."""

    id: int
    kind: str
    topic: str | None
    language: str
    question: str
    text: str
    status: str
    created_at: datetime
    by: str | None


SUGGESTION = (
    SuggestionRow.id, SuggestionRow.kind, SuggestionRow.topic, SuggestionRow.language, SuggestionRow.question,
    SuggestionRow.text, SuggestionRow.status, SuggestionRow.created_at, Staff.name,
)  # fmt: skip


async def suggestions(connection: AsyncConnection, status: str, *, most: int = 50, skip: int = 0) -> list[Suggestion]:
    """One more than `most`, where there are more."""
    found = select(*SUGGESTION).outerjoin(Staff, Staff.id == SuggestionRow.staff_id)
    found = found.where(SuggestionRow.status == status).order_by(SuggestionRow.id.desc()).limit(most + 1).offset(skip)
    return [Suggestion(*row) for row in await connection.execute(found)]


async def suggestion(connection: AsyncConnection, number: int) -> Suggestion | None:
    """Held, so that two editors do not take it both."""
    found = select(*SUGGESTION).outerjoin(Staff, Staff.id == SuggestionRow.staff_id).where(SuggestionRow.id == number)
    row = (await connection.execute(found.with_for_update(of=SuggestionRow))).one_or_none()
    return Suggestion(*row) if row else None


async def turn_suggestion(connection: AsyncConnection, number: int, status: str, *, topic: str | None = None) -> None:
    chosen = update(SuggestionRow).where(SuggestionRow.id == number)
    await connection.execute(chosen.values(status=status, **({"topic": topic} if topic else {})))


def _question(row: Any) -> Question:
    number, language, text, thought, *rest = row
    return Question(number, language, text, tuple(thought), *rest)
