"""Nobody can be found in a small group, nor worked out from the sums beside it."""

from hypothesis import given
from hypothesis import strategies as st

from web.admin.hidden import FEWEST, line, table

NUMBERS = st.lists(st.integers(0, 40), max_size=8)
ROWS = st.integers(1, 5).flatmap(
    lambda wide: st.lists(st.lists(st.integers(0, 30), min_size=wide, max_size=wide), max_size=6)
)


def kept_secret(numbers: list[int], shown: list[int | None]) -> None:
    """What is hidden are at least two numbers, of five together; or there is nothing left to hide behind."""
    hidden = [number for number, told in zip(numbers, shown, strict=True) if told is None]
    left = [told for told in shown if told]
    assert not hidden or (len(hidden) > 1 and sum(hidden) >= FEWEST) or not left


@given(NUMBERS)
def test_a_line_with_its_sum(numbers: list[int]) -> None:
    shown = line(numbers)
    kept_secret(numbers, shown)
    for number, told in zip(numbers, shown, strict=True):
        assert told is None or (told == number and not 0 < number < FEWEST)
        assert number != 0 or told == 0, "nothing is nobody's"
    assert line([20, 30, 40]) == [20, 30, 40]
    assert line([3, 30, 9]) == [None, 30, None]


@given(ROWS)
def test_a_table_with_the_sums_of_rows_and_columns(rows: list[list[int]]) -> None:
    shown = table(rows)
    sums = line([sum(row) for row in rows])
    for row, told, whole in zip(rows, shown, sums, strict=True):
        if whole is None:
            assert set(told) <= {None}
        else:
            kept_secret(row, told)
    for column, told in zip(zip(*rows, strict=True), zip(*shown, strict=True), strict=True):
        kept_secret(list(column), list(told))
    assert all(told is None or told == 0 or told >= FEWEST for row in shown for told in row)
