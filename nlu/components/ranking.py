"""Labels in order of their scores, as people will meet them: unwritten topics count as one label."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

NOT_COVERED = "not_covered"
_UNWRITTEN = f"{NOT_COVERED}/"


@dataclass(frozen=True)
class Ranked:
    """Best label first. `topics` are the written ones among them, in the same order; `length` in words.

    `lead`: of the first label over the best one of the other kind (topic or not). `opinions`: see scorer.opinions.
    """

    labels: tuple[str, ...]
    scores: tuple[float, ...]
    topics: tuple[str, ...]
    length: int
    lead: float = 0.0
    opinions: tuple[float, ...] = (0.0,) * 8

    @property
    def first(self) -> str:
        return self.labels[0]

    @property
    def is_topic(self) -> bool:
        return bool(self.topics) and self.topics[0] == self.labels[0]

    def gap(self) -> float:
        return self.scores[0] - self.scores[1]


def unwritten(slug: str) -> str:
    """The label of a question that concerns a topic nobody has written yet."""
    return _UNWRITTEN + slug


def plain(label: str) -> str:
    return NOT_COVERED if label.startswith(_UNWRITTEN) else label


def rank(
    labels: tuple[str, ...],
    scores: np.ndarray,
    topics: Collection[str],
    length: int,
    opinions: Sequence[float] = (0.0,) * 8,
) -> Ranked:
    """The first few labels are enough: at least four, and four topics."""
    order = np.argsort(-scores)
    found: dict[str, float] = {}
    slugs: list[str] = []
    for place in order:
        label = plain(labels[place])
        found.setdefault(label, float(scores[place]))
        if label in topics and label not in slugs:
            slugs.append(label)
        if len(found) >= 4 and len(slugs) >= 4:
            break
    kinds = np.array([label in topics for label in labels])
    others = scores[kinds != kinds[order[0]]]
    lead = float(scores[order[0]] - others.max()) if len(others) else 0.0
    return Ranked(tuple(found), tuple(found.values()), tuple(slugs), length, lead, tuple(map(float, opinions)))
