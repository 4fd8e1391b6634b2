"""The rules in danger.yml as parts that are edited one by one, and written back into the same text.

A part is named by where it stands: ("suicide", "phrases", "pl"), ("suicide", "texts", "pl"), ("words", "boss", "en"),
("harmless", "en"). A text is a string, phrases and words are lines. What isn't changed keeps its words, lines and
comments.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from core.errors import KnowledgeError
from i18n.languages import LANGUAGES
from knowledge.danger import DangerFile, WordBook, readings
from knowledge.files import parse_yaml, validated
from knowledge.render import REFERENCE

type At = tuple[str, ...]
type Part = str | tuple[str, ...]
type Parts = Mapping[At, Part]

WHERE = Path("danger.yml")
# The languages of the phrases: ours, those that people fall back on in fear, and `all` for phrases that mix them.
WRITTEN = (*LANGUAGES, "ru", "es", "ar", "all")
LONGEST_PHRASE, MOST_PHRASES, LONGEST_TEXT = 500, 400, 900
MOST_PARTS, MOST_READINGS, WIDEST_GAP = 4, 64, 4
EMERGENCY = "{emergency-number}"


def parse(text: str) -> DangerFile:
    """KnowledgeError where it isn't a file of danger rules."""
    return DangerFile.model_validate(validated(DangerFile, *parse_yaml(text, WHERE), WHERE))


def parts(file: DangerFile) -> dict[At, Part]:
    found: dict[At, Part] = {}
    for name, by_language in file.words.items():
        found |= {("words", name, language): tuple(words.split()) for language, words in by_language.items()}
    found |= {("harmless", language): tuple(lines) for language, lines in file.harmless.items()}
    for entry in file.categories:
        for kind, lists in (("phrases", entry.phrases), ("unless", entry.unless)):
            found |= {(entry.name, kind, language): tuple(lines) for language, lines in lists.items()}
        found |= {(entry.name, "texts", language): text for language, text in entry.texts.items()}
    return found


def changed(before: Parts, after: Parts) -> dict[At, Part | None]:
    """What is another in `after`; None: what isn't there any more."""
    return {at: after.get(at) for at in {**before, **after} if before.get(at) != after.get(at)}


def merged(base: Parts, mine: Parts, theirs: Parts) -> tuple[dict[At, Part], list[At]]:
    """Mine, with what somebody else changed since the base; and the parts that both changed, which stay mine."""
    own, other = changed(base, mine), changed(base, theirs)
    result = {at: part for at in {**mine, **theirs} if (part := (mine if at in own else theirs).get(at)) is not None}
    return result, sorted(at for at in own.keys() & other.keys() if own[at] != other[at])


# --- what does not fit ------------------------------------------------------------------------------------------------


def phrase_fault(written: str, file: DangerFile) -> str:
    """What is wrong with a phrase; empty if nothing. What would take long to match, or to make, is refused."""
    if len(written) > LONGEST_PHRASE:
        return f"it is longer than {LONGEST_PHRASE} letters"
    sections = [part.split() for part in written.split("&")]
    if len(sections) > MOST_PARTS:
        return f"at most {MOST_PARTS} parts may stand with & between them"
    if re.search(rf"(?:^|\s)\*(?:\s+\*){{{WIDEST_GAP},}}", written):
        return f"at most {WIDEST_GAP} stars may stand in a row"
    if 2 ** sum(item.endswith("?") for part in sections for item in part) > MOST_READINGS:
        return "too many of its words may be left out"
    try:
        list(readings(written, WordBook(), word_lists(file)))
    except ValueError as error:
        return str(error)
    return ""


def word_fault(word: str) -> str:
    if "|" in word or "<" in word:
        return f"{word!r} is not one word"
    try:
        list(readings(word.removesuffix("?"), WordBook(), {}))
    except ValueError as error:
        return str(error)
    return ""


def text_fault(text: str, figures: Mapping[str, object]) -> str:
    """What is wrong with an answer in danger: it is short, names the emergency number, and no number but figures."""
    unknown = [match[1] for match in REFERENCE.finditer(text) if match[1] not in figures]
    if unknown:
        return f"the figure {{{unknown[0]}}} does not exist"
    if len(text) > LONGEST_TEXT:
        return f"it is longer than {LONGEST_TEXT} letters"
    if EMERGENCY not in text:
        return f"{EMERGENCY} must stand in it"
    if re.search(r"[\d{}]", REFERENCE.sub("", text)):
        return "numbers are figures: write {emergency-number} or {livslinien}"
    return ""


def word_lists(file: DangerFile) -> dict[str, list[str]]:
    return {name: [word for line in by.values() for word in line.split()] for name, by in file.words.items()}


# --- writing back -----------------------------------------------------------------------------------------------------


