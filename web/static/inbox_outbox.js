// Answers on their way: kept in this window until the server has them, sent in order, always under the same id, so
// that sending again after a lost answer is harmless.

import { Refused, Unreachable } from "./inbox_api.js";

const KEY = "velkommen_inbox_outbox";
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const TRIES = 4; // of what the server fails on, before the colleague is asked

export class Outbox {
  #items = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  #running = null;
  #wake = () => {};

  // post(item) resolves to what the server made of it; told(item, state, detail) hears of sending, retrying, sent and
  // refused.
  constructor({ post, told }) {
    Object.assign(this, { post, told });
    addEventListener("online", () => this.retryNow());
  }

  of(conversation) {
    return this.#items.filter((item) => item.conversation === conversation);
  }

  add(item) {
    this.#items.push(item);
    this.#keep();
    return this.run();
  }

  retryNow() {
    this.#wake();
    return this.run();
  }

  run() {
    this.#running ??= this.#sendAll().finally(() => (this.#running = null));
    return this.#running;
  }

  async #sendAll() {
    let pause = FIRST_PAUSE;
    let tries = 0;
    for (let item; (item = this.#items[0]); ) {
      try {
        this.told(item, tries ? "retrying" : "sending");
        const answer = await this.post(item);
        this.#remove(item);
        this.told(item, "sent", answer);
        [pause, tries] = [FIRST_PAUSE, 0];
      } catch (error) {
        tries += 1;
        if (!(error instanceof Unreachable) && !(error instanceof Refused)) throw error;
        if (error instanceof Refused && !(error.passing && tries < TRIES)) {
          this.#remove(item);
          this.told(item, "refused", error);
          tries = 0;
          continue;
        }
        this.told(item, "retrying");
        await this.#rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  #rest(pause) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #remove(item) {
    this.#items = this.#items.filter(({ id }) => id !== item.id);
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(KEY, JSON.stringify(this.#items));
  }
}
