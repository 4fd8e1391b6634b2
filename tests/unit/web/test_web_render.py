import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Button, Kind, Reply
from store.transcript import Replied, Written
from web.render import html, reply_view, transcript_view

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**55 %** of it", "<p><strong>55 %</strong> of it</p>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("*skattekort*", '<p><em lang="da">skattekort</em></p>'),
        ("*a whole sentence of more than five words*", "<p><em>a whole sentence of more than five words</em></p>"),
        (
            "[Skat](https://skat.dk)",
            '<p><a href="https://skat.dk" target="_blank" rel="noopener noreferrer">Skat</a></p>',
        ),
        (
            "Call +45 72\u00a022 18 18.",
            '<p>Call <a href="tel:+4572221818" target="_blank" rel="noopener noreferrer">+45 72&nbsp;22 18 18</a>.</p>',
        ),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](//evil.example)", '<p><a target="_blank" rel="noopener noreferrer">x</a></p>'),
        ("![x](https://evil.example/pixel.png)", None),
    ],
)
def test_markdown_becomes_safe_html(markdown: str, expected: str | None) -> None:
    rendered = html(markdown)

    if expected is None:
        assert "<img" not in rendered
    else:
        assert expected in rendered


def test_a_number_inside_a_link_is_not_linked_again() -> None:
    assert html("[+45 72 22 18 18](https://skat.dk)").count("<a") == 1


@given(st.text(alphabet=st.sampled_from("<>\"'=/&;:()[]!*_`- \nabonscriptjavhref"), max_size=120))
def test_nothing_but_our_tags_and_attributes_comes_out(markdown: str) -> None:
    rendered = html(markdown)

    for name, attributes in re.findall(r"<(\w+)([^>]*)>", rendered):
        assert name in {"p", "ul", "ol", "li", "strong", "em", "a", "br", "blockquote", "code", "h3"}
        assert set(re.findall(r"(\w+)=", attributes)) <= {"href", "target", "rel", "lang", "start", "title"}
    assert 'href="javascript' not in rendered


def test_a_button_with_an_unsafe_address_is_left_out() -> None:
    buttons = (Button("a", url="javascript:alert(1)"), Button("b", url="tel:112"), Button("c", payload="topic:x"))
    view = reply_view(Reply("x", "en", buttons=buttons), id_=1, at=NOW)

    assert [button["label"] for button in view["buttons"]] == ["b", "c"]


def test_a_pressed_button_reads_as_it_did_when_it_was_pressed() -> None:
    asked = Reply("Which?", "en", buttons=(Button("The tax card", payload="topic:tax-card"),))
    messages: list[Written | Replied] = [
        Written("visitor:1", Kind.BUTTON, None, "mydata", NOW),
        Replied(1, asked.to_json(), NOW, None),
        Written("visitor:2", Kind.BUTTON, None, "topic:tax-card", NOW),
        Written("visitor:3", Kind.COMMAND, "help", "", NOW),
        Written("visitor:4", Kind.TEXT, None, "", NOW),
    ]

    views = transcript_view(messages, {"mydata": "Download my data"})

    own = [(view["id"], view["text"]) for view in views if view["type"] == "own"]
    assert own == [("1", "Download my data"), ("2", "The tax card"), ("3", "/help"), ("4", None)]
