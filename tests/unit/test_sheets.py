"""Files that people bring: any bytes are either a table or refused in a sentence, and what we write can be read again."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.admin import sheets
from web.admin.sheets import SheetError, Table, as_csv, as_excel, read

CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(lambda text: " ".join(text.split()))


def book(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_usual_csv_is_read(delimiter: str, encoding: str) -> None:
    text = f"Navn{delimiter}Kommune\r\nSøren Åberg{delimiter}Århus\r\n\r\nÉva{delimiter}Køge\r\n"
    table = read(text.encode(encoding))
    assert table == Table(("Navn", "Kommune"), ((2, ("Søren Åberg", "Århus")), (4, ("Éva", "Køge"))))


def test_quotes_hold_delimiters_and_lines_and_rows_keep_their_number_in_the_file() -> None:
    table = read(b'Name;Note\n"Reyes; Joy";"two\nlines"\nBo;')
    assert table.rows == ((2, ("Reyes; Joy", "two lines")), (4, ("Bo",)))


def test_what_excel_says_of_its_delimiter_is_believed() -> None:
    assert read(b"sep=;\r\nName;City, or so\r\nJoy;x\r\n").rows == ((3, ("Joy", "x")),)


def test_excel_dates_and_numbers_become_what_they_mean() -> None:
    content = book(
        ["Name", "Arrival", "Number"], ["Joy", date(2027, 3, 3), 17.0], [None, None], ["Bo", datetime(2027, 3, 4), 1.5]
    )
    assert read(content).rows == ((2, ("Joy", "2027-03-03", "17")), (4, ("Bo", "2027-03-04", "1.5")))


def test_a_formula_is_never_run_nor_shown() -> None:
    table = read(book(["Name", "City"], ["Joy", '=HYPERLINK("http://evil.test")']))
    assert table.rows == ((2, ("Joy",)),), "nobody has computed it, so there is no value"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", sheets.NO_ROWS),
        (b"Name\n", sheets.NO_ROWS),
        (b"x" * (sheets.LARGEST + 1), sheets.TOO_LARGE),
        (b"Name\n" + b"Joy\n" * (sheets.MOST_ROWS + 1), sheets.TOO_MANY_ROWS),
        ((b"a," * 41 + b"a\n") * 2, sheets.TOO_MANY_COLUMNS),
        (b"Name\n" + b"J" * 501, sheets.TOO_LONG),
        (sheets.OLD_EXCEL + b"\0" * 100, sheets.OLD),
        (sheets.EXCEL + b"\0" * 100, sheets.UNREADABLE),
        (b"\0\0\0", sheets.UNREADABLE),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(SheetError) as refused:
        read(content)
    assert refused.value.sentence == sentence
    assert sentence.format(**{"count": 1, "row": 1, **refused.value.named})


def test_too_long_a_workbook_is_refused() -> None:
    with pytest.raises(SheetError) as refused:
        read(book(["Name"], *([f"Joy {number}"] for number in range(sheets.MOST_ROWS + 1))))
    assert refused.value.sentence == sheets.TOO_MANY_ROWS


def test_a_zip_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b"0" * (sheets.LARGEST_UNPACKED + 1))
    with pytest.raises(SheetError):
        read(out.getvalue())


def test_a_cell_a_million_rows_down_costs_nothing() -> None:
    made = openpyxl.Workbook()
    made.active["A1"] = "Name"
    made.active["A1048576"] = "far"
    made.active["XFD2"] = "wide"
    out = io.BytesIO()
    made.save(out)
    with pytest.raises(SheetError):
        read(out.getvalue())


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda tail: sheets.EXCEL + tail))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        table = read(content)
    except SheetError:
        return
    assert table.rows


WHOLE = book(["Name", "City"], ["Joy", "Aarhus"], ["Bo", date(2027, 1, 1)])


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=30))
def test_a_damaged_workbook_is_read_or_refused(at: int, damage: bytes) -> None:
    try:
        read(WHOLE[:at] + damage + WHOLE[at + len(damage) :])
    except SheetError:
        return


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_we_write_as_csv_is_read_again(rows: list[list[str]]) -> None:
    head, below = [f"Heading {number}" for number in range(5)], [["h", *row] for row in rows]
    table = read(as_csv([head, *below]))
    assert [list(cells) for _, cells in table.rows] == [_stripped(row) for row in below]


@settings(max_examples=30)
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_we_write_as_excel_is_read_again(rows: list[list[str]]) -> None:
    head, below = [f"Heading {number}" for number in range(5)], [["h", *row] for row in rows]
    table = read(as_excel([head, *below]))
    assert [list(cells) for _, cells in table.rows] == [_stripped(row) for row in below]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_nothing_that_we_write_is_a_formula(evil: str) -> None:
    assert f"'{evil}" in as_csv([["x", evil]]).decode("utf-8-sig").replace('"', "")
    cell = openpyxl.load_workbook(io.BytesIO(as_excel([["x", evil]]))).active["B1"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


def _stripped(row: list[str]) -> list[str]:
    row = list(row)
    while row and not row[-1]:
        row.pop()
    return row
