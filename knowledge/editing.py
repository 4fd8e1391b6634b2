"""What may be published: one changed piece, checked in the set in which it would stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from core.errors import KnowledgeError
from i18n.languages import DEFAULT, LANGUAGES
from knowledge import variants
from knowledge.danger import DangerRules
from knowledge.files import REMEDIES, Entry
from knowledge.library import Library
from knowledge.models import (
    Canned,
    Desk,
    DocumentText,
    Figure,
    Municipality,
    ReplyText,
    Task,
    TaskText,
    Term,
    Topic,
    TopicText,
)
from knowledge.render import REFERENCE

Name = tuple[str, str, str]
Data = dict[str, Any]
MODELS: Mapping[str, type[BaseModel]] = {
    "topic": Topic, "text": TopicText, "figure": Figure, "reply": ReplyText, "term": Term, "canned": Canned,
    "municipality": Municipality, "task": Task, "task_text": TaskText, "document": DocumentText, "desk": Desk,
}  # fmt: skip
NO_SUCH = "Choose one that exists."
PROBLEMS = {"string_too_short": "There is nothing here.", "missing": "This is missing."}  # others: pydantic's own words


@dataclass(frozen=True, slots=True)
class Fault:
    """field: the one that is wrong, as `values.0.unit`; empty: the whole."""

    field: str
    problem: str
    remedy: str


def faults(kind: str, key: str, language: str, data: Data, library: Library) -> list[Fault]:
    """What stands in the way of publishing this; nothing when it may be. `library`: what is published besides."""
    if kind == "danger":
        return _danger_faults(data)
    shaped = MODELS[kind]
    try:
        value = shaped.model_validate(data)
    except ValidationError as error:
        return [
            Fault(
                ".".join(map(str, each["loc"])),
                PROBLEMS.get(each["type"], f"{each['msg']}."),
                REMEDIES.get(each["type"], ""),
            )
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    return list(_reference_faults(kind, key, language, value, library))


def normal(kind: str, data: Data) -> Data:
    """As it is stored: all fields, as JSON. Only of what has no fault of shape."""
    return data if kind == "danger" else MODELS[kind].model_validate(data).model_dump(mode="json")


def removal_faults(kind: str, key: str, language: str, library: Library) -> list[Fault]:
    """What still speaks of a piece, so that it cannot be taken away."""
    if kind == "topic":
        return [Fault("", f"{where} leads to it.", "Change that first.") for where in _leads_to(key, library)]
    if kind == "figure":
        needle = {key}
        return [Fault("", f"{where} uses it.", "Change that first.") for where, text in _all_texts(library)
                if needle & references(text)]  # fmt: skip
    if kind == "task":
        waiting = [task.id for task in library.tasks if key in task.prerequisites]
        return [Fault("", f"{other} waits for it.", "Change that first.") for other in waiting]
    if kind == "document" and language in ("", DEFAULT):
        return [
            Fault("", f"{task.id} asks to bring it.", "Change that first.")
            for task in library.tasks
            if key in task.bring
        ]
    if kind in ("text", "task_text", "reply", "canned") and language == DEFAULT:
        return [Fault("", "English is what all other languages fall back to.", "Take away the whole, or keep it.")]
    return []


def with_change(library: Library, changes: Mapping[Name, Data | None]) -> Library:
    """The library as it would be; for previews."""
    entries = {
        (kind, key, language): Entry(kind, key, language, data, library.revisions.get((kind, key, language), 0))
        for (kind, key, language), data in changes.items()
        if data is not None
    }
    made = Library.of(entries.values())
    gone = [name for name, data in changes.items() if data is None]

    def joined(field: str, *, both: bool) -> dict[Any, Any]:
        old = dict(getattr(library, field))
        for kind, key, language in gone:
            if KINDS[field] == kind:
                old.pop((key, language) if both else key, None)
        return {**old, **getattr(made, field)}

    tasks = {task.id: task for task in library.tasks if ("task", task.id, "") not in gone}
    tasks |= {task.id: task for task in made.tasks}
    fields: dict[str, Any] = {field: joined(field, both=field in PAIRED) for field in KINDS}
    return replace(
        library,
        **fields,
        tasks=tuple(sorted(tasks.values(), key=lambda task: (not task.id.startswith("r-"), task.place))),
        desk=made.desk or library.desk,
        rules=made.rules or library.rules,
    )


KINDS = {
    "topics": "topic", "texts": "text", "figures": "figure", "terms": "term", "replies": "reply",
    "municipalities": "municipality", "task_texts": "task_text", "documents": "document", "canned": "canned",
}  # fmt: skip
PAIRED = {"texts", "replies", "task_texts", "documents", "canned"}


def next_revision(kind: str, data: Data, before: Data | None, *, minor: bool) -> Data:
    """The English text with its number: one more than before, unless translations stay up to date.

    Kinds without such a number, and translations (whose `from_revision` says what they were made from), stay as they are.
    """
    if kind not in ("text", "task_text") or data.get("from_revision") is not None:
        return data
    number = int((before or {}).get("revision") or 0)
    return {**data, "revision": max(1, number if minor else number + 1)}


def references(text: str) -> set[str]:
    """The figures that a text speaks of."""
    return {match[1] for match in REFERENCE.finditer(text)}


def _danger_faults(data: Data) -> list[Fault]:
    try:
        DangerRules.read(str(data.get("yaml", "")))
    except KnowledgeError as error:
        return [Fault("yaml", f"{Path(error.where).name}: {error.problem}", error.remedy)]
    return []


def _reference_faults(kind: str, key: str, language: str, value: BaseModel, library: Library) -> Iterator[Fault]:
    match value:
        case Topic():
            for field in ("related", "near"):
                for slug in getattr(value, field):
                    if slug not in library.topics or slug == key:
                        yield Fault(field, f"there is no other topic {slug!r}.", NO_SUCH)
        case TopicText():
            yield from _text_faults(key, language, value, library)
        case Municipality():
            for number, line in enumerate(value.lines):
                for slug in line.topics:
                    if slug not in library.topics:
                        yield Fault(f"lines.{number}.topics", f"there is no topic {slug!r}.", NO_SUCH)
                for code, text in line.text.items():
                    yield from _figure_faults(f"lines.{number}.text.{code}", text, library)
        case Figure():
            if value.id != key:
                yield Fault("id", f"it is called {key!r}.", "Keep the name.")
        case ReplyText() | Canned():
            yield from _figure_faults("text", value.text, library)
        case Task():
            yield from _task_faults(key, value, library)
        case TaskText():
            for field in ("details", "why"):
                yield from _figure_faults(field, getattr(value, field), library)
            if language == DEFAULT and value.revision is None:
                yield Fault("revision", "the English text carries `revision`.", "Set it.")
        case _:
            return


def _text_faults(slug: str, language: str, text: TopicText, library: Library) -> Iterator[Fault]:
    if (language == DEFAULT) != (text.revision is not None):
        yield Fault("revision", "English carries `revision`, every other language `from_revision`.", "Set it.")
    if language not in LANGUAGES:
        yield Fault("language", f"{language!r} is not one of our languages.", NO_SUCH)
    yield from _figure_faults("body", text.body, library)
    for mark in variants.unknown_marks(text.body):
        yield Fault("body", f"@{mark} marks no readers that we know.", f"Known are {', '.join(variants.MARKS)}.")
    for neighbour in text.near:
        if neighbour not in library.topics:
            yield Fault(f"near.{neighbour}", f"there is no topic {neighbour!r}.", NO_SUCH)


def _figure_faults(field: str, text: str, library: Library) -> Iterator[Fault]:
    for missing in sorted(references(text) - library.figures.keys()):
        yield Fault(field, f"there is no figure {{{missing}}}.", "Insert one from the list.")


def _task_faults(key: str, task: Task, library: Library) -> Iterator[Fault]:
    if task.id != key:
        yield Fault("id", f"it is called {key!r}.", "Keep the name.")
    others = {other.id: other for other in library.tasks if other.id != key}
    for needed in task.prerequisites:
        if needed not in others:
            yield Fault("prerequisites", f"there is no other task {needed!r}.", NO_SUCH)
    if task.topic is not None and task.topic not in library.topics:
        yield Fault("topic", f"there is no topic {task.topic!r}.", NO_SUCH)
    for document in task.bring:
        if (document, DEFAULT) not in library.documents:
            yield Fault("bring", f"there is no document {document!r}.", NO_SUCH)
    if ring := _ring(key, {**others, key: task}):
        yield Fault("prerequisites", f"these would wait for each other: {', '.join(ring)}.", "Break the ring.")


def _ring(start: str, tasks: Mapping[str, Task]) -> list[str]:
    """What a task waits for, at whatever remove, if it is among them itself."""
    seen: dict[str, None] = {}
    open_ = list(tasks[start].prerequisites)
    while open_:
        each = open_.pop()
        if each in seen or each not in tasks:
            continue
        seen[each] = None
        open_ += tasks[each].prerequisites
    return [start, *seen] if start in seen else []


def _leads_to(slug: str, library: Library) -> Iterator[str]:
    yield from (other for other, topic in library.topics.items() if slug in (*topic.related, *topic.near))
    yield from (task.id for task in library.tasks if task.topic == slug)
    yield from (place.name for place in library.municipalities.values() for line in place.lines if slug in line.topics)
    yield from (category.name for category in library.danger.categories if category.topic == slug)


def _all_texts(library: Library) -> Iterator[tuple[str, str]]:
    yield from ((f"{slug}/{language}", text.body) for (slug, language), text in library.texts.items())
    yield from ((f"{key}/{language}", text) for (key, language), text in library.replies.items())
    yield from ((f"{key}/{language}", text.text) for (key, language), text in library.canned.items())
    for (task, language), words in library.task_texts.items():
        yield f"{task}/{language}", f"{words.details} {words.why} {words.legal}"
    for place in library.municipalities.values():
        yield from ((place.name, text) for line in place.lines for text in line.text.values())
    for category in library.danger.categories:
        yield from ((category.name, text) for text in category.texts.values())
