"""Learns a model of understanding from examples: vocabulary, classifier, calibration, report."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from sklearn.model_selection import StratifiedKFold

from nlu.components import calibration, features, keywords, linear, scorer, thresholds
from nlu.components.calibration import Calibration
from nlu.components.features import Example, Vocabulary, Weights
from nlu.components.keywords import Keywords
from nlu.components.ranking import Ranked, plain, rank
from nlu.components.scorer import Say, Scorer
from nlu.components.thresholds import Outcome, Worth, second_is_near

FOLDS = 5
# With this many examples one fifth held out tells enough; five rounds would take minutes.
ONE_ROUND_FROM = 12_000
THREADS = 2


@dataclass(frozen=True)
class Labelled:
    example: Example
    label: str
    language: str


@dataclass(frozen=True)
class Plan:
    """What a configuration may choose."""

    weights: Weights = Weights()
    linear: linear.Settings = linear.Settings()
    say: Say = Say()
    worth: Worth = Worth()
    trusted: float = 0.95


@dataclass(frozen=True)
class Model:
    vocabulary: Vocabulary
    scorer: Scorer
    calibration: Calibration
    topics: frozenset[str]
    keywords: Keywords


def learn(
    examples: Sequence[Labelled],
    vectors: np.ndarray | None,
    topics: frozenset[str],
    near: Mapping[str, Sequence[str]],
    plan: Plan,
) -> tuple[Model, list[tuple[Labelled, Outcome]]]:
    """The model, and what it would have said to examples it hadn't seen."""
    vocabulary = features.learn([item.example for item in examples])
    rows = features.matrix([item.example for item in examples], vocabulary, plan.weights)
    with ThreadPoolExecutor(THREADS) as pool:
        whole = pool.submit(_fit, examples, rows, vectors, plan, np.arange(len(examples)))
        unseen = dict(_unseen(examples, rows, vectors, topics, plan, pool))
    asked = [examples[place] for place in unseen]
    curves = _curves(asked, list(unseen.values()))
    outcomes = _outcomes(asked, list(unseen.values()), curves, near)
    fitted = thresholds.fit(outcomes, topics, plan.worth, trusted=plan.trusted)
    words = keywords.learn((item.label, item.example.gloss) for item in examples if item.label in topics)
    model = Model(vocabulary, whole.result(), Calibration(*curves, fitted), topics, words)
    return model, list(zip(asked, outcomes))


def _fit(
    examples: Sequence[Labelled], rows: sparse.csr_matrix, vectors: np.ndarray | None, plan: Plan, places: np.ndarray
) -> Scorer:
    """What the examples at these places teach."""
    return scorer.fit(
        rows[places],
        [examples[place].example.gloss for place in places],
        None if vectors is None else vectors[places],
        [examples[place].label for place in places],
        settings=plan.linear,
        say=plan.say,
        encoder=plan.weights.encoder,
    )


def _unseen(
    examples: Sequence[Labelled],
    rows: sparse.csr_matrix,
    vectors: np.ndarray | None,
    topics: frozenset[str],
    plan: Plan,
    pool: Executor,
) -> Iterator[tuple[int, Ranked]]:
    """Labels ranked for every example that a classifier learnt without it."""
    labels = np.array([item.label for item in examples])

    def held_out(fold: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, Ranked]]:
        learnt, places = fold
        model = _fit(examples, rows, vectors, plan, learnt)
        glosses = [examples[place].example.gloss for place in places]
        scored = model.many(rows[places], glosses, None if vectors is None else vectors[places])
        return [
            (int(place), rank(model.labels, scores, topics, length(examples[place].example), opinions))
            for place, scores, opinions in zip(places, *scored)
        ]

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(labels, labels)
    rounds = 1 if len(examples) >= ONE_ROUND_FROM else FOLDS
    for found in pool.map(held_out, itertools.islice(folds, rounds)):
        yield from found


def length(example: Example) -> int:
    return len(example.text.split())


def _curves(asked: Sequence[Labelled], ranked: Sequence[Ranked]) -> tuple[calibration.Curve, calibration.Curve]:
    signs = [calibration.signs(one) for one in ranked]
    right = [one.first == plain(item.label) for item, one in zip(asked, ranked)]
    among = [item.label in one.topics[: thresholds.SHOWN] for item, one in zip(asked, ranked)]
    return calibration.curve(signs, right), calibration.curve(signs, among)


def _outcomes(
    asked: Sequence[Labelled],
    ranked: Sequence[Ranked],
    curves: tuple[calibration.Curve, calibration.Curve],
    near: Mapping[str, Sequence[str]],
) -> list[Outcome]:
    signs = np.stack([calibration.signs(one) for one in ranked])
    sure, among = (curve.probability(signs) for curve in curves)
    return [
        Outcome(one, plain(item.label), float(sure[place]), float(among[place]), second_is_near(one, near))
        for place, (item, one) in enumerate(zip(asked, ranked))
    ]
