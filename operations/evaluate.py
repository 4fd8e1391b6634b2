"""`make eval`: asks the evaluation questions by the path of a chat turn and compares with the floors."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import yaml

from bot.channels.bulk import BulkChannel
from bot.services import Services
from core.settings import Settings
from operations.ask import answers
from operations.assemble import ROOT, open_services
from operations.stack import open_stack

FOLDER = ROOT / "tests" / "evaluation"
MENTOR_ACTS = ("offer_mentor", "message_mentor")

type Line = dict[str, Any]
type Pair = tuple[Line, Line]
type Counts = defaultdict[str, defaultdict[str, list[bool]]]


async def evaluate(settings: Settings, *, misses: bool = False) -> int:
    """Print the shares by kind and language; 1 if one is below its floor."""
    async with open_stack(settings) as ready:
        quiet = replace(ready, burst_seconds=0)
        async with open_services(quiet, channels={"bulk": BulkChannel()}, queue=False) as (services, _):
            pairs = await ask_all(services, read_questions())
    if misses:
        print("\n".join(list_misses(pairs)))
    counts, floors = count(pairs), read_floors()
    print(table(counts, floors))
    below = below_floor(counts, floors)
    print(f"Below the floor: {', '.join(below)}" if below else "All at or above their floors.")
    return 1 if below else 0


def read_questions() -> list[Line]:
    return [json.loads(line) for line in (FOLDER / "questions.jsonl").read_text().splitlines() if line.strip()]


def read_floors() -> dict[str, float]:
    floors: dict[str, float] = yaml.safe_load((FOLDER / "floors.yml").read_text())
    return floors


async def ask_all(services: Services, questions: list[Line]) -> list[Pair]:
    """Each question beside its answer."""
    asked = [{"id": line["id"], "text": line["text"]} for line in questions]
    return list(zip(questions, [answer async for answer in answers(services, asked)], strict=True))


def judge(question: Line, answer: Line) -> dict[str, bool]:
    """What one answer says of each measure that applies to its question."""
    right = {*question["topics"], *question.get("acceptable", [])}
    answered, offered = answer["topics"], [*answer["topics"], *answer["alternatives"]]
    match question["kind"]:
        case "topic":
            return {"first": answered[:1] != [] and answered[0] in right, "offered": not right.isdisjoint(offered)}
        case "multi":
            wanted = set(question["topics"])
            return {"multi": wanted <= set(answered), "multi_offered": wanted <= set(offered)}
        case "not_covered":
            return {"not_covered": set(answered) <= right}
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
        case kind:
            raise ValueError(f"{question['id']}: unknown kind {kind!r}")


def count(pairs: Iterable[Pair]) -> Counts:
    """What was right and what was not, by measure, then by language and over all."""
    counts: Counts = defaultdict(lambda: defaultdict(list))
    for question, answer in pairs:
        for measure, right in judge(question, answer).items():
            counts[measure]["all"].append(right)
            counts[measure][question["language"]].append(right)
    return counts


def below_floor(counts: Counts, floors: dict[str, float]) -> list[str]:
    return [measure for measure, floor in floors.items() if _share(counts[measure]["all"]) < floor]


def table(counts: Counts, floors: dict[str, float]) -> str:
    languages = sorted({language for by in counts.values() for language in by} - {"all"})
    lines = [f"{'measure':14}{'floor':>7}" + "".join(f"{name:>14}" for name in ("all", *languages))]
    for measure, floor in floors.items():
        cells = [_cell(counts[measure][name]) for name in ("all", *languages)]
        lines.append(f"{measure:14}{floor:>7.2f}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def list_misses(pairs: Iterable[Pair]) -> list[str]:
    return [
        _miss(measure, question, answer)
        for question, answer in pairs
        for measure, right in judge(question, answer).items()
        if not right
    ]


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 1.0


def _cell(values: list[bool]) -> str:
    return f"{_share(values):.3f} ({len(values)})" if values else "-"


def _miss(measure: str, question: Line, answer: Line) -> str:
    wanted = ",".join(question["topics"]) or question.get("act") or question["kind"]
    got = f"{answer['kind']} {','.join(answer['topics'])} act={answer['act']} also={','.join(answer['alternatives'])}"
    return f"{measure}: {question['id']} [{answer['language']}] {question['text'][:110]!r} wanted {wanted}, got {got}"
