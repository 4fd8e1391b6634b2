"""Knowledge as files: read with errors that name file, line and remedy; written back the same way.

A broken file spoils only itself (a topic: only that topic); the rest is read.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from core.errors import KnowledgeError
from i18n.languages import LANGUAGES, UNDERSTOOD
from knowledge import variants
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

QUESTIONS = "## Questions"
CHECKLISTS = {"recruit": "r-", "employer": "e-"}
HEADING = re.compile(r"^## Questions[ \t]*(?:\n|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of knowledge, valid, as JSON; (kind, key, language) is its name. revision: of what is published."""

    kind: str
    key: str
    language: str
    data: dict[str, Any]
    revision: int = 0

    @property
    def name(self) -> tuple[str, str, str]:
        return self.kind, self.key, self.language

    @property
    def hash(self) -> str:
        return hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()


@dataclass(slots=True)
class Reading:
    """What a folder holds, what is wrong in it, and which topics had to be left as they were."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[KnowledgeError] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    def tell(self, call: Callable[[], list[Entry]]) -> bool:
        """Add what the call reads; on a fault note the problem and say False."""
        try:
            self.entries += call()
        except KnowledgeError as problem:
            self.problems.append(problem)
            return False
        return True


def read_folder(folder: Path) -> Reading:
    """Everything under `folder`: topics/, figures.yml, glossary.yml, danger.yml, desk.yml, and the files in replies/,
    canned/, municipalities/ and checklists/."""
    reading = Reading()
    if not reading.tell(partial(read_figures, folder / "figures.yml")):
        reading.unread.add("figure")
    if not reading.tell(partial(read_terms, folder / "glossary.yml")):
        reading.unread.add("term")
    for path in sorted((folder / "replies").glob("*.yml")):
        if not reading.tell(partial(read_replies, path)):
            reading.unread.add("reply")
    for path in sorted((folder / "canned").glob("*.yml")):
        if not reading.tell(partial(read_canned, path)):
            reading.unread.add("canned")
    if (folder / "danger.yml").exists() and not reading.tell(partial(read_danger, folder / "danger.yml")):
        reading.unread.add("danger")
    if (folder / "desk.yml").exists() and not reading.tell(partial(read_desk, folder / "desk.yml")):
        reading.unread.add("desk")
    for path in sorted((folder / "municipalities").glob("*.yml")):
        if not reading.tell(partial(read_municipality, path)):
            reading.unread.add("municipality")
    for path in sorted((folder / "checklists").glob("*.yml")):
        if not reading.tell(partial(read_tasks if path.stem in CHECKLISTS else read_task_texts, path)):
            reading.unread |= {"task", "task_text", "document"}
    for path in sorted(path for path in (folder / "topics").glob("*") if path.is_dir()):
        _read_topic_into(reading, path)
    _check_references(reading, folder)
    return reading


def _read_topic_into(reading: Reading, folder: Path) -> None:
    entries, problems = [], []
    readers = [partial(read_topic, folder / "topic.yml")]
    readers += [partial(read_text, path) for path in sorted(folder.glob("*.md"))]
    for read in readers:
        try:
            entries.append(read())
        except KnowledgeError as problem:
            problems.append(problem)
    if not problems and not any(entry.language == "en" for entry in entries):
        problems.append(
            KnowledgeError(
                str(folder), "the English text is missing.", "Add en.md; English is the source of the others."
            )
        )
    reading.problems += problems
    if problems:
        reading.broken.add(folder.name)
    else:
        reading.entries += entries


def read_topic(path: Path) -> Entry:
    return Entry("topic", path.parent.name, "", validated(Topic, *load_yaml(path), path))


def read_text(path: Path) -> Entry:
    """A Markdown file with front matter, the answer, and the list of example questions."""
    language = path.stem
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise KnowledgeError(str(path), f"{language!r} is not one of our languages.", f"Known are {known}.")
    text = read_file(path)
    front, matter, body = text.partition("\n---\n")
    if not text.startswith("---\n") or not matter:
        raise KnowledgeError(
            f"{path}:1",
            "the file must begin with its title between two lines of three hyphens.",
            "See docs/how-to/add-a-topic.md.",
        )
    data, lines = _parse_yaml(front.removeprefix("---\n"), path, first_line=2)
    body_line = front.count("\n") + 3
    heading = HEADING.search(body)
    answer, questions = (body[: heading.start()], body[heading.end() :]) if heading else (body, "")
    data |= {
        "body": _answer(answer, path, body_line),
        "questions": list(_questions(questions, path, body_line + answer.count("\n") + 1)),
    }
    lines |= {("body",): body_line}
    valid = validated(TopicText, data, lines, path)
    if (language == "en") != (valid["revision"] is not None):
        raise KnowledgeError(
            f"{path}:2",
            "English carries `revision`, every other language `from_revision`.",
            "Rename the field.",
        )
    return Entry("text", path.parent.name, language, valid)


def _answer(text: str, path: Path, first_line: int) -> str:
    """The answer; a heading in it is a slip that would show the example questions to people."""
    for number, line in enumerate(text.splitlines(), start=first_line):
        if re.match("#+ ", line):
            raise KnowledgeError(
                f"{path}:{number}", "an answer has no headings.", f"The list of questions begins with `{QUESTIONS}`."
            )
        for mark in variants.unknown_marks(line):
            known = ", ".join(variants.MARKS)
            raise KnowledgeError(f"{path}:{number}", f"`@{mark}` marks nobody we know.", f"Known are {known}.")
    return text.strip()


def _questions(section: str, path: Path, first_line: int) -> Iterator[str]:
    seen: set[str] = set()
    for number, line in enumerate(section.splitlines(), start=first_line):
        if not line.strip():
            continue
        if not line.startswith("- ") or not line[2:].strip():
            raise KnowledgeError(
                f"{path}:{number}", "an example question must be a list item.", "Begin the line with '- '."
            )
        question = line[2:].strip()
        if question.casefold() in seen:
            raise KnowledgeError(f"{path}:{number}", "this example question stands here twice.", "Remove one.")
        seen.add(question.casefold())
        yield question


def read_figures(path: Path) -> list[Entry]:
    return [Entry("figure", data["id"], "", data) for data in _valid_list(Figure, path, "figures", "id")]


def read_terms(path: Path) -> list[Entry]:
    return [Entry("term", data["term"], "", data) for data in _valid_list(Term, path, "terms", "term")]


def read_municipality(path: Path) -> list[Entry]:
    """`municipalities/<slug>.yml`: its name and the lines that it adds to topics for its own people."""
    return [Entry("municipality", path.stem, "", validated(Municipality, *load_yaml(path), path))]


def read_replies(path: Path) -> list[Entry]:
    """`replies/<language>.yml`: a mapping from the name of a reply to its text."""
    if path.stem not in (*LANGUAGES, *UNDERSTOOD):
        known = ", ".join((*LANGUAGES, *UNDERSTOOD))
        raise KnowledgeError(str(path), f"{path.stem!r} is not one of our languages.", f"Known are {known}.")
    data, lines = load_yaml(path)
    return [
        Entry("reply", key, path.stem, validated(ReplyText, {"text": text}, {("text",): lines.get((key,), 1)}, path))
        for key, text in data.items()
    ]


def read_canned(path: Path) -> list[Entry]:
    """`canned/<language>.yml`: what mentors say often, a title and a text by name."""
    if path.stem not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise KnowledgeError(str(path), f"{path.stem!r} is not one of our languages.", f"Known are {known}.")
    data, lines = load_yaml(path)
    found = []
    for key, item in data.items():
        below = {at[1:]: line for at, line in lines.items() if at[:1] == (key,)}
        found.append(Entry("canned", key, path.stem, validated(Canned, item, below, path)))
    return found


def read_danger(path: Path) -> list[Entry]:
    """The rules as they are written, comments and all; read once to see that they hold."""
    from knowledge.danger import DangerRules  # which reads files as this module does

    text = read_file(path)
    DangerRules.read(text, str(path))
    return [Entry("danger", "rules", "", {"yaml": text})]


def read_desk(path: Path) -> list[Entry]:
    """`desk.yml`: when mentors answer, as it stands there."""
    return [Entry("desk", "hours", "", validated(Desk, *load_yaml(path), path))]


def read_tasks(path: Path) -> list[Entry]:
    """`checklists/recruit.yml`, `checklists/employer.yml`: the tasks in the order in which they are shown."""
    tasks = _valid_list(Task, path, "tasks", "id")
    for task in tasks:
        if not task["id"].startswith(CHECKLISTS[path.stem]):
            raise KnowledgeError(
                str(path), f"{task['id']!r} is not of this list.", f"Begin its id with {CHECKLISTS[path.stem]}."
            )
    found: list[Entry] = []
    for task in tasks:
        place = _next_place(found)
        if task["place"] and (not found or task["place"] > found[-1].data["place"]):
            place = task["place"]
        found.append(Entry("task", task["id"], "", {**task, "place": place}))
    return found


def _next_place(before: list[Entry]) -> int:
    """The place of a task that the file does not tell: the whole number after that of the one before it."""
    return math.floor(before[-1].data["place"]) + 1 if before else 0


def read_task_texts(path: Path) -> list[Entry]:
    """`checklists/<language>.yml`: `tasks:` and `documents:` by their ids."""
    if path.stem not in LANGUAGES:
        known = ", ".join((*CHECKLISTS, *LANGUAGES))
        raise KnowledgeError(str(path), f"{path.stem!r} is neither a list nor a language.", f"Known are {known}.")
    data, lines = load_yaml(path)
    found = []
    for name, kind, model in (("tasks", "task_text", TaskText), ("documents", "document", DocumentText)):
        items = data.pop(name, {})
        if not isinstance(items, dict):
            raise KnowledgeError(f"{path}:{lines[name,]}", f"`{name}:` must hold ids with their texts.", "Write them.")
        for key, item in items.items():
            below = {at[2:]: line for at, line in lines.items() if at[:2] == (name, key)}
            found.append(Entry(kind, key, path.stem, validated(model, _as_text(kind, item), below, path)))
    for unknown in data:
        raise KnowledgeError(f"{path}:{lines[unknown,]}", f"`{unknown}` is not expected here.", "Remove it.")
    return found


def _as_text(kind: str, item: object) -> object:
    """A document is written as one sentence."""
    return {"text": item} if kind == "document" else item


def _valid_list(model: type[BaseModel], path: Path, field_name: str, key: str) -> list[dict[str, Any]]:
    data, lines = load_yaml(path)
    items = data.get(field_name)
    if not isinstance(items, list):
        raise KnowledgeError(f"{path}:1", f"`{field_name}:` must be a list.", "See docs/how-to/add-a-topic.md.")
    valid = []
    for number, item in enumerate(items):
        below = {at[2:]: line for at, line in lines.items() if at[:2] == (field_name, number)}
        valid.append(validated(model, item, below, path))
        if any(valid[-1][key] == other[key] for other in valid[:-1]):
            raise KnowledgeError(
                f"{path}:{below.get((), 1)}", f"{valid[-1][key]!r} stands here twice.", "Remove or rename one."
            )
    return valid


def _check_references(reading: Reading, folder: Path) -> None:
    """Every {figure}, related and near slug must exist: an error here, never a hole in an answer."""
    figures = {entry.key for entry in reading.entries if entry.kind == "figure"}
    topics = {entry.key for entry in reading.entries if entry.kind == "topic"}
    for entry in list(reading.entries):
        where = f"{folder / 'topics' / entry.key}"
        if entry.kind == "topic":
            for slug in {*entry.data["related"], *entry.data["near"]} - topics - reading.broken:
                _break(
                    reading,
                    entry.key,
                    f"{where}/topic.yml",
                    f"topic {slug!r} does not exist.",
                    "Remove or correct it.",
                )
        if entry.kind == "municipality":
            for slug in {slug for line in entry.data["lines"] for slug in line["topics"]} - topics - reading.broken:
                where = f"{folder / 'municipalities' / entry.key}.yml"
                reading.unread.add("municipality")
                reading.problems.append(
                    KnowledgeError(where, f"topic {slug!r} does not exist.", "Remove or correct it.")
                )
        if entry.kind == "text" and "figure" not in reading.unread:
            path = folder / "topics" / entry.key / f"{entry.language}.md"
            for missing in _missing_figures(path, figures):
                reading.broken.add(entry.key)
                reading.problems.append(missing)
    _check_checklists(reading, folder, topics, figures)
    for path in sorted((folder / "municipalities").glob("*.yml")) if "figure" not in reading.unread else []:
        if problems := _missing_figures(path, figures):
            reading.unread.add("municipality")
            reading.problems += problems
    for name, kind in (("replies", "reply"), ("canned", "canned")):
        for path in sorted((folder / name).glob("*.yml")) if not reading.unread & {"figure", kind} else []:
            if problems := _missing_figures(path, figures):
                reading.unread.add(kind)
                reading.problems += problems
    reading.entries = [
        entry
        for entry in reading.entries
        if not (entry.kind in ("topic", "text") and entry.key in reading.broken)
        and not (entry.kind in ("municipality", "task", "task_text", "document") and entry.kind in reading.unread)
        and not (entry.kind in ("reply", "canned") and set(_references(entry.data["text"])) - figures and figures)
    ]


def _check_checklists(reading: Reading, folder: Path, topics: set[str], figures: set[str]) -> None:
    """A list is taken over whole or not at all: a task that another waits for must be there."""
    tasks = {entry.key: entry.data for entry in reading.entries if entry.kind == "task"}
    texts = {(entry.kind, entry.key) for entry in reading.entries if entry.language == "en"}
    where = str(folder / "checklists")
    problems = [
        KnowledgeError(where, problem, "Correct the task.")
        for task in tasks.values()
        for problem in _task_problems(task, tasks, texts, topics | reading.broken)
    ]
    problems += [
        KnowledgeError(where, f"these tasks wait for each other: {ring}.", "Break the ring.") for ring in _rings(tasks)
    ]
    if "figure" not in reading.unread:
        problems += [
            fault for path in sorted((folder / "checklists").glob("*.yml")) for fault in _missing_figures(path, figures)
        ]
    if problems and not reading.unread & {"task", "task_text"}:
        reading.problems += problems
        reading.unread |= {"task", "task_text", "document"}


def _task_problems(
    task: dict[str, Any], tasks: dict[str, Any], texts: set[tuple[str, str]], topics: set[str]
) -> Iterator[str]:
    for needed in task["prerequisites"]:
        if needed not in tasks:
            yield f"{task['id']} waits for {needed!r}, which does not exist."
    if ("task_text", task["id"]) not in texts:
        yield f"{task['id']} has no English text."
    if task["topic"] is not None and task["topic"] not in topics:
        yield f"{task['id']}: topic {task['topic']!r} does not exist."
    for document in task["bring"]:
        if ("document", document) not in texts:
            yield f"{task['id']}: document {document!r} has no English text."


def _rings(tasks: dict[str, Any]) -> list[str]:
    """Tasks that wait for each other; what is left when whatever can be done has been done."""
    left = dict(tasks)
    while ready := [key for key, task in left.items() if not any(need in left for need in task["prerequisites"])]:
        for key in ready:
            del left[key]
    return [", ".join(sorted(left))] if left else []


def _missing_figures(path: Path, figures: set[str]) -> list[KnowledgeError]:
    return [
        KnowledgeError(
            f"{path}:{number}",
            f"figure {{{reference}}} does not exist.",
            "Correct the name, or add the figure to figures.yml.",
        )
        for number, line in enumerate(read_file(path).splitlines(), start=1)
        if not line.startswith("#")  # a comment in replies/
        for reference in _references(line)
        if reference not in figures
    ]


def _references(text: str) -> list[str]:
    return [match[1] for match in REFERENCE.finditer(text)]


def _break(reading: Reading, slug: str, where: str, problem: str, remedy: str) -> None:
    reading.broken.add(slug)
    reading.problems.append(KnowledgeError(where, problem, remedy))


# --- reading and checking, with line numbers -----------------------------------------------------------------

type Lines = dict[tuple[str | int, ...], int]


def yaml_fields(text: str, path: Path, *, first_line: int) -> dict[str, Any]:
    """Fields that stand somewhere inside a file."""
    return _parse_yaml(text, path, first_line=first_line)[0]


def read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors put a mark in front
    except FileNotFoundError as error:
        raise KnowledgeError(str(path), "the file is missing.", "Add it.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise KnowledgeError(f"{path}:{line}", "the file is not UTF-8.", "Save it as UTF-8.") from error


def load_yaml(path: Path) -> tuple[dict[str, Any], Lines]:
    return _parse_yaml(read_file(path), path, first_line=1)


def parse_yaml(text: str, path: Path) -> tuple[dict[str, Any], Lines]:
    """The same for a text that is no file; `path` is what errors call it."""
    return _parse_yaml(text, path, first_line=1)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML. A day that is none (30 February) comes as text, so that the check names its line."""

    def construct_yaml_timestamp(self, node: yaml.Node) -> object:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def _parse_yaml(text: str, path: Path, *, first_line: int) -> tuple[dict[str, Any], Lines]:
    _no_control_characters(text, path, first_line)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: Lines = {}
        if node is not None:
            _note_lines(node, (), lines, first_line, path)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise KnowledgeError(
            f"{path}:{line}",
            f"not valid YAML: {error.problem}.",
            "Check indentation; put a text with a colon in quotes.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise KnowledgeError(f"{path}:{first_line}", f"not valid YAML: {error}.", "Write plain values.") from error
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise KnowledgeError(f"{path}:{first_line}", "fields are expected here.", "Write `name: value` lines.")
    return data, lines


def _no_control_characters(text: str, path: Path, first_line: int) -> None:
    unseen = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unseen:
        line = first_line + text.count("\n", 0, unseen.start())
        raise KnowledgeError(
            f"{path}:{line}", f"an invisible character (U+{ord(unseen[0]):04X}) stands here.", "Type the line anew."
        )


def _note_lines(node: yaml.Node, at: tuple[str | int, ...], lines: Lines, first: int, path: Path) -> None:
    lines[at] = node.start_mark.line + first
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key.value, str) or key.tag != "tag:yaml.org,2002:str":
                raise KnowledgeError(
                    f"{path}:{key.start_mark.line + first}", "a name of a field is expected here.", "Put it in quotes."
                )
            if (*at, key.value) in lines:
                raise KnowledgeError(
                    f"{path}:{key.start_mark.line + first}", f"`{key.value}` stands here twice.", "Remove one."
                )
            _note_lines(value, (*at, key.value), lines, first, path)
            lines[(*at, key.value)] = key.start_mark.line + first
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*at, number), lines, first, path)


