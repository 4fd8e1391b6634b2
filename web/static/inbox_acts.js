// What a colleague can do with a conversation: which buttons stand there, what they ask, and what they say afterwards.

import { conversation, get, post } from "./inbox_api.js";
import { $, button, icon, make, unseen, wireMenu } from "./inbox_dom.js";
import { ask, choosing, field, picking, writing } from "./inbox_dialogs.js";
import { asWritten, danishTime, isMuted, languageName, say, start, texts, when } from "./inbox_words.js";

const HOUR = 3600000;
const QUEUE = 0; // "pass on" to nobody in particular
const WAITING = "waiting";
const SNOOZED = "snoozed";
const ACTS = [
  { name: "take", icon: "hand", key: "c", may: isFree, main: true, shown: true },
  { name: "join", icon: "person", may: ({ can }) => can.join, shown: true },
  { name: "decline", icon: "close", may: ({ can }) => can.decline, shown: true },
  { name: "resolve", icon: "check", key: "e", may: ({ can }) => can.resolve, shown: true },
  { name: "wake", icon: "up", may: ({ can, status }) => can.snooze && status === SNOOZED, shown: true },
  { name: "snooze", icon: "snooze", key: "s", may: ({ can, status }) => can.snooze && status !== SNOOZED, shown: true },
  { name: "passOn", icon: "pass", may: ({ can }) => can.passOn, shown: true },
  { name: "takeOver", icon: "hand", may: ({ can, status }) => can.claim && status !== WAITING },
  { name: "invite", icon: "person", may: ({ can }) => can.reply },
  { name: "leave", icon: "out", may: ({ can }) => can.leave },
  { name: "suggest", icon: "hash", may: ({ can }) => can.suggest },
  { name: "mute", icon: "close", may: (row) => row.can.mute && !isMuted(row), danger: true },
  { name: "unmute", icon: "check", may: (row) => row.can.mute && isMuted(row) },
  { name: "report", icon: "alert", may: ({ can }) => can.note && can.transcript, danger: true },
];

export class Acts {
  // room: { row(), seen(), unread(), changed(row), left(conversationId), say(text, undo) }
  constructor(room) {
    this.room = room;
  }

  show(row) {
    const possible = ACTS.filter(({ may }) => may(row));
    const signature = possible.map(({ name }) => name).join();
    if (this.signature === `${row.conversationId} ${signature}`) return;
    this.signature = `${row.conversationId} ${signature}`;
    const shown = possible.filter(({ shown }) => shown).map((act) => this.#button(act));
    const more = possible.filter(({ shown }) => !shown).map((act) => this.#button(act));
    $("acts").replaceChildren(...shown, ...(more.length ? [menuOf(more)] : []));
  }

  // Whether it could be done here.
  do(name) {
    const act = ACTS.find((each) => each.name === name);
    const row = this.room.row();
    if (!row || !act.may(row)) return false;
    this[name](row);
    return true;
  }

  take(row) {
    return this.#step(row, "claim", {}, texts.taken);
  }

  takeOver(row) {
    return this.#step(row, "claim", {}, texts.taken);
  }

  join(row) {
    return this.#step(row, "join", {}, texts.joined);
  }

  wake(row) {
    return this.#step(row, "wake", {}, texts.woken);
  }

  unmute(row) {
    return this.#step(row, "mute", { hours: 0 }, texts.unmuted);
  }

  decline(row) {
    return this.#ask(row, "decline", texts.declined, {
      title: texts.declineTitle,
      text: texts.declineText,
      parts: [writing(texts.noteOptional, "note")],
      confirm: texts.decline,
    });
  }

