// The inbox: three panes and what they tell each other. What is open stands in the address.

import { Acts } from "./inbox_acts.js";
import { conversation, get, newId, post, session } from "./inbox_api.js";
import { Composer, hasDraft } from "./inbox_composer.js";
import { ask, isAsking, writing } from "./inbox_dialogs.js";
import { $, button, isTyping, make, put, wireMenu } from "./inbox_dom.js";
import { showKeys, wireKeys } from "./inbox_keys.js";
import { List } from "./inbox_list.js";
import { Live, chime } from "./inbox_live.js";
import { Outbox } from "./inbox_outbox.js";
import { clearPerson, showPerson } from "./inbox_person.js";
import { Rows, boxOf } from "./inbox_rows.js";
import { Transcript } from "./inbox_talk.js";
import { isMuted, list as joined, nameOf, say, start, texts, when } from "./inbox_words.js";

const HERE_EVERY = 20000; // ms
const HERE_FOR = 45000;
const WRITING_FOR = 8000;
const SEARCH_PAUSE = 200;
const LOST_AFTER = 3000;
const TOAST_FOR = 7000;
const MOST_AT_ONCE = 200; // entries that the server gives at a time
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
const counts = { ...start.counts };
let box = "queue";
let sought = "";

const list = new List({
  list: $("rows"),
  moved: $("new-order"),
  open: (id) => openTalk(id),
  hasDraft: (row) => row.conversationId !== open.id && hasDraft(row),
  address: (row) => `/inbox?${new URLSearchParams({ box: boxOf(row) ?? box, open: row.conversationId })}`,
});

async function showBox(name, { push = true } = {}) {
  box = name;
  sought = "";
  $("search-field").value = "";
  if (push) go({});
  showRows({ anew: true });
  await load({ anew: true });
}

// anew: it was asked for by hand, so it may stand as it comes.
async function load({ anew = false } = {}) {
  const asked = `${box} ${sought}`;
  const nothing = $("rows-nothing");
  $("rows-skeleton").hidden = $("rows").childElementCount > 0 || !nothing.hidden;
  try {
    const answer = await get(`/inbox/api/rows?${new URLSearchParams({ box, q: sought })}`);
    if (asked !== `${box} ${sought}`) return;
    if (sought) rows.find(answer.rows);
    else rows.fill(box, answer.rows);
    showRows({ now: true, anew: anew || $("rows").childElementCount === 0 });
  } catch (error) {
    if (asked === `${box} ${sought}`) showNothing(error.status === 403 ? texts.noRights : texts.listFailed, true);
  } finally {
    if (asked === `${box} ${sought}`) $("rows-skeleton").hidden = true;
  }
}

const loaded = new Set();

function showRows({ anew = false, now = false } = {}) {
  if (now) loaded.add(sought || box);
  const shown = sought ? rows.in("found") : rows.in(box);
  list.show(shown, { anew });
  list.mark(open.id);
  const empty = `empty${sought ? "Search" : box[0].toUpperCase() + box.slice(1)}`;
  showNothing(shown.length || !loaded.has(sought || box) ? "" : texts[empty]);
  showCounts();
}

function showNothing(sentence, again = false) {
  const [said, retry] = $("rows-nothing").children;
  said.textContent = sentence;
  retry.hidden = !again;
  $("rows-nothing").hidden = !sentence;
}

