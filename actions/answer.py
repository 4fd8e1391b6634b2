"""Topics as cards: what was understood, the answer, how to say the Danish words, source and date, next buttons."""

from dataclasses import replace
from urllib.parse import urlsplit

from actions import profile
from actions.turn import Outcome, Outcomes, Pending, Turn
from core.messages import Button, Reply
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import translator
from knowledge import variants
from knowledge.render import Filled

SURE = 0.9  # from here on what else was possible is shown behind "not what I meant" only
MOST_BUTTONS = 3


def topics(
    slugs: tuple[str, ...], turn: Turn, *, alternatives: tuple[str, ...] = (), confidence: float | None = None
) -> Outcome:
    """One card a topic, in order; the last one carries the way out ("not what I meant").

    Where a single answer depends on something unknown of the person, that is asked first.
    """
    slugs = tuple(turn.library.known(slugs))
    others = tuple(slug for slug in turn.library.known(alternatives) if slug not in slugs)
    if not slugs:
        return unsure(others, turn)
    if len(slugs) == 1 and turn.can_ask and (unknown := profile.to_ask(slugs[0], turn)):
        return replace(profile.ask(unknown, slugs[0], turn), alternatives=others, confidence=confidence)
    shown = others[:MOST_BUTTONS] if confidence is not None and confidence < SURE else ()
    cards = []
    for slug in slugs:
        last = slug == slugs[-1]
        cards.append(card(slug, turn, others=shown if last else (), leave=slugs, way_out=last))
    return Outcome(
        Outcomes.ANSWER,
        tuple(cards),
        pending=Pending.ANSWERED,
        topics=slugs,
        alternatives=others,
        confidence=confidence,
    )


def card(
    slug: str, turn: Turn, *, others: tuple[str, ...] = (), leave: tuple[str, ...] = (), way_out: bool = True
) -> Reply:
    """The card of one topic in the person's language, else in English with one sentence that says so."""
    library, topic = turn.library, turn.library.topics[slug]
    text, language = library.text(slug, turn.language)
    body = variants.fitted(text.body, turn.profile, lambda mark: profile.label(mark, translator(language)))
    filled = library.fill(body, language=language, day=turn.day)
    local_lines, local_figures = _local(slug, turn)
    parts = [filled.text, *local_lines]
    if language != turn.language:
        parts.insert(0, f"*{_in_which_language(language, turn)}*")
    if turn.language != "da":
        parts += [f"{turn.t.gettext('Say:')} *{term}* – {say}" for term, say in library.pronunciations(body)]
    doubtful = filled.doubtful or turn.day > topic.review_by or library.outdated(slug, language)
    next_topics = [s for s in library.known((*others, *topic.related)) if s not in (slug, *leave)]
    buttons = [turn.topic_button(s) for s in next_topics[: max(MOST_BUTTONS, len(others))]]
    if way_out and turn.can_ask:
        buttons += _another_case(slug, text.body, turn)
    if way_out:
        buttons.append(Button(turn.t.gettext("Not what I meant"), payload="not_that"))
    if way_out or topic.handover:
        buttons.append(turn.mentor_button())
    return Reply(
        "\n\n".join(parts),
        language,
        title=text.title,
        footer=_footer(slug, turn, filled, doubtful, profile.described(text.body, turn)),
        buttons=tuple(buttons),
        rate=True,
        about=slug,
        around=turn.language if language != turn.language else "",
        revisions=library.made_of(
            ("text", slug, language),
            ("topic", slug, ""),
            *(("figure", figure, "") for figure in (*filled.figures, *local_figures)),
            *([("municipality", turn.profile.get("kommune", ""), "")] if local_lines else []),
        ),
    )


def _in_which_language(shown: str, turn: Turn) -> str:
    if shown == DEFAULT:
        name = LANGUAGES[turn.language].own_name
        return turn.t.gettext(
            "This answer is not available in {language} yet, so here it is in English.", language=name
        )
    return turn.t.gettext(
        "We have this page in one language only: {language}.", language=local.language(shown, turn.language)
    )


def _local(slug: str, turn: Turn) -> tuple[list[str], list[str]]:
    """What the person's own municipality adds, and which figures are in it."""
    kommune = turn.profile.get("kommune", "")
    lines: list[str] = []
    figures: list[str] = []
    for line in turn.library.local_lines(slug, kommune):
        language = turn.language if turn.language in line.text else DEFAULT
        filled = turn.library.fill(line.text[language], language=language, day=turn.day)
        name = turn.library.municipalities[kommune].name
        lines.append(f"**{name}:** {filled.text} [{urlsplit(line.link).hostname}]({line.link})")
        figures += filled.figures
    return lines, figures


