"""Which mentors a handover suits, best first, and who of them is asked now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MENTOR, SUPERVISOR = "mentor", "supervisor"
KNOWN = frozenset({"named", "earlier"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could take it; without any `kommuner`, `themes` or `occupations` all suit them."""

    staff_id: int
    role: str
    languages: frozenset[str]
    kommuner: frozenset[str]
    themes: frozenset[str]
    occupations: frozenset[str]
    open_count: int
    capacity: int
    last_given_at: datetime | None
    available: bool


@dataclass(frozen=True, slots=True)
class Need:
    """named: the named mentor, then the buddy. earlier: mentors they had, newest first."""

    language: str | None
    kommune: str | None
    theme: str | None
    occupation: str | None
    named: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()
    declined: frozenset[int] = frozenset()
    offered: frozenset[int] = frozenset()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """reasons: what speaks for them, of named, earlier, language, kommune, theme, occupation."""

    staff_id: int
    reasons: tuple[str, ...]


def rank(need: Need, candidates: Iterable[Candidate]) -> list[Ranked]:
    """Best first; supervisors only where the recruit knows them, or where no mentor is left."""
    people = {candidate.staff_id: candidate for candidate in candidates}.values()
    fitting = [candidate for candidate in people if _may_take(need, candidate)]
    if any(candidate.role == MENTOR for candidate in fitting):
        fitting = [candidate for candidate in fitting if candidate.role == MENTOR or is_known(need, candidate.staff_id)]
    fitting.sort(key=lambda candidate: _order(need, candidate))
    return [Ranked(candidate.staff_id, _reasons(need, candidate)) for candidate in fitting]


def offer_to(ranked: Sequence[Ranked], need: Need, *, at_a_time: int = 3) -> list[Ranked]:
    """The next to be asked; somebody whom the recruit knows is asked alone."""
    left = [one for one in ranked if one.staff_id not in need.offered]
    return left[: 1 if left and KNOWN.intersection(left[0].reasons) else at_a_time]


def is_known(need: Need, staff_id: int) -> bool:
    return staff_id in need.named or staff_id in need.earlier


def _may_take(need: Need, candidate: Candidate) -> bool:
    return (
        candidate.role in (MENTOR, SUPERVISOR)
        and candidate.available
        and candidate.staff_id not in need.declined
        and (need.urgent or candidate.open_count < candidate.capacity)
        and (_match(need.kommune, candidate.kommuner) < MISMATCH or is_known(need, candidate.staff_id))
    )


def _order(need: Need, candidate: Candidate) -> tuple[float, ...]:
    given = candidate.last_given_at
    return (
        _place(candidate.staff_id, need.named),
        _place(candidate.staff_id, need.earlier),
        need.language is not None and need.language not in candidate.languages,
        _match(need.kommune, candidate.kommuner),
        _match(need.theme, candidate.themes),
        _match(need.occupation, candidate.occupations),
        candidate.open_count / candidate.capacity if candidate.capacity else float("inf"),
        given.timestamp() if given else float("-inf"),
        candidate.staff_id,
    )


def _reasons(need: Need, candidate: Candidate) -> tuple[str, ...]:
    reasons = {
        "named": candidate.staff_id in need.named,
        "earlier": candidate.staff_id in need.earlier,
        "language": need.language in candidate.languages,
        "kommune": need.kommune in candidate.kommuner,
        "theme": need.theme in candidate.themes,
        "occupation": need.occupation in candidate.occupations,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


EXPLICIT, ANY, MISMATCH = range(3)


def _match(wanted: str | None, theirs: frozenset[str]) -> int:
    """How well it fits; where nothing is wanted, everybody fits alike."""
    if wanted is None or not theirs:
        return ANY
    return EXPLICIT if wanted in theirs else MISMATCH


def _place(staff_id: int, order: tuple[int, ...]) -> int:
    return order.index(staff_id) if staff_id in order else len(order)
