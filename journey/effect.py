"""What a changed task would mean for the people whose lists it stands on. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from journey.calendar import add_months
from journey.plan import Planned, State, plan
from journey.standing import anchors_of, profile_of, standing
from knowledge.models import Task


@dataclass(frozen=True, slots=True)
class OnList:
    """What is known of a person, and what became of their tasks."""

    known: Mapping[str, str]
    done: Mapping[str, date]
    skipped: Collection[str] = ()
    reopened: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """How many people have the task to do now, and for how many that changes.

    gain, lose: who has it to do only afterwards, only before. earlier, later: whose day moves; dated, undated: whose day
    becomes known, or is known no more.
    """

    people: int = 0
    open: int = 0
    gain: int = 0
    lose: int = 0
    earlier: int = 0
    later: int = 0
    dated: int = 0
    undated: int = 0

    @property
    def moved(self) -> int:
        return self.earlier + self.later + self.dated + self.undated

    def scaled(self, people: int) -> "Effect":
        """The same in so many people, if these are like those who were looked at."""
        share = people / self.people if self.people else 0
        counts = (self.open, self.gain, self.lose, self.earlier, self.later, self.dated, self.undated)
        return Effect(people, *(round(count * share) for count in counts))


def effect(before: Task | None, after: Task | None, lists: Iterable[OnList], *, today: date) -> Effect:
    """before None: there is no such task yet; after None: it is taken away. Whoever is done with it feels nothing."""
    counts = dict.fromkeys(("people", "open", "gain", "lose", "earlier", "later", "dated", "undated"), 0)
    for person in lists:
        old, new = to_do(before, person, today), to_do(after, person, today)
        counts["people"] += 1
        counts["open"] += old is not None
        if change := _change(old, new):
            counts[change] += 1
    return Effect(**counts)


def to_do(task: Task | None, person: OnList, today: date) -> Planned | None:
    """The task as it stands on somebody's list, if they still have it to do."""
    if task is None:
        return None
    stand = standing((task,), person.known, person.done, person.skipped, person.reopened, today=today)
    planned = stand.of(task.id)
    return planned if planned and planned.state in (State.OPEN, State.BLOCKED) else None


def _change(old: Planned | None, new: Planned | None) -> str | None:
    match old, new:
        case None, None:
            return None
        case None, _:
            return "gain"
        case _, None:
            return "lose"
    assert old is not None
    assert new is not None
    if old.due == new.due:
        return None
    if old.due is None or new.due is None:
        return "dated" if old.due is None else "undated"
    return "earlier" if new.due < old.due else "later"


# --- people who do not exist ----------------------------------------------------------------------------------------

BEFORE_ARRIVAL = timedelta(days=60)


def examples(today: date) -> dict[str, dict[str, str]]:
    """Three people who come in two months, by what an editor calls them: all that we could know of them."""
    arrival = today + BEFORE_ARRIVAL

    def on(days: int = 0, months: int = 0) -> str:
        return (add_months(arrival, months) + timedelta(days=days)).isoformat()

    everybody = {
        "contract_signed": on(-110), "arrival": on(), "moved_in": on(), "lease_start": on(),
        "moved_again": on(months=3), "first_working_day": on(7),
    }  # fmt: skip
    permit = {"permit_applied": on(-90), "permit_granted": on(-25), "permit_expires": on(months=24)}
    exams = {"exam_term": on(months=10)}
    return {
        "nurse": {
            **everybody, **permit, **exams, "education_assessed": on(-60), "adaptation_start": on(14),
            "origin": "non-eu", "occupation": "nurse", "household": "single",
        },
        "farm": {**everybody, **exams, "origin": "eu", "occupation": "other", "household": "single"},
        "engineer": {**everybody, **exams, "origin": "nordic", "occupation": "other", "household": "family"},
    }  # fmt: skip


def for_example(task: Task | None, known: Mapping[str, str]) -> Planned | None:
    """The task as it stood on such a person's list when they signed their contract; None: not for them."""
    if task is None:
        return None
    today = date.fromisoformat(known["contract_signed"])
    found = plan((task,), profile_of(known), anchors_of(known), {}, today=today)
    return found[0] if found else None
