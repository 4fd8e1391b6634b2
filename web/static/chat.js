// The chat page. Sends through the outbox, shows through the messages, listens to server-sent events.

import { Files, upload } from "./files.js";
import { Messages } from "./messages.js";
import { Outbox, forgetAllBut, recall, remember } from "./outbox.js";
import { Standing } from "./standing.js";
import { Wording } from "./wording.js";

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("page").textContent);
const { texts } = page;
const touch = matchMedia("(pointer: coarse)");
const tokenTag = document.querySelector("meta[name=velkommen-token]");

const messages = new Messages({
  log: $("log"),
  scroll: $("scroll"),
  newer: $("newer"),
  typing: $("typing"),
  texts,
  press: (payload, label) => {
    send({ payload, text: label });
    if (payload === "mentor:line") question.focus();
  },
  rate: async (reply, value) => (await call("/api/rating", { reply, value }))?.ok ?? false,
  retry: (id) => (uploads.has(id) ? uploads : outbox).retry(id),
});

const outbox = new Outbox({
  post,
  show(item, state, detail) {
    messages.showState(item.id, state, detail);
    if (state === "waiting") showBand(detail ?? texts.lost);
    if (state === "sent") hideBand(true);
  },
});

// Files wait in this page only: what is in a photo of a letter shall not stay in a browser that others use, too.
const uploads = new Outbox({
  kept: false,
  post: postFile,
  show({ id }, state, detail) {
    messages.showState(id, state, detail);
    if (state === "sending") messages.showProgress(id, 0);
  },
});

const standing = new Standing({
  line: $("standing"),
  texts,
  changed() {
    files.show();
    if (standing.state !== "with_mentor") messages.showTyping(false);
    if (standing.outOf(wording.language)) askStanding();
  },
});

const wording = new Wording({
  ...page,
  keepCookie,
  around(change) {
    messages.keepPlace(change);
    standing.show();
    if (standing.outOf(wording.language)) askStanding();
  },
});

// Sending

let forgetting = false;

function send({ text, payload = "" }) {
  const item = { id: newId(), text, payload };
  forgetting = payload === "forget:yes";
  $("suggestions")?.setAttribute("hidden", "");
  remember(item.id, text);
  messages.addOwn(item);
  return outbox.add(item);
}

async function post({ id, text, payload }) {
  sentAt = Date.now();
  const response = await call("/api/messages", payload ? { id, payload } : { id, text });
  if (!response) return { unreachable: true };
  const answer = await response.json().catch(() => ({}));
  return become(response.status, answer, Number(response.headers.get("Retry-After")));
}

// What an answer of the server means for the outbox.
function become(status, answer, wait) {
  if (status < 300) return { taken: true, at: answer.at };
  if (status === 429) return { wait: wait || 5, message: answer.message };
  return status >= 500 ? { broken: true } : { refused: true, message: answer.message };
}

function sendFile({ name, content }) {
  const id = newId();
  messages.addOwn({ id, text: "", files: [name] });
  return uploads.add({ id, name, content });
}

async function postFile({ id, name, content }, again = true) {
  const path = `/api/files?lang=${wording.language}&id=${id}&name=${encodeURIComponent(name)}`;
  const headers = { "Content-Type": content.type || "application/octet-stream", "X-Velkommen-Token": tokenTag.content };
  const response = await upload(path, content, headers, (share) => messages.showProgress(id, share));
  if (!response) return { unreachable: true };
  if (response.status === 403 && again && (await renew())) return postFile({ id, name, content }, false);
  return become(response.status, response.answer, response.wait);
}