function showCounts() {
  for (const tab of document.querySelectorAll("[data-box]")) {
    const { box: name } = tab.dataset;
    const known = counts[name] ?? (loaded.has(name) ? rows.in(name).length : 0);
    put(tab.querySelector(".count"), known ? String(known) : "");
    if (name === box && !sought) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  const waiting = (counts.queue ?? 0) + rows.unreadMine;
  document.title = waiting ? `(${waiting}) ${texts.title}` : texts.title;
}

$("rows-nothing").querySelector("button").addEventListener("click", () => load());
document.querySelector(".boxes").addEventListener("click", (event) => {
  const tab = event.target.closest("[data-box]");
  if (!tab || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  showBox(tab.dataset.box);
});

let seeking = 0;
$("search-field").addEventListener("input", () => {
  clearTimeout(seeking);
  seeking = setTimeout(search, SEARCH_PAUSE);
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search().then(() => list.focus());
});

async function search() {
  clearTimeout(seeking);
  const wanted = $("search-field").value.trim();
  if (wanted === sought) return;
  sought = wanted;
  if (!sought) showRows({ anew: true });
  await load({ anew: true });
}

// One conversation

const open = { id: null, row: null, detail: null, viewers: new Map(), messages: [] };

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
    if (box === "queue" && now === "mine") showBox("mine", { push: false });
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
  leaveTalk();
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
  open.viewers = new Map((detail.viewers ?? []).map(({ id, name }) => [id, { name, at: Date.now() }]));
  showRows();
  showHead();
  showMessages();
  showPerson(detail, personActs());
  $("older").hidden = detail.messages.length < MOST_AT_ONCE;
  const { activeElement: now } = document;
  if (!isAsking() && (now === document.body || now.closest("#rows"))) $("talk-name").focus({ preventScroll: true });
  sayHere();
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
  const flags = [isMuted(row) && texts.muted, row.reachable === false && texts.unreachable];
  put($("talk-facts"), [row.languageName, stateOf(row), ...flags].filter(Boolean).join(" · "));
  $("talk-theme").hidden = !row.can.note;
  if (document.activeElement !== $("talk-theme")) $("talk-theme").value = row.theme ?? "";
  acts.show(row);
  composer.show(row);
  showInstead(row);
  showViewers();
}

$("talk-theme").addEventListener("change", ({ target }) => acts.setTheme(open.row, target.value || null));

function stateOf(row) {
  if (row.status === "waiting") return texts.stateWaiting;
  if (row.status === "snoozed") return say("stateSnoozed", { time: when(row.snoozedUntil) });
  if (row.status === "resolved") return row.outcomeLabel ? `${texts.stateResolved}: ${row.outcomeLabel}` : texts.stateResolved;
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
  showRows();
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
    showWriting("");
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
  const answer = await get(conversation(id, `messages?before=${before}`)).catch((error) => toast(error.message || texts.lost));
  if (!answer || id !== open.id) return;
  transcript.addOlder(answer.messages);
  open.messages = merged(answer.messages, open.messages);
  $("older").hidden = answer.messages.length < MOST_AT_ONCE;
});

