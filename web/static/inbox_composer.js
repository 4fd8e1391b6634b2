// Where a colleague writes: an answer or a note. What is written is kept per conversation until it is sent.

import { conversation, get, post } from "./inbox_api.js";
import { $, button, make, put } from "./inbox_dom.js";
import { openPicker } from "./inbox_picker.js";
import { canTranslate, languageName, nameOf, say, start, texts } from "./inbox_words.js";

const TYPING_EVERY = 4000; // ms
const touch = matchMedia("(pointer: coarse)");
const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

export class Composer {
  #row = null;
  #mode = "reply";
  #typingAt = 0;
  #picker = null;

  // send(text), saveNote(text) → whether it was taken, sendTopic(slug, title); settings: what is remembered.
  constructor({ send, saveNote, sendTopic, settings }) {
    Object.assign(this, { send, saveNote, sendTopic, settings, form: $("composer"), field: $("text") });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    for (const tab of this.form.querySelectorAll("[data-mode]")) {
      tab.addEventListener("click", () => this.write(tab.dataset.mode));
    }
    $("canned").addEventListener("click", () => this.openCanned());
    $("topics").addEventListener("click", () => this.openTopics());
    $("translate-draft").addEventListener("click", () => this.#translate());
  }

  // What may be written in this conversation; a change of the row leaves what is being written alone.
  show(row) {
    const other = row.conversationId !== this.#row?.conversationId;
    const opened = row.can.reply && !this.#row?.can.reply && !this.field.value;
    this.#row = row;
    const { reply, note } = row.can;
    this.form.hidden = !reply && !note;
    this.#part("reply").hidden = !reply;
    this.#part("note").hidden = !note;
    if (other) {
      this.#picker?.leave(false);
      this.#mode = reply ? "reply" : "note";
      this.#fill();
      this.warn("");
    } else if (!row.can[this.#mode] || opened) {
      this.#mode = reply ? "reply" : "note";
      this.#fill();
    }
    this.#dress();
  }

  refresh() {
    if (this.#row) this.#dress();
  }

  // Goes to the field; false when this may not be written here.
  write(mode) {
    if (this.form.hidden || this.#part(mode).hidden) return false;
    this.#mode = mode;
    this.#fill();
    this.#dress();
    this.field.focus();
    return true;
  }

  warn(sentence) {
    $("trouble").textContent = sentence;
    $("trouble").classList.toggle("shown", sentence !== "");
  }

  // What could not be sent stands in the field again, before what was begun since.
  giveBack(conversationId, text) {
    const begun = this.#draft(conversationId, "reply");
    this.#keep(conversationId, "reply", begun ? `${text}\n${begun}` : text);
    if (this.#row?.conversationId === conversationId && this.#mode === "reply") this.#fill();
  }

  openCanned() {
    this.#pick({
      title: texts.canned,
      hint: texts.cannedSearch,
      none: texts.cannedNone,
      act: texts.insert,
      literal: "/",
      find: async (words) => {
        const { conversationId } = this.#row;
        const asked = new URLSearchParams({ language: this.#language, q: words, conversation: conversationId });
        return (await get(`/inbox/api/canned?${asked}`)).canned;
      },
      pick: ({ text, literal }) => this.#insert(text ?? literal),
    });
  }

  openTopics(words = "") {
    const asked = (q) => `/inbox/api/topics?${new URLSearchParams({ q: q || words, language: this.#language })}`;
    this.#pick({
      title: texts.topics,
      hint: say("topicsSearch", { language: this.#row.languageName || languageName(this.#language) }),
      none: texts.topicsNone,
      act: texts.sendTopic,
      asks: true,
      literal: "#",
      find: async (q) => (await get(asked(q))).topics,
      pick: ({ slug, title, literal }) => (literal ? this.#insert(literal) : this.sendTopic(slug, title)),
    });
  }

  get #language() {
    return this.#row.language || "en";
  }

  #part(mode) {
    return this.form.querySelector(`[data-mode="${mode}"]`);
  }

  #dress() {
    const isNote = this.#mode === "note";
    const language = this.#row.languageName || languageName(this.#language);
    for (const tab of this.form.querySelectorAll("[data-mode]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.mode === this.#mode));
    }
    this.form.classList.toggle("is-note", isNote);
    this.form.querySelector(".helps").hidden = isNote;
    const reply = this.#row.name ? say("writeReply", { name: nameOf(this.#row), language }) : say("writeNameless", { language });
    const hint = isNote ? texts.writeNote : reply;
    this.field.placeholder = hint;
    this.field.setAttribute("aria-label", hint);
    this.field.lang = isNote ? "" : this.#language;
    $("send").textContent = isNote ? texts.saveNote : texts.send;
    const foreign = this.#row.language && !start.me.languages.includes(this.#row.language);
    const draft = $("translate-draft");
    draft.hidden = !canTranslate || !this.settings.translation || !foreign;
    draft.title = say("translateDraft", { language });
    draft.setAttribute("aria-label", draft.title);
    if (foreign && !canTranslate && !isNote) this.#offerInstead(language);
    else put($("hint"), touch.matches ? "" : this.settings.enter ? texts.hintEnter : say("hintCtrl", { key: COMMAND }));
  }

  // Without a translator: what is there already in the person's language.
  #offerInstead(language) {
    if ($("hint").dataset.language === language && $("hint").childElementCount) return;
    $("hint").dataset.language = language;
    $("hint").hidden = false;
    $("hint").replaceChildren(
      `${say("noTranslator", { language })} `,
      button(texts.canned, () => this.openCanned(), { className: "link" }),
      " · ",
      button(texts.topics, () => this.openTopics(), { className: "link" }),
    );
  }

  #fill() {
    this.field.value = this.#draft(this.#row.conversationId, this.#mode);
    $("translated-draft").hidden = true;
    this.#grow();
  }

  #changed() {
    this.#keep(this.#row.conversationId, this.#mode, this.field.value);
    this.#grow();
    if (this.#mode !== "reply" || !this.field.value || Date.now() - this.#typingAt < TYPING_EVERY) return;
    this.#typingAt = Date.now();
    post(conversation(this.#row.conversationId, "typing")).catch(() => {});
  }

  #grow() {
    this.form.classList.toggle("filled", this.field.value.trim() !== "");
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.blockSize = "auto";
    this.field.style.blockSize = `${this.field.scrollHeight}px`;
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") return this.field.blur();
    if (event.key === "Enter") {
      const sends = event.ctrlKey || event.metaKey || (this.settings.enter && !event.shiftKey && !touch.matches);
      if (!sends) return;
      event.preventDefault();
      return this.form.requestSubmit();
    }
    if (!["/", "#"].includes(event.key) || this.#mode !== "reply" || !this.#atLineStart()) return;
    event.preventDefault();
    if (event.key === "/") this.openCanned();
    else this.openTopics();
  }

  #atLineStart() {
    const { value, selectionStart, selectionEnd } = this.field;
    return selectionStart === selectionEnd && (selectionStart === 0 || value[selectionStart - 1] === "\n");
  }

  #insert(text) {
    const { selectionStart, selectionEnd } = this.field;
    this.field.setRangeText(text, selectionStart, selectionEnd, "end");
    this.#changed();
  }

  #pick(options) {
    this.write("reply");
    this.#picker?.leave(false);
    const closed = (back) => {
      this.#picker = null;
      if (back) this.field.focus();
    };
    this.#picker = openPicker({ ...options, at: this.form, language: this.#language, closed });
  }

  async #submit() {
    const text = this.field.value.trim();
    if (!text) return this.field.focus();
    const { conversationId } = this.#row;
    const mode = this.#mode;
    this.warn("");
    if (mode === "note" && !(await this.saveNote(text))) return;
    this.#keep(conversationId, mode, "");
    if (this.#row.conversationId === conversationId && this.#mode === mode) {
      this.#fill();
      this.field.focus();
    }
    if (mode === "reply") this.send(text);
  }

