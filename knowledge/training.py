"""Training data from what is published: one line an example question, and which topics are easily mixed up."""

import json
from pathlib import Path

from knowledge.library import Library


def write_training(library: Library, folder: Path) -> int:
    """Write `topics.jsonl` ({"topic", "language", "text"}) and `near.json`; the number of examples."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"topic": slug, "language": language, "text": text}, ensure_ascii=False)
        for (slug, language), topic_text in sorted(library.texts.items())
        if slug in library.topics and topic_text.more is None
        for text in (topic_text.title, *topic_text.questions)
    ]
    _write_if_changed(folder / "topics.jsonl", "\n".join(lines) + "\n")
    near = {slug: library.known(topic.near) for slug, topic in sorted(library.topics.items())}
    _write_if_changed(folder / "near.json", json.dumps(near, indent=1) + "\n")
    return len(lines)


def trained_topics(folder: Path) -> list[str]:
    """The topics that `write_training` wrote examples of."""
    lines = (folder / "topics.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted({json.loads(line)["topic"] for line in lines if line.strip()})


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
