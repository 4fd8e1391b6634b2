// The page's own words: in the language of the conversation, unless the person picked another one by hand.

const PICKED = "velkommen_picked";

export class Wording {
  #spoken;
  #wanted;
  #around;

  // spoken: what the server says the conversation is held in, {language, chosen}, if it says so;
  // around(change): lets the words change without anything moving.
  constructor({ language, texts, spoken, keepCookie, around }) {
    Object.assign(this, { language, texts, keepCookie });
    this.#spoken = spoken;
    this.#wanted = language;
    this.#around = around;
  }

  // The conversation goes on in a language; said aloud in it ("chosen"), it counts for more than an earlier pick.
  async hear(spoken) {
    if (spoken.language === this.#spoken?.language && spoken.chosen === this.#spoken?.chosen) return;
    this.#spoken = spoken;
    if (!spoken.chosen && isPicked()) return;
    if (!(await this.#change(spoken.language))) this.#spoken = null;
  }

  // Whether the page now speaks what the person picked.
  async pick(language) {
    const changed = await this.#change(language);
    if (changed) this.keepCookie(PICKED, language);
    return changed;
  }

  async #change(language) {
    this.#wanted = language;
    if (language === this.language) return true;
    const found = await ask(language);
    if (!found || this.#wanted !== language) return false;
    this.language = language;
    Object.assign(this.texts, found.texts);
    this.#around(() => show(found));
    return true;
  }
}

function isPicked() {
  return document.cookie.split("; ").some((cookie) => cookie.startsWith(`${PICKED}=`));
}

async function ask(language) {
  try {
    const response = await fetch(`/api/interface?lang=${language}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function show({ language, direction, texts, welcome }) {
  Object.assign(document.documentElement, { lang: language, dir: direction });
  document.getElementById("language").value = language;
  document.getElementById("question").placeholder = texts.write;
  for (const part of [document, ...[...document.querySelectorAll("template")].map(({ content }) => content)]) {
    for (const each of part.querySelectorAll("[data-text]")) say(each, texts[each.dataset.text]);
    for (const each of part.querySelectorAll("[data-label]")) {
      const label = texts[each.dataset.label];
      each.setAttribute("aria-label", label);
      each.title = label;
    }
    for (const each of part.querySelectorAll("[data-ours]")) each.lang = language;
  }
  greet(welcome);
}

// Changes the words of an element without adding a node, which a screen reader would read out as something new.
export function say(element, text) {
  if (element.firstChild?.nodeType !== Node.TEXT_NODE) element.textContent = text;
  else if (element.firstChild.data !== text) element.firstChild.data = text;
}

function greet(html) {
  const welcome = document.getElementById("welcome");
  const hidden = document.getElementById("suggestions")?.hidden ?? true;
  const made = document.createElement("template");
  made.innerHTML = html; // made safe by web/render.py and the template
  const suggestions = made.content.getElementById("suggestions");
  if (suggestions) suggestions.hidden = hidden;
  welcome.replaceWith(made.content.firstElementChild);
}
