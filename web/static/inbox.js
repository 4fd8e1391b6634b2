// The inbox: three panes and what they tell each other. What is open stands in the address.

import { Acts } from "./inbox_acts.js";
import { conversation, get, newId, post, session } from "./inbox_api.js";
import { Boxes } from "./inbox_boxes.js";
import { Composer } from "./inbox_composer.js";
import { ask, isAsking, writing } from "./inbox_dialogs.js";
import { $, isTyping, put, quoted, wireMenu } from "./inbox_dom.js";
import { showKeys, wireKeys } from "./inbox_keys.js";
import { Live, chime } from "./inbox_live.js";
import { find, lose, signOut, tellNews, toast } from "./inbox_notices.js";
import { Outbox } from "./inbox_outbox.js";
import { clearPerson, showPerson } from "./inbox_person.js";
import { Presence } from "./inbox_presence.js";
import { Rows, boxOf } from "./inbox_rows.js";
import { Transcript } from "./inbox_talk.js";
import { isMuted, nameOf, say, start, texts, when } from "./inbox_words.js";

const MOST_AT_ONCE = 200; // entries that the server gives at a time
const TICK = 15000; // ms
const JUST_NOW = 60000;
const wide = matchMedia("(min-width: 68.75rem)"); // as in inbox.css

// What a colleague has chosen, in this browser

const settings = { enter: true, sound: false, translation: true, person: true };
Object.assign(settings, JSON.parse(localStorage.getItem("velkommen_inbox") ?? "{}"));

function remember(name, value) {
  settings[name] = value;
  localStorage.setItem("velkommen_inbox", JSON.stringify(settings));
}

for (const name of ["enter", "sound", "translation"]) {
  const control = $(`set-${name}`);
  if (!control) continue;
  control.checked = settings[name];
  control.addEventListener("change", () => {
    remember(name, control.checked);
    composer.refresh();
    if (name === "sound" && control.checked) chime();
    if (name === "translation" && open.id) showMessages();
  });
}

// The lists

const rows = new Rows();
const boxes = new Boxes({
  rows,
  name: "queue",
  openId: () => open.id,
  open: (id) => openTalk(id),
  chosen: () => go({}),
});
const { list } = boxes;

// One conversation

const open = { id: null, row: null, detail: null, messages: [] };

const transcript = new Transcript({
  acts: {
    mayTranslate: () => settings.translation,
    translate: async (text, target) => (await post(conversation(open.id, "translate"), { text, target })).text,
    edit,
  },
  reachedEnd: () => read(),
});

const composer = new Composer({
  settings,
  send: (text) => outbox.add({ id: newId(), conversation: open.id, text }),
  saveNote,
  sendTopic: (slug, title) => outbox.add({ id: newId(), conversation: open.id, slug, title }),
});

const acts = new Acts({
  row: () => open.row,
  seen: () => transcript.newestInbound,
  unread: () => !$("newer").hidden,
  changed(row) {
    const mayWrite = row.can.reply && !open.row?.can.reply;
    keep(row);
    const now = boxOf(row);
    if (boxes.name === "queue" && now === "mine") boxes.choose("mine");
    focusAfter(mayWrite);
  },
  left(id) {
    rows.drop(id);
    closeTalk();
  },
  say: toast,
});

async function openTalk(id, { push = true, person = false } = {}) {
  if (push && id !== open.id) go({ open: id });
  else if (push) show("talk");
  if (id === open.id && open.detail) return $("talk-name").focus();
  presence.leave();
  Object.assign(open, { id, row: rows.of(id), detail: null, messages: [] });
  $("talk-nothing").hidden = true;
  $("talk-open").hidden = false;
  $("talk-failed").hidden = true;
  $("older").hidden = true;
  $("log").replaceChildren();
  $("talk-skeleton").hidden = false;
  clearPerson();
  show(person ? "person" : "talk");
  list.mark(id);
  if (open.row) showHead();
  else $("talk-name").textContent = texts.loading;
  try {
    const detail = await get(conversation(id));
    if (id !== open.id) return;
    const row = newer(open.row, detail.row);
    Object.assign(open, { detail, row, messages: detail.messages });
    showTalk();
    if (row !== detail.row) reload();
  } catch (error) {
    if (id === open.id) showFailure(error);
  } finally {
    if (id === open.id) $("talk-skeleton").hidden = true;
  }
}

