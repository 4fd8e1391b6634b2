"""Any folder of Markdown pages as topics without example questions: the search finds them, no training is needed.

`en/moving/waste.md` becomes the topic `moving-waste` in English; the same path under `da/` is its Danish text. A page may
begin with front matter (YAML); of it, title, language, url and date are read under their usual names.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from core.errors import KnowledgeError
from i18n.detect import detect
from i18n.languages import DEFAULT, LANGUAGES
from knowledge.files import Entry, Reading, read_file, validated, yaml_fields
from knowledge.models import Topic, TopicText

LONGEST_SLUG, LONGEST_TITLE = 48, 80
SHOWN_WORDS, SHOWN_BULLETS = 110, 8
REVIEW_AFTER = timedelta(days=365)
TITLE = ("title", "name", "heading")
LANGUAGE = ("language", "lang", "locale", "sprog")
ADDRESS = ("url", "source", "canonical", "canonical_url", "source_url", "link")
DAY = ("date", "updated", "lastmod", "last_updated", "modified", "as_of")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def read_pages(folder: Path) -> Reading:
    """Every `*.md` and `*.markdown` below a folder; a page that can't be read is a problem, the others are read."""
    reading = Reading()
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".md", ".markdown"))
    if not paths:
        reading.problems.append(KnowledgeError(str(folder), "no Markdown page is here.", "Name another folder."))
    taken: dict[tuple[str, str], Path] = {}
    topics: dict[str, Entry] = {}
    for path in paths:
        if any(part.startswith((".", "_")) for part in path.relative_to(folder).parts):
            continue
        try:
            topic, text = read_page(path, folder)
        except KnowledgeError as problem:
            reading.problems.append(problem)
            reading.broken.add(_slug(path, folder))
            continue
        if (text.key, text.language) in taken:
            first = taken[text.key, text.language]
            reading.problems.append(
                KnowledgeError(str(path), f"has the same name and language as {first}.", "Rename one of them.")
            )
            continue
        taken[text.key, text.language] = path
        if text.key not in topics or text.language == DEFAULT:
            topics[text.key] = topic
        reading.entries.append(text)
    reading.entries += topics.values()
    return reading


def read_page(path: Path, folder: Path) -> tuple[Entry, Entry]:
    """The topic and the text that a page makes."""
    matter, markdown, line = _front_matter(read_file(path), path)
    tree = SyntaxTreeNode(_MARKDOWN.parse(markdown))
    title = _first(matter, TITLE) or _heading(tree) or path.stem.replace("-", " ").replace("_", " ").capitalize()
    blocks = [block for block in _blocks(tree) if block.strip("*- ") != title]
    if not blocks:
        raise KnowledgeError(f"{path}:{line}", "the page has no text.", "Write some, or leave the page out.")
    plain = "\n".join(blocks)
    body = _shown(blocks)
    day = _day(matter, path)
    slug = _slug(path, folder)
    address = _first(matter, ADDRESS)
    source = {"name": title, "url": address if address and re.match(r"https?://\S+$", address) else ""}
    topic = {
        "theme": "local",
        "audience": ["all"],
        "related": [],
        "near": [],
        "handover": False,
        "sources": [source],
        "as_of": day.isoformat(),
        "review_by": (day + REVIEW_AFTER).isoformat(),
    }
    language = _language(matter, path, folder, f"{title}. {plain}")
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
    text = {"title": title, "revision": 1, "body": body, "questions": [], "more": plain}
    return (
        Entry("topic", slug, "", validated(Topic, topic, {}, path)),
        Entry("text", slug, language, validated(TopicText, text, {}, path)),
    )


def _front_matter(text: str, path: Path) -> tuple[dict[str, Any], str, int]:
    """Fields, the page below them, and the line on which it begins."""
    match = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", text, re.DOTALL)
    if match is None:
        return {}, text, 1
    fields = yaml_fields(match[1], path, first_line=2) if match[1] else {}
    return fields, text[match.end() :], match[0].count("\n") + 1


