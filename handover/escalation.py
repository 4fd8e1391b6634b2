"""What has to be done at a moment so that somebody takes a handover, and so that a missed promise is owned up to.

The caller carries out each step and notes it before it asks again:

- `Offer`: those asked are in `Need.offered`; `round` is one more, `offered_at` is set.
- `AskOnCall`: those asked are in `Need.offered`.
- `AskSupervisors`: `supervisors_at` is set.
- `Sorry`: `apologised_at` is set, `promised_at` is the new one.

A handover that becomes urgent later starts anew: nobody offered, round 0, no `supervisors_at`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handover.hours import Hours, after_open, is_open
from handover.promise import Load, again
from handover.routing import SUPERVISOR, Candidate, Need, Ranked, is_known, offer_to, rank

FIRST_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """offer_minutes: open minutes until the next are asked. urgent_minutes: real ones. rounds: before supervisors.

    silent_minutes: open ones that a mentor may leave somebody without an answer, before supervisors hear of it.
    again_minutes: real ones, after which those who did not come to somebody in danger are asked again, for an hour.
    """

    offer_minutes: float = 10
    urgent_minutes: float = 5
    rounds: int = 2
    silent_minutes: float = 120
    again_minutes: float = 15


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a handover has come; `round` counts the offers made so far, `offered_at` is the last of them."""

    created_at: datetime
    promised_at: datetime | None
    answered_at: datetime | None
    claimed: bool
    urgent: bool
    round: int
    offered_at: datetime | None
    supervisors_at: datetime | None
    apologised_at: datetime | None
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    to: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True)
class AskOnCall:
    to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskSupervisors:
    to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sorry:
    promised_at: datetime


type Step = Offer | AskOnCall | AskSupervisors | Sorry

RULES = Rules()


def next_steps(
    standing: Standing,
    need: Need,
    candidates: Sequence[Candidate],
    on_call: tuple[int, ...],
    hours: Hours,
    load: Load,
    now: datetime,
    rules: Rules = RULES,
) -> list[Step]:
    """All that is to be done now, often nothing; asking again after it was noted gives nothing more."""
    steps: list[Step] = []
    if not standing.claimed and standing.urgent:
        steps += _urgent(standing, need, candidates, on_call, hours, now, rules)
    elif not standing.claimed and is_open(hours, now):
        steps += _ordinary(standing, need, candidates, hours, now, rules)
    elif standing.claimed and _left_alone(standing, hours, now, rules):
        steps += _ask_supervisors(candidates, available_first=not standing.urgent)
    if _promise_missed(standing, now) and (standing.urgent or is_open(hours, now)):
        steps.append(Sorry(again(hours, load, now)))
    return steps


def _ordinary(
    standing: Standing, need: Need, candidates: Sequence[Candidate], hours: Hours, now: datetime, rules: Rules
) -> list[Step]:
    if standing.supervisors_at is not None or _may_still_answer(standing, need, hours, now, rules):
        return []
    offer = _offer(standing, need, candidates, rules)
    return offer or _ask_supervisors(candidates, available_first=True)


def _may_still_answer(standing: Standing, need: Need, hours: Hours, now: datetime, rules: Rules) -> bool:
    """Whether those asked last have time left; once all have declined there is nobody to wait for."""
    if standing.offered_at is None or (need.offered and need.offered <= need.declined):
        return False
    until = after_open(hours, standing.offered_at, rules.offer_minutes)
    return until is None or now < until


def _urgent(
    standing: Standing,
    need: Need,
    candidates: Sequence[Candidate],
    on_call: tuple[int, ...],
    hours: Hours,
    now: datetime,
    rules: Rules,
) -> list[Step]:
    """Those on call and the supervisors whatever the hour; mentors as well while it is open."""
    steps: list[Step] = []
    wait = timedelta(minutes=rules.urgent_minutes)
    reachable = [staff_id for staff_id in on_call if staff_id not in need.declined]
    asked = tuple(staff_id for staff_id in reachable if staff_id not in need.offered)
    if asked:
        steps.append(AskOnCall(asked))
        need = replace(need, offered=need.offered.union(asked))
    if is_open(hours, now) and (standing.offered_at is None or now >= standing.offered_at + wait):
        steps += _offer(standing, need, candidates, rules)
    if standing.supervisors_at is None and (not reachable or now >= standing.created_at + wait):
        steps += _ask_supervisors(candidates, available_first=bool(reachable))
    again = timedelta(minutes=rules.again_minutes)
    first_hour = now < standing.created_at + FIRST_HOUR
    if standing.supervisors_at is not None and first_hour and now >= standing.supervisors_at + again:
        steps += [AskOnCall(tuple(reachable))] if reachable and not asked else []
        steps += _ask_supervisors(candidates, available_first=False)
    return steps


def _offer(standing: Standing, need: Need, candidates: Sequence[Candidate], rules: Rules) -> list[Step]:
    """The next round of mentors; supervisors whom the recruit does not know are asked by a step of their own."""
    if standing.round >= rules.rounds:
        return []
    supervisors = {one.staff_id for one in candidates if one.role == SUPERVISOR and not is_known(need, one.staff_id)}
    mentors = [one for one in rank(need, candidates) if one.staff_id not in supervisors]
    to = offer_to(mentors, need)
    return [Offer(tuple(to))] if to else []


def _ask_supervisors(candidates: Sequence[Candidate], *, available_first: bool) -> list[Step]:
    """Those on duty if there are any and they come first, else all."""
    supervisors = [one for one in candidates if one.role == SUPERVISOR]
    available = [one for one in supervisors if one.available] if available_first else []
    to = tuple(sorted(one.staff_id for one in available or supervisors))
    return [AskSupervisors(to)] if to else []


def _left_alone(standing: Standing, hours: Hours, now: datetime, rules: Rules) -> bool:
    """Whether the mentor who has it does not write: in danger for a few minutes, else for some hours of open time."""
    if standing.supervisors_at is not None:
        return False
    if standing.urgent and standing.answered_at is None:
        return now >= standing.created_at + 2 * timedelta(minutes=rules.urgent_minutes)
    if standing.waiting_since is None or standing.answered_at is None:
        return False  # the promise watches over the first answer
    until = after_open(hours, standing.waiting_since, rules.silent_minutes)
    return until is not None and now >= until


def _promise_missed(standing: Standing, now: datetime) -> bool:
    """Missed, and not apologised for yet."""
    if standing.promised_at is None or standing.answered_at is not None or standing.promised_at >= now:
        return False
    return standing.apologised_at is None or standing.apologised_at < standing.promised_at
