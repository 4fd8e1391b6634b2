"""Figures into sentences: `{tax-card-wait}` becomes value and unit, `{tax-card-wait|number}` the bare number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from i18n import format as local
from knowledge.models import Figure

REFERENCE = re.compile(r"\{([a-z0-9]+(?:-[a-z0-9]+)*)(\|number)?\}")
ITALIC = re.compile(r"(?<![*\w])\*([^*\n]+)\*(?!\*)")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its figures in it. `doubtful`: one of them is out of its period or past its review date."""

    text: str
    doubtful: bool


def fill(text: str, figures: Mapping[str, Figure], *, language: str, day: date) -> Filled:
    """Put the values valid on `day` into the text; a value whose period has passed is given with its year."""
    doubtful = False

    def put(match: re.Match[str]) -> str:
        nonlocal doubtful
        figure = figures[match[1]]
        value, valid = figure.on(day)
        doubtful = doubtful or not valid or day > figure.next_review
        shown = local.number(value.value, language) if match[2] else local.figure(value.value, value.unit, language)
        year = (value.valid_to or value.valid_from or day).year
        return shown if valid else f"{shown} ({year})"

    return Filled(REFERENCE.sub(put, text), doubtful)


def danish_terms(text: str) -> list[str]:
    """What stands in italics, in order, each once: the Danish words an office will use."""
    return list(dict.fromkeys(match.strip() for match in ITALIC.findall(text)))
