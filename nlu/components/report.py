"""How well a trained model understands, in figures for editors and for the next comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nlu.components.calibration import Thresholds
from nlu.components.decide import ANSWER, ASK, Heard, decide
from nlu.components.thresholds import SHOWN, Outcome
from nlu.components.training import Labelled

CONFUSED = 40


def report(
    tried: Sequence[tuple[Labelled, Outcome]],
    topics: frozenset[str],
    thresholds: Thresholds,
    near: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    languages = sorted({item.language for item, _ in tried})
    about = {language: [one for one in tried if one[0].language == language] for language in languages}
    return {
        "examples": len(tried),
        "topics": len(topics),
        "languages": {language: _figures(about[language], topics, thresholds, near) for language in languages},
        "all": _figures(tried, topics, thresholds, near),
        "calibration": _reliability(outcome for _, outcome in tried),
        "confused": _confused(outcome for _, outcome in tried),
    }


def _figures(
    tried: Sequence[tuple[Labelled, Outcome]],
    topics: frozenset[str],
    thresholds: Thresholds,
    near: Mapping[str, Sequence[str]],
) -> dict[str, float]:
    outcomes = [outcome for _, outcome in tried]
    asked = [outcome for outcome in outcomes if outcome.truth in topics]
    decided = [(one, decide(Heard(one.ranked, one.sure, one.among), [], thresholds, near)) for one in outcomes]
    answered = [(one, said) for one, said in decided if said.intent == ANSWER]
    return {
        "examples": len(outcomes),
        "topic_questions": len(asked),
        "first_right": _share(one.right for one in asked),
        "first_three_right": _share(one.truth in one.ranked.topics[:SHOWN] for one in asked),
        "intents_right": _share(one.right for one in outcomes if one.truth not in topics),
        "answered": _share(said.intent == ANSWER for one, said in decided if one.truth in topics),
        "asked_back": _share(said.intent == ASK for one, said in decided if one.truth in topics),
        "answers_right": _share(one.right for one, _ in answered),
        "wrongly_answered_others": _share(said.intent == ANSWER for one, said in decided if one.truth not in topics),
    }


def _reliability(outcomes: Iterable[Outcome]) -> list[dict[str, float]]:
    """What was right among those said to be right with so much probability."""
    tenths: dict[int, list[bool]] = {}
    for outcome in outcomes:
        tenths.setdefault(min(9, int(outcome.sure * 10)), []).append(outcome.right)
    return [
        {"from": tenth / 10, "right": _share(tenths[tenth]), "count": len(tenths[tenth])} for tenth in sorted(tenths)
    ]


def _confused(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    pairs = Counter((outcome.truth, outcome.ranked.first) for outcome in outcomes if not outcome.right)
    return [{"meant": meant, "heard": heard, "count": count} for (meant, heard), count in pairs.most_common(CONFUSED)]


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 3) if found else 0.0
