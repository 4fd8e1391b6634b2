"""Thresholds under which replies would have been worth most, on predictions the classifier made for unseen examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlu.components.calibration import Thresholds
from nlu.components.ranking import Ranked

SHOWN = 3


@dataclass(frozen=True)
class Worth:
    """What each outcome is worth to the person; a wrong answer costs most."""

    right: float = 1.0
    wrong: float = -1.0
    asked_well: float = 0.5
    asked_in_vain: float = -0.35
    unsure: float = -0.1
    rightly_unsure: float = 0.4


@dataclass(frozen=True)
class Outcome:
    """One unseen example: what was predicted with which probabilities, and what was true."""

    ranked: Ranked
    truth: str
    sure: float
    among: float
    near: bool

    @property
    def right(self) -> bool:
        return self.ranked.first == self.truth

    @property
    def shown(self) -> bool:
        return self.truth in self.ranked.topics[:SHOWN]


def second_is_near(ranked: Ranked, near: Mapping[str, Sequence[str]]) -> bool:
    if len(ranked.topics) < 2 or not ranked.is_topic:
        return False
    first, second = ranked.topics[:2]
    return second in near.get(first, ()) or first in near.get(second, ())


def fit(outcomes: Sequence[Outcome], topics: frozenset[str], worth: Worth, *, trusted: float) -> Thresholds:
    """`trusted`: the share of right answers that one question of several needs to be answered beside others."""
    about_topics = [outcome for outcome in outcomes if outcome.ranked.is_topic]
    others = [outcome for outcome in outcomes if not outcome.ranked.is_topic and outcome.ranked.first not in topics]
    answer, ask = _best_pair(about_topics, topics, worth)
    return Thresholds(
        answer=answer,
        ask=ask,
        act=_best_act(others, worth),
        part=_trusted(about_topics, trusted),
        near_gap=_near_gap([outcome for outcome in about_topics if outcome.near and outcome.sure >= answer], worth),
    )


def _best_pair(outcomes: Sequence[Outcome], topics: frozenset[str], worth: Worth) -> tuple[float, float]:
    steps = np.round(np.arange(0.2, 0.96, 0.02), 2)
    sure = np.array([outcome.sure for outcome in outcomes])
    among = np.array([outcome.among for outcome in outcomes])
    answered = np.array([worth.right if outcome.right else worth.wrong for outcome in outcomes])
    asked = np.array([worth.asked_well if outcome.shown else worth.asked_in_vain for outcome in outcomes])
    silent = np.array([worth.unsure if outcome.truth in topics else worth.rightly_unsure for outcome in outcomes])

    def value(answer: float, ask: float) -> float:
        return float(np.where(sure >= answer, answered, np.where(among >= ask, asked, silent)).sum())

    return max(((float(a), float(b)) for a in steps for b in steps), key=lambda pair: value(*pair))


def _best_act(outcomes: Sequence[Outcome], worth: Worth) -> float:
    """Taking somebody for saying something else is as wrong as a wrong answer; being unsure costs little."""
    steps = np.round(np.arange(0.2, 0.96, 0.02), 2)
    sure = np.array([outcome.sure for outcome in outcomes])
    done = np.array([worth.right if outcome.right else worth.wrong for outcome in outcomes])
    return (
        float(max(steps, key=lambda step: float(np.where(sure >= step, done, worth.unsure).sum()))) if outcomes else 0.5
    )


def _trusted(outcomes: Sequence[Outcome], share: float) -> float:
    for step in np.arange(0.3, 0.99, 0.02):
        kept = [outcome.right for outcome in outcomes if outcome.sure >= step]
        if kept and np.mean(kept) >= share:
            return float(round(step, 2))
    return 0.98


def _near_gap(outcomes: Sequence[Outcome], worth: Worth) -> float:
    """Two easily mixed up topics closer than this are asked about."""
    gaps = np.array([outcome.ranked.gap() for outcome in outcomes])
    answered = np.array([worth.right if outcome.right else worth.wrong for outcome in outcomes])
    asked = np.array([worth.asked_well if outcome.shown else worth.asked_in_vain for outcome in outcomes])
    steps = np.round(np.arange(0.0, 1.0, 0.02), 2)
    return float(max(steps, key=lambda step: float(np.where(gaps < step, asked, answered).sum()))) if outcomes else 0.0
