"""Pictures of numbers as SVG: readable in greyscale by patterns and labels, in the dark by the page's own colours."""

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, ROW, LABEL, VALUE = 460, 32, 180, 90
LONGEST = 21  # letters before a bar
HEIGHT = 180
PATTERNS = ("full", "stripes", "dots", "empty", "cross")
DEFINED = Markup(
    '<svg class="icons" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="fill-stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="ground" width="8" height="8"/><rect class="ink" width="3" height="8"/></pattern>'
    '<pattern id="fill-dots" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect class="ground" width="8" height="8"/><circle class="ink" cx="4" cy="4" r="1.75"/></pattern>'
    '<pattern id="fill-cross" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect class="ground" width="8" height="8"/><path class="line" d="M0 4h8M4 0v8"/></pattern></defs></svg>'
)


def bars(rows: Sequence[tuple[str, int | None]], *, title: str, hidden: str) -> Markup:
    """One bar a row, with its label before it and its number behind. None: too few to be shown."""
    most = max((number for _, number in rows if number), default=1)
    parts = []
    for place, (label, number) in enumerate(rows):
        top = place * ROW
        parts.append(_text(LABEL - 8, top + 20, _short(label), "end"))
        if number is None:
            parts.append(_text(LABEL + 4, top + 20, hidden))
            continue
        length = (WIDTH - LABEL - VALUE) * number / most
        parts.append(_rect(LABEL, top + 5, length, ROW - 10, "full"))
        parts.append(_text(LABEL + length + 6, top + 20, f"{number:n}"))
    return _svg(parts, title, WIDTH, max(ROW, len(rows) * ROW))


def shares(parts: Sequence[tuple[str, int]], *, title: str) -> Markup:
    """One bar of all parts, each with a pattern of its own; what the patterns mean stands below."""
    whole = sum(number for _, number in parts) or 1
    drawn, at = [], 0.0
    for (_, number), pattern in zip(parts, PATTERNS, strict=False):
        length = WIDTH * number / whole
        drawn.append(_rect(at, 0, length, 36, pattern))
        at += length
    for place, ((label, number), pattern) in enumerate(zip(parts, PATTERNS, strict=False)):
        top = 52 + place * 26
        drawn += [_rect(0, top, 22, 16, pattern), _text(30, top + 13, f"{label}: {round(100 * number / whole)} %")]
    return _svg(drawn, title, WIDTH, 52 + 26 * len(parts))


def columns(rows: Sequence[tuple[str, int]], *, title: str) -> Markup:
    """One column a day or week; the first, the last and the highest are labelled."""
    most = max((number for _, number in rows), default=0) or 1
    step = WIDTH / max(len(rows), 1)
    highest = max(range(len(rows)), key=lambda place: rows[place][1], default=0)
    drawn = []
    for place, (label, number) in enumerate(rows):
        high = (HEIGHT - 48) * number / most
        drawn.append(_rect(place * step + step * 0.1, HEIGHT - 24 - high, step * 0.8, high, "full"))
        if place == highest:
            middle = min(max((place + 0.5) * step, 20), WIDTH - 20)
            drawn.append(_text(middle, HEIGHT - 30 - high, f"{number:n}", "middle"))
        if place in (0, len(rows) - 1):
            drawn.append(_text(0 if place == 0 else WIDTH, HEIGHT - 4, label, "start" if place == 0 else "end"))
    drawn.append(Markup('<path class="line" d="M0 {0}H{1}"/>').format(HEIGHT - 23.5, WIDTH))
    return _svg(drawn, title, WIDTH, HEIGHT)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1].rstrip()}…"


def _svg(parts: Sequence[Markup], title: str, width: int, height: int) -> Markup:
    body = Markup("").join(parts)
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {0} {1}" preserveAspectRatio="xMinYMin meet">'
        "<title>{2}</title>{3}</svg>"
    ).format(width, height, title, body)


def _rect(x: float, y: float, width: float, height: float, pattern: str) -> Markup:
    shape = Markup('<rect class="{4}" x="{0}" y="{1}" width="{2}" height="{3}"/>')
    return shape.format(round(x, 1), round(y, 1), round(max(width, 0), 1), round(max(height, 0), 1), f"fill-{pattern}")


def _text(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{0}" y="{1}" text-anchor="{2}">{3}</text>').format(
        round(x, 1), round(y, 1), anchor, escape(words)
    )
