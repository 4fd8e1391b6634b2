"""The plan: small examples first, then what must hold for everybody on the real lists."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.anchors import SHOWN_BY, Day, resolve
from journey.calendar import is_working_day
from journey.check import check
from journey.plan import (
    OPENS_AGAIN,
    Planned,
    Profile,
    State,
    applies,
    next_steps,
    plan,
    presumed,
    progress,
    steps_of,
    waiting_for,
)
from knowledge.models import Anchor, Household, Occupation, Origin, Task

CHECKLISTS = Path(__file__).parents[2] / "knowledge" / "checklists"
TASKS = tuple(
    Task.model_validate(task)
    for name in ("recruit.yml", "employer.yml")
    for task in yaml.safe_load((CHECKLISTS / name).read_text(encoding="utf-8"))["tasks"]
)
BY_ID = {task.id: task for task in TASKS}
PROFILES = [Profile(*groups) for groups in product(get_args(Origin), get_args(Occupation), get_args(Household))]
NURSE = Profile("non-eu", "nurse", "single")
TODAY = date(2027, 3, 10)  # a Wednesday


def a_task(id_: str = "r-a", **fields: Any) -> Task:
    return Task.model_validate(
        {
            "id": id_,
            "phase": "first-month",
            "who": "recruit",
            "due": [{"anchor": "arrival"}],
            "reminders": [0],
            "link": "https://example.org",
            **fields,
        }
    )


def planned(
    *tasks: Task,
    done: Mapping[str, date | None] | None = None,
    skipped: Collection[str] = (),
    today: date = TODAY,
    profile: Profile = NURSE,
    **anchors: date,
) -> dict[str, Planned]:
    return {step.task.id: step for step in plan(tasks, profile, anchors, done or {}, skipped, today=today)}


def due(arrival: date, **rule: int) -> date | None:
    return planned(a_task(due=[{"anchor": "arrival", **rule}]), arrival=arrival)["r-a"].due


# --- whom a task is for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "yes"), [("non-eu", True), ("eu", False), ("nordic", False), (None, False)])
def test_a_task_for_some_groups_is_for_those_known_to_be_in_them(origin: str | None, yes: bool) -> None:
    assert applies(a_task(origin=["non-eu"]), Profile(origin=origin)) is yes
    assert applies(a_task(), Profile(origin=origin))


# --- days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrival", "rule", "expected"),
    [
        (date(2026, 4, 1), {"days": 3}, date(2026, 4, 1)),  # Easter Saturday
        (date(2027, 3, 24), {"days": 5}, date(2027, 3, 24)),  # Easter Monday
        (date(2026, 12, 20), {"days": 5}, date(2026, 12, 23)),
        (date(2026, 6, 5), {}, date(2026, 6, 4)),
        (date(2028, 2, 28), {"days": 1}, date(2028, 2, 29)),
        (date(2028, 2, 29), {"months": 12}, date(2029, 2, 28)),
        (date(2027, 8, 31), {"months": 1}, date(2027, 9, 30)),
        (date(2027, 3, 12), {"working_days": 1}, date(2027, 3, 15)),
        (date(2027, 3, 24), {"working_days": 1}, date(2027, 3, 30)),
        (date(2027, 1, 31), {"months": 1, "days": 1}, date(2027, 3, 1)),
    ],
)
def test_a_due_day_is_counted_and_brought_forward_to_a_working_day(
    arrival: date, rule: dict[str, int], expected: date
) -> None:
    assert due(arrival, **rule) == expected


def test_the_first_rule_whose_anchor_is_known_counts() -> None:
    task = a_task(due=[{"anchor": "exam_term", "days": -7}, {"anchor": "arrival", "days": 30}])
    arrival, exam_term = date(2027, 3, 1), date(2027, 6, 1)

    assert planned(task, arrival=arrival)["r-a"].due == date(2027, 3, 31)
    assert planned(task, arrival=arrival, exam_term=exam_term)["r-a"].due == date(2027, 5, 25)
    assert planned(task)["r-a"].due is None


@pytest.mark.parametrize(
    ("weekend", "expected"), [("stays", date(2027, 3, 13)), ("next-working-day", date(2027, 3, 15))]
)
def test_a_legal_day_stays_on_a_weekend_unless_its_rule_moves_it(weekend: str, expected: date) -> None:
    legal = {"anchor": "arrival", "days": 3, "weekend": weekend}
    assert planned(a_task(legal=legal), arrival=TODAY)["r-a"].legal == expected


def test_a_legal_day_before_the_due_day_is_when_the_task_is_due() -> None:
    task = a_task(due=[{"anchor": "arrival", "days": 30}], legal={"anchor": "moved_in", "days": 5})
    step = planned(task, arrival=date(2027, 3, 1), moved_in=date(2027, 3, 8))["r-a"]

    assert (step.due, step.legal) == (date(2027, 3, 12), date(2027, 3, 13))


def test_a_legal_day_is_due_even_if_nothing_else_says_when() -> None:
    task = a_task(due=[{"anchor": "exam_term"}], legal={"anchor": "arrival", "days": 5})
    assert planned(task, arrival=date(2027, 3, 8))["r-a"].due == date(2027, 3, 12)


def test_biometrics_have_fourteen_days_from_the_day_of_the_application() -> None:
    waiting = planned(*TASKS, contract_signed=date(2027, 2, 1))["r-record-biometrics"]
    applied = planned(*TASKS, contract_signed=date(2027, 2, 1), done={"r-apply-permit": date(2027, 2, 3)})

    assert waiting.legal is None
    assert applied["r-record-biometrics"].legal == date(2027, 2, 17)
    assert (applied["r-record-biometrics"].due or date.max) <= date(2027, 2, 17)
    assert applied["r-record-biometrics"].legally_late


def test_days_that_hang_on_the_cpr_number_are_estimated_until_it_is_known() -> None:
    arrival = date(2027, 3, 1)
    guessed = planned(*TASKS, arrival=arrival)["r-mitid"]
    registered = planned(*TASKS, arrival=arrival, done={"r-register-cpr": date(2027, 3, 10)})["r-mitid"]
    given_ = planned(*TASKS, arrival=arrival, cpr_received=date(2027, 3, 9))["r-mitid"]

    assert (guessed.due, guessed.estimated) == (date(2027, 3, 12), True)
    assert (registered.due, registered.estimated) == (date(2027, 3, 17), False)
    assert (given_.due, given_.estimated) == (date(2027, 3, 16), False)


ARRIVAL = date(2027, 3, 1)


@pytest.mark.parametrize(
    ("anchor", "anchors", "done", "expected"),
    [
        ("moved_in", {"arrival": ARRIVAL}, {}, Day(ARRIVAL)),
        ("lease_start", {"arrival": ARRIVAL}, {}, Day(ARRIVAL)),
        ("lease_start", {"arrival": ARRIVAL, "moved_in": TODAY}, {}, Day(TODAY)),
        ("permit_applied", {}, {"r-apply-permit": TODAY}, Day(TODAY)),
        ("permit_applied", {}, {"r-apply-permit": None}, None),
        ("permit_granted", {}, {"r-check-granted-permit": TODAY}, Day(TODAY)),
        ("moved_again", {}, {"r-lasting-home": TODAY}, Day(TODAY)),
        ("cpr_received", {"arrival": ARRIVAL}, {"r-register-cpr": None}, Day(date(2027, 3, 6), estimated=True)),
        ("cpr_received", {}, {}, None),
        ("first_salary", {"first_working_day": date(2027, 12, 1)}, {}, Day(date(2027, 12, 30), estimated=True)),
        ("first_salary", {"first_working_day": date(2027, 12, 1), "first_salary": TODAY}, {}, Day(TODAY)),
        ("tax_year", {"arrival": date(2026, 12, 20), "first_working_day": ARRIVAL}, {}, Day(date(2027, 1, 1))),
        ("tax_year", {"arrival": date(2026, 12, 20)}, {}, Day(date(2026, 1, 1))),
        ("next_tax_year", {"arrival": date(2026, 12, 20)}, {}, Day(date(2027, 1, 1))),
        ("next_tax_year", {"arrival": ARRIVAL, "tax_year": date(2027, 1, 1)}, {}, Day(date(2027, 1, 1))),
        ("exam_term", {"arrival": ARRIVAL}, {}, None),
        ("permit_expires", {"arrival": ARRIVAL}, {}, None),
    ],
)
def test_an_anchor_that_was_not_given_follows_from_others(
    anchor: Anchor, anchors: dict[str, date], done: dict[str, date | None], expected: Day | None
) -> None:
    assert resolve(anchor, anchors, done) == expected


# --- what can be done -----------------------------------------------------------------------------------------------


def test_a_task_waits_for_those_that_apply_and_says_who_can_help() -> None:
    tasks = (
        a_task("e-a", who="employer"),
        a_task("e-b", who="employer"),
        a_task("r-b", who="mentor"),
        a_task("r-eu", origin=["eu"]),
        a_task("r-c", prerequisites=["e-a", "r-b", "e-b", "r-eu"]),
    )

    assert planned(*tasks)["r-c"].state is State.BLOCKED
    assert planned(*tasks)["r-c"].blocked_by == ("e-a", "r-b", "e-b")
    assert planned(*tasks)["r-c"].unblocked_by == ("employer", "mentor")
    assert planned(*tasks, done={"e-a": TODAY, "e-b": None}, skipped=["r-b"])["r-c"].state is State.OPEN
    assert planned(*tasks, skipped=["r-b"])["r-b"].state is State.SKIPPED


def test_late_is_the_day_after_and_never_what_is_done_or_skipped() -> None:
    task = a_task(legal={"anchor": "arrival", "days": 1})

    assert not planned(task, arrival=TODAY)["r-a"].late
    assert planned(task, arrival=TODAY)["r-a"].legal_soon
    after = planned(task, arrival=TODAY, today=TODAY + timedelta(days=1))["r-a"]
    assert (after.late, after.legally_late) == (True, False)
    last = planned(task, arrival=TODAY, today=TODAY + timedelta(days=2))["r-a"]
    assert (last.late, last.legally_late, last.legal_soon) == (True, True, False)
    much_later = date(2028, 1, 1)
    for settled in (
        planned(task, arrival=TODAY, done={"r-a": TODAY}, today=much_later)["r-a"],
        planned(task, arrival=TODAY, skipped=["r-a"], today=much_later)["r-a"],
    ):
        assert (settled.late, settled.legally_late) == (False, False)


def test_a_yearly_task_opens_again_and_again() -> None:
    task = a_task(due=[{"anchor": "tax_year", "days": 30}], legal={"anchor": "tax_year", "months": 4}, yearly=True)

    def on(today: date, *done: date | None) -> Planned:
        return planned(task, tax_year=date(2027, 1, 1), done=dict(zip(["r-a"], done)), today=today)["r-a"]

    assert (on(TODAY).state, on(TODAY).due, on(TODAY).late) == (State.OPEN, date(2027, 1, 29), True)

    done = date(2027, 2, 3)
    assert (on(TODAY, done).state, on(TODAY, done).due) == (State.DONE, date(2028, 1, 31))
    assert on(TODAY, done).legal == date(2028, 5, 1)
    opens = date(2028, 1, 31) - OPENS_AGAIN
    assert on(opens - timedelta(days=1), done).state is State.DONE
    assert on(opens, done).state is State.OPEN
    assert on(date(2028, 2, 1), done).late
    assert on(opens, opens).due == date(2029, 1, 31)
    assert on(opens, opens).state is State.DONE
    # Done on a day that we do not know: done for the year that can be done now.
    assert on(date(2030, 2, 1), None).state is State.DONE


def test_a_yearly_task_of_the_past_does_not_block_when_it_opens_again() -> None:
    tasks = (a_task("r-y", yearly=True), a_task("r-z", prerequisites=["r-y"]))
    steps = planned(*tasks, arrival=ARRIVAL, done={"r-y": ARRIVAL}, today=date(2028, 2, 1))

    assert steps["r-y"].state is State.OPEN
    assert steps["r-z"].state is State.OPEN


def test_what_must_have_been_settled_before_somebody_came_to_us_is_presumed() -> None:
    tasks = (a_task("r-a", behind=["arrival"]), a_task("r-b", behind=["permit_granted"]), a_task("r-c"))

    def settled(done: Collection[str] = (), **anchors: date) -> frozenset[str]:
        return presumed(tasks, NURSE, anchors, dict.fromkeys(done), today=TODAY)

    assert settled(arrival=TODAY) == {"r-a"}
    assert settled(arrival=TODAY + timedelta(days=1)) == set()
    assert settled(arrival=TODAY, done=["r-a"]) == set()
    assert settled() == set()


# --- what to tell a person ------------------------------------------------------------------------------------------


def test_the_next_steps_begin_with_what_the_law_presses_for() -> None:
    def step(id_: str, days: int, legal: int | None = None, **fields: Any) -> Task:
        limit = None if legal is None else {"anchor": "arrival", "days": legal}
        return a_task(id_, due=[{"anchor": "arrival", "days": days}], legal=limit, **fields)

    tasks = (
        a_task("r-never", due=[{"anchor": "exam_term"}]),
        step("r-later", 40),
        step("r-late", -2),
        step("r-soon", 6, 14, who="family"),
        step("r-far", 5, 15),
        step("r-over", -3, -2),
        step("r-mentor", -9, who="mentor"),
        step("r-blocked", -9, prerequisites=["r-later"]),
    )
    steps = plan(tasks, NURSE, {"arrival": TODAY}, {}, today=TODAY)

    ids = [step.task.id for step in next_steps(steps, most=9)]
    assert ids == ["r-over", "r-soon", "r-late", "r-far", "r-later", "r-never"]
    assert [step.task.id for step in next_steps(steps)] == ids[:3]
    assert [step.task.id for step in steps_of(steps, "mentor", "family")] == ["r-soon", "r-mentor"]


def test_waiting_for_names_where_the_chain_of_others_begins() -> None:
    tasks = (
        a_task("r-a", prerequisites=["e-b"]),
        a_task("e-b", who="employer", prerequisites=["e-c"]),
        a_task("e-c", who="employer"),
        a_task("e-d", who="employer"),
    )
    assert [step.task.id for step in waiting_for(plan(tasks, NURSE, {}, {}, today=TODAY))] == ["e-c"]
    assert waiting_for(plan(tasks, NURSE, {}, {"e-c": TODAY, "e-b": TODAY}, today=TODAY)) == ()


def test_progress_counts_what_applies_and_is_not_skipped() -> None:
    tasks = (a_task("r-a"), a_task("r-b"), a_task("r-c"), a_task("r-d", origin=["eu"]))
    steps = plan(tasks, NURSE, {}, {"r-a": TODAY, "r-d": TODAY}, ["r-b"], today=TODAY)

    assert progress(steps) == (1, 2)


# --- what makes a plan impossible -----------------------------------------------------------------------------------


def test_faults_in_the_lists_are_named() -> None:
    ring = [a_task("r-a", prerequisites=["r-b"]), a_task("r-b", prerequisites=["r-a"])]
    other = [a_task("r-c", prerequisites=["r-d"]), a_task("r-d", prerequisites=["r-c"])]

    assert check([a_task("r-a"), a_task("r-a")]) == ["r-a stands in the lists 2 times"]
    assert check([a_task(prerequisites=["r-nobody"])]) == ["r-a waits for r-nobody, which does not exist"]
    assert len(check(ring + other)) == 2
    assert all("wait for each other" in problem for problem in check(ring + other))
    assert len(check([a_task(prerequisites=["r-a"])])) == 1


def test_the_real_lists_have_no_fault() -> None:
    assert check(TASKS) == []


def test_the_tasks_that_show_an_anchor_are_on_the_lists() -> None:
    assert set(SHOWN_BY.values()) <= BY_ID.keys()


# --- what holds for everybody, on the real lists --------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
ANCHORS = st.dictionaries(st.sampled_from(get_args(Anchor)), DAYS)
DONE = st.dictionaries(st.sampled_from(sorted(BY_ID)), st.none() | DAYS)
SKIPPED = st.frozensets(st.sampled_from(sorted(BY_ID)), max_size=10)
KNOWN_IN_PART = st.builds(
    Profile,
    st.sampled_from((None, *get_args(Origin))),
    st.sampled_from((None, *get_args(Occupation))),
    st.sampled_from((None, *get_args(Household))),
)
ANY_PROFILE = st.sampled_from(PROFILES) | KNOWN_IN_PART
ONE_TIME = {task.id for task in TASKS if not task.yearly}


def due_again(step: Planned, today: date) -> bool:
    return step.task.yearly and step.due is not None and today >= step.due - OPENS_AGAIN


@given(ANY_PROFILE, ANCHORS, DONE, SKIPPED, DAYS)
def test_each_task_is_in_the_state_that_its_prerequisites_give_it(
    profile: Profile, anchors: dict[str, date], done: dict[str, date | None], skipped: frozenset[str], today: date
) -> None:
    steps = plan(TASKS, profile, anchors, done, skipped, today=today)
    mine = {task.id for task in TASKS if applies(task, profile)}
    settled = done.keys() | skipped

    assert [step.task.id for step in steps] == [task.id for task in TASKS if task.id in mine]
    for step in steps:
        missing = [needed for needed in step.task.prerequisites if needed in mine and needed not in settled]
        if step.task.id in done and not due_again(step, today):
            expected = State.DONE
        elif step.task.id in skipped:
            expected = State.SKIPPED
        else:
            expected = State.BLOCKED if missing else State.OPEN
            assert list(step.blocked_by) == missing
            assert set(step.unblocked_by) == {BY_ID[needed].who for needed in missing}
        assert step.state is expected
        assert (step.state is State.BLOCKED) == bool(step.blocked_by) == bool(step.unblocked_by)


@given(ANY_PROFILE, ANCHORS, DONE, SKIPPED, DAYS)
def test_days_are_possible_and_late_is_only_what_is_still_to_do(
    profile: Profile, anchors: dict[str, date], done: dict[str, date | None], skipped: frozenset[str], today: date
) -> None:
    for step in plan(TASKS, profile, anchors, done, skipped, today=today):
        to_do = step.state in (State.OPEN, State.BLOCKED)
        assert step.due is None or is_working_day(step.due)
        assert step.legal is None or (step.due is not None and step.due <= step.legal)
        assert step.late == (to_do and step.due is not None and step.due < today)
        assert step.legally_late == (to_do and step.legal is not None and step.legal < today)
        assert not (step.legally_late and not step.late)
        assert step.due is None or step.state is not State.DONE or step.task.yearly


@pytest.mark.parametrize("profile", [*PROFILES, Profile()], ids=str)
def test_doing_what_is_offered_one_after_the_other_leads_to_the_end(profile: Profile) -> None:
    done: dict[str, date | None] = {}
    anchors = {"contract_signed": date(2027, 1, 4), "arrival": ARRIVAL, "first_working_day": date(2027, 3, 15)}
    while offered := [step for step in plan(TASKS, profile, anchors, done, today=TODAY) if step.state is State.OPEN]:
        assert offered[0].task.id not in done
        done[offered[0].task.id] = TODAY

    left, whole = progress(plan(TASKS, profile, anchors, done, today=TODAY))
    assert left == whole > 0


@pytest.mark.parametrize("profile", PROFILES, ids=str)
def test_the_next_steps_and_who_is_waited_for_never_leave_anybody_stuck(profile: Profile) -> None:
    done: dict[str, date | None] = {}
    for _ in TASKS:
        steps = plan(TASKS, profile, {"arrival": ARRIVAL}, done, today=TODAY)
        to_do = [step for step in steps_of(steps, "recruit", "family") if step.state is not State.DONE]
        offered = (*next_steps(steps), *waiting_for(steps))
        if not to_do:
            return
        assert offered
        done |= {step.task.id: TODAY for step in offered}
    pytest.fail("the recruit's tasks never come to an end")


@given(ANY_PROFILE, DONE, DAYS, st.integers(-400, 400).filter(bool))
@settings(max_examples=50)
def test_another_arrival_moves_what_hangs_on_it_and_nothing_that_is_done(
    profile: Profile, done: dict[str, date | None], arrival: date, days: int
) -> None:
    def on(day: date) -> dict[str, Planned]:
        return planned(*TASKS, profile=profile, done=done, arrival=day)

    before, after = on(arrival), on(arrival + timedelta(days=days))
    for id_ in before.keys() & ONE_TIME:
        if id_ in done:
            assert before[id_] == after[id_]
        elif before[id_].task.due[-1].anchor == "arrival" and before[id_].legal is None and abs(days) > 11:
            assert before[id_].due != after[id_].due
        else:
            assert (before[id_].due is None) == (after[id_].due is None)


@pytest.mark.parametrize("days", [7, -7, 35])
def test_the_arrival_moved_by_weeks_moves_its_tasks_by_as_much(days: int) -> None:
    tasks = [replace_due(task) for task in TASKS if task.due[-1].anchor == "arrival"]
    arrival = date(2027, 8, 16)  # far from holidays for the days that are compared
    before = planned(*tasks, arrival=arrival)
    after = planned(*tasks, arrival=arrival + timedelta(days=days))

    assert before
    for id_, step in before.items():
        assert step.due is not None
        assert after[id_].due == step.due + timedelta(days=days)


def replace_due(task: Task) -> Task:
    """The task, due so that no holiday comes near."""
    return task.model_copy(update={"due": [task.due[-1].model_copy(update={"days": task.due[-1].days % 7})]})


@given(ANY_PROFILE, ANCHORS, DONE, st.sampled_from(get_args(Anchor)), DAYS)
@settings(max_examples=50)
def test_a_changed_anchor_plans_anew_all_that_is_not_done_and_leaves_the_states(
    profile: Profile, anchors: dict[str, date], done: dict[str, date | None], anchor: str, day: date
) -> None:
    def on(tasks: Iterable[Task], anchors: dict[str, date]) -> dict[str, Planned]:
        return {step.task.id: step for step in plan(tuple(tasks), profile, anchors, done, today=TODAY)}

    before, after = on(TASKS, anchors), on(TASKS, anchors | {anchor: day})
    for id_ in before.keys() & ONE_TIME:
        if id_ in done:
            assert after[id_] == before[id_]
        else:
            # Its days come from anchors and what is done, never from the other tasks or from an earlier plan.
            alone = on([BY_ID[id_]], anchors | {anchor: day})[id_]
            assert replace(after[id_], state=alone.state, blocked_by=(), unblocked_by=()) == alone
            assert after[id_].state is before[id_].state


@given(ANY_PROFILE, ANCHORS, DONE, DAYS)
def test_only_what_is_not_done_and_applies_is_presumed(
    profile: Profile, anchors: dict[str, date], done: dict[str, date | None], today: date
) -> None:
    for id_ in presumed(TASKS, profile, anchors, done, today=today):
        behind = BY_ID[id_].behind
        assert id_ not in done
        assert any(anchors[anchor] <= today for anchor in behind if anchor in anchors)
        assert applies(BY_ID[id_], profile)


@given(ANY_PROFILE, ANCHORS, DONE, SKIPPED, DAYS)
@settings(max_examples=50)
def test_the_next_steps_are_open_and_the_persons_own(
    profile: Profile, anchors: dict[str, date], done: dict[str, date | None], skipped: frozenset[str], today: date
) -> None:
    steps = plan(TASKS, profile, anchors, done, skipped, today=today)
    offered = next_steps(steps)
    own = [step for step in steps if step.state is State.OPEN and step.task.who in ("recruit", "family")]

    assert len(offered) == min(3, len(own))
    assert all(step in own for step in offered)
    assert all(step.state is State.OPEN and step.task.who not in ("recruit", "family") for step in waiting_for(steps))
