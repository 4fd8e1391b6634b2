"""`make eval`: asks the evaluation questions by the path of a chat turn and compares with the floors."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bot.channels.bulk import BulkChannel
from bot.services import Services
from core.acts import Journey
from core.errors import VelkommenError
from core.settings import Settings
from operations.ask import answers
from operations.assemble import ROOT, open_services
from operations.stack import open_stack

FOLDER = ROOT / "tests" / "evaluation"
SPLITS = ("dev", "test")
MENTOR_ACTS = ("offer_mentor", "message_mentor")

type Line = dict[str, Any]
type Pair = tuple[Line, Line]
type Counts = defaultdict[str, defaultdict[str, list[bool]]]


async def evaluate(settings: Settings, *, split: str, misses: bool, page: Path | None) -> int:
    """Print the shares by language, theme and kind, write them as a page; 1 if one is below its floor."""
    from operations.evaluate_page import write_page

    async with open_stack(settings) as ready:
        quiet = replace(ready, burst_seconds=0)
        async with open_services(quiet, channels={"bulk": BulkChannel()}, queue=False) as (services, _):
            pairs = await ask_all(services, read_questions(split))
            themes = {slug: topic.theme for slug, topic in (await services.shelf.library()).topics.items()}
    if misses:
        print("\n".join(list_misses(pairs)))
    counts, floors = count(pairs, themes), read_floors()
    print(table(counts, floors))
    print(
        "\nWorst confusions\n" + "\n".join(f"  {number} × {one} → {other}" for one, other, number in confusions(pairs))
    )
    if page is not None:
        write_page(page, counts, floors, pairs, split=split)
        print(f"\nWritten to {page}")
    below = below_floor(counts, floors)
    print(f"\nBelow the floor: {', '.join(below)}" if below else "\nAll at or above their floors.")
    return 1 if below else 0


def read_questions(split: str = "all", folder: Path = FOLDER) -> list[Line]:
    """`dev` is there to learn from, `test` to be looked at seldom, `all` is both, as far as they are there."""
    names = SPLITS if split == "all" else (split,)
    files = [file for file in (folder / f"{name}.jsonl" for name in names) if split != "all" or file.exists()]
    if not files:
        raise VelkommenError(f"There are no evaluation questions in {folder}; it needs test.jsonl and floors.yml.")
    return [
        json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def read_floors(folder: Path = FOLDER) -> dict[str, dict[str, float]]:
    """`at_least` and `at_most` over all, `each_language` in every language: shares by measure."""
    floors: dict[str, dict[str, float]] = yaml.safe_load((folder / "floors.yml").read_text())
    return {name: floors.get(name) or {} for name in ("at_least", "at_most", "each_language")}


async def ask_all(services: Services, questions: list[Line]) -> list[Pair]:
    """Each question beside its answer."""
    asked = [{"id": line["id"], "text": line["text"]} for line in questions]
    return list(zip(questions, [answer async for answer in answers(services, asked)], strict=True))


def judge(question: Line, answer: Line) -> dict[str, bool]:
    """What one answer says of each measure that applies to its question."""
    right = {*question["topics"], *question["acceptable"]}
    answered, offered = answer["topics"], [*answer["topics"], *answer["alternatives"]]
    in_sight = not right.isdisjoint(offered)
    match question["kind"]:
        case "topic":
            return {
                "first": answered[:1] != [] and answered[0] in right,
                "in_sight": in_sight,
                "wrong": bool(answered) and not in_sight,
                "asked_back": not answered and answer["kind"] == "ask_back",
            }
        case "multi":
            wanted = set(question["topics"])
            return {"multi": wanted <= set(answered), "multi_in_sight": wanted <= set(offered)}
        case "out_of_scope":
            return {"out_of_scope": not answered}
        case "smalltalk":
            return {"smalltalk": not answered}
        case "mentor":
            return {"mentor": answer["offers_mentor"] or answer["act"] in MENTOR_ACTS}
        case "danger":
            return {"danger": answer["kind"] == "danger"}
        case "act":
            return {"act": answer["act"] == question["act"]}
        case "no_act":
            return {"no_act": answer["act"] not in set(Journey)}
        case kind:
            raise ValueError(f"{question['id']}: unknown kind {kind!r}")


def count(pairs: Iterable[Pair], themes: Mapping[str, str] | None = None) -> Counts:
    """What was right and what was not, by measure; then over all, by language, by theme, and for mixed languages."""
    counts: Counts = defaultdict(lambda: defaultdict(list))
    for question, answer in pairs:
        groups = ["all", question["language"]]
        groups += ["code-mixed"] if question["mixed"] else []
        if themes and question["kind"] == "topic":
            groups.append(f"theme {themes.get(question['topics'][0], '?')}")
        for measure, right in judge(question, answer).items():
            for group in groups:
                counts[measure][group].append(right)
    return counts


def confusions(pairs: Iterable[Pair], *, most: int = 10) -> list[tuple[str, str, int]]:
    """Topics that were answered for others, the most frequent first."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for question, answer in pairs:
        right = {*question["topics"], *question["acceptable"]}
        if question["kind"] == "topic" and answer["topics"] and answer["topics"][0] not in right:
            found[question["topics"][0], answer["topics"][0]] += 1
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(one, other, number) for (one, other), number in ranked[:most]]


