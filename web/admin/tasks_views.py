"""Tasks of the checklists as an editor sees them: the list, a rule in words, and what a form says. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, get_args

from actions.meet import LABELS as FACTS
from actions.profile import LABELS as GROUPS
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.library import Library
from knowledge.models import Anchor, Household, Occupation, Origin, Phase, Task
from store.editing import Data, Draft, Name
from web.admin.answers_views import choice as topic_choice
from web.admin.answers_views import lines, slug_named
from web.admin.pieces import clean
from web.admin.room import Unfit
from web.bodies import Form, one
from web.doors import Translator

RULE = "rule"  # what the rule is called in an address, where a text has its language
LISTS = {"r": msgid("Recruits"), "e": msgid("Employers")}
WHO = {
    "recruit": msgid("Recruit"),
    "family": msgid("Family"),
    "employer": msgid("Employer"),
    "municipality": msgid("Municipality"),
    "mentor": msgid("Mentor"),
}
ANCHORS: dict[str, str] = {
    "contract_signed": FACTS["contract_signed"],
    "permit_applied": msgid("Permit applied for"),
    "permit_granted": FACTS["permit_granted"],
    "permit_expires": FACTS["permit_expires"],
    "education_assessed": msgid("Education assessed"),
    "arrival": FACTS["arrival"],
    "moved_in": FACTS["moved_in"],
    "lease_start": msgid("Lease begins"),
    "moved_again": msgid("Moved to a lasting home"),
    "first_working_day": FACTS["first_working_day"],
    "first_salary": msgid("First salary"),
    "adaptation_start": msgid("Adaptation period begins"),
    "cpr_received": FACTS["cpr_received"],
    "exam_term": msgid("Exam"),
    "tax_year": msgid("1 January of the first tax year"),
    "next_tax_year": msgid("1 January of the next tax year"),
}
WEEKENDS = {
    "stays": msgid("The limit stays on that day"),
    "next-working-day": msgid("The limit moves to the next working day"),
}
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "origin": get_args(Origin),
    "occupation": get_args(Occupation),
    "household": get_args(Household),
}
GROUP_OF = {"sosu": "care", "other": "other-job"}  # an occupation as `actions.profile` calls it
STATES = ("missing", "draft", "in_review", "published", "outdated")
TEXTS = ("title", "details", "why", "legal", "called")
ID = re.compile(r"[re](-[a-z0-9]+)+")
LONGEST_ID = 40
MOST = {"months": 120, "days": 3660, "working_days": 500, "reminders": 400}
LONGEST = {"title": 80, "details": 1500, "why": 1000, "legal": 500, "called": 1500, "note": 300}
UNITS = ("months", "days", "working_days")

A_NUMBER = msgid("Write a whole number up to {most}, such as 14.")
NUMBERS = msgid("Write days with commas between them, such as 14, 7, 2.")
NO_TASK = msgid("There is no task “{name}”. Choose one from the list.")
NO_TOPIC = msgid("There is no topic “{name}”. Choose one from the list.")
NO_DOCUMENT = msgid("There is no document “{name}”. Choose one from the list.")
NO_DAY = msgid("Choose from which day it is counted.")
CHOOSE = msgid("Choose one of these.")
TOO_LONG = msgid("This is longer than {most} characters.")


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    q: str = ""
    list: str = ""
    phase: str = ""
    who: str = ""
    origin: str = ""
    occupation: str = ""
    household: str = ""
    language: str = ""
    state: str = ""
    topic: str = ""  # "none": without one

    def address(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Row:
    """A task on the list. rule: the state of its rule; published: whether it stands on anybody's list."""

    id: str
    title: str
    language: str
    data: Data
    rule: str
    states: Mapping[str, str]
    published: bool


def rows(library: Library, drafts: Iterable[Draft], *, language: str) -> list[Row]:
    """All tasks in the order of the lists, those that are only drafted yet at the end of theirs."""
    open_ = {draft.name: draft for draft in drafts}
    new = [draft for (kind, key, _), draft in open_.items() if kind == "task" and key not in library.by_id]
    found = [_row(task.id, task.model_dump(mode="json"), library, open_, language) for task in library.tasks]
    found += [_row(draft.name[1], draft.data, library, open_, language) for draft in new]
    return sorted(found, key=lambda row: (not row.id.startswith("r-"), not row.published))


def _row(id_: str, data: Data, library: Library, drafts: Mapping[Name, Draft], language: str) -> Row:
    draft = drafts.get(("task", id_, ""))
    shown = language if (id_, language) in library.task_texts else DEFAULT
    return Row(
        id_,
        title_of(id_, library, drafts, shown),
        shown,
        data,
        draft.state if draft else "published",
        {code: text_state(library, id_, code, drafts.get(("task_text", id_, code))) for code in LANGUAGES},
        id_ in library.by_id,
    )


