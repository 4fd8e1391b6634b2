"""For messages of a word or two: which topics speak of that word. "tax" alone is no question, but no riddle either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

SHORT = 2
# A word belongs to a topic when every twelfth question uses it, and tells something when few topics share it.
OFTEN = 0.08
FEW = 12
NAMED = 3

Keywords = dict[str, dict[str, float]]


def learn(glosses: Iterable[tuple[str, str]]) -> Keywords:
    """From pairs of topic and gloss: by word, the share of a topic's questions that use it."""
    questions: Counter[str] = Counter()
    used: dict[str, Counter[str]] = {}
    for topic, gloss in glosses:
        questions[topic] += 1
        for word in set(gloss.split()):
            used.setdefault(word, Counter())[topic] += 1
    shares = {word: _shares(topics, questions) for word, topics in used.items()}
    return {word: topics for word, topics in shares.items() if 0 < len(topics) <= FEW}


def named(gloss: str, keywords: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    """The topics that its words belong to, the most likely first."""
    total: Counter[str] = Counter()
    for word in gloss.split():
        total.update(keywords.get(word, {}))
    return tuple(topic for topic, _ in total.most_common(NAMED))


def _shares(topics: Counter[str], questions: Counter[str]) -> dict[str, float]:
    shares = {topic: count / questions[topic] for topic, count in topics.items()}
    return {topic: round(share, 3) for topic, share in shares.items() if share >= OFTEN}
