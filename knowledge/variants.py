"""Lines that are meant for some readers only: `@eu,nordic You may work at once.`, also after a bullet's hyphen.

Marks of one dimension are alternatives ("eu or nordic"); a line with marks of two dimensions needs both.
"""

import re
from collections.abc import Callable, Iterator, Mapping

MARKS: dict[str, tuple[str, str]] = {
    "nordic": ("origin", "nordic"),
    "eu": ("origin", "eu"),
    "non-eu": ("origin", "non-eu"),
    "nurse": ("occupation", "nurse"),
    "care": ("occupation", "sosu"),
    "other-job": ("occupation", "other"),
    "single": ("household", "single"),
    "couple": ("household", "couple"),
    "family": ("household", "family"),
    "recruit": ("audience", "recruit"),
    "employer": ("audience", "employer"),
}
DIMENSIONS = {name: [mark for mark in MARKS if MARKS[mark][0] == name] for name, _ in MARKS.values()}
MARKED = re.compile(r"^(?P<bullet>[-*] +)?@(?P<marks>\S+)[ \t]+(?P<text>\S.*)$", re.MULTILINE)
STRAY = re.compile(r"^(?:[-*] +)?@\S*", re.MULTILINE)

type Profile = Mapping[str, str]
type Label = Callable[[str], str]


def marks(body: str) -> tuple[str, ...]:
    """The marks in a text, in order, each once; also such as do not exist."""
    return tuple(dict.fromkeys(mark for match in MARKED.finditer(body) for mark in match["marks"].split(",")))


def dimensions(body: str) -> tuple[str, ...]:
    """The dimensions that a text distinguishes, in the order of DIMENSIONS."""
    used = {MARKS[mark][0] for mark in marks(body) if mark in MARKS}
    return tuple(name for name in DIMENSIONS if name in used)


def unknown_marks(body: str) -> tuple[str, ...]:
    """Marks that mean nothing, and marks with no text behind them."""
    stray = (match[0].lstrip("-* ").lstrip("@") for match in STRAY.finditer(MARKED.sub("", body)))
    return (*(mark for mark in marks(body) if mark not in MARKS), *stray)


def fitted(body: str, profile: Profile, label: Label) -> str:
    """The text for a reader: lines for others left out; where the reader's group is unknown, labelled with it."""
    lines = (shown for line in body.split("\n") for shown in _fitted_line(line, profile, label))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _fitted_line(line: str, profile: Profile, label: Label) -> Iterator[str]:
    match = MARKED.match(line)
    if match is None or any(mark not in MARKS for mark in match["marks"].split(",")):
        yield line
        return
    by_dimension: dict[str, list[str]] = {}
    for mark in match["marks"].split(","):
        by_dimension.setdefault(MARKS[mark][0], []).append(mark)
    open_groups = []
    for dimension, wanted in by_dimension.items():
        known = profile.get(dimension)
        if known is None:
            open_groups.append(" / ".join(label(mark) for mark in wanted))
        elif known not in (MARKS[mark][1] for mark in wanted):
            return
    bullet = match["bullet"] or ""
    yield f"{bullet}**{', '.join(open_groups)}:** {match['text']}" if open_groups else f"{bullet}{match['text']}"
