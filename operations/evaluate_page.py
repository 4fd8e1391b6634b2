"""The evaluation as a page: tables, and a picture of which topics were taken for which."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from operations.evaluate import Counts, Pair, confusions, languages, limit, share, themes_of

MOST_IN_PICTURE = 40
MEASURES = ("first", "in_sight", "wrong", "asked_back")
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1a2028; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .25rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; } tr { border-bottom: 1px solid #d5d2cb; } .missed { font-weight: 700; }
.wide { overflow-x: auto; } small { color: #55606c; } .picture td { padding: 0; width: 1.1rem; height: 1.1rem; text-align: center;
font-size: .7rem; }
.picture th { font-weight: 400; font-size: .75rem; padding: 0 .4rem; white-space: nowrap; }
.picture thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .4rem 0; }
"""


def write_page(
    path: Path, counts: Counts, floors: dict[str, dict[str, float]], pairs: Sequence[Pair], *, split: str
) -> None:
    groups = ["all", *languages(counts), "code-mixed"]
    body = [
        f"<h1>What Velkommen understands</h1><p>{len(pairs)} questions ({escape(split)}).</p>",
        "<h2>By language</h2>",
        _table(["", "floor", *groups], [[name, limit(name, floors), *_cells(counts, name, groups)] for name in counts]),
        "<h2>By theme</h2>",
        _table(
            ["", "first", "in sight", "wrong", "asked back"],
            [
                [
                    group.removeprefix("theme "),
                    *(_cell(counts[name][group]) for name in MEASURES),
                ]
                for group in themes_of(counts)
            ],
        ),
        "<h2>Worst confusions</h2>",
        _table(["asked", "answered", "times"], [[one, other, str(number)] for one, other, number in confusions(pairs)]),
        "<h2>Which topic was answered for which</h2><p><small>Rows: the right topic; columns: the one answered. Only topics "
        "with a confusion are shown; the darker, the more often.</small></p>",
        _picture(pairs),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Velkommen: evaluation</title><style>{STYLE}</style>{''.join(body)}</html>",
        encoding="utf-8",
    )


def _cells(counts: Counts, name: str, groups: Sequence[str]) -> list[str]:
    return [_cell(counts[name][group]) for group in groups]


def _cell(values: Sequence[bool]) -> str:
    return f"{share(values):.3f} ({len(values)})" if values else "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'


def _picture(pairs: Sequence[Pair]) -> str:
    wrong = {(one, other): number for one, other, number in confusions(pairs, most=10_000)}
    involved = Counter(slug for pair, number in wrong.items() for slug in pair for _ in range(number))
    names = sorted(slug for slug, _ in involved.most_common(MOST_IN_PICTURE))
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    darkest = max(wrong.values(), default=1)
    rows = []
    for one in names:
        cells = []
        for other in names:
            number = wrong.get((one, other), 0)
            shade = 90 - round(60 * number / darkest)
            style = (
                f' style="background: hsl(215 45% {shade}%); color: {"#fff" if shade < 55 else "#000"}"'
                if number
                else ""
            )
            cells.append(f"<td{style}>{number or ''}</td>")
        rows.append(f'<tr><th scope="row">{escape(one)}</th>{"".join(cells)}</tr>')
    body = f"<thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="wide"><table class="picture">{body}</table></div>'