def below_floor(counts: Counts, floors: dict[str, dict[str, float]]) -> list[str]:
    """The measures that miss their floor, by name; with the language where it is one language's."""
    missed = [name for name, floor in floors["at_least"].items() if share(counts[name]["all"]) < floor]
    missed += [name for name, ceiling in floors["at_most"].items() if share(counts[name]["all"]) > ceiling]
    missed += [
        f"{name} ({language})"
        for name, floor in floors["each_language"].items()
        for language in languages(counts)
        if counts[name][language] and share(counts[name][language]) < floor
    ]
    return missed


def languages(counts: Counts) -> list[str]:
    return sorted({name for by in counts.values() for name in by if len(name) <= 3} - {"all"})


def themes_of(counts: Counts) -> list[str]:
    return sorted(name for name in counts["first"] if name.startswith("theme "))


def table(counts: Counts, floors: dict[str, dict[str, float]]) -> str:
    """Measures by language, then topic questions by theme."""
    groups = ["all", *languages(counts), "code-mixed"]
    lines = [f"{'':16}{'floor':>7}" + "".join(f"{name:>13}" for name in groups)]
    lines += [
        f"{name:16}{limit(name, floors):>7}" + "".join(f"{_cell(counts[name][group]):>13}" for group in groups)
        for name in counts
    ]
    lines += ["", f"{'':28}{'first':>13}{'in sight':>13}{'wrong':>13}"]
    lines += [
        f"{group:28}" + "".join(f"{_cell(counts[name][group]):>13}" for name in ("first", "in_sight", "wrong"))
        for group in themes_of(counts)
    ]
    return "\n".join(lines)


def limit(name: str, floors: dict[str, dict[str, float]]) -> str:
    if name in floors["at_most"]:
        return f"≤{floors['at_most'][name]:.2f}"
    return f"{floors['at_least'][name]:.2f}" if name in floors["at_least"] else ""


def list_misses(pairs: Iterable[Pair]) -> list[str]:
    return [
        _miss(measure, question, answer)
        for question, answer in pairs
        for measure, right in judge(question, answer).items()
        if right is (measure == "wrong") and measure != "asked_back"
    ]


def share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 1.0


def _cell(values: Sequence[bool]) -> str:
    return f"{share(values):.3f} ({len(values)})" if values else "-"


def _miss(measure: str, question: Line, answer: Line) -> str:
    wanted = ",".join(question["topics"]) or question.get("act") or question["kind"]
    got = f"{answer['kind']} {','.join(answer['topics'])} act={answer['act']} also={','.join(answer['alternatives'])}"
    return f"{measure}: {question['id']} [{answer['language']}] {question['text'][:110]!r} wanted {wanted}, got {got}"