  passOn(row) {
    const options = [...colleagues(row), { id: QUEUE, label: texts.toQueue, hint: texts.toQueueHint }];
    const done = ({ to }) => (to === QUEUE ? texts.toQueueDone : say("passedOn", { name: nameOfColleague(to) }));
    return this.#ask(row, "pass", done, {
      title: texts.passTitle,
      text: texts.passText,
      parts: [picking(texts.colleague, "to", options), writing(texts.noteOptional, "note")],
      confirm: texts.passOn,
      values: ({ to, note }) => ({ to: Number(to), note }),
    });
  }

  invite(row) {
    const options = colleagues(row);
    return this.#ask(row, "invite", ({ who }) => say("invited", { name: nameOfColleague(who) }), {
      title: texts.inviteTitle,
      text: options.length ? texts.inviteText : texts.noColleagues,
      parts: options.length ? [picking(texts.colleague, "who", options)] : [],
      confirm: texts.invite,
      values: ({ who }) => ({ who: Number(who) }),
    });
  }

  leave(row) {
    return this.#ask(row, "leave", texts.left, {
      title: texts.leaveTitle,
      text: texts.leaveText,
      confirm: texts.leave,
      danger: true,
    });
  }

  snooze(row) {
    const presets = [
      { id: "1h", label: texts.inAnHour },
      { id: "tomorrow", label: texts.tomorrowMorning },
      { id: "monday", label: texts.onMonday },
      { id: "chosen", label: texts.chooseTime },
    ];
    const soon = asWritten(Date.now() + 2 * HOUR);
    const time = make("input", { type: "datetime-local", name: "chosen", value: soon, min: asWritten(Date.now()) });
    time.setAttribute("aria-label", texts.chooseTime);
    const parts = [picking(texts.snoozeTitle, "preset", presets), time];
    parts[0].querySelector("legend").className = "unseen";
    parts[0].querySelector("input").checked = true;
    time.addEventListener("input", () => (parts[0].querySelector("input[value=chosen]").checked = true));
    return this.#ask(row, "snooze", (_, { row: now }) => say("snoozedUntil", { time: when(now.snoozedUntil) }), {
      title: texts.snoozeTitle,
      text: texts.snoozeText,
      parts,
      confirm: texts.snooze,
      values: ({ preset, chosen }) => (preset === "chosen" ? { until: danishTime(chosen).toISOString() } : { preset }),
      undo: (now) => this.#step(now, "wake", {}, texts.undone),
    });
  }

  resolve(row) {
    const unread = this.room.unread();
    const notice = unread && make("p", { className: "band shown" }, texts.resolveUnread);
    const themes = [{ id: "", label: texts.noTheme }, ...start.themes];
    const theme = choosing(texts.topicTheme, "theme", themes, row.theme ?? "");
    theme.querySelector("select").required = false;
    return this.#ask(row, "resolve", texts.resolvedNow, {
      title: texts.resolveTitle,
      text: texts.resolveText,
      parts: [notice, picking(texts.outcome, "outcome", start.outcomes), theme],
      confirm: texts.resolve,
      values: ({ outcome, theme: chosen }) => ({ outcome, theme: chosen || null, seen: this.room.seen() }),
    });
  }

  mute(row) {
    const hours = ["hour1", "hours24", "hours168"].map((name) => ({ id: name.replace(/\D/g, ""), label: texts[name] }));
    return this.#ask(row, "mute", (_, { row: now }) => say("mutedUntil", { time: when(now.muted) }), {
      title: texts.muteTitle,
      text: texts.muteText,
      parts: [picking(texts.hours, "hours", hours)],
      confirm: texts.mute,
      danger: true,
      values: (chosen) => ({ hours: Number(chosen.hours) }),
      undo: (now) => this.#step(now, "mute", { hours: 0 }, texts.undone),
    });
  }

  report(row) {
    return this.#ask(row, "report", texts.reported, {
      title: texts.reportTitle,
      text: texts.reportText,
      parts: [writing(texts.why, "reason", { required: true })],
      confirm: texts.report,
      danger: true,
    });
  }

  // First what could be learnt, without names, as the server sees it; then what the colleague makes of it.
  async suggest(row) {
    let draft;
    try {
      draft = await get(conversation(row.conversationId, "suggestion"));
    } catch (error) {
      return this.room.say(error.message);
    }
    const removed = draft.removed.map((kind) => texts[`removed_${kind.toUpperCase()}`] ?? kind);
    const said = removed.length ? say("removed", { what: [...new Set(removed)].join(", ") }) : texts.removedNothing;
    const kinds = [
      { id: "answer", label: texts.kindAnswer },
      { id: "example", label: texts.kindExample },
    ];
    const lang = draft.language;
    return this.#ask(row, "suggest", texts.suggested, {
      title: texts.suggestTitle,
      text: texts.suggestText,
      parts: [
        make("p", { className: "hint" }, `${said} · ${texts.language}: ${languageName(lang)}`),
        choosing(texts.suggestKind, "kind", kinds),
        topicField(lang),
        writing(texts.question, "question", { value: draft.question, lang }),
        writing(texts.answer, "text", { value: draft.text, lang, rows: 6 }),
      ],
      confirm: texts.save,
      values: ({ topic, ...rest }) => ({ ...rest, topic: topic || null, language: lang }),
    });
  }

  setTheme(row, theme) {
    const undo = (now) => this.#step(now, "theme", { theme: row.theme }, texts.undone);
    return this.#step(row, "theme", { theme }, texts.themeChanged, undo);
  }

  nameMentor(row) {
    const options = [{ id: start.me.id, label: start.me.name }, ...colleagues(row)];
    const kinds = ["mentor", "buddy", "nobody"].map((id) => ({ id, label: texts[`as_${id}`] }));
    return this.#ask(row, "mentor", texts.namedNow, {
      title: texts.nameTitle,
      text: texts.nameText,
      parts: [picking(texts.colleague, "who", options), choosing(texts.nameAs, "kind", kinds)],
      confirm: texts.save,
      values: ({ who, kind }) => ({ who: Number(who), kind: kind === "nobody" ? null : kind }),
    });
  }

  async #step(row, path, body, done, undo) {
    try {
      const answer = await post(conversation(row.conversationId, path), body);
      this.#finish(row, answer, done, undo);
    } catch (error) {
      this.room.say(error.message || texts.lost);
    }
  }

  async #ask(row, path, done, { values = (all) => all, undo, ...dialog }) {
    let given;
    const act = (all) => {
      given = values(all);
      return post(conversation(row.conversationId, path), given);
    };
    const answer = await ask({ ...dialog, act });
    if (answer) this.#finish(row, answer, typeof done === "string" ? done : done(given, answer), undo);
  }

  #finish(row, answer, done, undo) {
    if (answer.row) this.room.changed(answer.row);
    else if (answer.row === null) this.room.left(row.conversationId);
    this.room.say(done, undo && (() => undo(answer.row ?? row)));
  }

  #button(act) {
    const said = texts[act.name];
    const className = act.main ? "action" : act.danger ? "quiet danger" : "quiet";
    const title = act.key ? `${said} (${act.key})` : said;
    const made = button("", () => this.do(act.name), { className, title }, icon(act.icon));
    made.append(make("span", {}, said));
    made.dataset.act = act.name;
    if (act.key) made.setAttribute("aria-keyshortcuts", act.key);
    return made;
  }
}

