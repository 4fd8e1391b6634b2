"""Lists the words of the training examples that no lexicon knows, most frequent first.

python -m nlu.unknown_words da fil
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nlu.components.gloss import gloss
from nlu.components.text import words

LISTED = 60


class Coverage(NamedTuple):
    """How many words were read, and the unknown ones by how often."""

    read: int
    unknown: Counter[str]

    @property
    def share(self) -> float:
        return self.unknown.total() / self.read if self.read else 0.0


def coverage(texts: Iterable[str], language: str) -> Coverage:
    read = 0
    unknown: Counter[str] = Counter()
    for text in texts:
        read += len(words(text))
        unknown.update(gloss(text, language).unknown)
    return Coverage(read, unknown)


def main(languages: list[str]) -> None:
    from nlu.importer import DATA, examples, read_lines
    from nlu.places import training_dir

    rows = examples(read_lines(training_dir() / "topics.jsonl"), DATA)
    for language in languages or sorted({row["language"] for row in rows}):
        found = coverage((row["text"] for row in rows if row["language"] == language), language)
        print(f"{language}: {found.share:.1%} of {found.read} words unknown")
        print("  " + ", ".join(f"{word} {count}" for word, count in found.unknown.most_common(LISTED)))


if __name__ == "__main__":
    main(sys.argv[1:])
