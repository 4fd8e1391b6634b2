"""How sure may we be? Fitted on predictions for examples that the classifier had not seen.

Two probabilities: that the first label is right, and that a right one is among the first three. Thresholds on them
are fitted as well: those under which replies would have been worth most, with what each outcome is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from nlu.components.ranking import Ranked


@dataclass(frozen=True)
class Curve:
    """A logistic curve over `signs`."""

    weights: tuple[float, ...]
    bias: float

    def probability(self, signs: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(signs @ np.array(self.weights) + self.bias)))


@dataclass(frozen=True)
class Thresholds:
    """`answer`, `ask` for topics, `act` for the other intents, `part` for one question of several.

    Easily mixed up topics less than `near_gap` apart are asked about.
    """

    answer: float
    ask: float
    act: float
    part: float
    near_gap: float


@dataclass(frozen=True)
class Calibration:
    first: Curve
    among: Curve
    thresholds: Thresholds

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> Calibration:
        curves = {name: Curve(tuple(values[name]["weights"]), values[name]["bias"]) for name in ("first", "among")}
        return Calibration(**curves, thresholds=Thresholds(**values["thresholds"]))


def signs(ranked: Ranked) -> np.ndarray:
    """What tells a sure prediction from a doubtful one."""
    first, second, third = (*ranked.scores, -1.0, -1.0)[:3]
    topic = float(ranked.is_topic)
    return np.array(
        [
            first, first - second, second - third, topic, topic * first, topic * (first - second),
            np.log1p(ranked.length), ranked.lead, topic * ranked.lead, *ranked.opinions,
        ]
    )  # fmt: skip


def curve(found: Sequence[np.ndarray], right: Sequence[bool]) -> Curve:
    """Where all are right or all wrong, the curve says so for everything."""
    if len(set(right)) < 2:
        return Curve((0.0,) * len(found[0]), 20.0 if right and right[0] else -20.0)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(np.stack(found), np.array(right))
    return Curve(tuple(float(weight) for weight in model.coef_[0]), float(model.intercept_[0]))
