"""Tables that people keep in Excel or the like: a CSV or XLSX file read into plain rows of text, and rows written into one.

Nothing in a file is trusted: it is read up to a size, a zip that would grow beyond reason is refused before it is
unpacked, formulas count as their last value, and links to other files are left alone.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.styles import Font

from core.errors import VelkommenError
from i18n.translator import msgid

LARGEST, LARGEST_UNPACKED, MOST_PARTS = 5_000_000, 40_000_000, 500
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 2_000, 40, 500
DELIMITERS = ";\t,"  # of two that stand as often, the first
DEFINES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
EXCEL, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# What a spreadsheet would take for a formula.
FORMULA = re.compile(r"[=+\-@\t\r]")
ESCAPED = re.compile(r"'(?=[=+\-@\t\r])")

TOO_LARGE = msgid("This file is larger than {count} MB. Please split it into several.")
TOO_MANY_ROWS = msgid("This file has more than {count} rows. Please split it into several.")
TOO_MANY_COLUMNS = msgid("This file has more than {count} columns. Please keep only those of the template.")
TOO_LONG = msgid("A cell in row {row} holds more than {count} characters. Please shorten it.")
NO_ROWS = msgid("This file holds no rows below its headings.")
OLD = msgid("This is a file of an older Excel. Please save it as .xlsx or as CSV, and try again.")
UNREADABLE = msgid("This file could not be read. Please save it as .xlsx or as CSV (UTF-8), and try again.")


class SheetError(VelkommenError):
    """A file that is not taken; `sentence` (a msgid with `named`) says why, and what to do."""

    def __init__(self, sentence: str, **named: Any) -> None:
        super().__init__(sentence)
        self.sentence, self.named = sentence, named


@dataclass(frozen=True, slots=True)
class Table:
    """The headings, and the rows below them, each with its number in the file; empty rows are left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes) -> Table:
    """What a file holds; SheetError for whatever is no table that we take."""
    if len(content) > LARGEST:
        raise SheetError(TOO_LARGE, count=LARGEST // 1_000_000)
    if content.startswith(OLD_EXCEL):
        raise SheetError(OLD)
    return table_of(_of_excel(content) if content.startswith(EXCEL) else _of_csv(content))


def table_of(lines: Iterable[tuple[int, Sequence[str]]]) -> Table:
    """Numbered lines as a table: the first that holds anything are the headings."""
    head: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in lines:
        tidy = _tidied(number, cells)
        if not any(tidy):
            continue
        if not head:
            head = tidy
        elif len(rows) == MOST_ROWS:
            raise SheetError(TOO_MANY_ROWS, count=MOST_ROWS)
        else:
            rows.append((number, tidy))
    if not rows:
        raise SheetError(NO_ROWS)
    return Table(head, tuple(rows))


def _tidied(number: int, cells: Sequence[str]) -> tuple[str, ...]:
    """Cells without what only looks like something; the apostrophe in front of what we escaped ourselves goes, too."""
    tidy = [" ".join(ESCAPED.sub("", cell, count=1).split()) if cell else "" for cell in cells]
    while tidy and not tidy[-1]:
        tidy.pop()
    if len(tidy) > MOST_COLUMNS:
        raise SheetError(TOO_MANY_COLUMNS, count=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in tidy):
        raise SheetError(TOO_LONG, row=number, count=LONGEST_CELL)
    return tuple(tidy)


# --- CSV --------------------------------------------------------------------------------------------------------------


def _of_csv(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    text = _decoded(content)
    first, _, rest = text.partition("\n")
    delimiter, skipped = "", 0
    if told := re.fullmatch(r"sep=([,;\t])\s*", first):  # what Excel itself writes and reads
        delimiter, text, skipped = told[1], rest, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    try:
        before = 0
        for cells in reader:
            # The number of the line on which the row begins: a cell may hold several.
            yield before + 1 + skipped, cells
            before = reader.line_num
    except csv.Error:
        raise SheetError(UNREADABLE) from None


def _decoded(content: bytes) -> str:
    """UTF-8, with or without its mark; what Excel calls Unicode; else what Windows writes in Western Europe."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise SheetError(UNREADABLE)
    return text.encode("utf-8", "replace").decode()


def _delimiter(text: str) -> str:
    """What stands most often between the headings, outside of quotes."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(DELIMITERS, key=bare.count)


# --- Excel ------------------------------------------------------------------------------------------------------------


def _of_excel(content: bytes) -> list[tuple[int, Sequence[str]]]:
    _refuse_bombs(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size may be wrong
            # Two more than we take, so that a table that is too long is seen to be.
            rows = sheet.iter_rows(max_row=MOST_ROWS * 2, max_col=MOST_COLUMNS + 1, values_only=True)
            return [(number, [_written(cell) for cell in cells]) for number, cells in enumerate(rows, start=1)]
    except Exception:
        # A file made by anybody fails in the library in any way; what matters is that it is not read.
        raise SheetError(UNREADABLE) from None


def _refuse_bombs(content: bytes) -> None:
    """Before anything is unpacked. zipfile gives no more of a part than it is said here to hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            small = len(parts) <= MOST_PARTS and sum(part.file_size for part in parts) <= LARGEST_UNPACKED
            # A word that a part defines for itself may stand for a million letters. No office program writes one.
            plain = small and not any(_defines(packed.read(part)) for part in parts)
    except Exception:
        raise SheetError(UNREADABLE) from None
    if not plain:
        raise SheetError(UNREADABLE)


def _defines(part: bytes) -> bool:
    return any(mark in part for mark in DEFINES)


def _written(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case date():
            return cell.isoformat()
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case _:
            return str(cell).replace("\0", "").encode("utf-8", "replace").decode()


# --- writing ----------------------------------------------------------------------------------------------------------


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """For any spreadsheet, also a Danish one: UTF-8 with its mark, semicolons, nothing that is taken for a formula."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([[_safe(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig", "replace")


def as_excel(rows: Iterable[Sequence[object]]) -> bytes:
    """The same as a workbook; the first row are the headings. Everything is text, so nothing is a formula."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place, _safe(value))
            cell.data_type, cell.number_format = "s", "@"
            if number == 1:
                cell.font = Font(bold=True)
                sheet.column_dimensions[cell.column_letter].width = max(14, len(str(value)) + 4)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _safe(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if FORMULA.match(text) else text
