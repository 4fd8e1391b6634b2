// One entry of a conversation as an element: what somebody wrote, what the assistant answered, a step, a note.

import { button, icon, make, unseen } from "./inbox_dom.js";
import { canTranslate, clock, say, sizeName, spoken, texts } from "./inbox_words.js";

const REASONS = {
  too_big: "fileTooBig",
  size: "fileTooBig",
  kind: "fileKind",
  failed: "fileBroken",
  unreadable: "fileBroken",
};
const ON_ITS_WAY = ["pending", "sending"];

// acts: { translate(text, language) → text, edit(message), mayTranslate() }
export function entry(message, row, acts) {
  const element = BUILDERS[message.kind](message, row, acts);
  element.dataset.key = message.key;
  element.dataset.at = Date.parse(message.at);
  element.dataset.from = message.kind === "mentor" ? `mentor ${message.mentor}` : message.kind;
  if (message.kind === "mentor") showState(element, message.status);
  return element;
}

export function showState(element, status, detail = "") {
  const line = element.querySelector(".state");
  const said = detail || (ON_ITS_WAY.includes(status) ? texts.sending : (texts[status] ?? ""));
  element.classList.toggle("pending", ON_ITS_WAY.includes(status) || status === "retrying");
  element.classList.toggle("failed", ["failed", "unknown", "dropped"].includes(status));
  line.replaceChildren(...(element.matches(".failed") ? [icon("alert"), said] : [said]));
}

export function isSettled({ kind, status }) {
  return kind !== "mentor" || !ON_ITS_WAY.includes(status);
}

const BUILDERS = { recruit: fromRecruit, bot: fromBot, mentor: fromMentor, event: step, note };

function fromRecruit(message, row, acts) {
  const language = message.language || row.language || "";
  const bubble = message.pressed
    ? make("p", { className: "bubble pressed", lang: language }, unseen(`${texts.pressed} `), message.pressed)
    : body(message.text, language);
  return make(
    "article",
    { className: "entry from-recruit" },
    heading(row.name || texts.nobody, message.at),
    message.pressed || message.text || message.text === null ? bubble : null,
    files(message),
    versions(message),
    translation(message, language, acts),
  );
}

// The assistant's own texts carry a little mark-up; here it is read past.
function fromBot(message) {
  const language = message.language || "";
  const text = plain(message.text ?? "");
  return make(
    "article",
    { className: "entry from-bot" },
    heading(texts.bot, message.at),
    make(
      "div",
      { className: "bubble", lang: language },
      message.title && make("p", { className: "bot-title" }, message.title),
      message.text === null ? make("p", { className: "not-kept", lang: spoken }, texts.notKept) : make("p", {}, text),
      message.buttons?.length ? make("ul", { className: "bot-buttons" }, ...message.buttons.map(outline)) : null,
    ),
  );
}

function fromMentor(message, row, acts) {
  const name = message.mine ? texts.you : `${message.mentor ?? ""} · ${texts.mentor}`;
  return make(
    "article",
    { className: `entry from-mentor${message.mine ? " mine" : ""}` },
    heading(name, message.at),
    message.title && make("p", { className: "bot-title" }, message.title),
    body(message.text, message.language || row.language || ""),
    versions(message),
    make(
      "p",
      { className: "foot" },
      make("span", { className: "state" }),
      message.canEdit ? button(texts.edit, () => acts.edit(message), { className: "link" }) : null,
    ),
  );
}

function step(message) {
  const said = make("span", {}, message.eventText || message.event);
  return make("article", { className: "entry step" }, said, time(message.at));
}

function note(message) {
  const name = message.mine ? texts.you : (message.mentor ?? "");
  return make(
    "article",
    { className: "entry note" },
    heading([name, texts.onlyColleagues].filter(Boolean).join(" · "), message.at),
    body(message.text, ""),
  );
}

function heading(name, at) {
  return make("p", { className: "who" }, make("bdi", {}, name), time(at));
}

function time(at) {
  return make("time", { dateTime: at }, clock(at));
}

function body(text, language) {
  if (text === null) return make("p", { className: "bubble not-kept" }, texts.notKept);
  return make("p", { className: "bubble", lang: language, dir: "auto" }, text);
}

function outline(label) {
  return make("li", {}, label);
}

function versions({ earlier }) {
  if (!earlier?.length) return null;
  const before = earlier.map((version) => make("li", {}, version.text ?? version));
  return make(
    "details",
    { className: "versions" },
    make("summary", {}, `${texts.edited} · ${texts.earlierVersions}`),
    make("ul", {}, ...before),
  );
}

function files({ attachments }) {
  if (!attachments?.length) return null;
  return make("ul", { className: "files", ariaLabel: texts.files }, ...attachments.map(file));
}

function file({ id, name, size, status, reason, image }) {
  const address = `/inbox/attachments/${id}`;
  if (status === "stored" && image) {
    const href = `${address}?inline=1`;
    const shown = make("img", { src: href, alt: "", loading: "lazy" });
    const link = make("a", { href, target: "_blank", ariaLabel: say("photo", { name }) }, shown);
    return make("li", { className: "photo" }, link);
  }
  const about = make("span", { className: "file-about" }, make("bdi", {}, name), unseen(", "));
  if (status === "stored") {
    about.append(make("span", { className: "hint" }, `${sizeName(size)} · ${texts.download}`));
    return make("li", { className: "file" }, make("a", { href: address, download: name }, icon("file"), about));
  }
  const why = status === "refused" ? refusal(reason) : texts.filePending;
  about.append(make("span", { className: "hint" }, why));
  return make("li", { className: `file ${status}` }, icon(status === "refused" ? "alert" : "clock"), about);
}

function refusal(reason) {
  const said = REASONS[reason] ? texts[REASONS[reason]] : reason;
  return said ? `${texts.fileRefused}: ${said}` : texts.fileRefused;
}

// The original stays; what a machine made of it stands below, and says so.
function translation({ text }, language, { translate, mayTranslate }) {
  if (!text || !canTranslate || !mayTranslate() || language === spoken) return null;
  const shown = make("div", { className: "translation", hidden: true });
  const ask = button(texts.translate, toggle, { className: "link", ariaExpanded: "false" });
  async function toggle() {
    const wanted = shown.hidden;
    shown.hidden = !wanted;
    ask.setAttribute("aria-expanded", String(wanted));
    ask.textContent = wanted ? texts.hideTranslation : texts.translate;
    if (!wanted || shown.dataset.done) return;
    shown.replaceChildren(make("p", { className: "hint" }, texts.translating));
    try {
      const made = await translate(text, spoken);
      shown.replaceChildren(make("p", { className: "hint" }, texts.machine), make("p", { lang: spoken }, made));
      shown.dataset.done = "1";
    } catch (error) {
      shown.replaceChildren(make("p", { className: "hint" }, error.message || texts.notTranslated));
    }
  }
  return make("div", { className: "translating" }, ask, shown);
}

function plain(text) {
  return text.replace(/\[([^\]]+)\]\([^)\s]+\)/g, "$1").replace(/(\*\*|\*)(?=\S)(.+?)(?<=\S)\1/g, "$2");
}
