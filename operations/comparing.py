"""A new model beside the one in use: shares by measure and language of both, and the questions that flipped."""

from collections.abc import Mapping, Sequence
from typing import Any

from operations.evaluate import Counts, Line, Pair, below_floor, count, judge, languages, share

NOTICEABLY = 0.01  # what a share may lose without being called worse: two trainings of the same differ by as much
type Floors = Mapping[str, Mapping[str, float]]


def report(new: Sequence[Pair], used: Sequence[Pair] | None, floors: dict[str, dict[str, float]]) -> dict[str, Any]:
    """What is kept of an evaluation. `used`: the same questions, asked of the model in use; None if there is none.

    measures: by measure and group the new share, the share of the one in use, and of how many questions.
    """
    counts, before = count(new), count(used or ())
    return {
        "questions": len(new),
        "compared": used is not None,
        "floors": floors,
        "measures": {
            name: {
                group: [share(by[group]), share(before[name][group]) if used is not None else None, len(by[group])]
                for group in ("all", *languages(counts), "code-mixed")
                if by[group]
            }
            for name, by in counts.items()
        },
        "below": below_floor(counts, floors),
        "worse": worse(counts, before, floors) if used is not None else [],
        "flips": flips(new, used or ()),
    }


def worse(new: Counts, used: Counts, floors: Floors) -> list[str]:
    """The measures of the floors that are noticeably worse than they are now."""
    lower = [name for name in floors["at_least"] if share(new[name]["all"]) < share(used[name]["all"]) - NOTICEABLY]
    higher = [name for name in floors["at_most"] if share(new[name]["all"]) > share(used[name]["all"]) + NOTICEABLY]
    return lower + higher


def may_replace(found: Mapping[str, Any]) -> bool:
    """Whether nobody needs to look: at or above every floor, and nothing noticeably worse."""
    return not found["below"] and not found["worse"]


def flips(new: Sequence[Pair], used: Sequence[Pair]) -> list[dict[str, Any]]:
    """The questions that the two answer differently well, what got worse first."""
    found = [
        {
            "id": str(question["id"]), "language": question["language"], "kind": question["kind"],
            "text": question["text"], "wanted": question["topics"] or [question.get("act") or question["kind"]],
            "better": worth(question, after) > worth(question, before),
            "before": _shown(before), "after": _shown(after),
        }
        for (question, after), (_, before) in zip(new, used, strict=False)
        if worth(question, after) != worth(question, before)
    ]  # fmt: skip
    return sorted(found, key=lambda flip: flip["better"])


def worth(question: Line, answer: Line) -> int:
    """Right first is worth more than right among others; a wrong answer is worth less than none."""
    judged = judge(question, answer)
    return sum(right for name, right in judged.items() if name not in ("wrong", "asked_back")) - judged.get("wrong", 0)


def _shown(answer: Line) -> dict[str, Any]:
    return {name: answer[name] for name in ("kind", "topics", "alternatives", "act")}
