"""A reply as Telegram messages, read back with the emulator's own parser."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.telegram.format import MAX_TEXT, to_parts, utf16_length
from core.errors import ChannelError
from core.messages import Button, Reply
from tests.emulators.telegram_html import parse_html


def shown(markdown: str) -> str:
    """The HTML of a reply that fits into one message."""
    (part,) = to_parts(Reply(markdown, "en"), 1)
    return part.html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Hello", "Hello"),
        ("Hello\nthere", "Hello there"),
        ("Hello  \nthere", "Hello\nthere"),
        ("One\n\nTwo", "One\n\nTwo"),
        ("**Tax card** and *skattekort*", "<b>Tax card</b> and <i>skattekort</i>"),
        ("***both***", "<i><b>both</b></i>"),
        ("**a *b* c**", "<b>a <i>b</i> c</b>"),
        ("See [SKAT](https://skat.dk?a=1&b=2).", 'See <a href="https://skat.dk?a=1&amp;b=2">SKAT</a>.'),
        ('[x](https://a.dk/"y)', '<a href="https://a.dk/%22y">x</a>'),
        ("<https://skat.dk>", '<a href="https://skat.dk">https://skat.dk</a>'),
        ("[112](tel:112) [Call](tel:+4570101010)", "112 Call (+4570101010)"),
        ("[Write](mailto:job@odense.dk)", "Write (job@odense.dk)"),
        ("[Your data](/mydata)", "Your data"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("Do this:\n\n- one\n- two", "Do this:\n\n• one\n• two"),
        ("- one\n\n- two\n\nAfter", "• one\n• two\n\nAfter"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n  - b\n  - c\n- d", "• a\n   • b\n   • c\n• d"),
        ("- a\n\n  more of a", "• a\n   more of a"),
        ("# Title\n\nText", "<b>Title</b>\n\nText"),
        ("# The *key* `a`", "<b>The <i>key</i> </b><code>a</code>"),
        ("> quoted", "quoted"),
        ("`a < b`", "<code>a &lt; b</code>"),
        ("**`a`**", "<code>a</code>"),
        ("```\na < b\n```", "<pre>a &lt; b</pre>"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("![logo](https://a.dk/x.png)", "logo"),
        ("<b>&amp; <script>", "&lt;b&gt;&amp; &lt;script&gt;"),
        ("5 < 6 & 7 > 6", "5 &lt; 6 &amp; 7 &gt; 6"),
    ],
)
def test_markdown_becomes_telegrams_html(markdown: str, html: str) -> None:
    assert shown(markdown) == html


@pytest.mark.parametrize(
    "text", ["*x* _y_ [z](https://a.dk)", "<b>bold</b> & co", "1. one\n\n\n   two  three", "/mydata"]
)
def test_what_a_mentor_wrote_is_shown_as_it_was_written(text: str) -> None:
    (part,) = to_parts(Reply(text, "en", said_by="Maria <i>"), 1)
    shown_text = parse_html(part.html)
    assert shown_text.text == f"👤 Maria <i>, mentor\n\n{text}"
    assert [entity["type"] for entity in shown_text.entities] == ["bold"]


def test_a_long_text_of_a_mentor_is_cut_and_nothing_lost() -> None:
    text = "A sentence of some length. " * 400
    parts = to_parts(Reply(text.strip(), "en", said_by="Maria"), 1, lead="✎ ")
    assert " ".join(part.plain for part in parts) == f"✎ 👤 Maria, mentor\n\n{text.strip()}"
    assert all(utf16_length(part.plain) <= MAX_TEXT for part in parts)


def test_title_leads_and_footer_ends() -> None:
    reply = Reply(
        "You get it from *SKAT*.", "en", title="Tax <card> *1*", footer="Source: [SKAT](https://skat.dk) · *2026*"
    )
    (part,) = to_parts(reply, 1)
    assert part.html == (
        "<b>Tax &lt;card&gt; *1*</b>\n\nYou get it from <i>SKAT</i>.\n\n"
        '<i>Source: <a href="https://skat.dk">SKAT</a> · 2026</i>'
    )
    assert part.plain == "Tax <card> *1*\n\nYou get it from SKAT.\n\nSource: SKAT · 2026"


# --- buttons -----------------------------------------------------------------------------------------------------


def keyboard(**reply: Any) -> list[list[dict[str, str]]]:
    parts = to_parts(Reply("Text", "en", **reply), 17)
    markup = parts[-1].keyboard
    assert markup is not None
    rows: list[list[dict[str, str]]] = markup.to_dict()["inline_keyboard"]
    return rows


def test_one_button_a_row_then_the_thumbs() -> None:
    rows = keyboard(
        buttons=(Button("How do I change it?", "topic:tax-card"), Button("Open SKAT", url="https://skat.dk")),
        rate=True,
    )
    assert rows == [
        [{"text": "How do I change it?", "callback_data": "topic:tax-card"}],
        [{"text": "Open SKAT", "url": "https://skat.dk"}],
        [{"text": "👍", "callback_data": "rate:17:1"}, {"text": "👎", "callback_data": "rate:17:-1"}],
    ]


def test_without_buttons_no_keyboard() -> None:
    assert to_parts(Reply("Text", "en"), 1)[0].keyboard is None


def test_buttons_stand_under_the_last_part() -> None:
    first, *between, last = to_parts(Reply("A sentence. " * 1000, "en", rate=True), 1)
    assert last.keyboard is not None
    assert not any(part.keyboard for part in (first, *between))


def test_a_payload_of_64_bytes_fits() -> None:
    assert keyboard(buttons=(Button("x", "å" * 32),))[0][0]["callback_data"] == "å" * 32


@pytest.mark.parametrize("payload", ["å" * 33, "topic:" + "x" * 60, ""])
def test_a_payload_that_telegram_refuses_says_what_to_do(payload: str) -> None:
    with pytest.raises(ChannelError, match="shorten the slug") as caught:
        to_parts(Reply("Text", "en", buttons=(Button("x", payload),)), 1)
    assert not caught.value.permanent


@pytest.mark.parametrize("text", ["", "  \n ", "[](https://a.dk)"])
def test_an_empty_reply_says_what_to_do(text: str) -> None:
    with pytest.raises(ChannelError, match="give it a title or a text"):
        to_parts(Reply(text, "en"), 9)


# --- long texts --------------------------------------------------------------------------------------------------


def plains(markdown: str) -> list[str]:
    return [part.plain for part in to_parts(Reply(markdown, "en"), 1)]


def test_just_fitting_is_one_message() -> None:
    assert plains("x" * MAX_TEXT) == ["x" * MAX_TEXT]
    assert plains("😀" * (MAX_TEXT // 2)) == ["😀" * (MAX_TEXT // 2)]
    assert len(plains("😀" * (MAX_TEXT // 2 + 1))) == 2


def test_cuts_between_paragraphs_first() -> None:
    one, two = "First. " * 400, "Second. " * 300
    assert plains(f"{one}\n\n{two}") == [one.strip(), two.strip()]


def test_cuts_after_sentences_next() -> None:
    parts = plains("Du skal bruge et CPR-nummer. " * 500)
    assert len(parts) == 4
    assert all(part.endswith("CPR-nummer.") and part.startswith("Du") for part in parts)


def test_cuts_after_words_next() -> None:
    parts = plains("ordning " * 1500)
    assert all(re.fullmatch(r"(ordning )*ordning", part) for part in parts)
    assert "".join(parts).count("ordning") == 1500


def test_never_cuts_an_emoji_or_a_marked_letter() -> None:
    family = "👩‍👩‍👧‍👦"
    assert all(part.replace(family, "") == "" for part in plains(family * 1000))
    syllable = "क्षि"
    assert all(len(part) % len(syllable) == 0 for part in plains(syllable * 2500))


def test_a_style_over_a_cut_is_closed_and_opened_again() -> None:
    first, second = to_parts(Reply("**[" + "ord " * 1100 + "](https://skat.dk)**", "da"), 1)
    for part in (first, second):
        assert part.html.startswith('<b><a href="https://skat.dk">ord ')
        assert part.html.endswith("ord</a></b>")


MARKDOWN_PIECES = st.sampled_from(
    [
        *(
            "**",
            "*",
            "_",
            "`",
            "```\n",
            "[",
            "](https://skat.dk/?a=1&b=2)",
            "](tel:112)",
            "\n",
            "\n\n",
            "\n- ",
            "\n  - ",
        ),
        *(
            "\n1. ",
            "\n# ",
            "\n> ",
            "<b>",
            "</b>",
            "&amp;",
            "&lt",
            "<",
            ">",
            '"',
            "\\",
            "---\n",
            " ",
            "  \n",
            "![",
            "\t",
        ),
        *("ord ", "Skat. ", "नमस्ते ", "Їжа! ", "👩‍👩‍👧‍👦", "e\u0301", "x" * 700, "Sætning nr. 1. " * 90, "😀" * 900),
    ]
)
MARKDOWN = st.one_of(st.text(), st.lists(st.one_of(MARKDOWN_PIECES, st.text(max_size=8)), max_size=60).map("".join))


@given(text=MARKDOWN, title=st.text(max_size=60), footer=MARKDOWN)
@example(text="x" * 5000, title="T" * 5000, footer="*" + "f" * 9000 + "*")
@example(text="e" + "\u0301" * 9000, title="", footer="")
def test_whatever_is_written_telegram_takes_it(text: str, title: str, footer: str) -> None:
    reply = Reply(text, "en", title=title, footer=footer, rate=True)
    try:
        parts = to_parts(reply, 1)
    except ChannelError as error:
        if "nothing to show" not in str(error):
            raise
        return
    for part in parts:
        read = parse_html(part.html)
        assert read.text == part.plain
        assert 1 <= utf16_length(read.text) <= MAX_TEXT
        assert read.text == read.text.strip()


@given(st.lists(st.sampled_from(["ord", "skattekort.", "😀", "**fed**", "CPR-nummer?", "x" * 300]), max_size=300))
def test_nothing_is_lost_in_cutting(words: list[str]) -> None:
    text = " ".join(["start", *words])
    assert " ".join(plains(text)).split() == text.replace("**", "").split()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_length_is_counted_in_utf16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
