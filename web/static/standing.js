// Who speaks with the person now: the line below the header. It stays while a mentor is asked for or there, and for a
// moment when Velkommen is back.

import { say } from "./wording.js";

const BACK_FOR = 8000;
const HERE = ["with_mentor", "snoozed"];

export class Standing {
  #now = { state: "bot", mentor: "", promise: "", language: "", files: false };
  #back = 0;

  // changed(): somebody else speaks now.
  constructor({ line, texts, changed }) {
    Object.assign(this, { line, texts, changed });
  }

  get state() {
    return this.#now.state;
  }

  get mentor() {
    return this.#now.mentor;
  }

  get files() {
    return this.#now.files;
  }

  // Whether the promise is in another language than the page by now.
  outOf(language) {
    return this.#now.promise !== "" && this.#now.language !== language;
  }

  hear(now) {
    const isBack = HERE.includes(this.state) && now.state === "bot";
    if (isBack) {
      clearTimeout(this.#back);
      this.#back = setTimeout(() => {
        this.#back = 0;
        this.show();
      }, BACK_FOR);
    }
    this.#now = now;
    this.show();
    this.changed();
  }

  show() {
    const { state } = this.#now;
    const shown = state === "bot" && this.#back ? "back" : state;
    this.line.className = `standing ${shown}`;
    say(this.line.querySelector(".words"), this.#words(shown));
  }

  #words(shown) {
    const { mentor, promise } = this.#now;
    if (shown === "waiting") return promise ? fill(this.texts.mentorAsked, { promise }) : this.texts.mentorAskedSoon;
    if (shown === "with_mentor") return fill(this.texts.mentorHere, { name: mentor });
    if (shown === "snoozed") return fill(this.texts.mentorAway, { name: mentor });
    return shown === "back" ? this.texts.botBack : "";
  }
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
