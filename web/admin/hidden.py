"""Small groups are not shown, and cannot be worked out from the sums beside them."""

from collections.abc import Sequence

FEWEST = 5

type Numbers = Sequence[int]
type Shown = list[int | None]


def line(numbers: Numbers) -> Shown:
    """A line of a table whose sum is shown, too: None for what is hidden.

    Hidden is whatever is smaller than five, and then the next larger ones until at least two are, of five together.
    """
    hidden = {place for place, number in enumerate(numbers) if 0 < number < FEWEST}
    in_order = sorted(range(len(numbers)), key=lambda place: (numbers[place], place))
    for place in in_order:
        if not hidden or (len(hidden) > 1 and sum(numbers[each] for each in hidden) >= FEWEST):
            break
        if numbers[place]:
            hidden.add(place)
    return [None if place in hidden else number for place, number in enumerate(numbers)]


def table(rows: Sequence[Numbers]) -> list[Shown]:
    """Rows of a table in which the sum of each row and of each column is shown. A row that is hidden whole has no sum."""
    sums = line([sum(row) for row in rows])
    hidden = [[sums[at] is None or 0 < number < FEWEST for number in row] for at, row in enumerate(rows)]
    while _spread(rows, hidden, sums):
        pass
    return [[None if hidden[at][place] else number for place, number in enumerate(row)] for at, row in enumerate(rows)]


def _spread(rows: Sequence[Numbers], hidden: list[list[bool]], sums: Shown) -> bool:
    """Hide one number more where one could be worked out; whether there was one to hide."""
    across = [[(at, place) for place in range(len(row))] for at, row in enumerate(rows) if sums[at] is not None]
    down = [[(at, place) for at in range(len(rows))] for place in range(len(rows[0]))] if rows else []
    for cells in (*across, *down):
        told = [(at, place) for at, place in cells if hidden[at][place]]
        if not told or (len(told) > 1 and sum(rows[at][place] for at, place in told) >= FEWEST):
            continue
        left = [(at, place) for at, place in cells if not hidden[at][place] and rows[at][place]]
        if left:
            at, place = min(left, key=lambda cell: (rows[cell[0]][cell[1]], cell))
            hidden[at][place] = True
            return True
    return False
