"""The emulator refuses what Telegram refuses, in its words; else the tests that lean on it prove nothing."""

import pytest

from tests.emulators.telegram_html import ParseRefusedError, parse_html


@pytest.mark.parametrize(
    ("html", "refusal"),
    [
        ("é <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é </b>", "Unexpected end tag at byte offset 3"),
        ("é <b>x</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("é <p>x</p>", 'Unsupported start tag "p" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a < b > c", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x>y</a>', "Unclosed start tag at byte offset 0"),
        ("<a href>y</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a href=a/b>y</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_refuses(html: str, refusal: str) -> None:
    with pytest.raises(ParseRefusedError) as caught:
        parse_html(html)
    assert str(caught.value) == refusal


def test_shows_text_and_entities() -> None:
    read = parse_html('😀 <b>fed <i>skrå</i></b> &lt;&amp;&#229;&laquo; <a href="https://a.dk?x=1&amp;y=2">her</a>')
    assert read.text == "😀 fed skrå <&å&laquo; her"
    assert read.entities == [
        {"type": "bold", "offset": 3, "length": 8},
        {"type": "italic", "offset": 7, "length": 4},
        {"type": "text_link", "offset": 23, "length": 3, "url": "https://a.dk?x=1&y=2"},
    ]