// What was done while the server was still answering counts for more than the answer.
function newer(known, answered) {
  return known && known.epoch > answered.epoch ? known : answered;
}

function showTalk() {
  const { detail } = open;
  rows.keep(open.row);
  boxes.show();
  presence.enter(detail.viewers);
  showHead();
  showMessages();
  showPerson(detail, personActs());
  $("older").hidden = detail.messages.length < MOST_AT_ONCE;
  const { activeElement: now } = document;
  if (!isAsking() && (now === document.body || now.closest("#rows"))) $("talk-name").focus({ preventScroll: true });
  read();
}

// Without the texts of what is on its way, which the outbox knows.
function showMessages() {
  transcript.show(open.row, open.messages);
  for (const item of outbox.of(open.id)) expect(item);
}

function showFailure(error) {
  const sentence = { 403: texts.noRights, 404: texts.talkGone }[error.status] ?? texts.talkFailed;
  $("talk-failed").querySelector("p").textContent = sentence;
  $("talk-failed").hidden = false;
  if (!open.row) $("talk-name").textContent = texts.inbox;
}

$("talk-failed").querySelector("button").addEventListener("click", () => {
  const { id } = open;
  open.id = null;
  openTalk(id, { push: false });
});

function showHead() {
  const { row } = open;
  put($("talk-name"), nameOf(row));
  const rated = row.rating ? say("rated", { rating: row.rating }) : "";
  const flags = [isMuted(row) && texts.muted, row.reachable === false && texts.unreachable];
  put($("talk-facts"), [row.languageName, stateOf(row), rated, ...flags].filter(Boolean).join(" · "));
  $("talk-rating").replaceChildren(...(row.ratingText ? [quoted(row.ratingText, row.language)] : []));
  $("talk-rating").hidden = !row.ratingText;
  $("talk-theme").hidden = !row.can.note;
  if (document.activeElement !== $("talk-theme")) $("talk-theme").value = row.theme ?? "";
  acts.show(row);
  composer.show(row);
  showInstead(row);
}

$("talk-theme").addEventListener("change", ({ target }) => acts.setTheme(open.row, target.value || null));

function stateOf(row) {
  if (row.status === "waiting") return texts.stateWaiting;
  if (row.status === "snoozed") return say("stateSnoozed", { time: when(row.snoozedUntil) });
  if (row.status === "resolved") return [texts.stateResolved, row.outcomeLabel].filter(Boolean).join(": ");
  if (row.status === "cancelled") return texts.stateCancelled;
  return row.mine ? texts.stateMine : say("stateOther", { name: row.mentor ?? "" });
}

// Where nothing can be written to the person: why, and what to do about it.
function showInstead({ can, status }) {
  const [said, step] = $("instead").children;
  const over = status === "resolved" || status === "cancelled";
  const [sentence, act] = can.reply
    ? ["", null]
    : over
      ? [texts.isResolved, null]
      : status === "waiting" && can.claim
        ? [can.transcript ? texts.takeToAnswer : texts.notYet, "take"]
        : can.join
          ? [texts.joinToAnswer, "join"]
          : [texts.readOnly, null];
  $("instead").hidden = !sentence;
  said.textContent = sentence;
  step.hidden = !act;
  if (act) step.textContent = texts[act];
  step.onclick = () => acts.do(act);
}

// What is open has left this colleague's sight: it can be read to the end, and what was begun can be copied.
function lock() {
  toast(texts.talkGone);
  if (!open.row) return;
  open.row = { ...open.row, can: {} };
  showHead();
}

