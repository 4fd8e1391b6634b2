"""README and docs say what the code does: settings, commands, links, the example topic."""

import re
import shutil
from pathlib import Path

import pytest

from core.settings import VARIABLES, Settings
from knowledge.files import read_folder

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADD_A_TOPIC = (ROOT / "docs" / "how-to" / "add-a-topic.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^( *)```.*?^\1```$", flags=re.MULTILINE | re.DOTALL)


def test_the_table_of_settings_has_each_variable_once_and_no_other() -> None:
    assert sorted(row[0] for row in setting_rows()) == sorted(VARIABLES.values())


@pytest.mark.parametrize("name", ["port", "host", "data_dir", "burst_seconds", "messages_per_minute", "retention_days"])
def test_a_default_in_the_table_is_the_real_one(name: str) -> None:
    defaults = {variable: default for variable, _, default, _ in setting_rows()}
    assert defaults[VARIABLES[name]] == str(getattr(Settings(), name))


def setting_rows() -> list[tuple[str, str, str, str]]:
    """Variable, meaning, default and example, as the README has them."""
    table = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in table.splitlines() if "|" in line]
    return [(row[0], row[1], row[2], row[3]) for row in rows[2:]]


def test_the_readme_tells_each_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*?## ", makefile, flags=re.MULTILINE)) - {"list"}
    assert set(re.findall(r"^\| `make ([a-z-]+)` \|", README, flags=re.MULTILINE)) == targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, heading = link.partition("#")
        if path.startswith("http") or not (path or heading) or "…" in path:
            continue
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


def headings(page: Path) -> list[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


# Decisions are dated: what they name may be gone by now.
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name != "decisions"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = "actions|bot|containers|core|dialogues|docs|i18n|knowledge|nlu|operations|store|tests|web"
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for name in re.findall(rf"`((?:{folders})/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


def test_the_example_of_a_topic_is_read_without_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    example = folder / "topics" / "library-card"
    example.mkdir()
    for name in ("topic.yml", "en.md", "pl.md"):
        (example / name).write_text(block_after(f"`{name}`:"), encoding="utf-8")
    reading = read_folder(folder)
    assert not [problem for problem in reading.problems if "library-card" in problem.where]
    assert {entry.language for entry in reading.entries if entry.key == "library-card"} == {"", "en", "pl"}


def block_after(words: str) -> str:
    """The code block that follows these words in the how-to."""
    after = ADD_A_TOPIC.partition(f"\n{words}\n")[2]
    return after.partition("```")[2].partition("\n")[2].partition("\n```\n")[0] + "\n"
