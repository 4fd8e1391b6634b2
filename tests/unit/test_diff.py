from hypothesis import given
from hypothesis import strategies as st

from knowledge import diff
from knowledge.diff import Piece, pieces
from web.frame import TEMPLATES

WORDS = st.lists(
    st.sampled_from(["tax", "card", "{tax-card-wait}", "på", "हिन्दी", "і", " ", " ", "\n\n", ".", "**", "<b>"])
)
TEXT = st.one_of(st.text(max_size=80), WORDS.map("".join))


def marked(found: list[Piece]) -> str:
    signs = {"same": "{}", "gone": "[-{}-]", "added": "[+{}+]"}
    return "".join(signs[piece.kind].format(piece.text) for piece in found)


def test_words_are_marked_as_wholes() -> None:
    assert marked(pieces("It costs 100 kr.", "It costs 120 kr.")) == "It costs [-100-][+120+] kr."


def test_a_changed_phrase_is_not_cut_at_each_blank() -> None:
    older, newer = "You wait two long weeks for it.", "You wait about nine days for it."
    assert marked(pieces(older, newer)) == "You wait [-two long weeks-][+about nine days+] for it."


def test_signs_alone_do_not_cut_a_changed_phrase_but_paragraphs_stay() -> None:
    assert marked(pieces("Go there, ask *her* now.", "Come back, bring *him* now.")) == (
        "[-Go there, ask *her-][+Come back, bring *him+]* now."
    )
    assert marked(pieces("one\n\ntwo", "three\n\nfour")) == "[-one-][+three+]\n\n[-two-][+four+]"


def test_a_figure_is_one_word() -> None:
    older, newer = "within {tax-card-wait|number} days", "within {tax-card-time|number} days"
    assert marked(pieces(older, newer)) == "within [-{tax-card-wait|number}-][+{tax-card-time|number}+] days"


def test_devanagari_and_cyrillic_words_stay_whole() -> None:
    assert marked(pieces("आपको कार्ड मिलेगा", "आपको काम मिलेगा")) == "आपको [-कार्ड-][+काम+] मिलेगा"
    assert marked(pieces("Мій працівник", "Мій роботодавець")) == "Мій [-працівник-][+роботодавець+]"


def test_equal_texts_have_no_changes() -> None:
    assert not diff.changed(pieces("the same", "the same"))
    assert diff.changed(pieces("", "new"))


def test_what_is_very_long_is_told_as_a_whole() -> None:
    older, newer = "a " * 3000, "b " * 3000
    assert [piece.kind for piece in pieces(older, newer)][:2] == ["gone", "added"]


@given(TEXT, TEXT)
def test_leaving_out_what_was_added_or_gone_gives_each_text(older: str, newer: str) -> None:
    found = pieces(older, newer)
    assert "".join(piece.text for piece in found if piece.kind != "added") == older
    assert "".join(piece.text for piece in found if piece.kind != "gone") == newer
    assert all(piece.text for piece in found)


@given(TEXT, TEXT)
def test_on_a_page_nothing_of_it_is_mark_up(older: str, newer: str) -> None:
    shown = TEMPLATES.env.get_template("admin/diff.html").module.diff(pieces(older, newer), "added", "removed")
    for tag in ("<ins>", "</ins>", "<del>", "</del>", '<span class="unseen">', "</span>"):
        shown = shown.replace(tag, "")
    assert "<" not in shown
    assert ">" not in shown