// Every row that comes in passes here.
function keep(row) {
  rows.keep(row);
  boxes.show();
  if (row.conversationId !== open.id || (open.row && open.row.id > row.id)) return;
  const more = open.detail && row.can.transcript && !open.row.can.transcript;
  open.row = row;
  showHead();
  if (more) reload();
}

// There is more to be seen than before.
async function reload() {
  const { id } = open;
  const detail = await get(conversation(id)).catch(() => null);
  if (!detail || id !== open.id) return;
  Object.assign(open, { detail, row: newer(open.row, detail.row), messages: detail.messages });
  showHead();
  showMessages();
  showPerson(detail, personActs());
}

// What was pressed may be gone by now, or there is something to write at last: the eye goes where the work goes on.
function focusAfter(mayWrite) {
  const { activeElement: now } = document;
  if (isTyping(now) || (!mayWrite && now !== document.body && now.checkVisibility())) return;
  if (!composer.write("reply")) $("talk-name").focus();
}

function personActs() {
  return {
    nameMentor: open.row.can.note ? () => acts.nameMentor(open.row).then(reload) : null,
    findTopic: open.row.can.reply ? (title) => (show("talk"), composer.openTopics(title)) : null,
    openEarlier(row) {
      if (row.conversationId !== open.id) return openTalk(row.conversationId);
      show("talk");
      transcript.showDay(row.createdAt);
    },
  };
}

let catching = Promise.resolve();

// What is new in the open conversation, one question at a time.
function catchUp(edited = "") {
  catching = catching.then(() => fetchSince(open.id, edited)).catch(() => {});
  return catching;
}

async function fetchSince(id, edited) {
  if (!id || id !== open.id || !open.detail) return;
  const reached = transcript.reached;
  if (edited.startsWith("o")) reached.outbound = Math.min(reached.outbound, Number(edited.slice(1)) - 1);
  const { messages } = await get(conversation(id, `since?${new URLSearchParams(reached)}`));
  if (id !== open.id) return;
  const fresh = transcript.add(messages);
  open.messages = merged(open.messages, messages);
  if (fresh.some(({ kind }) => kind === "recruit")) {
    presence.personWrites(false);
    read();
  }
  if (fresh.some(({ kind }) => kind === "note")) showNotes();
}

