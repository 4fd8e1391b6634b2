// The conversation on the page: bubbles, cards, days, and where the eye should be.

import { fill } from "./standing.js";
import { say } from "./wording.js";

const NEAR = 96; // pixels from the end that still count as reading the newest
const LATER = Number.POSITIVE_INFINITY;
const PEEK = 64; // pixels of a message that are enough to notice it
const SHORT = 16; // letters of a button that may stand beside another one
const WRITES_FOR = 20000;
const MENTOR_WRITES_FOR = 8000; // a mentor's page tells it again every four seconds

export class Messages {
  #shown = new Map();
  #html = new WeakMap();

  constructor({ log, scroll, newer, typing, texts, press, rate, retry }) {
    Object.assign(this, { log, scroll, newer, typing, texts, press, rate, retry });
    newer.addEventListener("click", () => {
      scroll.scrollTop = this.#topOf(this.unseen);
      this.#point(null);
    });
    scroll.addEventListener("scroll", () => this.#look(), { passive: true });
    const grown = new ResizeObserver(() => this.#follow());
    grown.observe(scroll); // the keyboard opens, the input grows
    grown.observe(log); // a line is added to a message
  }

  has(id) {
    return this.#shown.has(String(id));
  }

  get ids() {
    return new Set(this.#shown.keys());
  }

  get lastReply() {
    return Math.max(0, ...[...this.#shown.keys()].filter((id) => /^\d+$/.test(id)).map(Number));
  }

  get hasOwn() {
    return this.log.querySelector(".own") !== null;
  }

  clear() {
    this.showTyping(false);
    this.#point(null);
    this.log.replaceChildren();
    this.#shown.clear();
  }

  // A message of the person's own; without a time it is still on its way and stays below everything else.
  addOwn({ id, text, at, files = [] }) {
    if (this.has(id)) return;
    const article = clone("own-template");
    const kept = text !== null || files.length > 0;
    const lines = [text, ...files.map((name) => `📎 ${name}`)].filter(Boolean);
    article.querySelector(".bubble").textContent = kept ? lines.join("\n") : this.texts.notKept;
    article.classList.toggle("not-kept", !kept);
    this.#place(article, id, at ? Date.parse(at) : LATER);
    if (!at) this.#show(article);
  }

  showState(id, state, detail) {
    const article = this.#shown.get(String(id));
    if (!article) return;
    const line = article.querySelector(".state");
    const follow = state === "failed" && this.#isNear();
    article.classList.toggle("pending", state === "waiting");
    article.classList.toggle("failed", state === "failed");
    line.replaceChildren();
    if (state === "waiting") line.append(icon("clock"), this.texts.waiting);
    if (state === "failed") line.append(reason(detail ?? this.texts.notSent), this.#retryButton(id));
    if (state === "sent" && detail) {
      article.dataset.at = Date.parse(detail);
      this.#markDays();
    }
    if (follow) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // How much of a file is through, 0 to 1.
  showProgress(id, share) {
    const line = this.#shown.get(String(id))?.querySelector(".state");
    if (!line) return;
    let bar = line.querySelector("progress");
    if (!bar) {
      bar = document.createElement("progress");
      bar.setAttribute("aria-label", this.texts.sending);
      line.replaceChildren(bar, this.texts.sending);
    }
    bar.value = share;
  }

  addReply(message) {
    if (this.has(message.id)) return false;
    const follow = this.#isNear();
    this.showTyping(false);
    const article = this.#replyArticle(message);
    this.#place(article, message.id, Date.parse(message.at));
    if (follow) this.#show(article);
    if (!follow || !this.#isSeen(article)) this.#point(article);
    return true;
  }

  // A newer version of a reply takes the place of the earlier one.
  changeReply(message) {
    const article = this.#shown.get(String(message.id));
    const prose = article?.querySelector(".prose");
    if (!prose || this.#html.get(article) === message.html) return;
    this.keepPlace(() => {
      this.#html.set(article, message.html);
      prose.innerHTML = message.html; // made safe by web/render.py
      article.querySelector(".edited").hidden = !message.edited;
    });
  }

  // who: the mentor who is writing; otherwise it is Velkommen.
  showTyping(on, who = "") {
    const follow = on && this.#isNear();
    const words = this.typing.querySelector("span:last-child");
    this.typing.hidden = !on;
    words.className = who ? "" : "unseen";
    say(words, who ? fill(this.texts.mentorWriting, { name: who }) : this.texts.writing);
    clearTimeout(this.typingTimer);
    if (on) this.typingTimer = setTimeout(() => this.showTyping(false), who ? MENTOR_WRITES_FOR : WRITES_FOR);
    if (follow) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // Lets something change, here or above, while what is being read stays where it is.
  keepPlace(change) {
    const top = this.scroll.getBoundingClientRect().top;
    const read = [...this.log.children].find((each) => each.getBoundingClientRect().bottom > top);
    const before = read?.getBoundingClientRect().top;
    change();
    this.#markDays();
    for (const bubble of this.log.querySelectorAll(".not-kept .bubble")) say(bubble, this.texts.notKept);
    if (read) this.scroll.scrollTop += read.getBoundingClientRect().top - before;
  }

  showNewest() {
    this.#show(this.log.lastElementChild);
  }

  #replyArticle(message) {
    const article = clone("reply-template");
    article.lang = message.language;
    article.classList.toggle("danger", message.danger);
    article.classList.toggle("mentor", message.said !== "");
    if (message.said) Object.assign(article.querySelector(".said"), { className: "said", textContent: message.said });
    this.#html.set(article, message.html);
    article.querySelector(".edited").hidden = !message.edited;
    article.querySelector("h2").textContent = message.title;
    article.querySelector(".prose").innerHTML = message.html; // made safe by web/render.py
    article.querySelector(".footer").innerHTML = message.footer;
    article.querySelector(".footer").lang = message.around;
    article.querySelector(".download").hidden = !message.attach;
    article.querySelector(".thumbs").hidden = !message.rate;
    article.querySelector(".fine").hidden = !message.rate && !message.footer;
    if (message.rate) this.#wireThumbs(article, message);
    const answers = article.querySelector(".answers");
    answers.append(...message.buttons.map((button) => this.#answer(button, message)));
    answers.classList.toggle("short", message.buttons.length === 2 && message.buttons.every(isShort));
    return article;
  }

  #answer({ label, payload, url }, { language, around }) {
    const item = document.createElement("li");
    item.lang = payload.startsWith("topic:") ? language : around;
    const control = document.createElement(url ? "a" : "button");
    const text = document.createElement("span");
    text.textContent = label;
    control.append(text, icon(url ? "out" : "next"));
    if (url) Object.assign(control, { href: url, target: "_blank", rel: "noopener noreferrer" });
    else Object.assign(control, { type: "button", onclick: () => this.press(payload, label) });
    item.append(control);
    return item;
  }

  #wireThumbs(article, message) {
    const thumbs = [...article.querySelectorAll(".thumbs button")];
    const mark = (value) => {
      for (const thumb of thumbs) thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.value) === value));
    };
    mark(message.rated);
    for (const thumb of thumbs) {
      thumb.addEventListener("click", async () => {
        const value = Number(thumb.dataset.value);
        mark(value);
        const taken = await this.rate(message.id, value);
        if (taken) message.rated = value;
        else mark(message.rated);
        const thanks = article.querySelector(".thanks");
        thanks.lang = document.documentElement.lang;
        thanks.textContent = taken ? this.texts.thanks : this.texts.notSent;
      });
    }
  }

  #retryButton(id) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: this.texts.tryAgain, onclick: () => this.retry(id) });
    return button;
  }

  #place(article, id, at) {
    article.dataset.at = at;
    let before = this.log.lastElementChild;
    while (before && !(Number(before.dataset.at) <= at)) before = before.previousElementSibling;
    if (before) before.after(article);
    else this.log.prepend(article);
    this.#shown.set(String(id), article);
    this.#markDays();
  }

  #markDays() {
    let day = "";
    for (const child of [...this.log.children]) {
      if (child.matches(".day")) {
        if (child.nextElementSibling?.matches("article")) continue;
        child.remove();
        continue;
      }
      const at = Number(child.dataset.at);
      const own = new Date(Number.isFinite(at) ? at : Date.now()).toDateString();
      const mark = child.previousElementSibling?.matches(".day") ? child.previousElementSibling : null;
      if (own === day) mark?.remove();
      else if (mark) say(mark, this.#dayName(own));
      else child.before(this.#dayMark(own, at));
      day = own;
    }
  }

  #dayMark(day, at) {
    const mark = document.createElement("p");
    mark.className = "day";
    mark.dataset.at = Number.isFinite(at) ? at : Date.now();
    mark.textContent = this.#dayName(day);
    return mark;
  }

  #dayName(day) {
    const distance = Math.round((Date.parse(new Date().toDateString()) - Date.parse(day)) / 86400000);
    if (distance === 0) return this.texts.today;
    if (distance === 1) return this.texts.yesterday;
    const year = distance > 300 ? { year: "numeric" } : {};
    return new Intl.DateTimeFormat(document.documentElement.lang, {
      weekday: "long",
      day: "numeric",
      month: "long",
      ...year,
    }).format(new Date(day));
  }

  // Whoever reads the newest keeps seeing it, whatever changes its height.
  #follow() {
    if (this.atEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  #look() {
    this.atEnd = this.#isNear();
    if (this.atEnd) this.#point(null);
  }

  #isNear() {
    return this.scroll.scrollHeight - this.scroll.clientHeight - this.scroll.scrollTop < NEAR;
  }

  // The newest is in view, but what is longer than the screen starts at its beginning: with the question, and the
  // first of the replies that it was answered with.
  #show(article) {
    if (!article) return;
    let first = article;
    while (isSameTurn(first.previousElementSibling, first)) first = first.previousElementSibling;
    if (first.previousElementSibling?.matches(".own")) first = first.previousElementSibling;
    this.scroll.scrollTop = Math.min(this.scroll.scrollHeight - this.scroll.clientHeight, this.#topOf(first));
  }

  // The first message that was not seen yet, one tap away.
  #point(article) {
    this.unseen ??= article;
    this.newer.hidden = !article;
    if (!article) this.unseen = null;
  }

  #topOf(article) {
    return article.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top + this.scroll.scrollTop - 16;
  }

  // Whether a message can be seen from its beginning on.
  #isSeen(article) {
    return article.getBoundingClientRect().top < this.scroll.getBoundingClientRect().bottom - PEEK;
  }
}

// Replies of one turn are stored at the same moment.
function isSameTurn(earlier, later) {
  return later.matches(".reply") && earlier?.matches(".reply") && earlier.dataset.at === later.dataset.at;
}

function isShort({ label }) {
  return label.length <= SHORT;
}

function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function reason(text) {
  const span = document.createElement("span");
  span.append(icon("alert"), ` ${text}`);
  return span;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
