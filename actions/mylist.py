"""What a turn knows of the person's own list: where it stands, its words, which task a sentence is about."""

from datetime import date

from actions.turn import Turn
from core.messages import Button
from i18n import format as local
from i18n import words
from i18n.languages import DEFAULT
from journey.plan import RECRUITS, Planned, State, waiting_for
from journey.standing import Standing, standing

OTHERS = ("employer", "mentor", "municipality")
BAR = 10  # signs


def list_of(turn: Turn) -> Standing:
    return standing(
        turn.library.tasks,
        turn.profile,
        turn.mine.done,
        turn.mine.skipped,
        turn.mine.reopened,
        today=turn.day,
    )


def own(stand: Standing) -> list[Planned]:
    """What stands on the recruit's list: their own tasks and those that others do for them."""
    return [planned for planned in stand.plan if planned.task.id.startswith("r-")]


def others_turn(stand: Standing) -> list[Planned]:
    """What others can do now: first what holds the person up, then the rest by its day."""
    holding = list(waiting_for(stand.plan))
    rest = [p for p in own(stand) if p.task.who in OTHERS and p.state is State.OPEN and p not in holding]
    return [*holding, *sorted(rest, key=lambda p: p.due or date.max)]


def title(task: str, turn: Turn) -> str:
    return turn.library.task_text(task, turn.language).title


def task_button(task: str, turn: Turn) -> Button:
    return Button(title(task, turn), payload=f"task:{task}")


def list_button(turn: Turn) -> Button:
    return Button(turn.t.gettext("My list"), payload="list")


def bar(done: int, all_: int) -> str:
    """A drawn bar that every phone shows."""
    filled = round(BAR * done / all_) if all_ else 0
    return "▰" * filled + "▱" * (BAR - filled)


def day(when: date, turn: Turn) -> str:
    return local.day(when, turn.language)


def when_due(planned: Planned, turn: Turn) -> str:
    """One line on its day: late, the legal limit, or by when."""
    legal = None if planned.legal_estimated else planned.legal
    if planned.legally_late and legal:
        return "⚠ " + turn.t.gettext("the legal limit was {day}", day=day(legal, turn))
    if legal and (planned.legal_soon or planned.late):
        return "⚠ " + turn.t.gettext("legal limit {day}", day=day(legal, turn))
    if planned.due is None:
        return ""
    if planned.late:
        return turn.t.gettext("was due {day}", day=day(planned.due, turn))
    about = turn.t.gettext("about {day}", day=day(planned.due, turn))
    return about if planned.estimated else turn.t.gettext("by {day}", day=day(planned.due, turn))


def line(planned: Planned, turn: Turn) -> str:
    due = when_due(planned, turn)
    return f"- **{title(planned.task.id, turn)}**" + (f" – {due}" if due else "")


def who(name: str, turn: Turn) -> str:
    return turn.say(f"who_{name}")


def named_tasks(text: str, turn: Turn, stand: Standing) -> list[tuple[str, ...]]:
    """The tasks that a sentence names, in order, each as the candidates for one thing ("cpr" may mean one only).

    The longest name wins where names overlap. Tasks that do not apply are not meant.
    """
    said = words.fold(text)
    hits: list[tuple[int, int, int, str]] = []
    for planned in stand.plan:
        if not _may_be_meant(planned, turn):
            continue
        for language in dict.fromkeys((turn.language, DEFAULT, "da")):
            known = turn.library.task_texts.get((planned.task.id, language))
            for name in known.called if known else ():
                for begin, end in words.found(name, said):
                    hits.append((sum(map(len, said[begin:end])), begin, end, planned.task.id))
    return _not_overlapping(hits)


def _may_be_meant(planned: Planned, turn: Turn) -> bool:
    mine = "e-" if turn.profile.get("audience") == "employer" else "r-"
    return planned.task.id.startswith(mine)


def _not_overlapping(hits: list[tuple[int, int, int, str]]) -> list[tuple[str, ...]]:
    taken: list[tuple[int, int]] = []
    chosen: dict[tuple[int, int], list[str]] = {}
    for _, begin, end, task in sorted(hits, key=lambda hit: (-hit[0], hit[1])):
        span = (begin, end)
        if span in chosen:
            chosen[span].append(task)
        elif all(end <= first or last <= begin for first, last in taken):
            taken.append(span)
            chosen[span] = [task]
    found = [tuple(dict.fromkeys(tasks)) for _, tasks in sorted(chosen.items())]
    return list(dict.fromkeys(found))


def can_be_ticked(stand: Standing) -> list[Planned]:
    """What the person may most likely have just done: own open tasks first, then what they wait for."""
    open_ = [p for p in own(stand) if p.state is State.OPEN]
    return sorted(open_, key=lambda p: (p.task.who not in RECRUITS, p.due or date.max))
