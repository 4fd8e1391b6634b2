// The person's own messages on their way to the server: kept in the browser until the server has them, sent in
// order, and always under the same id, so that sending again after a lost answer is harmless.

const KEY = "velkommen.outbox";
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const TRIES = 4; // of a message that the server fails on, before the person is asked

export class Outbox {
  #items = [];
  #running = null;
  #wake = () => {};

  // post(item) resolves to {taken}, {refused, message}, {wait, message}, {broken} or {unreachable};
  // show(item, state, detail) with the states sending, waiting, sent and failed; kept: whether a closed page keeps them.
  constructor({ post, show, kept = true }) {
    this.post = post;
    this.show = show;
    this.kept = kept;
    this.#items = kept ? read() : [];
    addEventListener("online", () => this.retryNow());
  }

  get items() {
    return [...this.#items];
  }

  add(item) {
    this.#items.push(item);
    this.#keep();
    return this.run();
  }

  has(id) {
    return this.#items.some((each) => each.id === id);
  }

  retry(id) {
    const item = this.#items.find((each) => each.id === id);
    if (item) delete item.failed;
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
    for (let item; (item = this.#items.find((each) => !each.failed)); ) {
      this.show(item, tries ? "waiting" : "sending");
      const answer = await this.post(item);
      if (answer.taken) {
        this.#remove(item);
        this.show(item, "sent", answer.at);
        [pause, tries] = [FIRST_PAUSE, 0];
      } else if (answer.refused || (answer.broken && ++tries >= TRIES)) {
        item.failed = true;
        this.#keep();
        this.show(item, "failed", answer.message);
        tries = 0;
      } else {
        if (answer.unreachable) tries = 1;
        this.show(item, "waiting", answer.message);
        await this.#sleep(answer.wait ? answer.wait * 1000 : pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }

  #remove(item) {
    this.#items = this.#items.filter((each) => each !== item);
    this.#keep();
  }

  #keep() {
    if (this.kept) store(localStorageOrNone(), KEY, this.#items);
  }
}

// Texts that the server need not keep, for as long as this tab is open.
const OWN = "velkommen.own";

export function remember(id, text) {
  const own = recall();
  own[id] = text;
  store(sessionStorageOrNone(), OWN, own);
}

export function recall() {
  return parse(sessionStorageOrNone()?.getItem(OWN)) ?? {};
}

// What was deleted on the server is not remembered here either.
export function forgetAllBut(ids) {
  const kept = Object.fromEntries(Object.entries(recall()).filter(([id]) => ids.has(id)));
  store(sessionStorageOrNone(), OWN, kept);
}

function read() {
  const items = parse(localStorageOrNone()?.getItem(KEY));
  return Array.isArray(items) ? items.filter((item) => typeof item?.id === "string") : [];
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function store(storage, key, value) {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage: the message still goes out, it only does not survive a reload.
  }
}

function localStorageOrNone() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function sessionStorageOrNone() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