def title_of(id_: str, library: Library, drafts: Mapping[Name, Draft], language: str) -> str:
    if (id_, DEFAULT) in library.task_texts:
        return library.task_text(id_, language).title
    draft = drafts.get(("task_text", id_, DEFAULT))
    return str(draft.data.get("title") or id_) if draft else id_


def text_state(library: Library, id_: str, language: str, draft: Draft | None) -> str:
    if draft is not None:
        return draft.state
    if (id_, language) not in library.task_texts:
        return "missing"
    return "outdated" if outdated(library, id_, language) else "published"


def outdated(library: Library, id_: str, language: str) -> bool:
    """Whether a translation was made from an older English text than the published one."""
    text, source = library.task_texts.get((id_, language)), library.task_texts.get((id_, DEFAULT))
    return bool(text and source and language != DEFAULT and (text.from_revision or 1) < (source.revision or 1))


def matching(found: Iterable[Row], filters: Filters, library: Library) -> list[Row]:
    return [row for row in found if _fits(row, filters, library)]


def _fits(row: Row, filters: Filters, library: Library) -> bool:
    data, codes = row.data, [filters.language] if filters.language in LANGUAGES else list(LANGUAGES)
    states = [row.states[code] for code in codes] + ([] if filters.language in LANGUAGES else [row.rule])
    return (
        (not filters.list or row.id.startswith(f"{filters.list}-"))
        and (not filters.phase or data.get("phase") == filters.phase)
        and (not filters.who or data.get("who") == filters.who)
        and all(
            not wanted or not data.get(dimension) or wanted in data[dimension]
            for dimension in DIMENSIONS
            for wanted in [getattr(filters, dimension)]
        )
        and (not filters.state or filters.state in states)
        and (filters.topic != "none" or not data.get("topic"))
        and _holds(row, filters.q.casefold().split(), library)
    )


def _holds(row: Row, words: Sequence[str], library: Library) -> bool:
    texts = [text for code in LANGUAGES if (text := library.task_texts.get((row.id, code)))]
    parts = [row.id, row.title, *(part for text in texts for part in (text.title, text.details, *text.called))]
    everything = "\n".join(parts).casefold()
    return all(word in everything for word in words)


# --- in words ---------------------------------------------------------------------------------------------------------


def group(value: str, t: Translator) -> str:
    return t.gettext(GROUPS.get(GROUP_OF.get(value, value), value))


def for_whom(data: Data, t: Translator) -> list[str]:
    """The groups that a task is for; nothing for everybody."""
    return [group(value, t) for dimension in DIMENSIONS for value in data.get(dimension, ())]


def in_words(rule: Mapping[str, Any], t: Translator) -> str:
    """ "Arrival + 14 days": the same shape in every language, whatever its cases."""
    name = str(rule.get("anchor", ""))
    parts = [t.gettext(ANCHORS.get(name, name))]
    for unit, one_, many in (
        ("months", msgid("{count} month"), msgid("{count} months")),
        ("days", msgid("{count} day"), msgid("{count} days")),
        ("working_days", msgid("{count} working day"), msgid("{count} working days")),
    ):
        if count := int(rule.get(unit) or 0):
            parts.append(f"{'+' if count > 0 else '−'} {t.ngettext(one_, many, abs(count), count=abs(count))}")
    return " ".join(parts)


def choice(id_: str, library: Library) -> str:
    """A task as it is picked from a list: its title, and its name in brackets."""
    return f"{library.task_text(id_, DEFAULT).title} ({id_})" if (id_, DEFAULT) in library.task_texts else id_


def document_choice(key: str, library: Library) -> str:
    return f"{library.document(key, DEFAULT)} ({key})" if (key, DEFAULT) in library.documents else key


# --- what a form says -------------------------------------------------------------------------------------------------

PICKED = re.compile(r"\(([^()\s]+)\)$")
NEW: Data = {
    "phase": "first-month", "who": "recruit", "origin": [], "occupation": [], "household": [], "prerequisites": [],
    "due": [{"anchor": "arrival", "days": 14, "working_days": 0, "months": 0}], "legal": None, "reminders": [-7, -2],
    "link": "", "topic": None, "behind": [], "yearly": False, "optional": False, "bring": [], "facts": [], "sources": [],
}  # fmt: skip