function read() {
  const { row } = open;
  if (!row?.unread || document.hidden || !row.can.reply || !transcript.atEnd) return;
  row.unread = 0;
  showRows();
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
    if (state === "retrying") lose();
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

function sayHere() {
  if (!open.id || document.hidden || !open.detail) return;
  post(conversation(open.id, "here")).catch(() => {});
}

function showViewers() {
  const now = Date.now();
  for (const [id, { at }] of open.viewers) if (now - at > HERE_FOR) open.viewers.delete(id);
  const names = [...open.viewers.values()].map(({ name }) => name);
  put($("viewers"), names.length ? say(names.length > 1 ? "alsoHereMany" : "alsoHere", { names: joined(names) }) : "");
}

let collision = 0;

function showCollision(name) {
  clearTimeout(collision);
  $("collision").textContent = name ? `⚠ ${say("colleagueWrites", { name })}` : "";
  $("collision").classList.toggle("shown", name !== "");
  if (name) collision = setTimeout(() => showCollision(""), WRITING_FOR);
}

let writer = 0;

function showWriting(name) {
  clearTimeout(writer);
  put($("typing"), name && say("isWriting", { name }));
  if (name) writer = setTimeout(() => showWriting(""), WRITING_FOR);
}

setInterval(sayHere, HERE_EVERY);
setInterval(() => {
  list.tick();
  showViewers();
}, 15000);
document.addEventListener("visibilitychange", () => {
  sayHere();
  read();
});

// Live

const heard = {
  row({ row, gone }) {
    if (gone) {
      rows.drop(gone);
      if (gone === open.id) lock();
      return showRows();
    }
    const before = rows.of(row.conversationId);
    keep(row);
    if (row.status === "waiting" && before?.status !== "waiting") ring(texts.newInQueue);
    if (row.unread > (before?.unread ?? 0) && (row.mine || row.member)) ring(say("newMessageFrom", { name: nameOf(row) }));
    if (row.conversationId === open.id) read();
  },
  said({ conversationId, edited }) {
    if (conversationId === open.id) catchUp(edited);
  },
  typing({ conversationId }) {
    if (conversationId === open.id) showWriting(nameOf(open.row));
  },
  writing({ conversationId, id, name }) {
    if (conversationId === open.id && id !== start.me.id) showCollision(name);
  },
  here({ conversationId, id, name }) {
    if (conversationId !== open.id || id === start.me.id) return;
    open.viewers.set(id, { name, at: Date.now() });
    showViewers();
  },
  gone({ conversationId, id }) {
    if (conversationId !== open.id) return;
    open.viewers.delete(id);
    showViewers();
  },
  counts(now) {
    Object.assign(counts, now);
    showCounts();
  },
  catchup() {
    load();
    catchUp();
  },
};

const live = new Live({
  address: () => "/inbox/api/stream",
  heard: (name, data) => heard[name](data),
  opened(again) {
    find();
    outbox.retryNow();
    if (again) heard.catchup();
  },
  lost: lose,
});

function ring(sentence) {
  $("news").textContent = sentence;
  if (settings.sound && (document.hidden || !document.hasFocus())) chime();
}

let losing = 0;

function lose() {
  losing ||= setTimeout(() => {
    band(outbox.of(open.id).length ? texts.lost : texts.reconnecting);
    load();
  }, LOST_AFTER);
}

function find() {
  clearTimeout(losing);
  losing = 0;
  if ($("band").hidden || signedOut) return;
  band(texts.connected, true);
  setTimeout(() => $("band").classList.contains("good") && band(""), 3000);
}

function band(sentence, good = false, ...more) {
  $("band").replaceChildren(...(sentence ? [make("p", {}, sentence), ...more] : []));
  $("band").classList.toggle("good", good);
  $("band").hidden = !sentence;
}

let signedOut = false;

session.ended = () => {
  signedOut = true;
  live.stop();
  clearTimeout(losing);
  const next = encodeURIComponent(location.pathname + location.search);
  band(texts.signedOut, false, make("a", { className: "action", href: `/staff/login?next=${next}` }, texts.signIn));
};

function toast(sentence, undo) {
  if (!sentence) return;
  const line = make("div", { className: "toast" }, make("p", {}, sentence));
  const leave = () => line.remove();
  if (undo) line.append(button(texts.undo, () => (leave(), undo()), { className: "link" }));
  $("toasts").replaceChildren(line);
  setTimeout(leave, TOAST_FOR);
}

// What is shown, and the address

function address() {
  const asked = new URLSearchParams(location.search);
  const wanted = asked.get("box");
  const known = document.querySelector(`[data-box="${CSS.escape(wanted ?? "")}"]`) ? wanted : null;
  return { box: known, open: Number(asked.get("open")) || null, person: asked.has("person") };
}

function go({ open: id = open.id, person = false, replace = false }) {
  const asked = new URLSearchParams({ box, ...(id && { open: id }), ...(person && { person: 1 }) });
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

function leaveTalk() {
  if (open.id && open.detail) post(conversation(open.id, "here"), { gone: true }).catch(() => {});
  open.viewers.clear();
  showCollision("");
  showWriting("");
}

function closeTalk({ push = true } = {}) {
  leaveTalk();
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
  if (wanted.box && wanted.box !== box) showBox(wanted.box, { push: false });
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
$("search-field").addEventListener("keydown", ({ key, target }) => {
  if (key !== "Escape") return;
  target.value = "";
  search();
  list.focus();
});

// Begin

history.replaceState({ inside: false }, "", location.href);
const asked = address();
box = asked.box ?? (start.counts.mine ? "mine" : "queue");
show(asked.open ? "talk" : "list");
load();
if (asked.open) openTalk(asked.open, { push: false, person: asked.person });
if (box !== "mine") get("/inbox/api/rows?box=mine").then(({ rows: mine }) => (rows.fill("mine", mine), showCounts())).catch(() => {});
outbox.run();
live.listen();
