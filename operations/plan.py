"""`velkommen plan`: the plan of a profile at a moment, as JSON or as a table."""

import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, get_args

import yaml

from core.days import COPENHAGEN, danish_day
from core.errors import VelkommenError
from journey.plan import Planned, Profile, State, plan, presumed
from knowledge.files import read_tasks
from knowledge.models import Anchor, Household, Occupation, Origin, Task
from operations.assemble import KNOWLEDGE

CHECKLISTS = KNOWLEDGE / "checklists"
LISTS = ("recruit.yml", "employer.yml")
GROUPS = {"origin": get_args(Origin), "occupation": get_args(Occupation), "household": get_args(Household)}
ANCHORS: tuple[str, ...] = get_args(Anchor)
FIELDS = (*GROUPS, "anchors", "done", "skipped", "presume")
FIRST_YEAR, LAST_YEAR = 2000, 2100
REMIND_AT = time(9)


class ProfileError(VelkommenError):
    """The profile or the moment cannot be used; one line a fault: where, what, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a profile file says. A done task without a day has None."""

    profile: Profile
    anchors: dict[str, date] = field(default_factory=dict)
    done: dict[str, date | None] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    presume: bool = False


def main(profile: Path, now: str | None, *, as_json: bool, checklists: Path = CHECKLISTS) -> int:
    """Print the plan; 2 when the profile or the moment is wrong."""
    tasks = read_checklists(checklists)
    try:
        moment = parse_now(now) if now is not None else datetime.now(UTC)
        case = read_case(profile, {task.id for task in tasks})
    except ProfileError as error:
        print(error, file=sys.stderr)
        return 2
    answer = explain(tasks, case, moment)
    print(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else table(answer))
    return 0


def read_checklists(folder: Path) -> list[Task]:
    """Both lists, the recruit's first; they are planned together, as they wait for each other."""
    return [Task.model_validate(entry.data) for name in LISTS for entry in read_tasks(folder / name)]


def parse_now(text: str) -> datetime:
    """An ISO date (its midnight) or date-time; without a zone it is Copenhagen's."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ProfileError(
            f"--now: {text!r} is no moment; allowed are a date or an ISO date-time "
            f"from {FIRST_YEAR} to {LAST_YEAR}, such as 2026-11-22 or 2026-11-22T09:00."
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=COPENHAGEN)


def read_case(path: Path, task_ids: set[str]) -> Case:
    """A profile from YAML or JSON; raises ProfileError with every fault in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ProfileError(f"{path}: cannot be read ({reason}); give a YAML or JSON file with a profile.") from error
    faults: list[str] = []
    case = _parse_case(_load(text, path), task_ids, faults)
    if faults:
        raise ProfileError("\n".join(f"{path}: {fault}" for fault in faults))
    return case


def explain(tasks: Sequence[Task], case: Case, now: datetime) -> dict[str, Any]:
    """Every task of both lists, also those that do not apply, with what the plan says of it at the moment."""
    today = danish_day(now)
    assumed = presumed(tasks, case.profile, case.anchors, case.done, today=today) if case.presume else frozenset()
    done = case.done | dict.fromkeys(sorted(assumed - set(case.skipped)))
    planned = plan(tasks, case.profile, case.anchors, done, case.skipped, today=today)
    by_id = {step.task.id: step for step in planned}
    return {
        "now": now.astimezone(COPENHAGEN).isoformat(),
        "profile": {
            "origin": case.profile.origin,
            "occupation": case.profile.occupation,
            "household": case.profile.household,
            "anchors": {name: day.isoformat() for name, day in case.anchors.items()},
            "done": {id_: _iso(day) for id_, day in done.items()},
            "skipped": list(case.skipped),
            "presume": case.presume,
        },
        "tasks": [_as_json(task.id, by_id.get(task.id), now) for task in tasks],
    }