def rule_in(form: Form, id_: str, library: Library, *, before: Data) -> Data:
    """A rule as it was typed; Unfit for what no rule could hold. Whether it may be published is asked elsewhere."""
    topic = one(form, "topic")
    slug = slug_named(topic, library) if topic else None
    if topic and slug is None:
        raise Unfit(NO_TOPIC, "topic", name=topic)
    legal = _day_rules(form, "legal")
    return {
        "id": id_,
        "phase": _one_of(form, "phase", get_args(Phase)),
        "who": _one_of(form, "who", tuple(WHO)),
        **{dimension: _several(form, dimension, values) for dimension, values in DIMENSIONS.items()},
        "prerequisites": _picked(form, "prerequisites", library.by_id, NO_TASK),
        "due": _day_rules(form, "due"),
        "legal": {**legal[0], "weekend": _one_of(form, "legal_weekend", tuple(WEEKENDS))} if legal else None,
        "reminders": _reminders(form),
        "link": clean(one(form, "link"))[:500],
        "topic": slug,
        "behind": _several(form, "behind", get_args(Anchor)),
        "yearly": bool(one(form, "yearly")),
        "optional": bool(one(form, "optional")),
        "bring": _picked(form, "bring", {key for key, _ in library.documents}, NO_DOCUMENT),
        "facts": [clean(line)[:200] for line in lines(form, "facts")[:50]],
        "sources": sources_in(form),
        "place": placed(one(form, "after"), id_, library, before=before),
    }


def _one_of(form: Form, field: str, values: Sequence[str]) -> str:
    value = one(form, field)
    if value not in values:
        raise Unfit(CHOOSE, field)
    return value


def _several(form: Form, field: str, values: Sequence[str]) -> list[str]:
    return [value for value in values if value in form.get(field, ())]


def _picked(form: Form, field: str, known: Iterable[str], unknown: str) -> list[str]:
    """What was picked from a list that can be searched: by the name in brackets, or the bare one."""
    names, found = set(known), dict[str, None]()
    for typed in map(str.strip, form.get(field, ())):
        if not typed:
            continue
        bracketed = PICKED.search(typed)
        name = next((name for name in (bracketed[1] if bracketed else "", typed) if name in names), None)
        if name is None:
            raise Unfit(unknown, field, name=typed[:100])
        found[name] = None
    return list(found)


def _day_rules(form: Form, field: str) -> list[Data]:
    """Days counted from an anchor, one a row; a row without an anchor and without a number is empty."""
    columns = [form.get(f"{field}_{name}", []) for name in ("anchor", "side", *UNITS)]
    found = []
    for anchor, side, *numbers in list(zip_longest(*columns, fillvalue=""))[:20]:
        months, days, working = (
            _number(typed, f"{field}_{unit}", most=MOST[unit]) for typed, unit in zip(numbers, UNITS, strict=True)
        )
        if not anchor and not (months or days or working):
            continue
        if anchor not in ANCHORS:
            raise Unfit(NO_DAY, f"{field}_anchor")
        sign = -1 if side == "before" else 1
        found.append({"anchor": anchor, "days": sign * days, "working_days": sign * working, "months": sign * months})
    return found


def _number(typed: str, field: str, *, most: int) -> int:
    """Also a negative one: "3 months, and a day less"."""
    bare = typed.strip().replace("−", "-")
    if not bare:
        return 0
    if not re.fullmatch(r"-?[0-9]{1,5}", bare) or abs(int(bare)) > most:
        raise Unfit(A_NUMBER, field, most=most)
    return int(bare)


def day_rows(form: Form, field: str, *, empty: int) -> list[dict[str, str]]:
    """The rows of days in a form, and some empty ones below them."""
    columns = ("anchor", "side", *UNITS)
    typed = zip_longest(*(form.get(f"{field}_{name}", [])[:20] for name in columns), fillvalue="")
    found = [dict(zip(columns, row, strict=True)) for row in typed]
    filled = [row for row in found if row["anchor"] or any(row[unit] for unit in UNITS)]
    return [*filled, *({"side": "after"} for _ in range(empty))]


def _reminders(form: Form) -> list[int]:
    days = {-number for number in _list_of_numbers(form, "remind_before")}
    return sorted(days | set(_list_of_numbers(form, "remind_after")))


def _list_of_numbers(form: Form, field: str) -> list[int]:
    typed = [part for part in re.split(r"[,;\s]+", one(form, field)) if part]
    if len(typed) > 30 or not all(re.fullmatch(r"[0-9]{1,3}", part) for part in typed):
        raise Unfit(NUMBERS, field)
    numbers = [int(part) for part in typed]
    if any(number > MOST["reminders"] for number in numbers):
        raise Unfit(A_NUMBER, field, most=MOST["reminders"])
    return numbers


def sources_in(form: Form) -> list[Data]:
    pairs = zip_longest(form.get("source_name", []), form.get("source_url", []), fillvalue="")
    found = [{"name": clean(name)[:300], "url": clean(url)[:500]} for name, url in list(pairs)[:20]]
    return [source for source in found if source["name"] or source["url"]]