REMEDIES = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it, or correct its spelling.",
    "date_from_datetime_parsing": "Write the day as 2026-11-21.",
    "date_type": "Write the day as 2026-11-21.",
    "bool_type": "Write true or false.",
    "string_pattern_mismatch": "Slugs have lower-case letters, digits and hyphens; links begin with https://.",
    "string_too_long": "Make it shorter.",
    "string_too_short": "Write something here.",
    "too_long": "Keep fewer.",
    "too_short": "Give at least one.",
    "list_type": "Write a list, such as [pl, ro].",
    "dict_type": "Write names with their values.",
    "literal_error": "Write one of these.",
}


def validated(model: type[BaseModel], data: object, lines: Lines, path: Path) -> dict[str, Any]:
    try:
        return model.model_validate(data).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        at = tuple(first["loc"])
        line = next((lines[at[:size]] for size in range(len(at), -1, -1) if at[:size] in lines), 1)
        name = ".".join(str(part) for part in at) or model.__name__
        remedy = REMEDIES.get(first["type"], "See docs/how-to/add-a-topic.md.")
        raise KnowledgeError(f"{path}:{line}", f"`{name}`: {first['msg']}.", remedy) from error


# --- writing back ---------------------------------------------------------------------------------------------


def write_folder(folder: Path, entries: list[Entry]) -> None:
    """Write the entries as the files that `read_folder` reads.

    A file whose entries are what they were stays as it is, with its comments and lay-out; one of which nothing is left
    goes. So the difference that a version control shows is what was edited.
    """
    there = _by_file(read_folder(folder).entries) if folder.is_dir() else {}
    wanted = _by_file(entries)
    for name in there.keys() - wanted.keys():
        (folder / name).unlink()
    for name, of in wanted.items():
        before = {entry.name: place for place, entry in enumerate(there.get(name, []))}
        if {entry.name: entry.data for entry in of} != {entry.name: entry.data for entry in there.get(name, [])}:
            in_order = sorted(of, key=lambda entry: entry.data.get("place", before.get(entry.name, len(before))))
            write_over(folder / name, there.get(name, []), in_order)


