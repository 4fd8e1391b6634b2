"""Who may what: every role in every situation, written out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handover import access
from handover.access import Case, Role, Staff

ME, SOMEBODY = 7, 8
CASE = Case(
    status="waiting",
    mentor_id=None,
    members=frozenset(),
    offered=frozenset(),
    kommune="odense",
    urgent=False,
    past_mentors=frozenset(),
    open=True,
)
MY_ID = frozenset({ME})
THEIRS = replace(CASE, status="with_mentor", mentor_id=SOMEBODY, members=frozenset({9}), kommune="aarhus")
MINE = replace(THEIRS, mentor_id=ME)
RESOLVED = replace(THEIRS, status="resolved", open=False)
CANCELLED = replace(RESOLVED, status="cancelled")

# I help in Aarhus.
SITUATIONS = {
    "waits here": replace(CASE, kommune="aarhus"),
    "waits somewhere": replace(CASE, kommune=None),
    "waits elsewhere": CASE,
    "waits here, urgent": replace(CASE, kommune="aarhus", urgent=True),
    "waits elsewhere, urgent": replace(CASE, urgent=True),
    "waits elsewhere, offered to me": replace(CASE, offered=MY_ID),
    "waits elsewhere, was mine": replace(CASE, past_mentors=MY_ID),
    "mine": MINE,
    "mine, snoozed": replace(MINE, status="snoozed"),
    "I am a member": replace(THEIRS, members=MY_ID),
    "I am invited": replace(THEIRS, invited=MY_ID),
    "theirs": THEIRS,
    "theirs, was offered to me": replace(THEIRS, offered=MY_ID),
    "theirs, was mine": replace(THEIRS, past_mentors=MY_ID),
    "theirs, snoozed and urgent": replace(THEIRS, status="snoozed", urgent=True),
    "resolved, mine": replace(RESOLVED, mentor_id=ME),
    "resolved, I was a member": replace(RESOLVED, members=MY_ID),
    "resolved, an earlier one was mine": replace(RESOLVED, past_mentors=MY_ID),
    "resolved, theirs": RESOLVED,
    "resolved, theirs, was offered to me": replace(RESOLVED, offered=MY_ID, invited=MY_ID),
    "cancelled, mine": replace(CANCELLED, mentor_id=ME),
    "cancelled, an earlier one was mine": replace(CANCELLED, past_mentors=MY_ID),
    "cancelled, nobody's": replace(CANCELLED, mentor_id=None, offered=MY_ID),
}

# s conversation, t transcript before it came over, f profile, a attachments,
# r reply, c claim, d decline, p pass on, j join, n note, m mute, x resolve, g suggest
FUNCTIONS: dict[str, Callable[[Staff, Case], bool]] = {
    "s": access.access_conversation,
    "t": access.access_transcript_before,
    "f": access.access_profile,
    "a": access.access_attachment,
    "r": access.access_reply,
    "c": access.access_claim,
    "d": access.access_decline,
    "p": access.access_pass_on,
    "j": access.access_join,
    "n": access.access_note,
    "m": access.access_mute,
    "x": access.access_resolve,
    "g": access.access_suggest,
}

MAY = {
    #                                       a mentor           a supervisor
    "waits here":                          ("s....c.......", "stfa.c...nm.."),
    "waits somewhere":                     ("s....c.......", "stfa.c...nm.."),
    "waits elsewhere":                     (".............", "stfa.c...nm.."),
    "waits here, urgent":                  ("stfa.c.......", "stfa.c...nm.."),
    "waits elsewhere, urgent":             (".............", "stfa.c...nm.."),
    "waits elsewhere, offered to me":      ("stfa.cd......", "stfa.cd..nm.."),
    "waits elsewhere, was mine":           ("stfa.c.......", "stfa.c...nm.."),
    "mine":                                ("stfar..p.nmxg", "stfarc.pjnmxg"),
    "mine, snoozed":                       ("stfar..p.nmxg", "stfarc.pjnmxg"),
    "I am a member":                       ("stfar....nmx.", "stfarc.pjnmxg"),
    "I am invited":                        ("stfa....j....", "stfa.c.pjnmxg"),
    "theirs":                              (".............", "stfa.c.pjnmxg"),
    "theirs, was offered to me":           (".............", "stfa.c.pjnmxg"),
    "theirs, was mine":                    ("stfa.........", "stfa.c.pjnmxg"),
    "theirs, snoozed and urgent":          (".............", "stfa.c.pjnmxg"),
    "resolved, mine":                      ("stfa........g", "stfa.....nm.g"),
    "resolved, I was a member":            ("stfa.........", "stfa.....nm.g"),
    "resolved, an earlier one was mine":   ("stfa.........", "stfa.....nm.g"),
    "resolved, theirs":                    (".............", "stfa.....nm.g"),
    "resolved, theirs, was offered to me": (".............", "stfa.....nm.g"),
    "cancelled, mine":                     ("stfa.........", "stfa.....nm.."),
    "cancelled, an earlier one was mine":  (".............", "stfa.....nm.."),
    "cancelled, nobody's":                 (".............", "stfa.....nm.."),
}  # fmt: skip


def a_person(role: Role, *, active: bool = True, kommuner: str = "aarhus") -> Staff:
    return Staff(ME, role, active, languages=frozenset({"da"}), kommuner=frozenset(kommuner.split()))


def may(staff: Staff, case: Case) -> str:
    return "".join(letter if allowed(staff, case) else "." for letter, allowed in FUNCTIONS.items())


@pytest.mark.parametrize("situation", SITUATIONS)
def test_mentors_and_supervisors(situation: str) -> None:
    case = SITUATIONS[situation]

    assert (may(a_person(Role.MENTOR), case), may(a_person(Role.SUPERVISOR), case)) == MAY[situation]


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    "staff",
    [
        a_person(Role.ADMIN),
        a_person(Role.EDITOR),
        a_person(Role.REVIEWER),
        a_person(Role.AUDITOR),
        a_person(Role.MENTOR, active=False),
        a_person(Role.SUPERVISOR, active=False),
    ],
    ids=lambda staff: f"{staff.role}{'' if staff.active else ', inactive'}",
)
def test_nobody_else_may_anything_with_a_conversation(staff: Staff, situation: str) -> None:
    assert may(staff, SITUATIONS[situation]) == "............."


def test_who_names_no_municipality_helps_in_all_of_them() -> None:
    assert may(a_person(Role.MENTOR, kommuner=""), SITUATIONS["waits elsewhere"]) == "s....c......."


@pytest.mark.parametrize(
    ("allowed", "roles"),
    [
        (access.access_inbox, {Role.MENTOR, Role.SUPERVISOR}),
        (access.access_search, {Role.MENTOR, Role.SUPERVISOR}),
        (access.access_measures, {Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR}),
        (access.access_staff, {Role.SUPERVISOR, Role.ADMIN}),
        (access.access_looks, {Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR}),
    ],
)
def test_what_concerns_no_single_conversation(allowed: Callable[[Staff], bool], roles: set[Role]) -> None:
    assert {role for role in Role if allowed(a_person(role))} == roles
    assert not any(allowed(a_person(role, active=False)) for role in Role)


def test_every_function_and_situation_is_in_the_tables() -> None:
    named = {name for name in vars(access) if name.startswith("access_")}
    alone = {f"access_{name}" for name in ("inbox", "search", "measures", "staff", "looks")}

    assert named == alone | {function.__name__ for function in FUNCTIONS.values()}
    assert set(MAY) == set(SITUATIONS)
