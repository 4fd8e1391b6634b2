// Who else is in the open conversation: colleagues who look at it or write, and the person writing.

import { conversation, post } from "./inbox_api.js";
import { $, put } from "./inbox_dom.js";
import { list, nameOf, say, start } from "./inbox_words.js";

const HERE_EVERY = 20000; // ms
const HERE_FOR = 45000;
const WRITING_FOR = 8000;

export class Presence {
  #viewers = new Map();
  #collision = 0;
  #writer = 0;

  // row(): of the open conversation once it is loaded, or null.
  constructor({ row }) {
    this.row = row;
    setInterval(() => this.sayHere(), HERE_EVERY);
    document.addEventListener("visibilitychange", () => this.sayHere());
  }

  enter(viewers) {
    const at = Date.now();
    this.#viewers = new Map(viewers.map(({ id, name }) => [id, { name, at }]));
    this.show();
    this.sayHere();
  }

  leave() {
    if (this.row()) post(conversation(this.row().conversationId, "here"), { gone: true }).catch(() => {});
    this.#viewers.clear();
    this.show();
    this.#showCollision("");
    this.personWrites(false);
  }

  sayHere() {
    if (this.row() && !document.hidden) post(conversation(this.row().conversationId, "here")).catch(() => {});
  }

  hear(what, { conversationId, id, name }) {
    if (conversationId !== this.row()?.conversationId || id === start.me.id) return;
    if (what === "typing") return this.personWrites(true);
    if (what === "writing") return this.#showCollision(name);
    if (what === "here") this.#viewers.set(id, { name, at: Date.now() });
    else this.#viewers.delete(id);
    this.show();
  }

  personWrites(on) {
    clearTimeout(this.#writer);
    put($("typing"), on ? say("isWriting", { name: nameOf(this.row()) }) : "");
    if (on) this.#writer = setTimeout(() => this.personWrites(false), WRITING_FOR);
  }

  show() {
    const now = Date.now();
    for (const [id, { at }] of this.#viewers) if (now - at > HERE_FOR) this.#viewers.delete(id);
    const names = [...this.#viewers.values()].map(({ name }) => name);
    put($("viewers"), names.length ? say(names.length > 1 ? "alsoHereMany" : "alsoHere", { names: list(names) }) : "");
  }

  #showCollision(name) {
    clearTimeout(this.#collision);
    $("collision").textContent = name ? `⚠ ${say("colleagueWrites", { name })}` : "";
    $("collision").classList.toggle("shown", name !== "");
    if (name) this.#collision = setTimeout(() => this.#showCollision(""), WRITING_FOR);
  }
}
