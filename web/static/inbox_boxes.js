// The left pane: which list is chosen or searched for, what it holds, and the numbers beside the names.

import { get } from "./inbox_api.js";
import { hasDraft } from "./inbox_composer.js";
import { $, put } from "./inbox_dom.js";
import { List } from "./inbox_list.js";
import { boxOf } from "./inbox_rows.js";
import { start, texts } from "./inbox_words.js";

const SEARCH_PAUSE = 400; // ms without a key before the server is asked
const TOO_OFTEN = 429;

export class Boxes {
  #sought = "";
  #loaded = new Set();
  #counts = { ...start.counts };
  #seeking = 0;

  // openId(): the open conversation; open(id): opens one; chosen(box): another list was picked by hand.
  constructor({ rows, name, openId, open, chosen }) {
    Object.assign(this, { rows, name, openId, chosen });
    this.list = new List({
      list: $("rows"),
      moved: $("new-order"),
      open,
      hasDraft: (row) => row.conversationId !== openId() && hasDraft(row),
      address: (row) => `/inbox?${new URLSearchParams({ box: boxOf(row) ?? this.name, open: row.conversationId })}`,
    });
    this.#wire();
  }

  async choose(name) {
    this.name = name;
    this.#sought = "";
    $("search-field").value = "";
    this.show({ anew: true });
    await this.load({ anew: true });
  }

  // anew: it was asked for by hand, so it may stand as it comes.
  async load({ anew = false } = {}) {
    const asked = this.#asked;
    $("rows-skeleton").hidden = $("rows").childElementCount > 0 || !$("rows-nothing").hidden;
    try {
      const { rows } = await get(`/inbox/api/rows?${new URLSearchParams({ box: this.name, q: this.#sought })}`);
      if (asked !== this.#asked) return;
      if (this.#sought) this.rows.find(rows);
      else this.rows.fill(this.name, rows);
      this.#loaded.add(asked);
      this.show({ anew: anew || $("rows").childElementCount === 0 });
    } catch (error) {
      if (asked === this.#asked) this.#showNothing(sentenceOf(error), true);
    } finally {
      if (asked === this.#asked) $("rows-skeleton").hidden = true;
    }
  }

  show({ anew = false } = {}) {
    const shown = this.rows.in(this.#sought ? "found" : this.name);
    this.list.show(shown, { anew });
    this.list.mark(this.openId());
    const empty = `empty${this.#sought ? "Search" : this.name[0].toUpperCase() + this.name.slice(1)}`;
    this.#showNothing(shown.length || !this.#loaded.has(this.#asked) ? "" : texts[empty]);
    this.#showCounts();
  }

  // What the title counts is there although its list was never looked at.
  async loadMine() {
    const { rows } = await get("/inbox/api/rows?box=mine").catch(() => ({ rows: [] }));
    this.rows.fill("mine", rows);
    this.#showCounts();
  }

  count(counts) {
    Object.assign(this.#counts, counts);
    this.#showCounts();
  }

  get #asked() {
    return `${this.name} ${this.#sought}`;
  }

  #wire() {
    document.querySelector(".boxes").addEventListener("click", (event) => {
      const tab = event.target.closest("[data-box]");
      if (!tab || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      this.choose(tab.dataset.box);
      this.chosen(tab.dataset.box);
    });
    $("rows-nothing").querySelector("button").addEventListener("click", () => this.load());
    $("search-field").addEventListener("input", () => {
      clearTimeout(this.#seeking);
      this.#seeking = setTimeout(() => this.#search(), SEARCH_PAUSE);
    });
    $("search-field").addEventListener("keydown", ({ key, target }) => {
      if (key !== "Escape") return;
      target.value = "";
      this.#search();
      this.list.focus();
    });
    $("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search().then(() => this.list.focus());
    });
  }

  async #search() {
    clearTimeout(this.#seeking);
    const wanted = $("search-field").value.trim();
    if (wanted === this.#sought) return;
    this.#sought = wanted;
    if (!wanted) this.show({ anew: true });
    await this.load({ anew: true });
  }

  #showNothing(sentence, again = false) {
    const [said, retry] = $("rows-nothing").children;
    said.textContent = sentence;
    retry.hidden = !again;
    $("rows-nothing").hidden = !sentence;
  }

  #showCounts() {
    for (const tab of document.querySelectorAll("[data-box]")) {
      const { box } = tab.dataset;
      const known = this.#counts[box] ?? (this.#loaded.has(`${box} `) ? this.rows.in(box).length : 0);
      put(tab.querySelector(".count"), known ? String(known) : "");
      if (box === this.name && !this.#sought) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const waiting = (this.#counts.queue ?? 0) + this.rows.unreadMine;
    document.title = waiting ? `(${waiting}) ${texts.title}` : texts.title;
  }
}

function sentenceOf({ status, message }) {
  if (status === 403) return texts.noRights;
  return status === TOO_OFTEN ? message : texts.listFailed;
}
