"""What stands on a person's list, as values in their language: for the page, the pack of one task and the calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from core.days import danish_day
from i18n import format as local
from i18n.languages import DEFAULT
from i18n.translator import msgid
from journey.plan import Planned, State, next_steps, progress
from journey.standing import Standing, standing
from knowledge.library import Library
from store.journey import Mine
from web.doors import Translator
from web.render import html

DANISH = "da"
PHASES: dict[str, str] = {
    "before-departure": msgid("Before departure"),
    "arrival-week": msgid("Arrival week"),
    "first-month": msgid("First month"),
    "first-3-months": msgid("First 3 months"),
    "first-year": msgid("First year"),
    "staying": msgid("Staying in Denmark"),
}
TO_DO = (State.OPEN, State.BLOCKED)

type Kind = Literal["plain", "late", "legal"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose list an address shows. recruits: of an employer's contact, each with profile and list."""

    link: UUID
    language: str
    profile: Mapping[str, str]
    mine: Mine
    recruits: tuple[tuple[UUID, Mapping[str, str], Mine], ...] = ()

    @property
    def is_employer(self) -> bool:
        return self.profile.get("audience") == "employer"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to one person on one day."""

    language: str
    t: Translator
    library: Library
    now: datetime

    @property
    def day(self) -> date:
        return danish_day(self.now)

    def say(self, key: str, /, **named: str) -> str:
        return self.library.reply(key, self.language, self.day, **named)

    def filled(self, text: str, language: str) -> str:
        return self.library.fill(text, language=language, day=self.day).text

    def written(self, when: date) -> str:
        return local.day(when, self.language)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line on a task's day. What is late or a limit says so in words; `kind` only adds a colour."""

    text: str
    kind: Kind = "plain"


@dataclass(frozen=True, slots=True)
class Said:
    """Safe HTML, and the language that it is in."""

    html: str
    language: str


@dataclass(frozen=True, slots=True)
class Paper:
    """Something to bring, and the same in Danish where that is another language."""

    own: Said
    danish: Said | None


@dataclass(frozen=True, slots=True)
class Step:
    """A task as it is shown. danish: its Danish title, where the list is in another language."""

    task: str
    title: str
    language: str
    danish: str
    who: str
    marks: tuple[Mark, ...]
    done: bool
    papers: tuple[Paper, ...]
    link: str

    @property
    def site(self) -> str:
        return urlsplit(self.link).netloc.removeprefix("www.")


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A recruit's list: what comes next, everything by phase, and how far it has come."""

    next: tuple[Step, ...]
    groups: tuple[Group, ...]
    done: int
    all: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One task, to take along to an office."""

    step: Step
    details: Said
    legal: Said | None


def stand_of(library: Library, profile: Mapping[str, str], mine: Mine, day: date) -> Standing:
    return standing(library.tasks, profile, mine.done, mine.skipped, mine.reopened, today=day)


def of_recruit(stand: Standing) -> list[Planned]:
    """The tasks on the recruit's own list: theirs, and what others do for them."""
    return [planned for planned in stand.plan if planned.task.id.startswith("r-")]


def of_employer(stand: Standing) -> list[Planned]:
    """What the employer does for one recruit, the next first."""
    theirs = [planned for planned in stand.plan if planned.task.who == "employer"]
    return sorted(theirs, key=lambda planned: planned.due or date.max)


def knows_enough(owner: Owner) -> bool:
    return bool(owner.profile.get("origin") or owner.profile.get("arrival") or owner.mine.tasks)


def sheet(owner: Owner, words: Words) -> Sheet | None:
    """None as long as too little is known for a list."""
    if not knows_enough(owner):
        return None
    stand = stand_of(words.library, owner.profile, owner.mine, words.day)
    own = of_recruit(stand)
    steps = {planned.task.id: step(planned, stand, owner.mine, words) for planned in own}
    groups = (
        Group(
            words.t.gettext(title),
            _done_last(steps[p.task.id] for p in own if p.task.phase == phase and p.state is not State.SKIPPED),
        )
        for phase, title in PHASES.items()
    )
    done, all_ = progress(own)
    following = tuple(steps[p.task.id] for p in next_steps(stand.plan) if p.task.id in steps)
    return Sheet(following, tuple(group for group in groups if group.steps), done, all_)


