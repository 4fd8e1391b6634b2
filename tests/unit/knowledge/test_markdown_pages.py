"""A folder of Markdown pages, as municipalities have them, becomes topics."""

from pathlib import Path

import pytest

from core.errors import KnowledgeError
from knowledge.files import Entry, Reading
from knowledge.pages import read_pages

WASTE = """---
title: Affald og genbrug
url: https://example.org/affald
date: 2026-03-01
---
# Affald og genbrug

Du skal **sortere** dit affald. Læs [reglerne](https://example.org/regler) eller [mere](../mere.md).

![et billede](billede.png)

<script>alert(1)</script>

## Sådan gør du

1. Sæt [spanden] ud {dato} kl. 7.
2. Ring, hvis den *ikke* er tømt.

| Dag | Type |
|---|---|
| Mandag | Papir |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "en").mkdir()
    (tmp_path / "da").mkdir()
    (tmp_path / "da" / "affald.md").write_text(WASTE)
    (tmp_path / "en" / "affald.md").write_text("# Waste\n\nYou must sort your waste at home and put it out.\n")
    (tmp_path / "Parkering på vej.md").write_text("Du må ikke parkere tættere end ti meter på et kryds i byen.\n")
    return tmp_path


def by_name(reading: Reading) -> dict[tuple[str, str, str], Entry]:
    return {entry.name: entry for entry in reading.entries}


def test_pages_become_topics_with_texts_by_language(folder: Path) -> None:
    reading = read_pages(folder)
    assert reading.problems == []
    assert set(by_name(reading)) == {
        ("topic", "affald", ""),
        ("text", "affald", "da"),
        ("text", "affald", "en"),
        ("topic", "parkering-pa-vej", ""),
        ("text", "parkering-pa-vej", "da"),
    }


def test_front_matter_says_title_address_and_day(folder: Path) -> None:
    (folder / "en" / "affald.md").unlink()
    entries = by_name(read_pages(folder))
    assert entries["text", "affald", "da"].data["title"] == "Affald og genbrug"
    topic = entries["topic", "affald", ""].data
    assert topic["sources"] == [{"name": "Affald og genbrug", "url": "https://example.org/affald"}]
    assert (topic["as_of"], topic["review_by"]) == ("2026-03-01", "2027-03-01")


def test_the_text_is_what_our_channels_can_show(folder: Path) -> None:
    body = by_name(read_pages(folder))["text", "affald", "da"].data["body"]
    assert body == (
        "Du skal **sortere** dit affald. Læs [reglerne](https://example.org/regler) eller mere.\n\n"
        "**Sådan gør du**\n\n"
        "- Sæt (spanden) ud (dato) kl. 7.\n"
        "- Ring, hvis den ikke er tømt.\n"
        "- Dag · Type\n"
        "- Mandag · Papir"
    )


def test_a_long_page_is_cut_for_the_card_and_searched_whole(folder: Path) -> None:
    (folder / "lang.md").write_text("\n\n".join(f"Dette er afsnit nummer {n} om at bo i kommunen." for n in range(60)))
    data = by_name(read_pages(folder))["text", "lang", "da"].data
    assert data["body"].endswith("\n\n…")
    assert len(data["body"].split()) <= 115
    assert "nummer 59" in data["more"]


def test_a_line_that_looks_like_a_mark_is_shown_to_everybody(folder: Path) -> None:
    (folder / "post.md").write_text("@eu er vores navn på nettet, og vi svarer dig gerne på dansk.\n")
    assert by_name(read_pages(folder))["text", "post", "da"].data["body"].startswith("＠eu")


@pytest.mark.parametrize(
    ("name", "content", "where", "problem"),
    [
        ("tom.md", "---\ntitle: Tom\n---\n", "tom.md:4", "no text"),
        ("kun-billede.md", "![x](y.png)\n", "kun-billede.md:1", "no text"),
        ("skaev.md", "---\ntitle: [\n---\nTekst på dansk om at bo her.\n", "skaev.md:", "not valid YAML"),
        (
            "hollandsk.md",
            "Hoe krijg ik een parkeervergunning in deze gemeente, alstublieft?\n",
            "hollandsk.md:1",
            "'nl'",
        ),
        ("affald.da.md", "# Igen\n\nDen samme side en gang til på dansk.\n", "da/affald.md", "same name"),
    ],
)
def test_a_page_that_cannot_be_used_is_named_and_the_others_are_read(
    folder: Path, name: str, content: str, where: str, problem: str
) -> None:
    (folder / name).write_text(content)
    reading = read_pages(folder)
    (told,) = reading.problems
    assert where in str(told)
    assert problem in str(told)
    assert ("text", "parkering-pa-vej", "da") in by_name(reading)


def test_bytes_that_are_no_text(folder: Path) -> None:
    (folder / "latin.md").write_bytes("Kødbyen".encode("latin-1"))
    (told,) = read_pages(folder).problems
    assert isinstance(told, KnowledgeError)
    assert "UTF-8" in str(told)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    assert "no Markdown page" in str(read_pages(tmp_path).problems[0])


def test_long_names_stay_short_and_apart(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{'meget-langt-navn-' * 6}{number}.md").write_text("Tekst på dansk om at bo i kommunen her.\n")
    slugs = [entry.key for entry in read_pages(tmp_path).entries if entry.kind == "topic"]
    assert len(set(slugs)) == 2
    assert all(len(slug) <= 48 for slug in slugs)