  // The colleague's own words stay beside what a machine makes of them.
  async #translate() {
    const own = this.field.value.trim();
    if (!own) return this.field.focus();
    const panel = $("translated-draft");
    panel.hidden = false;
    panel.replaceChildren(make("p", { className: "hint" }, texts.translating));
    try {
      const asked = { text: own, target: this.#language };
      const { text } = await post(conversation(this.#row.conversationId, "translate"), asked);
      this.#showTranslation(panel, own, text);
    } catch (error) {
      panel.replaceChildren(make("p", { className: "hint" }, error.message || texts.notTranslated));
    }
  }

  #showTranslation(panel, own, made) {
    const use = (text) => {
      this.field.value = text;
      this.#changed();
      this.field.focus();
    };
    panel.replaceChildren(
      make("p", { className: "hint" }, texts.machine),
      make("p", { lang: this.#language, className: "made" }, made),
      make("p", { className: "hint" }, texts.yourWords),
      make("p", { className: "made" }, own),
      make(
        "p",
        { className: "choices" },
        button(texts.useTranslation, () => use(made)),
        button(texts.useOriginal, () => use(own), { className: "link" }),
      ),
    );
  }

  #draft(conversationId, mode) {
    return sessionStorage.getItem(draftKey(conversationId, mode)) ?? "";
  }

  #keep(conversationId, mode, text) {
    if (text) sessionStorage.setItem(draftKey(conversationId, mode), text);
    else sessionStorage.removeItem(draftKey(conversationId, mode));
  }
}

export function hasDraft({ conversationId }) {
  return sessionStorage.getItem(draftKey(conversationId, "reply")) !== null;
}

function draftKey(conversationId, mode) {
  return `velkommen_draft_${conversationId}_${mode}`;
}
