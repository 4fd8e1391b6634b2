"""Pictures of numbers: well formed, escaped, told in words as well, without any style of their own."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from web.admin import charts

LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)


@given(st.lists(st.tuples(LABELS, st.one_of(st.none(), st.integers(0, 10**6))), max_size=20), LABELS)
def test_bars(rows: list[tuple[str, int | None]], title: str) -> None:
    drawn = ElementTree.fromstring(charts.bars(rows, title=title, hidden="fewer than 5"))
    assert drawn[0].text == (title or None)
    assert len(drawn.findall("rect")) == sum(number is not None for _, number in rows)


@given(st.lists(st.tuples(LABELS, st.integers(0, 10**6)), max_size=5))
def test_shares_are_told_apart_without_colour(parts: list[tuple[str, int]]) -> None:
    drawn = ElementTree.fromstring(charts.shares(parts, title="t"))
    patterns = [each.get("class") for each in drawn.findall("rect")]
    assert len(set(patterns)) == len(parts)
    assert sum(float(each.get("width", 0)) for each in drawn.findall("rect")[: len(parts)]) <= charts.WIDTH + 1


@given(st.lists(st.tuples(LABELS, st.integers(0, 10**6)), max_size=400))
def test_columns(rows: list[tuple[str, int]]) -> None:
    drawn = ElementTree.fromstring(charts.columns(rows, title="t"))
    assert len(drawn.findall("rect")) == len(rows)


def test_nothing_that_the_page_would_have_to_allow() -> None:
    drawn = charts.bars([('<script>alert("x")</script>', 7)], title="a & b", hidden="") + charts.DEFINED
    assert not re.search(r"style=|<script|on\w+=", drawn)
