"""Training data from what is published: one line an example question, and which topics are easily mixed up."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from knowledge.library import Library

type Example = dict[str, str]  # topic, language, text
type Digest = Mapping[str, Sequence[int | str]]  # by topic: how many examples it has, and a hash over them


def write_training(library: Library, folder: Path) -> int:
    """Write `topics.jsonl` ({"topic", "language", "text"}) and `near.json`; the number of examples."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(example, ensure_ascii=False) for example in examples(library)]
    _write_if_changed(folder / "topics.jsonl", "\n".join(lines) + "\n")
    _write_if_changed(folder / "near.json", json.dumps(near(library), indent=1) + "\n")
    return len(lines)


def examples(library: Library) -> list[Example]:
    return [
        {"topic": slug, "language": language, "text": text}
        for (slug, language), topic_text in sorted(library.texts.items())
        if slug in library.topics and topic_text.more is None
        for text in (topic_text.title, *topic_text.questions)
    ]


def near(library: Library) -> dict[str, list[str]]:
    return {slug: library.known(topic.near) for slug, topic in sorted(library.topics.items())}


def trained_topics(folder: Path) -> list[str]:
    """The topics that `write_training` wrote examples of."""
    return sorted({example["topic"] for example in _read(folder)})


def digest(found: Iterable[Example], neighbours: Mapping[str, Sequence[str]]) -> dict[str, list[int | str]]:
    """What a model is made from, short enough to be kept beside it: who compares two sees which topics have changed."""
    by_topic: dict[str, list[Example]] = {}
    for example in found:
        by_topic.setdefault(example["topic"], []).append(example)
    return {
        topic: [len(own), _hash([*((each["language"], each["text"]) for each in own), *neighbours.get(topic, ())])]
        for topic, own in by_topic.items()
    }


def digest_of(library: Library) -> dict[str, list[int | str]]:
    return digest(examples(library), near(library))


def digest_in(folder: Path) -> dict[str, list[int | str]]:
    """The digest of what `write_training` wrote."""
    return digest(_read(folder), json.loads((folder / "near.json").read_text(encoding="utf-8")))


def _read(folder: Path) -> list[Example]:
    lines = (folder / "topics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:8]


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
