"""What a turn adds to the numbers: that somebody wrote today, and what became of the question. Nothing of who or what."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from actions.turn import Outcome, Outcomes
from store.conversations import Context

WHAT = {
    Outcomes.ANSWER: "answered",
    Outcomes.ASK_BACK: "asked_back",
    Outcomes.FALLBACK: "unanswered",
    Outcomes.DANGER: "danger",
}
TRIED = "bulk"  # questions that somebody tries in bulk (`velkommen ask`, the evaluation): nobody's
COUNTED = "counted"  # in the conversation's state: the last day on which it was counted


def tallies(
    context: Context, outcome: Outcome, language: str, *, day: date, themes: Mapping[str, str]
) -> list[dict[str, str]]:
    """themes: of the topics that are published."""
    if context.channel == TRIED:
        return []
    rows = []
    if context.state.get(COUNTED) != day.isoformat():
        rows.append(_row("conversation", language))
    about = outcome.topics or tuple(context.state.get("topics", ()))
    if outcome.handing is not None and outcome.handing.what == "ask":
        rows.append(_row("handed_over", language, *_theme(about[:1], themes)))
    elif outcome.kind is Outcomes.ANSWER:
        rows += [_row("answered", language, *_theme((slug,), themes)) for slug in outcome.topics]
    elif outcome.kind is Outcomes.FALLBACK and not outcome.unanswered:
        pass  # an answer to a press ("not that"), which was counted as a question
    elif outcome.kind in WHAT:
        rows.append(_row(WHAT[outcome.kind], language, *_theme(outcome.alternatives[:1], themes)))
    return rows


def noted(state: dict[str, Any], *, day: date) -> dict[str, Any]:
    """The conversation's state with the day on which it was counted."""
    return {**state, COUNTED: day.isoformat()}


def _row(what: str, language: str, theme: str = "", topic: str = "") -> dict[str, str]:
    return {"what": what, "language": language, "theme": theme, "topic": topic}


def _theme(slugs: tuple[str, ...], themes: Mapping[str, str]) -> tuple[str, str]:
    slug = next((slug for slug in slugs if slug in themes), "")
    return themes.get(slug, ""), slug
