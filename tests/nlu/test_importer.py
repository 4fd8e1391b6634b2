"""Training examples: where they come from, and which goes before which."""

import json

import pytest
import yaml

from nlu.importer import DATA, examples, read_lines

LANGUAGES = ("en", "da", "fil", "pl", "hi", "ro", "uk", "de")
EXPORTED = [{"topic": "cycling", "language": "en", "text": "where may i cycle"}]


@pytest.fixture
def folder(tmp_path):
    block = {"intent": "greeting", "examples": "- hi\n- Where may I cycle\n"}
    german = {"intent": "out_of_scope", "metadata": {"language": "de"}, "examples": "- wetter morgen\n"}
    (tmp_path / "en.yml").write_text(yaml.dump({"nlu": [block]}))
    (tmp_path / "other.yml").write_text(yaml.dump({"nlu": [german]}))
    rows = [
        {"topic": "cycling", "language": "en", "text": "bike lights?"},
        {"topic": "parking", "language": "fil", "text": "saan mag park"},
    ]
    (tmp_path / "not_yet.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_each_example_knows_its_label_and_language(folder):
    found = {row["text"]: (row["intent"], row["label"], row["language"]) for row in examples(EXPORTED, folder)}

    assert found == {
        "where may i cycle": ("topic", "cycling", "en"),
        "hi": ("greeting", "greeting", "en"),
        "wetter morgen": ("out_of_scope", "out_of_scope", "de"),
        "saan mag park": ("topic_unsure", "not_covered", "fil"),
    }


def test_a_topic_that_is_not_exported_yet_stays_uncovered(folder):
    assert "bike lights?" in {row["text"] for row in examples([], folder)}


def test_without_an_export_there_are_no_topics(tmp_path):
    assert read_lines(tmp_path / "topics.jsonl") == []


def ours():
    return examples([], DATA)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_examples_in_every_language(language):
    intents = {row["intent"] for row in ours()} - {"topic_unsure"}
    missing = intents - {row["intent"] for row in ours() if row["language"] == language}

    assert not missing


def test_the_same_words_never_mean_two_things():
    meant: dict[tuple[str, str], set[str]] = {}
    for path in sorted(DATA.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            language = block.get("metadata", {}).get("language", path.stem)
            for line in block["examples"].splitlines():
                meant.setdefault((language, line.strip().lower()), set()).add(block["intent"])

    assert not [(text, intents) for text, intents in meant.items() if len(intents) > 1]
