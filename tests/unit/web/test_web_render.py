import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Button, Kind, Reply
from i18n.format import day, figure, knows
from i18n.languages import LANGUAGES
from knowledge.files import load_yaml
from knowledge.models import Figure
from store.transcript import Replied, Written
from web.render import html, reply_view, transcript_view, written_html

FIGURES_FILE = Path(__file__).parents[3] / "knowledge" / "figures.yml"
FIGURES = [Figure.model_validate(each) for each in load_yaml(FIGURES_FILE)[0]["figures"]]
VALUES = {each.id: each.values[0].value for each in FIGURES}
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
            '<p>Call <a href="tel:+4572221818" rel="noopener noreferrer">+45 72&nbsp;22 18 18</a>.</p>',
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [each.id for each in FIGURES if each.values[0].unit == "phone"])
def test_every_telephone_number_of_ours_can_be_tapped(number: str, language: str) -> None:
    written = figure(VALUES[number], "phone", language)
    link = "tel:" + re.sub(r"[^+\d]", "", written)

    for text in (f"**{written}**", f"({written}).", f"Call {written}, now", f"{written} पर फ़ोन", f"a: {written}। b"):
        assert f'href="{link}"' in html(text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_figure_of_ours_is_taken_for_a_telephone_number(language: str) -> None:
    others = [(value.value, each.values[0].unit) for each in FIGURES for value in each.values]
    units = {unit for _, unit in others if unit != "phone"}
    texts = [figure(value, unit, language) for value, unit in others if unit != "phone"]
    texts += [figure(112, unit, language) for unit in units if knows(112, unit)]
    texts += [day(date(2026, 11, 21), language)]

    for text in (text for text in texts if not text.endswith("112")):  # there the sentence alone could tell
        assert "tel:" not in html(f"It is {text}, or {text}."), text


@pytest.mark.parametrize(
    "text",
    [
        "112 kr.", "112,50 kr.", "1.112 kr.", "kr. 112", "112 DKK", "€112", "112 %", "112–114 kr.", "§ 112", "112.000",
        "12 345 678", "112 345", "2 112 400", "21.11.2026", "21/11 2026", "14-11-2026", "011290", "0112", "1120",
        "kl. 11:14", "[CPR]", "12345678", "10 20 30 40 50", "A112", "112b", "1/114",
    ],
)  # fmt: skip
def test_amounts_and_dates_are_no_telephone_numbers(text: str) -> None:
    assert "tel:" not in html(f"It is {text}, or {text}.")


def test_a_danger_reply_is_told_from_the_others() -> None:
    calm = Reply("Ring **112**.", "en", footer="⚠ This may have changed.")

    assert reply_view(Reply("⚠ Call 112.", "en"), id_=1, at=NOW)["danger"] is True
    assert reply_view(calm, id_=1, at=NOW)["danger"] is False


def test_what_stands_around_an_english_text_says_its_own_language() -> None:
    fallback = Reply(
        "*Tej odpowiedzi jeszcze nie ma po polsku.*\n\nThe library is free.", "en", footer="Źródło", around="pl"
    )
    view = reply_view(fallback, id_=1, at=NOW)

    assert (view["language"], view["around"]) == ("en", "pl")
    assert view["html"].startswith('<div lang="pl"><p><em>Tej odpowiedzi jeszcze nie ma po polsku.</em></p></div>'), (
        view["html"]
    )
    assert reply_view(Reply("x", "da"), id_=1, at=NOW)["around"] == "da"


def link(address: str) -> str:
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>bold</b> & 'so'", "&lt;b&gt;bold&lt;/b&gt; &amp; &#x27;so&#x27;"),
        ("*x* **y** `z` _w_", "*x* **y** `z` _w_"),
        ("# Title\n- one\n\n\ntwo", "# Title\n- one\n\n\ntwo"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("javascript:alert(1) data:text/html,x //evil.example", "javascript:alert(1) data:text/html,x //evil.example"),
        ("[x](https://evil.example)", f"[x]({link('https://evil.example')})"),
        ("See https://skat.dk.", f"See {link('https://skat.dk')}."),
        ("HTTPS://SKAT.DK/a?b=1", link("HTTPS://SKAT.DK/a?b=1")),
        ("(https://da.wikipedia.org/wiki/Skat_(penge))", f"({link('https://da.wikipedia.org/wiki/Skat_(penge)')})"),
        (
            "https://a.example/?x=1&y=2",
            '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">'
            "https://a.example/?x=1&amp;y=2</a>",
        ),
        ("https://a.example<b>", f"{link('https://a.example')}&lt;b&gt;"),
        ('"https://a.example"', f"&quot;{link('https://a.example')}&quot;"),
        ("https://a.example/\u202egpj.exe", f"{link('https://a.example/')}\u202egpj.exe"),
        ("https://", "https://"),
        ("http://[", "http://["),
        ("https://a.example and https://b.example!", f"{link('https://a.example')} and {link('https://b.example')}!"),
    ],
)
def test_what_a_mentor_wrote_stays_as_it_was_written(text: str, expected: str) -> None:
    view = reply_view(Reply(text, "en", said_by="Maria"), id_=1, at=NOW)

    assert view["html"] == f"<p>{expected}</p>"
    assert view["said"] == "👤 Maria, mentor"


@given(st.text(alphabet=st.sampled_from("<>\"'=/&;:()[]!*_`- \nhtps.abonclick"), max_size=120))
def test_nothing_but_links_comes_out_of_what_a_mentor_wrote(text: str) -> None:
    for written in (written_html(text), written_html(f"https://{text}")):
        for name, attributes in re.findall(r"<(\w+)([^>]*)>", written):
            assert name in {"p", "a"}
            assert set(re.findall(r" (\w+)=", attributes)) in (set(), {"href", "target", "rel"})
        assert not re.search(r'href="(?!https?://)', written, flags=re.IGNORECASE)


def test_a_mentor_is_named_in_the_persons_language_and_never_a_warning_of_ours() -> None:
    view = reply_view(Reply("⚠ Call 112.", "da", said_by="Maria", edited=True), id_=1, at=NOW)

    assert view["said"].startswith("👤 Maria, ")
    assert (view["danger"], view["edited"]) == (False, True)
    ours = reply_view(Reply("x", "en"), id_=1, at=NOW)
    assert (ours["said"], ours["edited"]) == ("", False)


def test_a_file_is_shown_by_its_name() -> None:
    (view,) = transcript_view([Written("visitor:1", Kind.PHOTO, "", "", NOW, ("letter.png",))], {})

    assert (view["text"], view["files"]) == (None, ["letter.png"])


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
