// The transcript: entries by day, where the eye should be, and how far it reaches.

import { $, make } from "./inbox_dom.js";
import { entry, isSettled, showState } from "./inbox_messages.js";
import { dayName, dayOf } from "./inbox_words.js";

const NEAR = 96; // pixels from the end that still count as reading the newest
const SAME_TURN = 5 * 60000; // ms within which one person's messages stand together
const QUIET = 300; // ms until what is added counts as news for a screen reader
const PLACE = { recruit: 0, event: 1, bot: 2, mentor: 2, note: 3 }; // of what happened at the same moment

export class Transcript {
  #shown = new Map();
  #replaced = new Set(); // keys of what the person has corrected since
  #row = null;

  constructor({ acts, reachedEnd }) {
    Object.assign(this, { acts, reachedEnd, log: $("log"), scroll: $("scroll"), newer: $("newer") });
    this.newer.addEventListener("click", () => this.toEnd());
    this.scroll.addEventListener("scroll", () => this.#look(), { passive: true });
    const grown = new ResizeObserver(() => this.#follow());
    grown.observe(this.scroll);
    grown.observe(this.log);
  }

  // A conversation as it stands when it is opened.
  show(row, messages) {
    this.#row = row;
    this.#shown.clear();
    this.#replaced.clear();
    this.log.setAttribute("aria-live", "off");
    this.log.replaceChildren();
    this.#put(messages);
    this.toEnd();
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.log.setAttribute("aria-live", "polite"), QUIET);
  }

  clear() {
    this.show(this.#row, []);
  }

  // What came in, or what is known better now. Says how many of them are new to the page.
  add(messages, { follow = this.#near() } = {}) {
    const fresh = this.#put(messages);
    const isNews = ({ kind, mine }) => kind === "recruit" || (kind === "mentor" && !mine);
    if (follow) this.toEnd();
    else if (fresh.some(isNews)) this.newer.hidden = false;
    return fresh;
  }

  // Older ones come above, while what is being read stays where it is.
  addOlder(messages) {
    const { scrollHeight, scrollTop } = this.scroll;
    this.#put(messages);
    this.scroll.scrollTop = scrollTop + this.scroll.scrollHeight - scrollHeight;
  }

  // One's own message, seen before the server has it; `settle` puts what the server made of it in its place.
  expect(id, text, { language, mentor, title = "" }) {
    const at = new Date().toISOString();
    const own = { kind: "mentor", mentor, mine: true, status: "sending" };
    this.add([{ key: id, id: 0, at, text, title, language, ...own }], { follow: true });
  }

  showSending(id, status) {
    const known = this.#shown.get(id);
    if (known) showState(known.element, status);
  }

  settle(id, message) {
    this.forget(id);
    if (message) this.add([message], { follow: true });
  }

  forget(id) {
    this.#shown.get(id)?.element.remove();
    this.#shown.delete(id);
    this.#arrange();
  }

  toEnd() {
    this.atEnd = true;
    this.#follow();
    this.newer.hidden = true;
  }

  showDay(at) {
    const first = [...this.log.querySelectorAll(".entry")].find(({ dataset }) => Number(dataset.at) >= Date.parse(at));
    first?.scrollIntoView({ block: "start" });
  }

  get oldest() {
    const times = this.#messages().map(({ at }) => at);
    return times.reduce((first, at) => (first < at ? first : at), times[0]);
  }

  get newestInbound() {
    return this.#newest("i") || null;
  }

  // After which numbers the server may have more; our own that are still on their way are asked for again.
  get reached() {
    const unsettled = this.#messages().filter((message) => message.key.startsWith("o") && !isSettled(message));
    const outbound = Math.min(this.#newest("o"), ...unsettled.map(({ id }) => id - 1));
    return { inbound: this.#newest("i"), outbound, event: this.#newest("e"), note: this.#newest("n") };
  }

  get unsettled() {
    return this.#messages().some((message) => message.key.startsWith("o") && !isSettled(message));
  }

  #messages() {
    return [...this.#shown.values()].map(({ message }) => message);
  }

  #newest(letter) {
    const own = this.#messages().filter(({ key }) => key.startsWith(letter) && /^\w\d+$/.test(key));
    return Math.max(0, ...own.map(({ id }) => id));
  }

  #put(messages) {
    const fresh = messages.filter((message) => this.#place(message));
    if (messages.length) this.#arrange();
    return fresh;
  }

  // Whether it is new.
  #place(message) {
    if (message.replaces) this.#replaced.add(message.replaces);
    if (this.#replaced.has(message.key)) return false;
    const known = this.#shown.get(message.key);
    const before = this.#shown.get(message.replaces);
    if (!known && before) return this.#correct(before, message);
    if (known && same(known.message, message)) {
      if (known.message.status !== message.status) showState(known.element, message.status);
      known.message = message;
      return false;
    }
    const element = entry(message, this.#row, this.acts);
    if (known) known.element.replaceWith(element);
    else this.#insert(element, message);
    this.#shown.set(message.key, { message, element });
    return !known;
  }

  // A corrected message stands where it stood before.
  #correct(before, newer) {
    const message = { ...newer, at: before.message.at };
    const element = entry(message, this.#row, this.acts);
    before.element.replaceWith(element);
    this.#shown.delete(before.message.key);
    this.#shown.set(message.key, { message, element });
    return true;
  }

  #insert(element, message) {
    let before = this.log.lastElementChild;
    while (before && (before.matches(".day") || isLater(this.#shown.get(before.dataset.key).message, message))) {
      before = before.previousElementSibling;
    }
    if (before) before.after(element);
    else this.log.prepend(element);
  }

  // Marks where a day begins, and who goes on speaking.
  #arrange() {
    let day = "";
    let last = null;
    for (const child of [...this.log.children]) {
      if (child.matches(".day")) {
        if (!child.nextElementSibling?.matches(".entry")) child.remove();
        continue;
      }
      const at = Number(child.dataset.at);
      const mark = child.previousElementSibling?.matches(".day") ? child.previousElementSibling : null;
      const newDay = dayOf(at) !== day;
      day = dayOf(at);
      if (newDay && !mark) child.before(make("p", { className: "day" }, dayName(at)));
      else if (newDay && mark.textContent !== dayName(at)) mark.textContent = dayName(at);
      else if (!newDay) mark?.remove();
      const goesOn = !newDay && last?.dataset.from === child.dataset.from && at - Number(last.dataset.at) < SAME_TURN;
      child.classList.toggle("goes-on", goesOn);
      last = child;
    }
  }

  #near() {
    return this.scroll.scrollHeight - this.scroll.clientHeight - this.scroll.scrollTop < NEAR;
  }

  // Whoever reads the newest keeps seeing it, whatever changes its height: a photo, a longer field.
  #follow() {
    this.furthest = this.scroll.scrollHeight - this.scroll.clientHeight;
    if (this.atEnd) this.scroll.scrollTop = this.furthest;
  }

  #look() {
    const grown = this.furthest !== this.scroll.scrollHeight - this.scroll.clientHeight;
    if (grown && this.atEnd) return this.#follow();
    this.atEnd = this.#near();
    if (!this.atEnd || this.newer.hidden) return;
    this.newer.hidden = true;
    this.reachedEnd();
  }
}

function same(one, other) {
  return JSON.stringify({ ...one, status: "" }) === JSON.stringify({ ...other, status: "" });
}

function isLater(one, other) {
  const [first, second] = [Date.parse(one.at), Date.parse(other.at)];
  return first === second ? PLACE[one.kind] > PLACE[other.kind] : first > second;
}
