"""A message to many as an editor writes it: one YAML file, read with errors that name file, line and remedy."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from core.days import COPENHAGEN, danish_moment
from core.errors import KnowledgeError
from core.masking import mask
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.files import Lines, load_yaml, validated
from knowledge.models import Household, Line, Occupation, Origin, Phase, Slug, Strict

EVERYBODY = "everybody"
LONGEST = 1500  # characters
HOW_TO = "See docs/how-to/send-an-announcement.md."
PLACEHOLDER = re.compile(r"\{[^{}\s]+\}|\[\[[^\[\]]+\]\]")

type Known = Mapping[str, Collection[str]]


class Segment(Strict):
    """Which people: a person must match every dimension that is given, in one of its values.

    audience: without it recruits only. phase: how long after the arrival (`reminders/announce.py`).
    """

    language: Annotated[list[Line], Field(min_length=1)] | None = None
    kommune: Annotated[list[Line], Field(min_length=1)] | None = None
    origin: Annotated[list[Origin], Field(min_length=1)] | None = None
    occupation: Annotated[list[Occupation], Field(min_length=1)] | None = None
    household: Annotated[list[Household], Field(min_length=1)] | None = None
    phase: Annotated[list[Phase], Field(min_length=1)] | None = None
    employer: Annotated[list[Line], Field(min_length=1)] | None = None
    audience: Annotated[list[Literal["recruit", "employer"]], Field(min_length=1)] | None = None


class _File(Strict):
    name: Slug
    segment: Segment
    texts: dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]]
    at: datetime | str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A file without a fault. segment: only the dimensions that are given; empty is everybody."""

    name: str
    segment: dict[str, list[str]]
    texts: dict[str, str]
    at: datetime | None


def read_announcement(path: Path, *, now: datetime, known: Known) -> Announcement:
    """Read and check one file. known: the values that exist now, for `kommune` and `employer`."""
    data, lines = load_yaml(path)
    data = {**data, "segment": _segment(data, lines, path)}
    valid = validated(_File, data, lines, path)
    segment = {name: values for name, values in valid["segment"].items() if values is not None}
    for fault in faults(valid["name"], segment, valid["texts"], {"language": LANGUAGES, **known}):
        at = fault.at
        line = next(lines[at[:size]] for size in range(len(at), -1, -1) if at[:size] in lines)
        raise KnowledgeError(f"{path}:{line}", fault.problem.format(**fault.named), fault.remedy.format(**fault.named))
    moment = _moment(data.get("at"), f"{path}:{lines.get(('at',), 1)}", now)
    return Announcement(valid["name"], segment, valid["texts"], moment)


def _segment(data: Mapping[str, Any], lines: Lines, path: Path) -> object:
    """What stands under `segment`; writing to everybody must have been meant."""
    segment = data.get("segment")
    if segment == EVERYBODY:
        return {}
    if not segment:
        where = f"{path}:{lines.get(('segment',), 1)}"
        raise KnowledgeError(
            where, "the segment is missing or empty.", f"Say for whom, or write `segment: {EVERYBODY}`."
        )
    if not isinstance(segment, dict):
        where = f"{path}:{lines['segment',]}"
        raise KnowledgeError(where, f"`segment: {segment}` is nobody we know.", f"Write dimensions, or `{EVERYBODY}`.")
    return segment


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an announcement, and the remedy: sentences to translate, with the values that stand in them."""

    at: tuple[str | int, ...]
    problem: str
    remedy: str
    named: Mapping[str, str]


def faults(name: str, segment: Mapping[str, Sequence[str]], texts: Mapping[str, str], known: Known) -> Iterator[Fault]:
    """What the shape alone does not show, whether it comes from a file or from a page."""
    for dimension, values in known.items():
        for number, value in enumerate(segment.get(dimension, ())):
            if value not in values:
                near = difflib.get_close_matches(value, list(values), n=1, cutoff=0.5)
                remedy = msgid("Did you mean {near!r}?") if near else msgid("Known are {known}.")
                told = {"near": near[0] if near else "", "known": ", ".join(values) or "none yet"}
                unknown = msgid("{dimension} {value!r} does not exist.")
                where = ("segment", dimension, number)
                yield Fault(where, unknown, remedy, {"dimension": dimension, "value": value, **told})
    written: dict[tuple[str | int, ...], str] = {
        ("name",): name,
        **{("texts", language): text for language, text in texts.items()},
    }
    for at, text in written.items():
        if kinds := mask(text).kinds:
            personal = msgid("`{field}` holds what looks like a number of one person ({kinds}).")
            remedy = msgid("Take it out; no such number is ever sent or kept.")
            yield Fault(at, personal, remedy, {"field": ".".join(map(str, at)), "kinds": ", ".join(kinds)})
        if found := PLACEHOLDER.search(text):
            yield Fault(
                at, msgid("{found} is not filled in here."), msgid("Write the value itself."), {"found": found[0]}
            )
    for language in texts.keys() - LANGUAGES.keys():
        strange = msgid("{language!r} is not one of our languages.")
        known_ones = {"language": language, "known": ", ".join(LANGUAGES)}
        yield Fault(("texts", language), strange, msgid("Known are {known}."), known_ones)
    if DEFAULT not in texts:
        missing = msgid("the English text is missing.")
        remedy = msgid("Add `en`; whoever reads a language without a text gets it.")
        yield Fault(("texts",), missing, remedy, {})


def _moment(written: object, where: str, now: datetime) -> datetime | None:
    """`at:` as a moment: YAML reads a time with seconds as a date-time, one without them as text."""
    if written is None:
        return None
    try:
        moment = danish_moment(str(written))
    except ValueError as error:
        raise KnowledgeError(
            where, f"`at`: {written} is no Danish time ({error}).", "Write it as 2026-12-01 10:00."
        ) from error
    if moment <= now:
        told = f"`at`: {written} is past; in Denmark it is {now.astimezone(COPENHAGEN):%Y-%m-%d %H:%M}."
        raise KnowledgeError(where, told, "Write a time to come, or leave `at` out.")
    return moment
