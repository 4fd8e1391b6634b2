"""Which mentor a handover suits best: one criterion at a time, then all together."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.routing import Candidate, Need, Ranked, offer_to, rank

NEED = Need(language="pl", kommune="aarhus", theme="housing", occupation="nurse")


def a_mentor(
    staff_id: int, *, role: str = "mentor", open_count: int = 0, capacity: int = 4, **fields: Any
) -> Candidate:
    known: dict[str, Any] = {"last_given_at": None, "available": True}
    for name in ("languages", "kommuner", "themes", "occupations"):
        known[name] = frozenset(fields.pop(name, "").split())
    return Candidate(staff_id, role, open_count=open_count, capacity=capacity, **{**known, **fields})


def a_supervisor(staff_id: int, **fields: Any) -> Candidate:
    return a_mentor(staff_id, role="supervisor", **fields)


def order(need: Need, *candidates: Candidate) -> list[int]:
    return [one.staff_id for one in rank(need, candidates)]


# The second of each pair has the lower number, and would come first if the criterion did not count.
@pytest.mark.parametrize(
    ("need", "first", "second"),
    [
        (replace(NEED, named=(9,)), a_mentor(9), a_mentor(1, languages="pl", kommuner="aarhus")),
        (replace(NEED, named=(9, 1)), a_mentor(9), a_mentor(1)),
        (replace(NEED, named=(9,), earlier=(1,)), a_mentor(9), a_mentor(1)),
        (replace(NEED, earlier=(9,)), a_mentor(9), a_mentor(1, languages="pl", kommuner="aarhus")),
        (replace(NEED, earlier=(9, 1)), a_mentor(9), a_mentor(1)),
        (NEED, a_mentor(9, languages="da pl"), a_mentor(1, languages="da", kommuner="aarhus")),
        (NEED, a_mentor(9, kommuner="aarhus"), a_mentor(1, themes="housing")),
        (NEED, a_mentor(9, themes="housing"), a_mentor(1, occupations="nurse")),
        (NEED, a_mentor(9), a_mentor(1, themes="tax")),
        (NEED, a_mentor(9, occupations="nurse", open_count=3), a_mentor(1)),
        (NEED, a_mentor(9), a_mentor(1, occupations="welder")),
        (NEED, a_mentor(9, open_count=2, capacity=8), a_mentor(1, open_count=2, capacity=4)),
        (NEED, a_mentor(9), a_mentor(1, last_given_at=datetime(2026, 6, 1, tzinfo=UTC))),
        (
            NEED,
            a_mentor(9, last_given_at=datetime(2026, 6, 1, tzinfo=UTC)),
            a_mentor(1, last_given_at=datetime(2026, 6, 2, tzinfo=UTC)),
        ),
    ],
)
def test_one_criterion(need: Need, first: Candidate, second: Candidate) -> None:
    assert order(need, second, first) == [9, 1]


def test_the_number_decides_last() -> None:
    assert order(NEED, a_mentor(3), a_mentor(1), a_mentor(2)) == [1, 2, 3]


def test_what_is_not_wanted_counts_for_nobody() -> None:
    anything = Need(language=None, kommune=None, theme=None, occupation=None)

    assert rank(anything, [a_mentor(2, languages="pl", kommuner="aarhus", themes="tax"), a_mentor(1)]) == [
        Ranked(1, ()),
        Ranked(2, ()),
    ]


@pytest.mark.parametrize(
    ("need", "candidate", "ranked"),
    [
        (NEED, a_mentor(1, available=False), False),
        (replace(NEED, named=(1,)), a_mentor(1, available=False), False),
        (NEED, a_mentor(1, open_count=4, capacity=4), False),
        (replace(NEED, urgent=True), a_mentor(1, open_count=4, capacity=4), True),
        (replace(NEED, urgent=True), a_mentor(1, open_count=0, capacity=0), True),
        (replace(NEED, declined=frozenset({1})), a_mentor(1), False),
        (replace(NEED, declined=frozenset({1}), earlier=(1,)), a_mentor(1), False),
        (NEED, a_mentor(1, kommuner="odense"), False),
        (replace(NEED, named=(1,)), a_mentor(1, kommuner="odense"), True),
        (replace(NEED, earlier=(1,)), a_mentor(1, kommuner="odense"), True),
        (replace(NEED, kommune=None), a_mentor(1, kommuner="odense"), True),
        (NEED, a_mentor(1, languages="da", themes="tax", occupations="welder"), True),
        (NEED, a_mentor(1, role="editor"), False),
        (NEED, a_mentor(1, role="admin"), False),
    ],
)
def test_left_out_or_not(need: Need, candidate: Candidate, ranked: bool) -> None:
    assert bool(rank(need, [candidate])) is ranked


@pytest.mark.parametrize(
    ("need", "mentor", "ids"),
    [
        (NEED, a_mentor(1), [1]),
        (NEED, a_mentor(1, available=False), [8, 9]),
        (NEED, a_mentor(1, kommuner="odense"), [8, 9]),
        (replace(NEED, named=(9,)), a_mentor(1), [9, 1]),
        (replace(NEED, earlier=(8,)), a_mentor(1), [8, 1]),
    ],
)
def test_supervisors_come_when_known_or_when_no_mentor_is_left(need: Need, mentor: Candidate, ids: list[int]) -> None:
    assert order(need, a_supervisor(8), a_supervisor(9), mentor) == ids


def test_reasons_say_what_speaks_for_somebody() -> None:
    everything = a_mentor(1, languages="pl en", kommuner="aarhus", themes="housing tax", occupations="nurse")
    need = replace(NEED, named=(1,), earlier=(2, 1))

    assert rank(need, [everything, a_mentor(2, languages="pl")]) == [
        Ranked(1, ("named", "earlier", "language", "kommune", "theme", "occupation")),
        Ranked(2, ("earlier", "language")),
    ]


@pytest.mark.parametrize(
    ("need", "asked"),
    [
        (NEED, [1, 2, 3]),
        (replace(NEED, offered=frozenset({1, 3})), [2, 4, 5]),
        (replace(NEED, offered=frozenset({1, 2, 3, 4})), [5]),
        (replace(NEED, offered=frozenset({1, 2, 3, 4, 5})), []),
        (replace(NEED, named=(4, 5)), [4]),
        (replace(NEED, named=(4, 5), offered=frozenset({4})), [5]),
        (replace(NEED, earlier=(5,)), [5]),
        (replace(NEED, earlier=(5,), offered=frozenset({5})), [1, 2, 3]),
    ],
)
def test_who_is_asked_now(need: Need, asked: list[int]) -> None:
    ranked = rank(need, [a_mentor(number) for number in range(1, 6)])

    assert [one.staff_id for one in offer_to(ranked, need)] == asked


def test_fewer_at_a_time() -> None:
    assert len(offer_to(rank(NEED, [a_mentor(1), a_mentor(2), a_mentor(3)]), NEED, at_a_time=2)) == 2


IDS = st.integers(1, 8)
WORDS = st.sampled_from(["", "pl", "aarhus", "odense aarhus", "housing"])
CANDIDATES = st.lists(
    st.builds(
        a_mentor,
        IDS,
        role=st.sampled_from(["mentor", "supervisor", "editor"]),
        open_count=st.integers(0, 5),
        languages=WORDS,
        kommuner=WORDS,
        themes=WORDS,
        available=st.booleans(),
    )
)
SOME = st.frozensets(IDS)
NEEDS = st.builds(
    replace, st.just(NEED), declined=SOME, offered=SOME, named=st.lists(IDS).map(tuple), urgent=st.booleans()
)


@given(NEEDS, CANDIDATES)
def test_nobody_is_ranked_twice_or_after_declining(need: Need, candidates: list[Candidate]) -> None:
    ranked = [one.staff_id for one in rank(need, candidates)]

    assert len(ranked) == len(set(ranked))
    assert not need.declined.intersection(ranked)


@given(NEEDS, CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(need: Need, candidates: list[Candidate], random: Any) -> None:
    different = list({one.staff_id: one for one in candidates}.values())
    shuffled = list(different)
    random.shuffle(shuffled)

    assert rank(need, shuffled) == rank(need, different)