def table(answer: Mapping[str, Any]) -> str:
    """What applies, a line a task; a day with ~ is estimated."""
    rows = [("task", "state", "due", "legal limit", "next reminder", "")]
    rows += [
        (
            task["id"],
            task["state"],
            _estimate(task["due"], task["estimated"]),
            _estimate(task["legal_deadline"], task["legal_estimated"]),
            (task["next_reminder"] or "")[:16].replace("T", " "),
            _remark(task),
        )
        for task in answer["tasks"]
        if task["applies"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    apart = len(answer["tasks"]) - len(rows) + 1
    return "\n".join([f"Plan on {answer['now'][:16].replace('T', ' ')}", *lines, f"{apart} tasks do not apply."])


def _as_json(task_id: str, step: Planned | None, now: datetime) -> dict[str, Any]:
    return {
        "id": task_id,
        "applies": step is not None,
        "due": _iso(step.due if step else None),
        "estimated": step is not None and step.estimated,
        "legal_deadline": _iso(step.legal if step else None),
        "legal_estimated": step is not None and step.legal_estimated,
        "state": step and step.state.value,
        "late": step is not None and step.late,
        "legally_late": step is not None and step.legally_late,
        "blocked_by": list(step.blocked_by) if step else [],
        "unblocked_by": list(step.unblocked_by) if step else [],
        "next_reminder": _iso(_next_reminder(step, now) if step else None),
    }


def _next_reminder(step: Planned, now: datetime) -> datetime | None:
    if step.due is None or step.state not in (State.OPEN, State.BLOCKED):
        return None
    moments = (
        datetime.combine(step.due + timedelta(days=offset), REMIND_AT, COPENHAGEN) for offset in step.task.reminders
    )
    return min((moment for moment in moments if moment > now), default=None)


def _iso(when: date | None) -> str | None:
    return when.isoformat() if when else None


def _estimate(day: str | None, estimated: bool) -> str:
    return f"{day or ''}{'~' if estimated else ''}"


def _remark(task: Mapping[str, Any]) -> str:
    late = "legally late" if task["legally_late"] else "late" if task["late"] else ""
    waiting = f"waits for {', '.join(task['blocked_by'])}" if task["blocked_by"] else ""
    return "; ".join(filter(None, (late, waiting)))


class _Loader(yaml.SafeLoader):
    """Leaves days as they are written, so that a wrong one is told with its field."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _load(text: str, path: Path) -> dict[str, Any]:
    try:
        data = _json_or_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise ProfileError(f"{path}: is neither YAML nor JSON that can be read: {told}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ProfileError(f"{path}: must hold fields with their values; allowed are {_fields()}.")
    return data


def _json_or_yaml(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, _Loader)  # noqa: S506, it is a SafeLoader


def _fields() -> str:
    return f"{', '.join(FIELDS)}, and the anchors {', '.join(ANCHORS)}"


def _parse_case(data: dict[str, Any], task_ids: set[str], faults: list[str]) -> Case:
    faults += [f"{name}: is not a field; allowed are {_fields()}." for name in data if name not in (*FIELDS, *ANCHORS)]
    return Case(
        profile=Profile(**{name: _group(data, name, faults) for name in GROUPS}),
        anchors=dict(_anchors(data, faults)),
        done=dict(_done(data.get("done"), task_ids, faults)),
        skipped=tuple(dict.fromkeys(_task_ids("skipped", data.get("skipped"), task_ids, faults))),
        presume=_presume(data.get("presume"), faults),
    )


def _group(data: dict[str, Any], name: str, faults: list[str]) -> str | None:
    value = data.get(name)
    if value is None or (isinstance(value, str) and value in GROUPS[name]):
        return value
    faults.append(f"{name}: {value!r} is not known; allowed are {', '.join(GROUPS[name])}, or leave it out.")
    return None


def _anchors(data: dict[str, Any], faults: list[str]) -> Iterator[tuple[str, date]]:
    below = data.get("anchors")
    if below is not None and not isinstance(below, dict):
        faults.append("anchors: must hold names with their days, such as `arrival: 2027-03-01`.")
        below = None
    given = [(name, name, data[name]) for name in ANCHORS if name in data]
    given += [(f"anchors.{name}", name, value) for name, value in (below or {}).items()]
    seen: dict[str, object] = {}
    for where, name, value in given:
        if name not in ANCHORS:
            faults.append(f"{where}: is not an anchor; allowed are {', '.join(ANCHORS)}.")
        elif seen.setdefault(name, value) != value:
            faults.append(f"{where}: {value!r} differs from {seen[name]!r} at the top; keep one of them.")
        elif value is not None and (day := _day(where, value, faults)):
            yield name, day


def _done(value: object, task_ids: set[str], faults: list[str]) -> Iterator[tuple[str, date | None]]:
    for id_ in _task_ids("done", value, task_ids, faults):
        day = value[id_] if isinstance(value, dict) else None
        yield id_, None if day is None else _day(f"done.{id_}", day, faults)


def _task_ids(where: str, value: object, task_ids: set[str], faults: list[str]) -> list[str]:
    """The ids in a list, or for `done` the keys of a mapping."""
    if value is None:
        return []
    if not isinstance(value, (list, dict) if where == "done" else list):
        or_days = ", or ids with the days on which they were done" if where == "done" else ""
        faults.append(f"{where}: {value!r} is not a list; allowed is a list of task ids{or_days}.")
        return []
    assert isinstance(value, list | dict)
    known = [id_ for id_ in value if isinstance(id_, str) and id_ in task_ids]
    for id_ in value:
        if id_ not in known:
            near = difflib.get_close_matches(str(id_), sorted(task_ids))
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            faults.append(
                f"{where}: {id_!r} is not a task; {hint}Allowed are the ids in "
                f"{' and '.join(f'knowledge/checklists/{name}' for name in LISTS)}."
            )
    return known


def _day(where: str, value: object, faults: list[str]) -> date | None:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        faults.append(
            f"{where}: {value!r} is not a day; allowed are days from {FIRST_YEAR} to {LAST_YEAR}, such as 2027-03-01."
        )
        return None
    return day


def _presume(value: object, faults: list[str]) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    faults.append(f"presume: {value!r} is not known; allowed are true and false.")
    return False