function merged(before, more) {
  const all = new Map([...before, ...more].map((message) => [message.key, message]));
  return [...all.values()].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function showNotes() {
  const notes = open.messages.filter(({ kind }) => kind === "note");
  const known = new Set((open.detail.notes ?? []).map(({ key }) => key));
  open.detail.notes = [...(open.detail.notes ?? []), ...notes.filter(({ key }) => !known.has(key))];
  showPerson({ ...open.detail, row: open.row }, personActs());
}

$("older").addEventListener("click", async () => {
  const { id } = open;
  const before = encodeURIComponent(transcript.oldest);
  const asked = get(conversation(id, `messages?before=${before}`));
  const answer = await asked.catch((error) => toast(error.message || texts.lost));
  if (!answer || id !== open.id) return;
  transcript.addOlder(answer.messages);
  open.messages = merged(answer.messages, open.messages);
  $("older").hidden = answer.messages.length < MOST_AT_ONCE;
});

function read() {
  const { row } = open;
  if (!row?.unread || document.hidden || !row.can.reply || !transcript.atEnd) return;
  row.unread = 0;
  boxes.show();
  post(conversation(open.id, "read")).catch(() => {});
}

async function edit(message) {
  await ask({
    title: texts.editTitle,
    text: texts.editHint,
    parts: [writing(texts.answer, "text", { value: message.text, required: true, rows: 5, lang: message.language })],
    confirm: texts.save,
    act: async ({ text }) => {
      const answer = await post(conversation(open.id, "edit"), { message: message.id, text });
      if (answer.message) transcript.add([answer.message]);
    },
  });
}

async function saveNote(text) {
  try {
    const { message } = await post(conversation(open.id, "note"), { text });
    if (message) transcript.add([message], { follow: true });
    open.messages = merged(open.messages, message ? [message] : []);
    showNotes();
    toast(texts.noted);
    return true;
  } catch (error) {
    composer.warn(error.message || texts.lost);
    return false;
  }
}

// Answers on their way

const outbox = new Outbox({
  async post({ id, conversation: to, text, slug }) {
    if (slug) return post(conversation(to, "topic"), { id, slug });
    return post(conversation(to, "reply"), { id, text });
  },
  told(item, state, detail) {
    const isOpen = item.conversation === open.id;
    if (state === "retrying") lose(whatIsLost);
    if (isOpen && state === "sending") expect(item);
    if (isOpen && state === "retrying") transcript.showSending(item.id, "retrying");
    if (isOpen && state === "sent") sent(item, detail.message);
    if (state === "refused") refuse(item, detail);
  },
});

function expect({ id, text, title }) {
  transcript.expect(id, text ?? "", { language: open.row?.language, mentor: start.me.name, title });
}

function sent(item, message) {
  transcript.settle(item.id, message);
  if (message) open.messages = merged(open.messages, [message]);
  if (!message) catchUp();
  for (const pause of [1500, 6000]) setTimeout(() => transcript.unsettled && catchUp(), pause);
}

function refuse(item, error) {
  if (item.text) composer.giveBack(item.conversation, item.text);
  if (item.conversation !== open.id) return toast(error.message);
  transcript.forget(item.id);
  composer.warn(error.message);
  composer.write("reply");
}

// Who else is here

const presence = new Presence({ row: () => (open.detail ? open.row : null) });

setInterval(() => {
  list.tick();
  presence.show();
}, TICK);
document.addEventListener("visibilitychange", read);

// Live

const heard = {
  row({ row, gone }) {
    if (gone) {
      rows.drop(gone);
      if (gone === open.id) lock();
      return boxes.show();
    }
    const before = rows.of(row.conversationId);
    keep(row);
    if (isNewInQueue(row, before)) ring(texts.newInQueue);
    if (row.can.reply && row.unread > (before?.unread ?? 0)) ring(say("newMessageFrom", { name: nameOf(row) }));
    if (row.conversationId === open.id) read();
  },
  said({ conversationId, edited }) {
    if (conversationId === open.id) catchUp(edited);
  },
  counts: (counts) => boxes.count(counts),
  catchup() {
    boxes.load();
    catchUp();
  },
};

const live = new Live({
  address: () => "/inbox/api/stream",
  heard: (name, data) => (heard[name] ? heard[name](data) : presence.hear(name, data)),
  opened(again) {
    find();
    outbox.retryNow();
    if (again) heard.catchup();
  },
  // Asking for something tells whether it is the line or the session that is over.
  lost() {
    lose(whatIsLost);
    get("/inbox/api/rows?box=mine").catch(() => {});
  },
});

session.ended = () => {
  live.stop();
  signOut();
};

function whatIsLost() {
  return outbox.of(open.id).length ? texts.lost : texts.reconnecting;
}

function isNewInQueue(row, before) {
  if (row.status !== "waiting") return false;
  return before ? before.status !== "waiting" : Date.now() - Date.parse(row.createdAt) < JUST_NOW;
}

function ring(sentence) {
  tellNews(sentence);
  if (settings.sound && (document.hidden || !document.hasFocus())) chime();
}

// What is shown, and the address

function address() {
  const asked = new URLSearchParams(location.search);
  const wanted = asked.get("box");
  const box = wanted && tabOf(wanted) ? wanted : null;
  return { box, open: Number(asked.get("open")) || null, person: asked.has("person") };
}

function tabOf(box) {
  return document.querySelector(`[data-box="${CSS.escape(box)}"]`);
}

function go({ open: id = open.id, person = false, replace = false }) {
  const asked = new URLSearchParams({ box: boxes.name, ...(id && { open: id }), ...(person && { person: 1 }) });
  history[replace ? "replaceState" : "pushState"]({ inside: true }, "", `/inbox?${asked}`);
}

// On a phone one pane at a time; on a tablet the person comes as a drawer.
function show(view) {
  $("inbox").dataset.view = view;
  const visible = wide.matches ? settings.person && open.id !== null : view === "person";
  $("inbox").classList.toggle("with-person", visible);
  $("person-button").setAttribute("aria-expanded", String(visible));
  $("shade").hidden = view !== "person" || wide.matches;
}

function togglePerson() {
  if (!open.id) return false;
  if (wide.matches) {
    remember("person", !settings.person);
    return show("talk");
  }
  if ($("inbox").dataset.view === "person") return goBack();
  go({ person: true });
  show("person");
  $("person").focus();
}

function closeTalk({ push = true } = {}) {
  presence.leave();
  Object.assign(open, { id: null, row: null, detail: null, messages: [] });
  $("talk-open").hidden = true;
  $("talk-nothing").hidden = false;
  if (push) go({ id: null, replace: true });
  show("list");
  list.mark(null);
  list.focus();
}

function goBack() {
  if (history.state?.inside) history.back();
  else closeTalk();
}

async function followAddress() {
  const wanted = address();
  if (wanted.box && wanted.box !== boxes.name) boxes.choose(wanted.box);
  if (!wanted.open) {
    if (open.id) closeTalk({ push: false });
    return show("list");
  }
  if (wanted.open !== open.id) await openTalk(wanted.open, { push: false, person: wanted.person });
  else show(wanted.person ? "person" : "talk");
}

addEventListener("popstate", followAddress);
wide.addEventListener("change", () => show($("inbox").dataset.view));
$("back").addEventListener("click", goBack);
$("person-button").addEventListener("click", togglePerson);
$("person-close").addEventListener("click", togglePerson);
$("shade").addEventListener("click", goBack);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  (open.id ? $("talk-name") : $("talk")).focus();
});