def _another_case(slug: str, body: str, turn: Turn) -> list[Button]:
    """The way to the answer for other people, and to that of one's own municipality."""
    buttons = []
    if any(name in turn.profile for name in variants.dimensions(body) if name in profile.ASKED):
        buttons.append(Button(turn.t.gettext("For another situation"), payload=f"is:?:{slug}"))
    if slug in turn.library.differs_by_municipality and "kommune" not in turn.profile:
        buttons.append(Button(turn.t.gettext("In my municipality"), payload=f"in:?:{slug}"))
    return buttons


def _footer(slug: str, turn: Turn, filled: Filled, doubtful: bool, readers: str) -> str:
    topic = turn.library.topics[slug]
    links = ", ".join(f"[{source.name}]({source.url})" if source.url else source.name for source in topic.sources[:2])
    as_of = local.day(topic.as_of, turn.language)
    lines = [turn.t.gettext("Source: {name}", name=links) + " · " + turn.t.gettext("As of {date}", date=as_of)]
    if readers:
        lines.append(turn.t.gettext("For: {who}", who=readers))
    if filled.year and filled.next_unknown:
        lines.append(
            turn.t.gettext(
                "Amounts for {year}. Those for {next} are not known yet; most are published in December.",
                year=str(filled.year),
                next=str(filled.year + 1),
            )
        )
    elif filled.year:
        lines.append(turn.t.gettext("Amounts for {year}.", year=str(filled.year)))
    if doubtful:
        lines.append(
            "⚠ " + turn.t.gettext("This may have changed since {date}. Please check at the source.", date=as_of)
        )
    return "\n\n".join(lines)


def ask_which(alternatives: tuple[str, ...], turn: Turn, *, confidence: float | None = None) -> Outcome:
    """One question with buttons: the question written for this pair of neighbours, where there is one."""
    slugs = tuple(turn.library.known(alternatives))[:MOST_BUTTONS]
    if not slugs:
        return unsure((), turn)
    question = _near_question(slugs, turn) or turn.say("ask_which")
    buttons = (*(turn.topic_button(slug) for slug in slugs), _neither(turn), turn.mentor_button())
    return Outcome(
        Outcomes.ASK_BACK,
        (Reply(question, turn.language, buttons=buttons),),
        pending=Pending.WHICH,
        alternatives=slugs,
        confidence=confidence,
    )


def _near_question(slugs: tuple[str, ...], turn: Turn) -> str | None:
    if len(slugs) != 2:
        return None
    for one, other in (slugs, slugs[::-1]):
        text, language = turn.library.text(one, turn.language)
        if language == turn.language and other in text.near:
            return text.near[other]
    return None


def _neither(turn: Turn) -> Button:
    return Button(turn.t.gettext("Not what I meant"), payload="not_that")


def unsure(alternatives: tuple[str, ...], turn: Turn, *, confidence: float | None = None) -> Outcome:
    """Not sure: say so, suggest up to three, offer a mentor; the question is kept for the editors."""
    slugs = tuple(turn.library.known(alternatives))[:MOST_BUTTONS]
    parts = [turn.say("unsure"), *_explained(turn), *([turn.say("unsure_suggest")] if slugs else [])]
    buttons = (*(turn.topic_button(slug) for slug in slugs), turn.mentor_button())
    reply = Reply("\n\n".join(parts), turn.language, buttons=buttons)
    return Outcome(
        Outcomes.FALLBACK,
        (reply,),
        pending=Pending.WHICH if slugs else Pending.MENTOR,
        alternatives=slugs,
        confidence=confidence,
        unanswered=True,
    )


def with_tell_me(outcome: Outcome, message: int, turn: Turn) -> Outcome:
    """Below an unsure reply: the person may be told once there is an answer to that message."""
    last = outcome.replies[-1]
    button = Button(turn.t.gettext("Tell me when you know"), payload=f"tell_me:{message}")
    return replace(outcome, replies=(*outcome.replies[:-1], replace(last, buttons=(*last.buttons, button))))


def tell_me(turn: Turn) -> Outcome:
    return Outcome(Outcomes.ACT, (turn.reply("tell_me_noted"),), act="tell_me")


def _explained(turn: Turn) -> list[str]:
    """Danish words that the question holds, with their meaning and how to say them: something is known after all."""
    return [
        f"*{term.term}* = {getattr(term, turn.language, '') or term.en}. {turn.t.gettext('Say:')} {term.say}"
        for term in turn.library.mentioned(turn.text)
        if turn.language != "da"
    ]


def not_that(turn: Turn) -> Outcome:
    """What we answered was not meant: the next candidates, else a mentor. A list that was just refused is not repeated."""
    slugs = () if turn.pending == Pending.WHICH else tuple(turn.library.known(turn.offered))[:MOST_BUTTONS]
    key = "not_that" if slugs else "not_that_none"
    buttons = (*(turn.topic_button(slug) for slug in slugs), turn.mentor_button())
    return Outcome(
        Outcomes.ASK_BACK if slugs else Outcomes.FALLBACK,
        (turn.reply(key, buttons=buttons),),
        pending=Pending.WHICH if slugs else Pending.MENTOR,
        alternatives=slugs,
        unanswered=not slugs,
    )
