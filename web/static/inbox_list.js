// The list of conversations: plain links, because every screen reader moves through those well. Rows change in place;
// while somebody points at the list or moves through it with the keys, nothing in it moves.

import { icon, make, put, putAttribute, unseen } from "./inbox_dom.js";
import { isMuted, nameOf, promiseOf, say, texts, waitingText, when } from "./inbox_words.js";

const KEYS_REST = 4000; // ms after the last key until rows may move
const POINTER_REST = 30000; // ms that a pointer may lie still on the list until rows may move
const CHANNELS = { telegram: "plane", web: "globe" };

export class List {
  #items = new Map();
  #wanted = [];
  #current = null;
  #pointerAt = -Infinity;
  #keyAt = -Infinity;
  #waiting = 0;

  // address(row): where it leads; hasDraft(row): whether something is begun there and not sent.
  constructor({ list, moved, open, address, hasDraft }) {
    Object.assign(this, { list, moved, open, address, hasDraft });
    list.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("pointermove", ({ pointerType }) => {
      if (pointerType === "mouse") this.#pointerAt = performance.now();
    });
    list.addEventListener("pointerleave", () => {
      this.#pointerAt = -Infinity;
      this.#settle();
    });
    list.addEventListener("keydown", () => (this.#keyAt = performance.now()));
    moved.addEventListener("click", () => this.settleNow());
  }

  // A list chosen anew stands at once; what happens to it later waits until nobody looks.
  show(rows, { anew = false } = {}) {
    this.#wanted = rows.map(({ id }) => id);
    const known = new Map(rows.map((row) => [row.id, row]));
    for (const [id, item] of this.#items) {
      if (known.has(id)) item.update(known.get(id));
      else item.element.classList.add("left");
    }
    this.#rows = known;
    if (anew) this.settleNow();
    else this.#settle();
  }

  mark(conversationId) {
    this.#current = conversationId;
    for (const item of this.#items.values()) item.mark(item.row.conversationId === conversationId);
  }

  // Times pass, although nothing has happened.
  tick() {
    for (const item of this.#items.values()) item.update(item.row);
  }

  step(by) {
    const links = [...this.list.querySelectorAll("a")];
    const now = links.indexOf(document.activeElement);
    const open = links.findIndex((link) => link.hasAttribute("aria-current"));
    const from = now >= 0 ? now : open >= 0 ? open : by > 0 ? -1 : links.length;
    this.#keyAt = performance.now();
    links[Math.min(Math.max(from + by, 0), links.length - 1)]?.focus();
  }

  focus() {
    (this.list.querySelector("a[aria-current]") ?? this.list.querySelector("a"))?.focus();
  }

  get conversationInFocus() {
    return document.activeElement?.closest("[data-conversation]")?.dataset.conversation ?? null;
  }

  settleNow() {
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    this.moved.hidden = true;
    for (const [id, item] of this.#items) {
      if (this.#rows.has(id)) continue;
      item.element.remove();
      this.#items.delete(id);
    }
    let place = this.list.firstElementChild;
    for (const id of this.#wanted) {
      const { element } = this.#item(id);
      if (element === place) place = place.nextElementSibling;
      else this.list.insertBefore(element, place);
    }
  }

  #rows = new Map();

  #item(id) {
    const row = this.#rows.get(id);
    if (!this.#items.has(id)) this.#items.set(id, new Item(row, this, row.conversationId === this.#current));
    return this.#items.get(id);
  }

  #settle() {
    clearTimeout(this.#waiting);
    if (!this.#changed()) {
      this.moved.hidden = true;
      return;
    }
    if (!this.#held()) return this.settleNow();
    this.moved.hidden = false;
    this.#waiting = setTimeout(() => this.#settle(), 1000);
  }

  #changed() {
    const shown = [...this.list.children].map(({ dataset }) => Number(dataset.id));
    return shown.length !== this.#wanted.length || shown.some((id, place) => id !== this.#wanted[place]);
  }

  #held() {
    const now = performance.now();
    return now - this.#pointerAt < POINTER_REST || now - this.#keyAt < KEYS_REST;
  }

  #clicked(event) {
    const item = event.target.closest("[data-conversation]");
    if (!item || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.open(Number(item.dataset.conversation));
  }
}

class Item {
  constructor(row, list, current) {
    this.list = list;
    this.urgent = make("span", { className: "urgent", title: texts.urgent }, "⚠", unseen(`${texts.urgent} `));
    this.name = make("bdi", { className: "row-name" });
    this.channel = make("span", { className: "row-channel" });
    this.badge = make("span", { className: "badge" });
    this.waiting = make("span", { className: "row-waiting" });
    this.promise = make("span", { className: "promise" });
    this.promiseText = make("span");
    this.promise.append(icon("clock"), this.promiseText);
    this.facts = make("span", { className: "row-facts" });
    this.last = make("span", { className: "row-last" });
    this.mark_ = make("span", { className: "row-mark" });
    this.link = make(
      "a",
      { className: "row", href: list.address(row) },
      make("span", { className: "row-top" }, this.urgent, this.name, this.channel, this.badge),
      make("span", { className: "row-times" }, this.waiting, this.promise),
      this.facts,
      this.last,
      this.mark_,
    );
    this.element = make("li", { data: { id: row.id, conversation: row.conversationId } }, this.link);
    this.update(row);
    this.mark(current);
  }

  update(row) {
    this.row = row;
    const promise = promiseOf(row);
    this.urgent.hidden = !row.urgent;
    put(this.name, nameOf(row));
    this.name.classList.toggle("nobody", !row.name);
    this.#showChannel(row);
    put(this.badge, row.unread ? String(row.unread) : "");
    putAttribute(this.badge, "aria-label", row.unread ? say("unread", { count: row.unread }) : null);
    putAttribute(this.badge, "role", row.unread ? "img" : null);
    put(this.waiting, waitingText(row));
    this.promise.hidden = !promise;
    this.promise.className = `promise ${promise?.state ?? ""}`;
    put(this.promiseText, promise?.text ?? "");
    put(this.facts, factsOf(row).join(" · "));
    put(this.last, row.lastText ?? "");
    putAttribute(this.last, "lang", row.language);
    put(this.mark_, markOf(row) || (this.list.hasDraft(row) ? texts.draft : ""));
    this.element.classList.toggle("unread", row.unread > 0);
    this.element.classList.remove("left");
  }

  mark(current) {
    putAttribute(this.link, "aria-current", current ? "true" : null);
  }

  #showChannel({ channel }) {
    if (this.channel.dataset.channel === channel) return;
    const name = texts[channel] ?? channel;
    this.channel.dataset.channel = channel;
    this.channel.title = name;
    this.channel.replaceChildren(icon(CHANNELS[channel] ?? "globe"), unseen(name));
  }
}

function factsOf(row) {
  const snoozed = row.status === "snoozed" && row.snoozedUntil ? say("until", { time: when(row.snoozedUntil) }) : "";
  const other = row.mentor && !row.mine ? say("withName", { name: row.mentor }) : "";
  const rated = row.rating ? say("rated", { rating: row.rating }) : "";
  const flags = [isMuted(row) ? texts.muted : "", row.reachable === false ? texts.unreachable : ""];
  return [snoozed, row.reasonLabel, row.languageName, other, rated, ...flags].filter(Boolean);
}

function markOf(row) {
  if (row.offeredToMe && row.status === "waiting") return texts.offeredToMe;
  return row.can.join && row.invited === true ? texts.invitedMe : "";
}