def form_of_rule(data: Data, library: Library) -> Form:
    """A rule as the form shows it; `rule_in` turned round."""
    days = [int(day) for day in data.get("reminders", ())]
    return {
        "phase": [str(data.get("phase", ""))],
        "who": [str(data.get("who", ""))],
        **{dimension: list(data.get(dimension, ())) for dimension in DIMENSIONS},
        "prerequisites": [choice(id_, library) for id_ in data.get("prerequisites", ())],
        **_as_rows("due", data.get("due", ())),
        **_as_rows("legal", [data["legal"]] if data.get("legal") else []),
        "legal_weekend": [(data.get("legal") or {}).get("weekend", "stays")],
        "remind_before": [", ".join(str(-day) for day in days if day <= 0)],
        "remind_after": [", ".join(str(day) for day in days if day > 0)],
        "link": [str(data.get("link", ""))],
        "topic": [topic_choice(data["topic"], library) if data.get("topic") else ""],
        "behind": list(data.get("behind", ())),
        **{tick: ["yes"] for tick in ("yearly", "optional") if data.get(tick)},
        "bring": [document_choice(key, library) for key in data.get("bring", ())],
        "facts": ["\n".join(data.get("facts", ()))],
        "source_name": [source["name"] for source in data.get("sources", ())],
        "source_url": [source["url"] for source in data.get("sources", ())],
        "after": [predecessor(str(data["id"]), data.get("place", 0), library)],
    }


def _as_rows(field: str, rules: Iterable[Mapping[str, Any]]) -> Form:
    """Before or after, and numbers that are mostly positive."""
    form: Form = {f"{field}_{name}": [] for name in ("anchor", "side", *UNITS)}
    for rule in rules:
        first = next((count for unit in UNITS if (count := rule.get(unit))), 0)
        sign = -1 if first < 0 else 1
        form[f"{field}_anchor"].append(str(rule.get("anchor", "")))
        form[f"{field}_side"].append("before" if sign < 0 else "after")
        for unit in UNITS:
            form[f"{field}_{unit}"].append(str(sign * int(rule.get(unit) or 0) or ""))
    return form


def form_of_text(data: Data) -> Form:
    called = "\n".join(data.get("called") or ())
    return {**{field: [str(data.get(field) or "")] for field in TEXTS}, "called": [called]}


def text_in(form: Form, language: str, *, before: Data | None, source: int, minor: bool) -> Data:
    """A text as it was typed, with the revision that it carries or was made from."""
    for field, most in LONGEST.items():
        if len(one(form, field)) > most:
            raise Unfit(TOO_LONG, field, most=most)
    made: Data = {
        "title": " ".join(clean(one(form, "title")).split()),
        "details": clean(one(form, "details")),
        "why": clean(one(form, "why")),
        "legal": clean(one(form, "legal")) or None,
        "called": list(dict.fromkeys(filter(None, (" ".join(clean(line).split()) for line in lines(form, "called"))))),
    }
    if language == DEFAULT:
        number = int((before or {}).get("revision") or 0)
        return {**made, "revision": max(1, number if minor else number + 1), "from_revision": None}
    return {**made, "revision": None, "from_revision": source}


# --- where it stands ------------------------------------------------------------------------------------------------


def beside(id_: str, library: Library) -> list[Task]:
    """The other tasks of its list, in order."""
    return [task for task in library.tasks if task.id != id_ and task.id[0] == id_[0]]


def predecessor(id_: str, place: float, library: Library) -> str:
    """After which other task it stands; empty for the first."""
    return next((task.id for task in reversed(beside(id_, library)) if task.place <= place), "")


def placed(after: str, id_: str, library: Library, *, before: Data) -> float:
    """A place right after another task; the one it has, if it stands there already."""
    others = beside(id_, library)
    if "place" in before and after == predecessor(id_, before["place"], library):
        place: float = before["place"]
        return place
    at = next((number for number, task in enumerate(others) if task.id == after), -1 if not after else len(others) - 1)
    lower = others[at].place if 0 <= at < len(others) else None
    upper = others[at + 1].place if at + 1 < len(others) else None
    if lower is None:
        return 0 if upper is None else upper - 1
    return lower + 1 if upper is None else (lower + upper) / 2


def proposed_id(list_: str, slug: str) -> str:
    return f"{list_}-{slug}"[:LONGEST_ID].strip("-")


def called_elsewhere(data: Data, id_: str, language: str, library: Library) -> tuple[str, str] | None:
    """A name that people use for another task of the same list, too, and that task: nobody could tell which is meant."""
    mine = {name.casefold().rstrip("$"): name for name in data.get("called", ())}
    for task in beside(id_, library):
        text = library.task_texts.get((task.id, language))
        for name in text.called if text else ():
            if name.casefold().rstrip("$") in mine:
                return name.rstrip("$"), task.id
    return None