def _first(matter: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    lower = {key.lower(): value for key, value in matter.items()}
    found = (str(lower[name]).strip() for name in names if lower.get(name) not in (None, ""))
    return next(found, None)


def _heading(tree: SyntaxTreeNode) -> str | None:
    headings = [node for node in tree.children if node.type == "heading"]
    return _inline(headings[0]).replace("*", "").strip() if headings else None


def _blocks(tree: SyntaxTreeNode) -> Iterator[str]:
    """Paragraphs, bullets and bold headings in the little Markdown that our channels show."""
    for node in tree.children:
        match node.type:
            case "heading":
                yield f"**{_inline(node).replace('*', '').strip()}**"
            case "paragraph":
                if words := _inline(node).strip():
                    yield words
            case "bullet_list" | "ordered_list":
                for item in node.children:
                    if words := " ".join(_blocks_inside(item)).strip():
                        yield f"- {words}"
            case "table":
                for row in (row for part in node.children for row in part.children):
                    yield "- " + " · ".join(_inline(cell).strip() for cell in row.children)
            case "blockquote":
                yield from _blocks(node)
            case _:
                pass  # code, rules, raw HTML


def _blocks_inside(item: SyntaxTreeNode) -> Iterator[str]:
    return (block.removeprefix("- ") for block in _blocks(item))


def _inline(node: SyntaxTreeNode) -> str:
    """Text with links and bold; without pictures, raw HTML, and what would mean something to us."""
    match node.type:
        case "text" | "code_inline":
            return node.content.replace("{", "(").replace("}", ")").replace("*", "").replace("[", "(").replace("]", ")")
        case "softbreak" | "hardbreak":
            return " "
        case "image" | "html_inline" | "html_block":
            return ""
        case "strong":
            inner = "".join(map(_inline, node.children)).strip().replace("*", "")
            return f"**{inner}**" if inner else ""
        case "link":
            label, address = "".join(map(_inline, node.children)).strip(), str(node.attrs.get("href", ""))
            return f"[{label}]({address})" if label and re.match(r"https?://[^\s()]+$", address) else label
        case _:
            return "".join(map(_inline, node.children))


def _shown(blocks: list[str]) -> str:
    """As much of the page as a card holds, up to the end of a block."""
    shown: list[str] = []
    words = bullets = 0
    for block in blocks:
        is_bullet = block.startswith("- ")
        words += len(block.split())
        bullets += is_bullet
        if shown and (words > SHOWN_WORDS or bullets > SHOWN_BULLETS):
            shown.append("…")
            break
        block = re.sub(r"^(- )?@", r"\1＠", block)  # a line that begins with a mark would be for some readers only
        joined = "\n" if shown and is_bullet and shown[-1].lstrip("\n").startswith("- ") else "\n\n"
        shown.append((joined if shown else "") + _cut(block))
    while shown and re.fullmatch(r"\s*\*\*[^*]*\*\*", shown[-1]):  # a heading with nothing below it
        shown.pop()
    return "".join(f"\n\n{part}" if part == "…" else part for part in shown) or _cut(blocks[0])


def _cut(block: str) -> str:
    words = block.split(" ")
    return block if len(words) <= SHOWN_WORDS else " ".join(words[:SHOWN_WORDS]) + " …"


def _language(matter: Mapping[str, Any], path: Path, folder: Path, text: str) -> str:
    said = (_first(matter, LANGUAGE) or "").lower().partition("-")[0].partition("_")[0]
    by_folder = next((part for part in path.relative_to(folder).parts[:-1] if part in LANGUAGES), "")
    ending = path.stem.rpartition(".")[2]
    for code in (said, by_folder, ending):
        if code in LANGUAGES:
            return code
    found = detect(text[:2000]).language
    if found not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise KnowledgeError(f"{path}:1", f"the language seems to be {found!r}.", f"We show pages in {known}.")
    return found


def _slug(path: Path, folder: Path) -> str:
    parts = [part for part in path.relative_to(folder).with_suffix("").parts if part not in LANGUAGES]
    if parts[-1].rpartition(".")[2] in LANGUAGES:
        parts[-1] = parts[-1].rpartition(".")[0]
    if parts[-1].lower() in ("index", "readme") and len(parts) > 1:
        parts.pop()
    letters = unicodedata.normalize("NFKD", "-".join(parts).lower().replace("ø", "oe").replace("æ", "ae"))
    slug = re.sub(r"[^a-z0-9]+", "-", "".join(c for c in letters if not unicodedata.combining(c))).strip("-")
    if 0 < len(slug) <= LONGEST_SLUG:
        return slug
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:8]
    return f"{slug[: LONGEST_SLUG - 9].strip('-')}-{digest}".strip("-")


def _day(matter: Mapping[str, Any], path: Path) -> date:
    """When the page says it was last looked at, else when the file was written."""
    said = _first(matter, DAY)
    if said:
        try:
            return datetime.fromisoformat(said[:10]).date()
        except ValueError:
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