// The menu and the keys

wireMenu($("menu-button"), $("menu"));
$("shortcuts").addEventListener("click", showKeys);
$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `velkommen_theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
});

function actOn(name) {
  const id = Number(list.conversationInFocus);
  if (!id || id === open.id) return acts.do(name);
  openTalk(id).then(() => acts.do(name));
}

wireKeys({
  j: () => list.step(1),
  k: () => list.step(-1),
  ArrowDown: () => list.step(1),
  ArrowUp: () => list.step(-1),
  c: () => actOn("take"),
  e: () => actOn("resolve"),
  s: () => actOn("snooze"),
  r: () => composer.write("reply"),
  n: () => composer.write("note"),
  i: togglePerson,
  "/": () => $("search-field").focus(),
  "#": () => (open.row?.can.reply ? composer.openTopics() : false),
  "?": showKeys,
  Escape() {
    if ($("inbox").dataset.view === "person") return togglePerson();
    if (!open.id) return false;
    if (document.activeElement.closest("#list")) return closeTalk();
    list.focus();
  },
});
// Begin

history.replaceState({ inside: false }, "", location.href);
const asked = address();
boxes.name = asked.box ?? (start.counts.mine ? "mine" : "queue");
show(asked.open ? "talk" : "list");
boxes.load();
if (boxes.name !== "mine") boxes.loadMine();
if (asked.open) openAsked();
outbox.run();
live.listen();

// A link from elsewhere names a conversation only; its list is shown beside it.
async function openAsked() {
  await openTalk(asked.open, { push: false, person: asked.person });
  const wanted = open.row && boxOf(open.row);
  if (!asked.box && wanted && wanted !== boxes.name && tabOf(wanted)) boxes.choose(wanted);
}
