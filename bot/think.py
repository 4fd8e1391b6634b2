"""From what waits to what is said. One batch of messages in, one thought out; nothing is stored here."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from actions import answer, human, meet, perform, profile, remind, second_opinion
from actions.turn import Outcome, Outcomes, Pending, Turn
from bot import asking, desk, inviting, journeys, metrics
from bot.services import Services
from core.acts import Consent, JourneyCommand, MessageMentor, OfferMentor, act_name
from core.days import danish_day
from core.errors import EngineError
from core.masking import LABELS
from core.messages import Button, Kind, Reply
from i18n import format as local
from i18n.detect import detect
from i18n.languages import DEFAULT, LANGUAGES, UNDERSTOOD, named_language, nearest
from i18n.translator import translator
from knowledge import variants
from knowledge.danger import Danger
from store import handovers
from store.conversations import Context, Waiting

log = structlog.get_logger()

LABEL = re.compile("|".join(map(re.escape, LABELS.values())))
FEATURED = ("first-steps-order", "cpr-registration", "tax-card", "find-rental-home")
AT_ONCE = ("suicide", "emergency")  # dangers to which nothing is added
LONGEST_FACT = 60  # characters; what is longer is a new question, not the answer to ours
UNREADABLE = {
    Kind.PHOTO: "got_photo",
    Kind.VOICE: "got_voice",
    Kind.STICKER: "got_sticker",
    Kind.FILE: "got_file",
    Kind.LOCATION: "got_other",
    Kind.OTHER: "got_other",
    Kind.GROUP: "group",
}
PASSED_ON = (Kind.PHOTO, Kind.FILE)
CONSENT_AFTER = (Outcomes.ANSWER, Outcomes.ASK_BACK, Outcomes.FALLBACK)


@dataclass(frozen=True, slots=True)
class Thought:
    """What a batch led to, in which language, and whether consent is asked along with it. themes: of the topics in it."""

    outcome: Outcome
    language: str
    spoken: str
    switched: bool = False
    asks_consent: bool = False
    themes: Mapping[str, str] = field(default_factory=dict)

    @property
    def replies(self) -> tuple[Reply, ...]:
        return self.outcome.replies


def batches(waiting: list[Waiting]) -> list[list[Waiting]]:
    """Texts that follow each other are one question; everything else stands alone.

    Of a message that was edited before anybody answered it, only the newest version is read.
    """
    edited = {message.edits for message in waiting if message.edits}
    found: list[list[Waiting]] = []
    for message in waiting:
        if message.reference is not None and message.reference in edited:
            message = replace(message, text="")
        if found and message.kind == found[-1][-1].kind == Kind.TEXT:
            found[-1].append(message)
        else:
            found.append([message])
    return found


async def think(services: Services, context: Context, batch: list[Waiting]) -> Thought:
    """Decide what to say. A failure of the engine is said to the person, never passed over in silence."""
    text = "\n".join(message.text for message in batch if message.text)
    kind = Kind(batch[-1].kind)
    spoken, language, switched = _language(context, batch, text, kind)
    turn = await _turn(services, context, text, language, speaking=True)
    outcome = await _outcome(services, context, batch, kind, turn, spoken)
    if spoken not in LANGUAGES and context.language is None:
        outcome = _in_another_language(outcome, turn, spoken)
    outcome = _with_notes(outcome, batch, turn, switched=switched and context.owner == "bot")
    if _not_known(outcome) and context.state.get("unsure"):
        outcome = human.after_two(outcome, turn)
    if kind is Kind.TEXT and context.consent == "given" and _not_known(outcome):
        outcome = answer.with_tell_me(outcome, batch[-1].id, turn)
    asks = context.consent == "unasked" and outcome.kind in CONSENT_AFTER and not outcome.after_consent
    if asks:
        outcome = _with_consent(outcome, turn)
    about = (*outcome.topics, *outcome.alternatives, *context.state.get("topics", ()))
    themes = {slug: turn.library.topics[slug].theme for slug in turn.library.known(about)}
    return Thought(outcome, outcome.set_language or language, spoken, switched, asks, themes)


def _not_known(outcome: Outcome) -> bool:
    """Whether there is no answer to what was asked; a failure of ours is something else."""
    return outcome.kind is Outcomes.FALLBACK and outcome.unanswered and outcome.act is None


async def sorry(services: Services, context: Context) -> Thought:
    """Something of ours failed: say so and offer a human."""
    language = context.language or DEFAULT
    turn = await _turn(services, context, "", language)
    return Thought(_failed(turn), language, language)


async def _turn(services: Services, context: Context, text: str, language: str, *, speaking: bool = False) -> Turn:
    channel = services.channels.get(context.channel) if speaking else None
    return Turn(
        text=text,
        language=language,
        t=translator(language),
        library=await services.shelf.library(),
        day=danish_day(services.now()),
        offered=tuple(context.state.get("offered", ())),
        mentor_contact=services.settings.mentor_contact,
        profile=_known({**context.profile, **context.state.get("told", {})}),
        can_ask=channel is not None and channel.interactive,
        pending=context.state.get("pending", Pending.NONE.value),
        now=services.now(),
        consent=context.consent,
        shown=tuple(context.state.get("shown", ())),
        form=context.state.get("form", {}),
        waiting=context.state.get("waiting", {}),
        why=context.state.get("why", ""),
    )


def _known(profile: dict[str, str]) -> dict[str, str]:
    """Without what the person has taken back."""
    return {name: value for name, value in profile.items() if value}


def _failed(turn: Turn) -> Outcome:
    reply = turn.reply("error", buttons=(turn.mentor_button(),))
    return Outcome(Outcomes.FALLBACK, (reply,), pending=Pending.MENTOR, act="error", unanswered=True, why="error")


def _language(context: Context, batch: list[Waiting], text: str, kind: Kind) -> tuple[str, str, bool]:
    """What the message is in, what to answer in, and whether that is a switch to be told."""
    hint = batch[-1].language_hint
    if kind is not Kind.TEXT or not text:
        language = context.language or nearest(hint)
        return language, language, False
    found = detect(text, current=context.language, chosen=context.language_chosen, hint=hint)
    if found.language in LANGUAGES and (context.language is None or found.switch):
        return found.language, found.language, found.switch
    return found.language, context.language or DEFAULT, False


async def _outcome(
    services: Services, context: Context, batch: list[Waiting], kind: Kind, turn: Turn, spoken: str
) -> Outcome:
    if not asking.is_own(batch) and (context.owner != "bot" or _muted(context, turn)):
        # Two never speak at once; only what cannot wait is said all the same.
        if (danger := turn.library.danger.find(turn.text)) is not None:
            return await _warning(services, context, danger, turn)
        return await asking.beside_mentor(services, context, batch, turn)
    if kind is Kind.BUTTON:
        return await _button(services, context, batch[-1].payload, turn)
    if kind is Kind.COMMAND:
        return await _command(services, context, turn)
    if kind is Kind.GROUP and context.state.get("group"):
        return Outcome(Outcomes.ACT, ())  # explained once; everything else there is none of our business
    if context.handover is not None and kind in PASSED_ON:
        return Outcome(Outcomes.ACT, (await _file(services, context, batch, turn),), act=kind.value)
    if kind in UNREADABLE and not turn.text:
        return Outcome(Outcomes.ACT, (turn.reply(UNREADABLE[kind]),), act=kind.value)
    danger = turn.library.danger.find(turn.text)
    if danger is not None:
        return await _danger(services, context, batch, danger, turn, spoken)
    if (answered := await _answered(services, context, turn)) is not None:
        return answered
    if not _asks_anything(turn.text):
        told = any(message.masked for message in batch)
        return Outcome(Outcomes.ACT, () if told else (turn.reply(_wordless(turn.text)),))
    return await _ask_engine(services, context, batch, turn, spoken)


async def _file(services: Services, context: Context, batch: list[Waiting], turn: Turn) -> Reply:
    """What came with a message while a human is asked for goes to the mentors."""
    async with services.database.connect() as connection:
        file = await handovers.file_of(connection, batch[-1].id)
    if file is None:
        return turn.reply(UNREADABLE[Kind(batch[-1].kind)])
    return human.file_refused(file.reason, turn) if file.reason else turn.reply("mentor_got_file")


def _muted(context: Context, turn: Turn) -> bool:
    return context.muted_until is not None and context.muted_until > turn.now


def _without_labels(text: str) -> str:
    """The message without the signs that stand where a number was masked; they mean nothing to the engine."""
    return LABEL.sub(" ", text).strip()


def _asks_anything(text: str) -> bool:
    """Whether a message holds words or figures at all, besides what was masked out of it."""
    return any(character.isalnum() for character in _without_labels(text))


def _wordless(text: str) -> str:
    """An emoji is answered like a sticker; a lone question mark is asked for words."""
    return UNREADABLE[Kind.STICKER if any(unicodedata.category(c) == "So" for c in text) else Kind.OTHER]


async def _ask_engine(services: Services, context: Context, batch: list[Waiting], turn: Turn, spoken: str) -> Outcome:
    try:
        acts = await services.engine.next_acts(
            sender=str(batch[-1].id),
            text=_without_labels(turn.text),
            language=spoken if spoken in (*LANGUAGES, *UNDERSTOOD) else turn.language,
            pending=context.state.get("pending", Pending.NONE.value),
            audience=turn.profile.get("audience", "recruit"),
        )
    except EngineError as error:
        log.error("engine failed", conversation=context.conversation_id, error=str(error))
        metrics.ENGINE_FAILURES.inc()
        return _failed(turn)
    log.info("acts", conversation=context.conversation_id, acts=[act_name(act) for act in acts])
    if len(acts) == 1 and isinstance(acts[0], Consent) and context.state.get("then"):
        return await _button(services, context, f"consent:{'yes' if acts[0].given else 'no'}", turn)
    if len(acts) == 1 and second_opinion.worth_asking(acts[0]):
        acts = [second_opinion.reconsider(acts[0], turn.text, turn.library, await services.shelf.index())]
    if any(isinstance(act, OfferMentor | MessageMentor) for act in acts):
        turn = await desk.with_desk(services, context, turn)
    if any(isinstance(act, JourneyCommand) for act in acts):
        turn = await journeys.with_journey(services, context, turn)
    outcomes = [perform.perform(act, turn) for act in acts[:3]]
    return _form_kept(outcomes[0] if len(outcomes) == 1 else _joined(outcomes), turn)


def _form_kept(outcome: Outcome, turn: Turn) -> Outcome:
    """A question of ours that was left for another one stays open, one tap away."""
    if not turn.form.get("at") or outcome.form or not outcome.replies or outcome.erase:
        return outcome
    go_on = Button(turn.t.gettext("Back to our questions"), payload="meet:start")
    last = outcome.replies[-1]
    return replace(outcome, replies=(*outcome.replies[:-1], replace(last, buttons=(*last.buttons, go_on))))


async def _answered(services: Services, context: Context, turn: Turn) -> Outcome | None:
    """The typed answer to a question of ours, where it is one."""
    pending = context.state.get("pending")
    if pending == Pending.PROFILE:
        return _told(context, turn)
    if pending == Pending.LINE and turn.text:
        return human.line(turn)
    if not turn.text or not (turn.form.get("at") or pending == Pending.WHEN):
        return None
    turn = await journeys.with_journey(services, context, turn)
    return remind.typed(turn) if pending == Pending.WHEN else meet.typed(turn)


async def _button(services: Services, context: Context, payload: str, turn: Turn) -> Outcome:
    then = context.state.get("then")
    if payload.startswith(inviting.PRESSED):
        code = payload.removeprefix(inviting.PRESSED)
        return await inviting.opened(services, context, code, turn) or _not_invited(turn)
    if payload == "consent:yes" and then:
        turn = replace(await journeys.with_journey(services, context, turn), consent="given")
        turn = await journeys.with_address(services, context, turn)
        if contact := then.get("contact"):
            return replace(await journeys.join_employer(services, context, contact, turn), consent=True)
        if then.get("invited"):
            return await inviting.agreed(services, context, then, turn)
        return replace(perform.after_consent(then, turn), consent=True)
    if payload == "consent:no" and then:
        return replace(perform.consent(False, turn), replies=(turn.reply("keep_declined"),))
    if journeys.concerns(payload):
        turn = await journeys.for_press(services, context, payload, turn)
        if (outcome := perform.journey_press(payload, turn)) is not None:
            return outcome
    if payload.partition(":")[0] == "mentor":
        turn = await desk.with_desk(services, context, turn)
    return _pressed(payload, context, turn)


def _joined(outcomes: list[Outcome]) -> Outcome:
    """Several acts in one turn: all that is said and done, with what the last one left open."""
    return replace(
        outcomes[-1],
        replies=tuple(reply for outcome in outcomes for reply in outcome.replies),
        topics=tuple(topic for outcome in outcomes for topic in outcome.topics),
        unanswered=any(outcome.unanswered for outcome in outcomes),
        handing=next((outcome.handing for outcome in outcomes if outcome.handing), None),
        set_language=next((outcome.set_language for outcome in outcomes if outcome.set_language), None),
        consent=next((outcome.consent for outcome in outcomes if outcome.consent is not None), None),
        erase=any(outcome.erase for outcome in outcomes),
        profile={name: value for outcome in outcomes for name, value in outcome.profile.items()},
        tasks=tuple(change for outcome in outcomes for change in outcome.tasks),
        undo=any(outcome.undo for outcome in outcomes),
        reminders=tuple(change for outcome in outcomes for change in outcome.reminders),
    )


async def _danger(
    services: Services, context: Context, batch: list[Waiting], danger: Danger, turn: Turn, spoken: str
) -> Outcome:
    """What to do now, the right line, and a human; then the answer to what was asked, unless every second counts."""
    warning = await _warning(services, context, danger, turn)
    if danger.category in AT_ONCE or not danger.topic:
        return warning
    asked = await _ask_engine(services, context, batch, replace(turn, can_ask=False), spoken)
    slugs = asked.topics[:1] if asked.kind is Outcomes.ANSWER else turn.library.known([danger.topic])
    if not slugs:
        return warning
    card = answer.card(slugs[0], replace(turn, can_ask=False), way_out=False)
    return replace(warning, replies=(*warning.replies, card), topics=tuple(slugs))


async def _warning(services: Services, context: Context, danger: Danger, turn: Turn) -> Outcome:
    filled = turn.library.fill(
        turn.library.danger.text(danger.category, turn.language), language=turn.language, day=turn.day
    )
    told, handing = human.in_danger(await desk.with_desk(services, context, turn), danger.category)
    buttons = [] if handing else [Button(turn.t.gettext("Ask a mentor"), payload="mentor:yes")]
    slugs = turn.library.known([danger.topic] if danger.topic else [])
    buttons += [turn.topic_button(slug) for slug in slugs]
    reply = Reply("⚠ " + filled.text, turn.language, buttons=tuple(buttons))
    return Outcome(
        Outcomes.DANGER,
        (reply, *told),
        pending=Pending.NONE if handing else Pending.MENTOR,
        handing=handing,
        topics=tuple(slugs),
        alternatives=tuple(slugs),
        act="offer_mentor",
    )


def _pressed(payload: str, context: Context, turn: Turn) -> Outcome:
    """A button says exactly what is wanted; no engine is needed."""
    name, _, value = payload.partition(":")
    match name, value:
        case "topic", slug if slug in turn.library.topics:
            others = tuple(other for other in turn.offered if other != slug)
            return replace(answer.topics((slug,), turn), alternatives=others)
        case "is", told:
            return _said_of_themselves(told, turn)
        case "in", told:
            return _said_where(told, turn)
        case "language", code:
            return perform.set_language(code if code in LANGUAGES else None, turn)
        case "mentor", wish:
            return human.press(wish, turn)
        case "forget", "yes":
            return perform.forget(turn) if context.state.get("pending") == Pending.FORGET else perform.ask_forget(turn)
        case "forget", "no":
            return Outcome(Outcomes.ACT, (turn.reply("forget_kept"),), act="delete_data")
        case "forget", _:
            return perform.ask_forget(turn)
        case "consent", answered:
            return perform.consent(answered == "yes", turn)
        case "mydata", _:
            return perform.export_data(turn)
        case "not_that", _:
            return answer.not_that(turn)
        case "tell_me", _ if turn.consent == "given":
            return answer.tell_me(turn)
        case "rate", rated:
            return human.rated_answer(rated.rpartition(":")[2], turn)
        case _:
            return perform.help_(turn)


def _said_of_themselves(told: str, turn: Turn) -> Outcome:
    """`<mark>:<slug>`: which group the person belongs to. `all` shows every line, `?` asks anew."""
    mark, _, slug = told.partition(":")
    if slug not in turn.library.topics:
        return perform.help_(turn)
    if mark in variants.MARKS:
        about = profile.known({}, mark)
        return replace(answer.topics((slug,), replace(turn, profile={**turn.profile, **about})), profile=about)
    everybody = {name: value for name, value in turn.profile.items() if name not in profile.ASKED}
    shown = replace(turn, profile=everybody, can_ask=mark == "?")
    return answer.topics((slug,), shown)


def _said_where(told: str, turn: Turn) -> Outcome:
    """`<municipality>:<slug>`: where the person lives. `?` asks."""
    kommune, _, slug = told.partition(":")
    if slug not in turn.library.topics:
        return perform.help_(turn)
    if kommune in turn.library.municipalities or kommune == profile.ELSEWHERE:
        about = {"kommune": kommune}
        return replace(answer.topics((slug,), replace(turn, profile={**turn.profile, **about})), profile=about)
    return profile.ask_municipality(slug, turn)


def _told(context: Context, turn: Turn) -> Outcome | None:
    """The typed answer to our question about the person, where it is one; anything else is a message of its own."""
    asked, slugs = context.state.get("asks"), context.state.get("topics", ())
    if context.state.get("pending") != Pending.PROFILE or not asked or not slugs or len(turn.text) > LONGEST_FACT:
        return None
    if asked == "kommune":
        kommune = profile.municipality_told(turn.text, turn)
        return _said_where(f"{kommune}:{slugs[0]}", turn) if kommune else None
    mark = profile.told(asked, turn.text, turn)
    return _said_of_themselves(f"{mark}:{slugs[0]}", turn) if mark else None


async def _command(services: Services, context: Context, turn: Turn) -> Outcome:
    """`/start` and the like; they work without the engine, too."""
    name, _, rest = turn.text.partition(" ")
    match name.lower():
        case "start" if rest.startswith(journeys.CONTACT):
            return await journeys.join_employer(services, context, rest.removeprefix(journeys.CONTACT), turn)
        case "start" if rest.startswith(inviting.LINK):
            code = rest.removeprefix(inviting.LINK)
            return await inviting.opened(services, context, code, turn) or _not_invited(turn)
        case "start":
            return perform.welcome(turn, FEATURED)
        case "list" | "next" | "reminders" | "me" | "stop":
            turn = await journeys.with_journey(services, context, turn)
            payload = {"me": "meet:what", "stop": "quiet:stop"}.get(name.lower(), name.lower())
            return perform.journey_press(payload, turn) or perform.help_(turn)
        case "language":
            return perform.set_language(named_language(rest) if rest else None, turn)
        case "mentor":
            return human.offer(await desk.with_desk(services, context, turn))
        case "mydata":
            return perform.export_data(turn)
        case "forget":
            return perform.ask_forget(turn)
        case _:
            return perform.help_(turn)


def _not_invited(turn: Turn) -> Outcome:
    """The invitation opens nothing; everything else goes on as for anybody."""
    welcome = perform.welcome(turn, FEATURED)
    return replace(welcome, replies=(turn.reply("invitation_over"), *welcome.replies))


def _in_another_language(outcome: Outcome, turn: Turn, spoken: str) -> Outcome:
    """Said once: we don't write this language. Where we did not understand, which language instead is asked."""
    note = _unwritten(spoken, turn)
    if spoken in UNDERSTOOD or outcome.kind in (Outcomes.ANSWER, Outcomes.ASK_BACK):
        return replace(outcome, replies=(note, *outcome.replies))
    if outcome.kind not in (Outcomes.REFUSED, Outcomes.FALLBACK):
        return outcome
    asked = perform.set_language(None, turn).replies[0]
    reply = replace(asked, text=f"{turn.say('unsure')}\n\n{asked.text}", buttons=(*asked.buttons, turn.mentor_button()))
    return Outcome(Outcomes.FALLBACK, (reply,), unanswered=True)