type Items = dict[str, dict[str, Any]]
LISTED = ("figure", "term", "task")
SECTIONS = {
    "figure": "figures", "term": "terms", "task": "tasks", "task_text": "tasks", "document": "documents",
    "reply": "", "canned": "",
}  # fmt: skip
READERS: dict[str, Callable[[Path], list[Entry]]] = {
    "figure": read_figures, "term": read_terms, "task": read_tasks, "task_text": read_task_texts,
    "document": read_task_texts, "reply": read_replies, "canned": read_canned,
}  # fmt: skip


def write_over(path: Path, before: list[Entry], entries: list[Entry]) -> None:
    """In a file that holds many, those that did not change keep their lines to the letter."""
    kind = entries[0].kind
    if kind in SECTIONS and before and (text := _spliced(read_file(path), _items(before), _items(entries), kind)):
        _write(path, text)
        try:
            if {entry.name: entry.data for entry in READERS[kind](path)} == {each.name: each.data for each in entries}:
                return
        except KnowledgeError:
            pass  # what is written by hand in a way of its own is written anew
    _write(path, _text_of(entries))


def _spliced(text: str, before: Items, after: Items, kind: str) -> str | None:
    """The text with other lines where an item is another now; None where that cannot be said of its lay-out."""
    lines = text.splitlines(keepends=True)
    if not lines or not lines[-1].endswith("\n"):
        return None
    root: Any = yaml.compose(text)
    tops: dict[str, Any] = {key.value: (key, value) for key, value in root.value}
    ends = sorted([*(_first_line(key, lines) for key, _ in tops.values()), len(lines)])
    for section in reversed(after):
        found = (root, root) if not section else tops.get(section)
        if found is None or found[1].flow_style:
            return None
        margin = " " * found[1].start_mark.column
        children = [child[0] if isinstance(child, tuple) else child for child in found[1].value]
        if len(children) != len(before[section]) or not after[section]:
            return None
        starts = [_first_line(child, lines) for child in children]
        end = next(each for each in ends if each > starts[-1]) if section else len(lines)
        blocks = {
            key: "".join(lines[first:last]) for key, first, last in zip(before[section], starts, [*starts[1:], end])
        }
        old = before[section]
        lines[starts[0] : end] = [
            blocks[key]
            if key in old and old[key] == item
            else indent(_dump([item] if kind in LISTED else {key: item}), margin)
            for key, item in after[section].items()
        ]
    return "".join(lines)