def by_recruit(owner: Owner, words: Words) -> tuple[Group, ...]:
    """For an employer's contact: their own tasks, for each of their recruits."""
    groups = []
    for _, profile, mine in owner.recruits:
        stand = stand_of(words.library, profile, mine, words.day)
        shown = [planned for planned in of_employer(stand) if planned.state is not State.SKIPPED]
        steps = _done_last(step(planned, stand, mine, words, named=False) for planned in shown)
        groups.append(Group(name_of(profile, words), steps))
    return tuple(groups)


def name_of(profile: Mapping[str, str], words: Words) -> str:
    return profile.get("name") or words.t.gettext("a recruit")


def pack(task: str, owner: Owner, words: Words) -> Pack | None:
    """None for what does not stand on this person's list."""
    stand = stand_of(words.library, owner.profile, owner.mine, words.day)
    planned = stand.of(task)
    if owner.is_employer or planned is None or planned not in of_recruit(stand):
        return None
    text, language = words.library.task_text(task, words.language), _language(task, words)
    legal = Said(html(words.filled(text.legal, language)), language) if text.legal else None
    details = Said(html(words.filled(text.details, language)), language)
    return Pack(step(planned, stand, owner.mine, words), details, legal)


def step(planned: Planned, stand: Standing, mine: Mine, words: Words, *, named: bool = True) -> Step:
    """`named`: with who acts."""
    task, library = planned.task, words.library
    danish = library.task_texts.get((task.id, DANISH))
    elsewhere = words.language != DANISH and danish is not None
    return Step(
        task=task.id,
        title=library.task_text(task.id, words.language).title,
        language=_language(task.id, words),
        danish=danish.title if elsewhere and danish else "",
        who=words.t.gettext("Who: {who}", who=words.say(f"who_{task.who}")) if named else "",
        marks=tuple(_marks(planned, stand, mine, words)),
        done=planned.state is State.DONE,
        papers=tuple(_paper(key, words) for key in task.bring),
        link=task.link,
    )


def _done_last(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda each: each.done))


def _marks(planned: Planned, stand: Standing, mine: Mine, words: Words) -> list[Mark]:
    task, t = planned.task.id, words.t
    if planned.state is State.DONE:
        day = mine.done.get(task)
        said = words.say("task_done_already", day=words.written(day)) if day else ""
        done = t.gettext("Taken as done") if task in stand.presumed else t.gettext("Done")
        return [Mark(said or f"✓ {done}")]
    marks = []
    if planned.due is not None:
        marks.append(_due(planned, planned.due, words))
    if planned.legal is not None and not planned.legal_estimated:
        day_ = words.written(planned.legal)
        past = planned.legally_late
        limit = t.gettext("the legal limit was {day}", day=day_) if past else t.gettext("legal limit {day}", day=day_)
        marks.append(Mark(f"⚠ {limit}", "late" if past else "legal"))
    if planned.state is State.BLOCKED:
        what = "; ".join(words.library.task_text(each, words.language).title for each in planned.blocked_by)
        marks.append(Mark(words.say("task_waits", what=what)))
    return marks


def _due(planned: Planned, due: date, words: Words) -> Mark:
    day = words.written(due)
    if planned.late:
        return Mark(words.t.gettext("was due {day}", day=day), "late")
    if planned.estimated:
        return Mark(words.t.gettext("about {day}", day=day))
    return Mark(words.t.gettext("by {day}", day=day))


def _language(task: str, words: Words) -> str:
    return words.language if (task, words.language) in words.library.task_texts else DEFAULT


def _paper(key: str, words: Words) -> Paper:
    documents = words.library.documents
    language = words.language if (key, words.language) in documents else DEFAULT
    danish = documents.get((key, DANISH)) if words.language != DANISH else None
    return Paper(
        Said(_inline(words.library.document(key, words.language)), language),
        Said(_inline(danish), DANISH) if danish else None,
    )


def _inline(markdown: str) -> str:
    return html(markdown).removeprefix("<p>").removesuffix("</p>")