def _unwritten(spoken: str, turn: Turn) -> Reply:
    """In that language itself where a sentence has been written for it."""
    own = turn.library.replies.get(("language_unwritten", spoken))
    if own is not None:
        return Reply(own, spoken)
    return turn.reply("language_unwritten", language=local.language(spoken, turn.language))


def _with_notes(outcome: Outcome, batch: list[Waiting], turn: Turn, *, switched: bool) -> Outcome:
    """Sentences that go in front: what was masked, and a switch of language, said once."""
    notes = []
    masked = [kind for message in batch for kind in message.masked]
    if masked:
        notes.append(turn.say("masked_cpr" if "cpr" in masked else "masked_other"))
    if switched and outcome.set_language is None:
        notes.append(turn.say("language_set", language=LANGUAGES[turn.language].own_name))
    if not notes:
        return outcome
    return replace(outcome, replies=(Reply("\n\n".join(notes), turn.language), *outcome.replies))


def _with_consent(outcome: Outcome, turn: Turn) -> Outcome:
    """Consent is asked once, after the first answer; a question of ours that is open stays open."""
    asked = perform.ask_consent(turn)
    free = outcome.pending in (Pending.NONE, Pending.ANSWERED)
    pending = Pending.CONSENT if free else outcome.pending
    return replace(outcome, replies=(*outcome.replies, *asked.replies), pending=pending)