function menuOf(entries) {
  const sheet = make("div", { className: "sheet", id: "more-acts", hidden: true }, ...entries);
  const named = { id: "more", className: "tool", title: texts.more };
  const opener = make("button", { type: "button", ...named }, icon("more"), unseen(texts.more));
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", sheet.id);
  wireMenu(opener, sheet);
  return make("div", { className: "menu" }, opener, sheet);
}

function isFree({ can, status }) {
  return can.claim && status === WAITING;
}

// Who speaks the person's language and is there stands first.
function colleagues(row) {
  const fit = (each) => (each.languages.includes(row.language) ? 2 : 0) + (each.onDuty ? 1 : 0);
  return start.colleagues
    .filter(({ id }) => id !== start.me.id && id !== row.mentorId)
    .sort((one, other) => fit(other) - fit(one) || one.name.localeCompare(other.name))
    .map((each) => ({ id: each.id, label: each.name, hint: about(each) }));
}

function about({ languages, onDuty }) {
  return [onDuty ? texts.onDuty : texts.offDuty, languages.map(languageName).join(", ")].filter(Boolean).join(" · ");
}

function nameOfColleague(id) {
  return start.colleagues.find((each) => each.id === Number(id))?.name ?? "";
}

// A topic's slug, with the titles that fit offered while typing.
function topicField(language) {
  const offered = make("datalist", { id: "suggested-topics" });
  const input = make("input", { name: "topic", autocomplete: "off" });
  input.setAttribute("list", offered.id);
  let asked = 0;
  input.addEventListener("input", async () => {
    const number = ++asked;
    const found = await get(`/inbox/api/topics?${new URLSearchParams({ q: input.value, language })}`).catch(() => null);
    if (!found || number !== asked) return;
    offered.replaceChildren(...found.topics.map(({ slug, title }) => make("option", { value: slug, label: title })));
  });
  return make("div", {}, field(texts.suggestTopic, input), offered);
}