def write(text: str, wanted: Parts) -> str:
    """The text of danger.yml with these parts in it. What isn't changed stays to the letter."""
    before = parse(text)
    differing = changed(parts(before), wanted)
    if not differing:
        return text
    lines = text.split("\n")
    root: Any = yaml.compose(text, Loader=_Loader)
    for first, last, new in sorted(_replacements(root, lines, differing, wanted), reverse=True):
        lines[first:last] = new
    written = "\n".join(lines)
    return written if _says(written, wanted) else _anew(text, before, wanted)


def _says(text: str, wanted: Parts) -> bool:
    try:
        return parts(parse(text)) == dict(wanted)
    except KnowledgeError:
        return False


def _replacements(
    root: yaml.MappingNode, lines: list[str], differing: Mapping[At, Part | None], wanted: Parts
) -> Iterator[tuple[int, int, list[str]]]:
    """The lines that something stands on, and those to put there: a part by itself, or a block that gains or loses one."""
    own = {at: entry for at, part in differing.items() if part and (entry := _found(root, at))}
    blocks = {at[:-1] for at in differing.keys() - own.keys()}
    for at, entry in own.items():
        if at[:-1] not in blocks:
            yield *_span(lines, entry), _lines({at[-1]: _plain(at, wanted[at])}, entry[0].start_mark.column)
    for at in blocks:
        parent = _parent(root, (*at, ""))
        block = _child(parent, at[-1])
        # A new one goes before the last block: `texts` of a category, `categories` of the whole.
        last = parent.value[-1][0].start_mark.line
        new = _block(at, wanted, parent.value[0][0].start_mark.column)
        yield *(_span(lines, block) if block else (last, last)), new


type Pair = tuple[yaml.ScalarNode, Any]


def _found(root: yaml.MappingNode, at: At) -> Pair | None:
    block = _child(_parent(root, at), at[-2])
    return _child(block[1], at[-1]) if block else None


def _child(node: yaml.MappingNode, name: str) -> Pair | None:
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _span(lines: list[str], pair: Pair) -> tuple[int, int]:
    """The first line, and the one after the last, without what is empty or a comment behind it."""
    first, mark = pair[0].start_mark.line, pair[1].end_mark
    end = mark.line + (1 if mark.column and lines[mark.line][: mark.column].strip() else 0)
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return first, end


def _parent(root: yaml.MappingNode, at: At) -> yaml.MappingNode:
    """The mapping in which the part's block stands."""
    top: dict[str, yaml.MappingNode] = {key.value: value for key, value in root.value}
    if at[0] == "harmless":
        return root
    if at[0] == "words":
        return top["words"]
    entries: list[yaml.MappingNode] = top["categories"].value
    for entry in entries:
        if any(key.value == "name" and value.value == at[0] for key, value in entry.value):
            return entry
    raise KeyError(at)


def _block(block: At, wanted: Parts, column: int) -> list[str]:
    """The lines of a block; none where nothing is left of it."""
    own = {at[-1]: part for at, part in wanted.items() if at[:-1] == block}
    if not own and block[-1] in ("unless", "harmless"):
        return []
    return _lines(
        {block[-1]: {language: _plain((*block, ""), own[language]) for language in sorted(own, key=_place)}}, column
    )


def _lines(data: object, column: int) -> list[str]:
    return [(" " * column + line).rstrip() for line in _dump(data).rstrip("\n").split("\n")]


def _plain(at: At, part: Part) -> Any:
    if isinstance(part, str):
        return _Folded(part)
    return _Folded(" ".join(part)) if at[0] == "words" else list(part)


def _place(language: str) -> int:
    """`all` stands first, then our languages, then others."""
    return -1 if language == "all" else WRITTEN.index(language)


def _anew(text: str, before: DangerFile, wanted: Parts) -> str:
    """All of it written anew; of the comments only those at the head are kept."""

    def block(*at: str) -> dict[str, Any]:
        return {name[-1]: _plain(name, part) for name, part in wanted.items() if name[:-1] == at}

    categories = [
        {"name": entry.name, "topic": entry.topic}
        | {kind: block(entry.name, kind) for kind in ("phrases", "unless", "texts")}
        for entry in before.categories
    ]
    data = {"words": {name: block("words", name) for name in before.words}, "harmless": block("harmless")}
    head = re.match(r"(?:#.*\n|\s*\n)*", text)
    assert head is not None
    return head[0] + _dump({**data, "categories": categories})


class _Folded(str):
    """A text that may go over several lines."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    pass


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _folded(dumper: yaml.SafeDumper, text: _Folded) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=">" if len(text) > 100 else None)


_Dumper.add_representer(_Folded, _folded)


def _dump(data: object) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=108)


def lines_of(value: str) -> tuple[str, ...]:
    """A textarea as its lines: without blanks around them, empty ones and repetitions."""
    return tuple(dict.fromkeys(line for raw in value.splitlines() if (line := " ".join(raw.split()))))
