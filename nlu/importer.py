"""Gives Rasa the training examples: topics' from the export, the other intents' from `nlu/data`.

Every example carries its language; a topic's also its slug, one that belongs to no written topic is `not_covered`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.places import training_dir

DATA = Path(__file__).parent / "data"
NOT_COVERED = "not_covered"


class VelkommenImporter(RasaFileImporter):
    """Domain and rules as Rasa reads them; examples from our own, quicker files."""

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        exported = read_lines(training_dir() / "topics.jsonl")
        return TrainingData([_message(example) for example in examples(exported, DATA)])


def read_lines(path: Path) -> list[dict[str, str]]:
    """The objects of a JSON-lines file; none when it isn't there yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def near(folder: Path) -> dict[str, list[str]]:
    """Topics that are easily mixed up, from the export."""
    path = folder / "near.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def examples(exported: list[dict[str, str]], folder: Path) -> list[dict[str, str]]:
    """All examples, each text once in a language: a topic's goes before one of the same wording elsewhere."""
    topics = {row["topic"] for row in exported}
    rows = [{**row, "intent": "topic", "label": row["topic"]} for row in exported]
    for path in sorted(folder.glob("*.yml")):
        rows.extend(_intents(path))
    for row in read_lines(folder / "not_yet.jsonl"):
        if row["topic"] not in topics:
            rows.append({**row, "intent": "topic_unsure", "label": NOT_COVERED})
    return list(_first_of_each(rows))


def _intents(path: Path) -> Iterator[dict[str, str]]:
    for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
        language = block.get("metadata", {}).get("language", path.stem)
        for line in block["examples"].splitlines():
            text = line.strip().removeprefix("- ").strip()
            if text:
                yield {"intent": block["intent"], "label": block["intent"], "language": language, "text": text}


def _first_of_each(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = (row["language"], row["text"].strip().lower())
        if key not in seen:
            seen.add(key)
            yield row


def _message(row: dict[str, str]) -> Message:
    data: dict[str, Any] = {TEXT: row["text"], INTENT: row["intent"]}
    return Message({**data, **{key: row[key] for key in ("label", "language", "topic") if key in row}})