// The response, or null when the server could not be reached. A lost cookie is replaced once.
async function call(path, body, again = true) {
  let response;
  try {
    response = await fetch(`${path}?lang=${wording.language}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Velkommen-Token": tokenTag.content },
      body: JSON.stringify(body),
    });
    if (response.status === 403 && again && (await renew())) return await call(path, body, false);
  } catch {
    return null;
  }
  return response;
}

async function renew() {
  try {
    const renewed = await fetch(`/api/session?framed=${Number(page.framed)}`);
    tokenTag.content = (await renewed.json()).token;
    return true;
  } catch {
    return false;
  }
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Reading

function add(message, own = recall()) {
  if (message.type === "reply") return messages.addReply(message);
  return messages.addOwn({ ...message, text: message.text ?? own[message.id] ?? null });
}

async function fetchMessages(after) {
  const response = await fetch(`/api/messages?lang=${wording.language}&after=${after}`);
  if (!response.ok) throw new Error(`messages: ${response.status}`);
  return (await response.json()).messages;
}

async function load() {
  $("load-error").hidden = true;
  $("skeleton").hidden = false;
  $("log").setAttribute("aria-live", "off");
  try {
    const found = await fetchMessages(0);
    const own = recall();
    for (const message of found) add(message, own);
  } catch {
    $("load-error").hidden = false;
    return;
  } finally {
    $("skeleton").hidden = true;
  }
  for (const item of outbox.items) {
    messages.addOwn(item);
    if (item.failed) messages.showState(item.id, "failed");
  }
  forgetAllBut(messages.ids);
  if (messages.hasOwn) messages.showNewest();
  else $("suggestions")?.removeAttribute("hidden");
  setTimeout(() => $("log").setAttribute("aria-live", "polite"), 500);
  outbox.run();
  listen();
}

// After "delete everything" the page shows what the server still has: nothing but the farewell.
async function showWhatIsLeft() {
  forgetting = false;
  const left = await fetchMessages(0).catch(() => null);
  if (!left) return;
  messages.clear();
  for (const message of left) add(message);
  forgetAllBut(messages.ids);
}

async function catchUp() {
  try {
    for (const message of await fetchMessages(messages.lastReply)) add(message);
  } catch {
    // The stream tells when the server is back, and sends what is missing.
  }
}

// Listening

const SILENCE = 45000; // the server speaks every 20 seconds; after a change of network a dead line stays silent
let pause = 1000;
let source = null;
let listenTimer = 0;

function listen() {
  clearTimeout(listenTimer);
  source?.close();
  source = new EventSource(`/api/stream?after=${messages.lastReply}`);
  source.onopen = () => {
    pause = 1000;
    hideBand();
    outbox.retryNow();
    expectMore();
  };
  source.onerror = lose;
  on("beat", () => {});
  on("typing", ({ who }) => showTyping(who));
  on("standing", (now) => standing.hear(now));
  on("edited", (message) => messages.changeReply(message));
  on("language", (spoken) => wording.hear(spoken));
  on("reply", (message) => arrive(message));
  on("received", ({ id }) => messages.has(id) || catchUp());
  on("rest", () => {
    source.close();
    clearTimeout(listenTimer);
    addEventListener("focus", listen, { once: true });
  });
}

function on(name, act) {
  source.addEventListener(name, ({ data }) => {
    expectMore();
    act(JSON.parse(data));
  });
}

function expectMore() {
  clearTimeout(listenTimer);
  listenTimer = setTimeout(listen, SILENCE);
}

function lose() {
  source.close();
  messages.showTyping(false);
  showBandSoon();
  clearTimeout(listenTimer);
  listenTimer = setTimeout(listen, pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, 30000);
}

addEventListener("online", () => source?.readyState === EventSource.CLOSED && listen());

// Who writes without a name while a mentor is there is that mentor, unless it only says that our own message was heard.
const HEARD_WITHIN = 3000;
let sentAt = 0;

function showTyping(who) {
  if (standing.state !== "with_mentor") return messages.showTyping(true, who);
  if (who || Date.now() - sentAt > HEARD_WITHIN) messages.showTyping(true, who || standing.mentor);
}

async function askStanding() {
  const language = wording.language;
  const response = await fetch(`/api/standing?lang=${language}`).catch(() => null);
  if (response?.ok && language === wording.language) standing.hear(await response.json());
}

function arrive(message) {
  if (forgetting) return showWhatIsLeft();
  if (!add(message)) return;
  if (document.hidden) document.title = `● ${texts.newMessage}`;
  if (page.framed) parent.postMessage({ velkommen: "unread" }, "*");
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  document.title = "Velkommen";
  if (source?.readyState === EventSource.CLOSED) listen();
});

// The band above the input

let bandTimer = 0;
let lostTimer = 0; // runs through all that is tried meanwhile

function showBand(text, good = false) {
  clearTimeout(bandTimer);
  $("band").textContent = text;
  $("band").className = good ? "band shown good" : "band shown";
}

function showBandSoon() {
  lostTimer ||= setTimeout(() => showBand(outbox.items.length ? texts.lost : texts.reconnecting), 3000);
}

function hideBand(quietly = false) {
  clearTimeout(bandTimer);
  clearTimeout(lostTimer);
  lostTimer = 0;
  const shown = $("band").classList.contains("shown");
  if (shown && !quietly) {
    showBand(texts.back, true);
    bandTimer = setTimeout(() => hideBand(true), 3000);
  } else {
    $("band").className = "band";
    $("band").textContent = "";
  }
}

// The input

const question = $("question");

function grow() {
  $("composer").classList.toggle("filled", question.value.trim() !== "");
  if (CSS.supports("field-sizing", "content")) return;
  question.style.blockSize = "auto";
  question.style.blockSize = `${question.scrollHeight}px`;
}

// A mentor sees that the person is writing; told every few seconds, and never to the bot.
const TELL_EVERY = 4000;
let toldAt = 0;

function tellTyping() {
  if (standing.state !== "with_mentor" || !question.value.trim() || Date.now() - toldAt < TELL_EVERY) return;
  toldAt = Date.now();
  call("/api/typing", {});
}

question.addEventListener("input", () => {
  grow();
  tellTyping();
});
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
  event.preventDefault();
  $("composer").requestSubmit();
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if ([...text].length > page.longest) return showBand(texts.tooLong);
  question.value = "";
  grow();
  question.focus();
  if (text) send({ text });
});
const files = new Files({
  button: $("clip"),
  input: $("files"),
  question,
  composer: $("composer"),
  largest: page.largest,
  kinds: page.kinds,
  texts,
  open: () => standing.files,
  send: sendFile,
  refuse(reason) {
    showBand(reason);
    bandTimer = setTimeout(() => hideBand(true), 8000);
  },
});

if (touch.matches) question.removeAttribute("enterkeyhint");
if (!touch.matches && !page.framed) question.focus();
grow();

// The header

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-payload]");
  if (!button) return;
  openMenu(false);
  send({ payload: button.dataset.payload, text: button.textContent.trim() });
  if (!touch.matches) question.focus();
});

function openMenu(open) {
  $("data-menu").hidden = !open;
  $("data-button").setAttribute("aria-expanded", String(open));
}

$("data-button").addEventListener("click", () => openMenu($("data-menu").hidden));
document.addEventListener("pointerdown", ({ target }) => target.closest(".menu") || openMenu(false));
document.querySelector(".menu").addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !relatedTarget.closest(".menu")) openMenu(false);
});
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  if ($("data-menu").hidden) return closeFrame();
  openMenu(false);
  $("data-button").focus();
});

$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  keepCookie("velkommen_theme", root.dataset.theme);
});

function keepCookie(name, value) {
  const framed = page.framed && location.protocol === "https:";
  const sites = framed ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; ${sites}`;
}

$("language").addEventListener("change", async ({ target }) => {
  const picked = target.selectedOptions[0];
  if (messages.hasOwn) send({ payload: `language:${picked.value}`, text: picked.textContent });
  if (await wording.pick(picked.value)) return;
  target.value = wording.language;
  showBand(texts.notLoaded);
  bandTimer = setTimeout(() => hideBand(true), 6000);
});
if (!page.framed && location.search) history.replaceState(null, "", location.pathname);

// In another site's frame

function closeFrame() {
  if (page.framed) parent.postMessage({ velkommen: "close" }, "*");
}

$("close")?.addEventListener("click", closeFrame);
addEventListener("message", ({ source, data }) => {
  if (page.framed && source === parent && data?.velkommen === "focus") question.focus();
});

$("load-error").querySelector("button").addEventListener("click", load);
standing.hear(page.standing);
load();