def _first_line(node: yaml.Node, lines: list[str]) -> int:
    """Where something begins, with the remarks above it."""
    first: int = node.start_mark.line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first


def _items(entries: list[Entry]) -> Items:
    """What stands in a file that holds many, by its section and key, as it is written."""
    found: Items = {SECTIONS[kind]: {} for kind in SECTIONS if any(entry.kind == kind for entry in entries)}
    for at, entry in enumerate(entries):
        match entry.kind:
            case "task":
                item: Any = _placed(_short(entry.data), entry, entries[:at])
            case "reply" | "document":
                item = entry.data["text"]
            case "canned":
                item = entry.data
            case _:
                item = _without_empty(entry.data)
        found[SECTIONS[entry.kind]][entry.key] = item
    return found


def _by_file(entries: list[Entry]) -> dict[str, list[Entry]]:
    files: dict[str, list[Entry]] = {}
    for entry in entries:
        files.setdefault(_file_of(entry), []).append(entry)
    return files


def _file_of(entry: Entry) -> str:
    match entry.kind:
        case "topic":
            return f"topics/{entry.key}/topic.yml"
        case "text":
            return f"topics/{entry.key}/{entry.language}.md"
        case "municipality":
            return f"municipalities/{entry.key}.yml"
        case "figure":
            return "figures.yml"
        case "term":
            return "glossary.yml"
        case "reply":
            return f"replies/{entry.language}.yml"
        case "canned":
            return f"canned/{entry.language}.yml"
        case "task":
            return next(f"checklists/{name}.yml" for name, mark in CHECKLISTS.items() if entry.key.startswith(mark))
        case "task_text" | "document":
            return f"checklists/{entry.language}.yml"
        case "desk" | "danger":
            return f"{entry.kind}.yml"
        case kind:
            raise ValueError(f"unknown kind {kind!r}")


def _text_of(entries: list[Entry]) -> str:
    """The content of one file."""
    kind, data = entries[0].kind, entries[0].data
    if kind in SECTIONS:
        items = _items(entries)
        if kind in LISTED:
            return _dump({section: list(of.values()) for section, of in items.items()})
        return _dump(items.get("", items))
    match kind:
        case "topic" | "municipality":
            return _dump(_without_empty(data))
        case "text":
            return _markdown(data)
        case "danger":
            return str(data["yaml"])
        case _:
            return _dump(data)


def _short(task: dict[str, Any]) -> dict[str, Any]:
    """A task as it is written by hand: without what goes without saying."""
    rules = [{key: value for key, value in rule.items() if value} for rule in task["due"]]
    legal = task["legal"] and {key: value for key, value in task["legal"].items() if value not in (0, "stays")}
    kept = {key: value for key, value in task.items() if value not in (None, [], False, "") and key != "place"}
    return {**kept, "due": rules, **({"legal": legal} if legal else {}), "reminders": task["reminders"]}


def _placed(short: dict[str, Any], entry: Entry, before: list[Entry]) -> dict[str, Any]:
    """With its place where that goes without saying no more: it was moved, or the one before it is gone."""
    place = entry.data["place"]
    return short if place == _next_place(before) else {**short, "place": place}


def _markdown(data: dict[str, Any]) -> str:
    front = {key: value for key, value in data.items() if key not in ("body", "questions") and value not in (None, {})}
    questions = "".join(f"- {question}\n" for question in data["questions"])
    tail = f"\n{QUESTIONS}\n\n{questions}" if questions else ""
    return f"---\n{_dump(front)}---\n{data['body']}\n{tail}"


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None and value != ""}


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _dump(data: object) -> str:
    return yaml.dump(_with_days(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


DAYS = {"as_of", "review_by", "valid_from", "valid_to", "next_review"}


def _with_days(data: object, name: str = "") -> object:
    """Days as YAML days, without quotes, as editors write them."""
    if isinstance(data, dict):
        return {key: _with_days(value, key) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_days(value) for value in data]
    return date.fromisoformat(data) if name in DAYS and isinstance(data, str) else data


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
